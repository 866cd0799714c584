//! `cargo xtask test`: every functional test, and the checks. Durations are for information, not measurements.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use xshell::cmd;

use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::workspace::{NPM, QUICK, Workspace};
use crate::{bench, browser, check, demo, kernels, python, setup, task_bundles};

const NATIVE_TESTS: &str = "test the Rust crates natively";
const WASM_TESTS: &str = "test crates/web in the browser (wasm-pack)";
const WWW_TESTS: &str = "test the TypeScript of www";
const BROWSER_TESTS: &str = "test the package and the demo in the browser";
const PACKAGE_SIZES: &str = "hold the package under its ceilings";
const PYTHON_TESTS: &str = "test the .pose files with pose-format";
const PYTHON_CLIENT_TESTS: &str = "test /live-signs with Python's websockets";
const DEPLOY_FILES: &str = "check the files of crates/relay/deploy";
const HAPROXY_TESTS: &str = "test relays behind HAProxy";
const AUTOBAHN_TESTS: &str = "test the WebSocket stack with Autobahn's cases";
/// Tells the tests where HAProxy is.
const HAPROXY_VARIABLE: &str = "HAPROXY";
/// Tells the tests where the example `echo` of the relay is.
const ECHO_VARIABLE: &str = "LIVE_KEYPOINTS_ECHO";

/// A part of the tests that can be run alone, with the set-up that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// cargo test
    Native,
    /// The kernels under Miri, on aarch64 and in WebAssembly, as far as the programs for it are there
    Kernels,
    /// wasm-pack test, in a headless browser
    Wasm,
    /// Unit tests of the TypeScript
    Web,
    /// The built package, the demo and the relay in a headless browser
    Browser,
    /// The relay and the files it writes, used by Python's websockets and pose-format
    Python,
    /// Several relays behind HAProxy, used by the npm package, and the files to deploy them with
    Deploy,
    /// What `cargo xtask check` runs
    Check,
}

/// Adds the steps of one group, or of all: those that find most mistakes for their time first.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, only: Option<Group>) {
    let has = |group| only.is_none_or(|only| only == group);
    if has(Group::Check) {
        check::add_steps(plan, workspace);
    }
    if has(Group::Native) {
        setup::add_cargo_tools(plan, workspace);
        plan.add_after(&[setup::CARGO_TOOLS], NATIVE_TESTS, || {
            let shell = workspace.shell();
            cmd!(
                shell,
                "cargo nextest run --workspace --cargo-profile {QUICK} --no-fail-fast"
            )
            .run()?;
            cmd!(shell, "cargo test --workspace --profile {QUICK} --doc").run()?;
            Ok(Finish::Done)
        });
    }
    if has(Group::Kernels) {
        kernels::add_steps(plan, workspace);
    }
    if has(Group::Web) || has(Group::Browser) || has(Group::Deploy) {
        build_web::add_steps(plan, workspace, Profile::Published);
    }
    if has(Group::Web) {
        plan.add_after(&[build_web::TYPESCRIPT], WWW_TESTS, || {
            npm_test(workspace, "www")
        });
        const NEEDS: &[&str] = &[
            build_web::OPTIMISE,
            build_web::TYPESCRIPT,
            build_web::MODELS,
        ];
        plan.add_after(NEEDS, PACKAGE_SIZES, || {
            bench::sizes::hold_package(workspace)
        });
    }
    if has(Group::Wasm) {
        setup::add_wasm_steps(plan, workspace);
        setup::add_wasm_pack(plan, workspace);
        browser::add_step(plan, workspace);
        const NEEDS: &[&str] = &[
            setup::WASM_TARGET_STEP,
            setup::WASM_BINDGEN,
            setup::WASM_PACK,
            browser::BROWSER,
        ];
        plan.add_after(NEEDS, WASM_TESTS, || wasm_tests(workspace));
    }
    if has(Group::Browser) {
        demo::add_site_step(plan, workspace);
        demo::add_relay_step(plan, workspace);
        setup::add_tests_packages(plan, workspace);
        browser::add_step(plan, workspace);
        // Not needed: without them one test is skipped, or fails where CI=true.
        python::add_step(plan, workspace);
        task_bundles::add_step(
            plan,
            workspace,
            &[python::ENVIRONMENT],
            python::TESTS_FOLDER,
        );
        const NEEDS: &[&str] = &[
            demo::ASSEMBLE,
            demo::RELAY,
            setup::TESTS_PACKAGES,
            browser::BROWSER,
        ];
        plan.add_after(NEEDS, BROWSER_TESTS, || npm_test(workspace, "tests"));
    }
    if has(Group::Python) {
        demo::add_relay_step(plan, workspace);
        python::add_step(plan, workspace);
        plan.add_after(&[demo::RELAY, python::ENVIRONMENT], PYTHON_TESTS, || {
            python_tests(workspace, "tests/pose_format")
        });
        plan.add_after(
            &[demo::RELAY, python::ENVIRONMENT],
            PYTHON_CLIENT_TESTS,
            || python_tests(workspace, "tests/live_signs_python"),
        );
        plan.add_after(&[python::ENVIRONMENT], AUTOBAHN_TESTS, || {
            let shell = workspace.shell();
            cmd!(
                shell,
                "cargo build --profile {QUICK} --workspace --features live-keypoints-relay/echo --example echo"
            )
            .run()?;
            python_tests(workspace, "tests/autobahn")
        });
    }
    if has(Group::Deploy) {
        demo::add_relay_step(plan, workspace);
        python::add_step(plan, workspace);
        plan.add_after(&[demo::RELAY, python::ENVIRONMENT], DEPLOY_FILES, || {
            python_tests(workspace, "tests/deploy")
        });
        setup::add_tests_packages(plan, workspace);
        const NEEDS: &[&str] = &[build_web::TYPESCRIPT, demo::RELAY, setup::TESTS_PACKAGES];
        plan.add_after(NEEDS, HAPROXY_TESTS, || haproxy_tests(workspace));
    }
}

