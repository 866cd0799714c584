//! Python environments under `target/`, for tests that read our files with other people's programs and for measuring
//! such programs.

use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::workspace::{Workspace, skip_unless_continuous_integration};

pub(crate) const ENVIRONMENT: &str = "set up Python with pose-format";

pub(crate) const POSE_FORMAT_FOLDER: &str = "target/python";
/// The reader of `.pose` files that most sign-language tools use.
const POSE_FORMAT: &str = "pose-format==0.15.0";

/// Adds the step after which the environment with pose-format exists.
pub(crate) fn add_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(ENVIRONMENT, || {
        set_up(workspace, POSE_FORMAT_FOLDER, POSE_FORMAT)
    });
}

/// An environment's own interpreter.
pub(crate) fn interpreter(workspace: &Workspace, folder: &str) -> PathBuf {
    workspace.path(folder).join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}

/// Makes an environment in a folder of the repository and installs a package, `NAME==VERSION`, unless it is there.
pub(crate) fn set_up(workspace: &Workspace, folder: &str, package: &str) -> Result<Finish> {
    let shell = workspace.shell();
    let installed_mark = workspace.path(folder).join(package);
    if installed_mark.is_file() {
        return Ok(Finish::Noted(format!("{package} is already there")));
    }
    let Some(python) = ["python3", "python"]
        .iter()
        .find_map(|name| workspace.find_program(name))
    else {
        return skip_unless_continuous_integration(
            "please install python3 (Debian: python3 and python3-venv)".to_owned(),
        );
    };
    let environment = workspace.path(folder);
    if cmd!(shell, "{python} -m venv --clear {environment}")
        .run()
        .is_err()
    {
        return skip_unless_continuous_integration(format!(
            "{} cannot make an environment: please install its venv module (Debian: python3-venv)",
            python.display()
        ));
    }
    let python = interpreter(workspace, folder);
    cmd!(shell, "{python} -m pip install --quiet {package}").run()?;
    shell.write_file(installed_mark, "")?;
    Ok(Finish::Noted(package.to_owned()))
}
