//! Attacks on the relay: the program that makes them has the table of what is wanted, and fails where one is not borne so.

use clap::Args;
use xshell::cmd;

use crate::bench::load::{self, CARGO_LOAD};
use crate::demo;
use crate::plan::{Finish, Plan};
use crate::workspace::{RELEASE, Workspace};

const ATTACK: &str = "attack the relay in every way that is known";
const CLIP: &str = "tests/fixtures/clips/fingers";

/// What `cargo xtask soak attack` may be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// How long each attack lasts; it is watched for as long before, and a little less after it
    #[arg(long, default_value = "8")]
    seconds: String,
    /// Only attacks whose names begin so
    #[arg(long, default_value = "")]
    only: String,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

/// Adds the steps that build the relay and attack it.
pub(super) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, options: &'a Options) {
    load::add_build_steps(plan, workspace);
    plan.add(ATTACK, || {
        let shell = workspace.shell();
        let clip = workspace.path(CLIP);
        let relay = demo::relay_binary(workspace, RELEASE);
        let Options { seconds, only, json } = options;
        let json = json.then_some("--json");
        cmd!(
            shell,
            "cargo {CARGO_LOAD...} -- attack --clip {clip} --seconds {seconds} --only {only} {json...} {relay}"
        )
        .run()?;
        Ok(Finish::Done)
    });
}
