//! Servers under load: how many cameras the relay keeps up with, beside a Python server of the usual kind.

use std::path::Path;

use xshell::{Shell, cmd};

use super::{Options, Subject, rivals};
use crate::demo;
use crate::plan::{Finish, Plan};
use crate::workspace::{RELEASE, Workspace};

const BUILD: &str = "build the program that puts servers under load";
/// What the two call themselves in the samples.
pub(super) const RELAY: &str = "live-keypoints relay";
pub(super) const PYTHON_SERVER: &str = "FastAPI, mediapipe 0.10.21 (Python)";
/// The case of what is known of the last step that a server kept up with.
pub(super) const MOST: &str = "most sessions held";
/// Cargo's arguments for the program; `steps` and `soak` are its commands.
pub(crate) const CARGO_LOAD: [&str; 6] = [
    "bench",
    "--quiet",
    "--package",
    "live-keypoints-relay",
    "--bench",
    "load",
];

/// Adds the steps that build the program and the relay.
pub(crate) fn add_build_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    super::add_relay_step(plan, workspace);
    plan.add(BUILD, || {
        let shell = workspace.shell();
        cmd!(shell, "cargo {CARGO_LOAD...} --no-run").run()?;
        Ok(Finish::Done)
    });
}

pub(super) fn subjects<'a>(
    shell: &'a Shell,
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
) -> Vec<Subject<'a>> {
    let frames = options.frames.to_string();
    let subject = |label: &str, server: &[&str]| Subject {
        label: label.to_owned(),
        turn: cmd!(
            shell,
            "cargo {CARGO_LOAD...} -- steps --clip {clip} --frames {frames} --subject {label} --"
        )
        .args(server)
        .quiet(),
    };
    let relay = demo::relay_binary(workspace, RELEASE);
    let python = rivals::python(workspace);
    let program = workspace.path("tests/bench/rivals/fastapi_server.py");
    let [relay, python, program] =
        [&relay, &python, &program].map(|path| path.to_string_lossy().into_owned());
    vec![
        subject(RELAY, &[&relay, "serve", "--listen", "127.0.0.1:{port}"]),
        subject(PYTHON_SERVER, &[&python, &program, "{port}"]),
    ]
}
