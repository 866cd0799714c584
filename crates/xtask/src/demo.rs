//! `cargo xtask demo`: the npm package, the relay, and a folder that the relay serves as the demo site.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::workspace::Workspace;

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

pub(crate) const ASSEMBLE: &str = "assemble the demo site";
pub(crate) const RELAY: &str = "build the relay";

/// Adds the steps after which [`serve`] can serve.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    build_web::add_steps(plan, workspace, Profile::Local);
    add_site_step(plan, workspace);
    add_relay_step(plan, workspace);
}

/// Adds the step that fills `target/demo-site`.
pub(crate) fn add_site_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add_after(
        &[build_web::TYPESCRIPT, build_web::MODELS],
        ASSEMBLE,
        || assemble(workspace),
    );
}

/// Adds the step that builds the relay, optimised.
pub(crate) fn add_relay_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(RELAY, || {
        let shell = workspace.shell();
        cmd!(shell, "cargo build --release -p live-keypoints-relay").run()?;
        Ok(Finish::Done)
    });
}

/// Where cargo puts the binary of [`add_relay_step`].
pub(crate) fn relay_binary(workspace: &Workspace) -> PathBuf {
    release_binary(workspace, "live-keypoints-relay")
}

/// Where cargo puts a program, by its path in the folder of release builds.
pub(crate) fn release_binary(workspace: &Workspace, path: &str) -> PathBuf {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let name = format!("{path}{}", env::consts::EXE_SUFFIX);
    workspace.path("").join(target).join("release").join(name)
}

/// Serves the assembled site until the relay ends. On Unix the relay takes this process's place, so that signals reach it.
pub(crate) fn serve(workspace: &Workspace, listen: &str) -> Result<()> {
    let shell = workspace.shell();
    println!("The demo will be on http://{listen} (Ctrl-C stops it).");
    let command = cmd!(
        shell,
        "cargo run --quiet --release -p live-keypoints-relay -- serve --listen {listen} --www {SITE}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::from(command);
        Err(command.exec()).context("cannot start cargo")
    }
    #[cfg(not(unix))]
    command.run().context("the relay ended")
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
