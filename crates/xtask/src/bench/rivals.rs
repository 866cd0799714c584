//! Installs what is compared with, into `target/rivals`: npm packages, Python's MediaPipe with what a server needs, and
//! bundles of models.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::python;
use crate::setup;
use crate::task_bundles;
use crate::workspace::{NPM, Workspace};

const FOLDER: &str = "target/rivals";
const PYTHON: &str = "target/rivals/python";
const MANIFESTS: &str = "tests/bench/rivals";
const PYTHON_PACKAGES: [&str; 4] = [
    "mediapipe==0.10.21",
    "fastapi==0.165.0",
    "uvicorn==0.54.0",
    "websockets==15.0.1",
];

const NPM_PACKAGES: &str = "install the rivals' npm packages";
const PYTHON_STEP: &str = "install Python's MediaPipe and FastAPI";

/// Adds the steps after which every rival can be measured.
pub(super) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(setup::BASE_PROGRAMS, || {
        crate::programs::require_base_programs(workspace)
    });
    plan.add_after(&[setup::BASE_PROGRAMS], NPM_PACKAGES, || {
        npm_packages(workspace)
    });
    add_python_step(plan, workspace);
    task_bundles::add_step(plan, workspace, &[PYTHON_STEP], PYTHON);
}

/// Adds the step after which [`python`] exists.
pub(super) fn add_python_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(PYTHON_STEP, || {
        python::set_up(workspace, PYTHON, &PYTHON_PACKAGES)
    });
}

/// What the browser's rivals are served from.
pub(super) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.path(FOLDER)
}

/// The interpreter that has MediaPipe.
pub(super) fn python(workspace: &Workspace) -> PathBuf {
    python::interpreter(workspace, PYTHON)
}

fn npm_packages(workspace: &Workspace) -> Result<Finish> {
    let folder = workspace.path(FOLDER);
    let is_installed = folder.join("node_modules/.package-lock.json").is_file();
    let mut is_same = true;
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        let wanted = fs::read(workspace.path(MANIFESTS).join(name)).context(name)?;
        is_same &= fs::read(folder.join(name)).is_ok_and(|found| found == wanted);
        fs::write(folder.join(name), wanted)?;
    }
    if is_installed && is_same {
        return Ok(Finish::Noted("already there".to_owned()));
    }
    let shell = workspace.shell_in(FOLDER)?;
    cmd!(shell, "{NPM} ci --ignore-scripts --no-audit --no-fund").run()?;
    Ok(Finish::Done)
}
