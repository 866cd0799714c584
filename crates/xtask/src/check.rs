//! `cargo xtask check`: what must hold without running the product. Each check is a step; the rules are in the
//! modules below.

mod dependencies;
mod files;
mod links;
mod packaging;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Result;
use xshell::cmd;

use crate::licences;
use crate::plan::{Finish, Plan};
use crate::setup;
use crate::workspace::{NPM, Workspace};

const FORMAT: &str = "check the formatting of the Rust code";
const CLIPPY: &str = "lint the Rust code (clippy)";
const CLIPPY_WASM: &str = "lint for WebAssembly: no clocks, files, threads";
const DEPENDENCIES: &str = "check which crate may depend on which";
const LINKS: &str = "check the links of the Markdown files";
const PACKAGING: &str = "check how the crates are packed";
const THIRD_PARTY: &str = "check the licences that are passed on";
const LICENCES: &str = "check licences and sources (cargo deny)";
const ADVISORIES: &str = "look for advisories on dependencies (cargo deny)";
const SIZES: &str = "check the sizes of committed files";
const MODELS: &str = "check the models against their SHA-256";
const WWW: &str = "check formatting and types of www";

const REFERENCE: &str = "write the API reference, without a warning (TypeDoc)";

/// Adds every check, the quick ones first.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(FORMAT, || {
        let shell = workspace.shell();
        cmd!(shell, "cargo fmt --all --check").run()?;
        Ok(Finish::Done)
    });
    plan.add(SIZES, || files::check_sizes(workspace));
    plan.add(MODELS, || files::check_models(workspace));
    plan.add(LINKS, || links::check(workspace));
    plan.add(DEPENDENCIES, || dependencies::check(workspace));
    setup::add_cargo_tools(plan, workspace);
    plan.add_after(&[setup::CARGO_TOOLS], LICENCES, || cargo_deny(workspace));
    plan.add_after(&[setup::CARGO_TOOLS], ADVISORIES, || advisories(workspace));
    plan.add(THIRD_PARTY, || licences::check(workspace));
    plan.add(PACKAGING, || packaging::check(workspace));
    plan.add(CLIPPY, || {
        let shell = workspace.shell();
        cmd!(
            shell,
            "cargo clippy --profile quick --workspace --all-targets --features live-keypoints-pipeline/bench --quiet -- -D warnings"
        )
        .run()?;
        Ok(Finish::Done)
    });
    setup::add_wasm_target_step(plan, workspace);
    plan.add_after(&[setup::WASM_TARGET_STEP], CLIPPY_WASM, || {
        clippy_wasm(workspace)
    });
    setup::add_www_packages(plan, workspace);
    plan.add_after(&[setup::WWW_PACKAGES], WWW, || {
        let shell = workspace.shell_in("www")?;
        cmd!(shell, "{NPM} run check").run()?;
        Ok(Finish::Done)
    });
    setup::add_reference_packages(plan, workspace);
    plan.add_after(&[setup::REFERENCE_PACKAGES], REFERENCE, || {
        let shell = workspace.shell_in("www")?;
        cmd!(shell, "{NPM} run docs").run()?;
        Ok(Finish::Noted("www/docs/reference/html".to_owned()))
    });
}

/// Lints `crates/web` and with it the pipeline, as they are built for the browser.
fn clippy_wasm(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    for features in [
        "session,inference,relay,signs",
        "session,inference,relay,signs,relaxed-simd",
    ] {
        cmd!(shell, "cargo clippy --profile quick -p live-keypoints-web --target wasm32-unknown-unknown --all-targets --quiet --no-default-features --features {features} -- -D warnings")
            .env("CLIPPY_CONF_DIR", workspace.path("crates/xtask/clippy-wasm"))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .run()?;
    }
    Ok(Finish::Done)
}

/// Against RustSec's database where there is a copy: fetching one is no check's business, and what it says changes without a
/// change of this repository. `cargo deny fetch db` gets one.
fn advisories(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let home = env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    let copies = fs::read_dir(home.join("advisory-dbs"));
    let has_copy = copies
        .is_ok_and(|mut copies| copies.any(|copy| copy.is_ok_and(|copy| copy.path().is_dir())));
    if !has_copy {
        return Ok(Finish::Noted(
            "not looked for: no copy of RustSec's database (cargo deny fetch db)".to_owned(),
        ));
    }
    cmd!(shell, "cargo deny --offline --workspace check advisories").run()?;
    Ok(Finish::Done)
}

fn cargo_deny(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    cmd!(shell, "cargo deny --workspace check bans licenses sources").run()?;
    Ok(Finish::Done)
}
