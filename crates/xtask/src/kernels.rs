//! The kernels where this machine's own tests do not reach: under Miri, on aarch64, in WebAssembly.
//!
//! Their tests need neither tract nor models, so each takes a minute or two. Every outside program is optional: where one
//! is missing, the step is skipped and says what to install.

use std::ffi::OsString;

use anyhow::Result;
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::setup;
use crate::workspace::Workspace;

const MIRI: &str = "follow the kernels' pointers (Miri)";
const AARCH64: &str = "test the NEON kernels (aarch64 under QEMU)";
const WASM: &str = "test the WebAssembly kernels (Node.js)";

const AARCH64_TARGET: &str = "aarch64-unknown-linux-gnu";
const AARCH64_LINKER: &str = "aarch64-linux-gnu-gcc";
/// WebAssembly with a clock, arguments and an output, as the tests and the benchmark need them.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip1";
/// Cargo's way to run a program of that target.
pub(crate) const WASI_RUNNER_VARIABLE: &str = "CARGO_TARGET_WASM32_WASIP1_RUNNER";
/// Both sets of instructions that the package ships: a name, and features of the pipeline.
pub(crate) const WASM_BUILDS: [(&str, &[&str]); 2] = [
    ("simd128", &[]),
    ("relaxed SIMD", &["--features", "relaxed-simd"]),
];
/// What `.cargo/config.toml` gives the browser's modules.
pub(crate) const WASM_FLAGS: &str = "-Ctarget-feature=+simd128 -Cllvm-args=-pre-RA-sched=source";

/// The library's tests of one module, without tract.
const KERNEL_TESTS: [&str; 4] = [
    "--package=live-keypoints-pipeline",
    "--no-default-features",
    "--lib",
    "inference::kernels",
];

/// And those of crops, whose vectors Miri does not have.
const CROP_TESTS: &str = "crop::tests";

/// Adds the steps.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    setup::add_cargo_tools(plan, workspace);
    const NEEDS: &[&str] = &[setup::CARGO_TOOLS];
    plan.add_after(NEEDS, MIRI, || miri(workspace));
    plan.add_after(NEEDS, AARCH64, || aarch64(workspace));
    plan.add_after(NEEDS, WASM, || wasm(workspace));
}

/// The fast kernels over plain arrays, followed byte by byte. (The crop has no unsafe code.)
fn miri(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    let version = cmd!(shell, "cargo +nightly miri --version")
        .quiet()
        .ignore_stderr()
        .read();
    if version.is_err() {
        return Ok(Finish::Skipped(
            "no Miri (rustup toolchain install nightly --component miri,rust-src)".to_owned(),
        ));
    }
    cmd!(
        shell,
        "cargo +nightly miri nextest run --profile kernels {KERNEL_TESTS...}"
    )
    .env("MIRIFLAGS", "-Zmiri-disable-isolation")
    .env("CARGO_TARGET_DIR", workspace.path("target/miri"))
    .run()?;
    Ok(Finish::Done)
}

fn aarch64(workspace: &Workspace) -> Result<Finish> {
    let emulator = ["qemu-aarch64", "qemu-aarch64-static"]
        .into_iter()
        .find_map(|name| workspace.find_program(name));
    let (Some(emulator), Some(_)) = (emulator, workspace.find_program(AARCH64_LINKER)) else {
        return Ok(Finish::Skipped(
            "no linker or no QEMU (Debian: apt-get install gcc-aarch64-linux-gnu qemu-user)"
                .to_owned(),
        ));
    };
    if let Some(reason) = missing_target(workspace, AARCH64_TARGET)? {
        return Ok(Finish::Skipped(reason));
    }
    let mut runner = emulator.into_os_string();
    runner.push(" -L /usr/aarch64-linux-gnu");
    let shell = workspace.shell();
    cmd!(
        shell,
        "cargo nextest run --profile kernels --cargo-profile release --target {AARCH64_TARGET} {KERNEL_TESTS...} {CROP_TESTS}"
    )
    .env(
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
        AARCH64_LINKER,
    )
    .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", runner)
    .run()?;
    Ok(Finish::Done)
}

fn wasm(workspace: &Workspace) -> Result<Finish> {
    if workspace.find_program("node").is_none() {
        return Ok(Finish::Skipped("no Node.js (nodejs.org)".to_owned()));
    }
    if let Some(reason) = missing_target(workspace, WASI_TARGET)? {
        return Ok(Finish::Skipped(reason));
    }
    let shell = workspace.shell();
    for (_, features) in WASM_BUILDS {
        cmd!(
            shell,
            "cargo nextest run --profile kernels --cargo-profile release --target {WASI_TARGET} {features...} {KERNEL_TESTS...} {CROP_TESTS}"
        )
        .env(WASI_RUNNER_VARIABLE, wasi_runner(workspace))
        .env("RUSTFLAGS", WASM_FLAGS)
        .run()?;
    }
    Ok(Finish::Done)
}

/// What runs a program of [`WASI_TARGET`].
pub(crate) fn wasi_runner(workspace: &Workspace) -> OsString {
    let mut runner = OsString::from("node --no-warnings ");
    runner.push(workspace.path("tests/wasi.mjs"));
    runner
}

/// What to do where Rust's standard library for a target is not installed.
pub(crate) fn missing_target(workspace: &Workspace, target: &str) -> Result<Option<String>> {
    let shell = workspace.shell();
    let system_root = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    let library = std::path::Path::new(&system_root)
        .join("lib/rustlib")
        .join(target)
        .join("lib");
    Ok((!library.is_dir()).then(|| format!("no {target} (rustup target add {target})")))
}
