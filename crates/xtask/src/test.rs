//! `cargo xtask test`: every functional test, and the checks. Durations are for information, not measurements.

use anyhow::{Context, Result};
use clap::ValueEnum;
use xshell::cmd;

use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::workspace::{NPM, Workspace};
use crate::{bench, browser, check, demo, python, setup};

const NATIVE_TESTS: &str = "test the Rust crates natively";
const WASM_TESTS: &str = "test crates/web in the browser (wasm-pack)";
const WWW_TESTS: &str = "test the TypeScript of www";
const BROWSER_TESTS: &str = "test the package and the demo in the browser";
const PACKAGE_SIZES: &str = "hold the package under its ceilings";
const RELAY_SIZE: &str = "hold the relay under its ceiling";
const PYTHON_TESTS: &str = "test the .pose files with pose-format";

/// A part of the tests that can be run alone, with the set-up that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// cargo test
    Native,
    /// wasm-pack test, in a headless browser
    Wasm,
    /// Unit tests of the TypeScript
    Web,
    /// The built package, the demo and the relay in a headless browser
    Browser,
    /// Files written by the relay, read by Python's pose-format
    Python,
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
        plan.add(NATIVE_TESTS, || {
            let shell = workspace.shell();
            cmd!(shell, "cargo test --workspace --release --no-fail-fast").run()?;
            Ok(Finish::Done)
        });
    }
    if has(Group::Web) || has(Group::Browser) {
        build_web::add_steps(plan, workspace, Profile::Release);
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
        const NEEDS: &[&str] = &[
            demo::ASSEMBLE,
            demo::RELAY,
            setup::TESTS_PACKAGES,
            browser::BROWSER,
        ];
        plan.add_after(NEEDS, BROWSER_TESTS, || npm_test(workspace, "tests"));
        plan.add_after(&[demo::RELAY], RELAY_SIZE, || {
            bench::sizes::hold_relay(workspace)
        });
    }
    if has(Group::Python) {
        demo::add_relay_step(plan, workspace);
        python::add_step(plan, workspace);
        plan.add_after(&[demo::RELAY, python::ENVIRONMENT], PYTHON_TESTS, || {
            python_tests(workspace)
        });
    }
}

/// Optimised, as the tests then share their dependencies with the module that is shipped.
fn wasm_tests(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let driver = browser::chromedriver(workspace).context("the step before found a driver")?;
    cmd!(shell, "wasm-pack test --mode no-install --headless --chrome --chromedriver {driver} --release crates/web")
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
    shell.set_var(demo::RELAY_VARIABLE, demo::relay_binary(workspace));
    cmd!(shell, "{NPM} test").run()?;
    Ok(Finish::Done)
}

fn python_tests(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell_in("tests/pose_format")?;
    let python = python::interpreter(workspace, python::POSE_FORMAT_FOLDER);
    cmd!(shell, "{python} -m unittest discover --verbose")
        .env(demo::RELAY_VARIABLE, demo::relay_binary(workspace))
        .run()?;
    Ok(Finish::Done)
}
