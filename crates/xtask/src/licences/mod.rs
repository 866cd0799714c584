//! The licences of what is linked into the relay and into the browser's modules, as one text for each.
//!
//! The relay's is committed, since the program has it inside, and a check holds it to what would be written now. The
//! package's is a file of the build. Both name only crates that are linked: no build scripts, macros or tests.

mod linked;
mod report;
mod texts;

use std::fs;

use anyhow::{Result, bail};

use self::linked::Product;
use crate::plan::{Finish, Plan};
use crate::workspace::Workspace;

/// The text that the relay prints.
const RELAY_FILE: &str = "crates/relay/THIRD-PARTY.txt";
/// The text that the npm package has.
const PACKAGE_FILE: &str = "www/dist/THIRD-PARTY.txt";

const RELAY: Product = Product {
    title: "live-keypoints-relay",
    what: "the program live-keypoints-relay for Linux on x86-64 and ARM, with its models",
    package: "live-keypoints-relay",
    features: "",
    targets: &["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"],
};
const WEB: Product = Product {
    title: "live-keypoints",
    what: "the WebAssembly modules of the npm package live-keypoints, with its models",
    package: "live-keypoints-web",
    features: "session,inference,relaxed-simd,relay,signs",
    targets: &["wasm32-unknown-unknown"],
};

const WRITE: &str = "write the licences of what is in the relay";
const WRITE_PACKAGE: &str = "write the licences of what is in the package";

/// Adds the steps of `cargo xtask licences`, which writes both files, the committed one among them.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(WRITE, || write(workspace, &RELAY, RELAY_FILE));
    add_package_step(plan, workspace);
}

/// Adds the step that puts the package's file beside what was built.
pub(crate) fn add_package_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(WRITE_PACKAGE, || write(workspace, &WEB, PACKAGE_FILE));
}

/// Step: the committed file says what is linked now, and there is a licence text for all of the package, too.
pub(crate) fn check(workspace: &Workspace) -> Result<Finish> {
    let (text, count) = report::write(workspace, &RELAY)?;
    let (_, count_in_package) = report::write(workspace, &WEB)?;
    if fs::read_to_string(workspace.path(RELAY_FILE))
        .ok()
        .as_deref()
        != Some(text.as_str())
    {
        bail!("{RELAY_FILE} is not up to date: run `cargo xtask licences` and commit it");
    }
    Ok(Finish::Noted(format!(
        "{count} libraries in the relay, {count_in_package} in the package"
    )))
}

fn write(workspace: &Workspace, product: &Product, file: &str) -> Result<Finish> {
    let (text, count) = report::write(workspace, product)?;
    let path = workspace.path(file);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, &text)?;
    Ok(Finish::Noted(format!(
        "{count} libraries, {} kB in {file}",
        text.len() / 1000
    )))
}
