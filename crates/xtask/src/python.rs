//! A Python environment under `target/` for the tests that read our files with other people's programs.

use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::workspace::{Workspace, skip_unless_continuous_integration};

pub(crate) const ENVIRONMENT: &str = "set up Python with pose-format, websockets and kosoku";

const FOLDER: &str = "target/python";
/// The reader of `.pose` files that most sign-language tools use.
const POSE_FORMAT: &str = "pose-format==0.15.0";

/// The WebSocket library that most Python programs use.
const WEBSOCKETS: &str = "websockets==15.0.1";

/// The cases of the Autobahn test suite for the WebSocket protocol.
const KOSOKU: &str = "kosoku==0.1.0";

/// Adds the step after which [`interpreter`] exists.
pub(crate) fn add_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(ENVIRONMENT, || set_up(workspace));
}

/// The environment's own interpreter.
pub(crate) fn interpreter(workspace: &Workspace) -> PathBuf {
    workspace.path(FOLDER).join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}

fn set_up(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let installed_mark = workspace
        .path(FOLDER)
        .join(format!("{POSE_FORMAT} {WEBSOCKETS} {KOSOKU}"));
    if installed_mark.is_file() {
        return Ok(Finish::Noted(format!(
            "{POSE_FORMAT}, {WEBSOCKETS} and {KOSOKU} are already there"
        )));
    }
    let Some(python) = ["python3", "python"]
        .iter()
        .find_map(|name| workspace.find_program(name))
    else {
        return skip_unless_continuous_integration(
            "please install python3 (Debian: python3 and python3-venv)".to_owned(),
        );
    };
    let folder = workspace.path(FOLDER);
    if cmd!(shell, "{python} -m venv --clear {folder}")
        .run()
        .is_err()
    {
        return skip_unless_continuous_integration(format!(
            "{} cannot make an environment: please install its venv module (Debian: python3-venv)",
            python.display()
        ));
    }
    let python = interpreter(workspace);
    cmd!(
        shell,
        "{python} -m pip install --quiet {POSE_FORMAT} {WEBSOCKETS} {KOSOKU}"
    )
    .run()?;
    shell.write_file(installed_mark, "")?;
    Ok(Finish::Noted(format!(
        "{POSE_FORMAT}, {WEBSOCKETS}, {KOSOKU}"
    )))
}
