//! Python environments under `target/`, for tests that read our files with other people's programs and for measuring
//! such programs.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::workspace::Workspace;

pub(crate) const ENVIRONMENT: &str = "set up Python with other people's programs";

pub(crate) const TESTS_FOLDER: &str = "target/python";
const PACKAGES: [&str; 7] = [
    // The reader of `.pose` files that most sign-language tools use.
    "pose-format==0.15.0",
    // From which it makes the header that ours is compared with.
    "mediapipe==0.10.21",
    // The WebSocket library that most Python programs use.
    "websockets==15.0.1",
    // The cases of the Autobahn test suite for the WebSocket protocol.
    "kosoku==0.1.0",
    // The schemas of Kubernetes' objects.
    "kubernetes-validate==1.37.0",
    "pytest==9.2.0",
    "pytest-timeout==2.4.0",
];

/// Adds the step after which the environment for tests exists.
pub(crate) fn add_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(ENVIRONMENT, || set_up(workspace, TESTS_FOLDER, &PACKAGES));
}

/// An environment's own interpreter.
pub(crate) fn interpreter(workspace: &Workspace, folder: &str) -> PathBuf {
    program(workspace, folder, "python")
}

/// A program that a package brought into an environment.
pub(crate) fn program(workspace: &Workspace, folder: &str, name: &str) -> PathBuf {
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    workspace
        .path(folder)
        .join(programs)
        .join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Makes an environment in a folder of the repository and installs packages, `NAME==VERSION`, unless they are there.
pub(crate) fn set_up(workspace: &Workspace, folder: &str, packages: &[&str]) -> Result<Finish> {
    let shell = workspace.shell();
    let list = packages.join(" ");
    let installed_mark = workspace.path(folder).join(&list);
    if installed_mark.is_file() {
        return Ok(Finish::Noted(format!("already there: {list}")));
    }
    let Some(python) = ["python3", "python"]
        .iter()
        .find_map(|name| workspace.find_program(name))
    else {
        return Ok(Finish::Skipped(
            "please install python3 (Debian: python3 and python3-venv)".to_owned(),
        ));
    };
    let environment = workspace.path(folder);
    if cmd!(shell, "{python} -m venv --clear {environment}")
        .run()
        .is_err()
    {
        return Ok(Finish::Skipped(format!(
            "{} cannot make an environment: please install its venv module (Debian: python3-venv)",
            python.display()
        )));
    }
    let python = interpreter(workspace, folder);
    cmd!(shell, "{python} -m pip install --quiet {packages...}").run()?;
    shell.write_file(installed_mark, "")?;
    Ok(Finish::Noted(list))
}