/// In the profile of the demo, with whose modules the tests then share their dependencies.
fn wasm_tests(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let driver = browser::chromedriver(workspace).context("the step before found a driver")?;
    cmd!(shell, "wasm-pack test --mode no-install --headless --chrome --chromedriver {driver} crates/web --profile {QUICK}")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .run()?;
    Ok(Finish::Done)
}

/// `npm test`, told where the browser and the relay's binary are.
fn npm_test(workspace: &Workspace, folder: &str) -> Result<Finish> {
    let shell = workspace.shell_in(folder)?;
    if let Some(browser) = browser::chromium(workspace) {
        shell.set_var("CHROMIUM", browser);
    }
    shell.set_var(demo::RELAY_VARIABLE, demo::relay_binary(workspace, QUICK));
    cmd!(shell, "{NPM} test").run()?;
    Ok(Finish::Done)
}

/// HAProxy: `HAPROXY` where it is set, otherwise from the PATH or where Debian puts programs of the administrator.
fn haproxy(workspace: &Workspace) -> Option<PathBuf> {
    let of_administrator = || Some(PathBuf::from("/usr/sbin/haproxy"));
    env::var_os(HAPROXY_VARIABLE)
        .map(PathBuf::from)
        .or_else(|| workspace.find_program("haproxy"))
        .or_else(of_administrator)
        .filter(|path| path.is_file())
}

fn haproxy_tests(workspace: &Workspace) -> Result<Finish> {
    let Some(haproxy) = haproxy(workspace) else {
        return Ok(Finish::Skipped(
            "please install HAProxy (Debian: apt-get install haproxy), or name it in HAPROXY"
                .to_owned(),
        ));
    };
    let shell = workspace.shell_in("tests")?;
    cmd!(shell, "{NPM} run test:deploy")
        .env(HAPROXY_VARIABLE, haproxy)
        .env(demo::RELAY_VARIABLE, demo::relay_binary(workspace, QUICK))
        .run()?;
    Ok(Finish::Done)
}

fn python_tests(workspace: &Workspace, folder: &str) -> Result<Finish> {
    let shell = workspace.shell_in(folder)?;
    let python = python::interpreter(workspace, python::TESTS_FOLDER);
    cmd!(shell, "{python} -m pytest --timeout=300 -rs")
        .env(demo::RELAY_VARIABLE, demo::relay_binary(workspace, QUICK))
        .env(
            ECHO_VARIABLE,
            demo::built_program(workspace, QUICK, "examples/echo"),
        )
        .run()?;
    Ok(Finish::Done)
}
