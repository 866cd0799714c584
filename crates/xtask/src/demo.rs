//! `cargo xtask demo`: the npm package, the relay, and a folder that the relay serves as the demo site.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::browser;
use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::setup;
use crate::workspace::{QUICK, Workspace};

/// The assembled site, relative to the root.
const SITE: &str = "target/demo-site";
/// Tells tests where the relay's binary is.
pub(crate) const RELAY_VARIABLE: &str = "LIVE_KEYPOINTS_RELAY";
/// What goes where on the site.
const SITE_PARTS: [(&str, &str); 4] = [
    ("www/demo", ""),
    ("www/demo-dist", ""),
    ("www/dist", "live-keypoints"),
    ("tests/fixtures/clips/fingers", "clips/fingers"),
];

/// What takes more than a few seconds in a fresh clone: measured on two idle cores.
pub(crate) const USUAL_SECONDS: [(&str, u64); 7] = [
    (setup::WASM_BINDGEN, 55),
    (build_web::SESSION_MODULE, 25),
    (build_web::INFERENCE_MODULE, 85),
    (build_web::RELAXED_MODULE, 25),
    (build_web::RELAY_MODULE, 30),
    (RELAY, 195),
    (setup::TESTS_PACKAGES, 20),
];

pub(crate) const ASSEMBLE: &str = "assemble the demo site";
pub(crate) const RELAY: &str = "build the relay";

/// Adds the steps after which [`serve`] can serve.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    build_web::add_steps(plan, workspace, Profile::Quick);
    add_site_step(plan, workspace);
    add_relay_step(plan, workspace);
}

/// Adds the steps that [`check`] needs besides.
pub(crate) fn add_check_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    setup::add_tests_packages(plan, workspace);
    browser::add_step(plan, workspace);
}

/// Adds the step that fills `target/demo-site`.
pub(crate) fn add_site_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add_after(
        &[build_web::TYPESCRIPT, build_web::MODELS],
        ASSEMBLE,
        || assemble(workspace),
    );
}

/// Adds the step that builds the relay for the demo and the tests.
pub(crate) fn add_relay_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(RELAY, || build_relay(workspace, QUICK));
}

/// Builds the relay. With `--workspace` its dependencies have the features that `cargo test --workspace` gives them, so
/// tract is compiled once for both.
pub(crate) fn build_relay(workspace: &Workspace, profile: &str) -> Result<Finish> {
    let shell = workspace.shell();
    cmd!(
        shell,
        "cargo build --profile {profile} --workspace --bin live-keypoints-relay"
    )
    .run()?;
    Ok(Finish::Done)
}

/// Where cargo puts the relay's program.
pub(crate) fn relay_binary(workspace: &Workspace, profile: &str) -> PathBuf {
    built_program(workspace, profile, "live-keypoints-relay")
}

/// Where cargo puts a program, by its path in the folder of a profile.
pub(crate) fn built_program(workspace: &Workspace, profile: &str, path: &str) -> PathBuf {
    let name = format!("{path}{}", env::consts::EXE_SUFFIX);
    workspace.target_folder().join(profile).join(name)
}

/// Serves the assembled site until the relay ends. On Unix the relay takes this process's place, so that signals reach it.
pub(crate) fn serve(workspace: &Workspace, listen: &str) -> Result<()> {
    let shell = workspace.shell();
    let relay = relay_binary(workspace, QUICK);
    println!("The demo will be on http://{listen} (Ctrl-C stops it).");
    let command = cmd!(shell, "{relay} serve --listen {listen} --www {SITE}");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::from(command);
        Err(command.exec()).context("cannot start the relay")
    }
    #[cfg(not(unix))]
    command.run().context("the relay ended")
}

/// Serves the assembled site, opens it in a headless browser, and waits for keypoints.
pub(crate) fn check(workspace: &Workspace, listen: &str) -> Result<()> {
    let chromium = browser::chromium(workspace).context(browser::INSTALL_HINT)?;
    let shell = workspace.shell_in("tests")?;
    let site = workspace.path(SITE);
    cmd!(shell, "node browser/check-demo.mjs {site} {listen}")
        .env("CHROMIUM", chromium)
        .env(RELAY_VARIABLE, relay_binary(workspace, QUICK))
        .run()
        .context("the demo does not work")
}

fn assemble(workspace: &Workspace) -> Result<Finish> {
    let site = workspace.path(SITE);
    workspace.shell().remove_path(&site)?;
    for (source, target) in SITE_PARTS {
        copy_folder(&workspace.path(source), &site.join(target))
            .with_context(|| format!("cannot copy {source}"))?;
    }
    Ok(Finish::Noted(SITE.to_owned()))
}

/// Copies files and folders; what both have is replaced. TypeScript sources, in `src`, stay behind.
fn copy_folder(source: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let name = entry.file_name();
        let (from, to) = (entry.path(), target.join(&name));
        if entry.file_type()?.is_file() {
            if name != "tsconfig.json" {
                fs::copy(from, to)?;
            }
        } else if name != "src" {
            copy_folder(&from, &to)?;
        }
    }
    Ok(())
}
