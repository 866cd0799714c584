//! The kernels in WebAssembly under Node.js, with both sets of instructions that the package ships.

use anyhow::Result;
use xshell::{Shell, cmd};

use super::Subject;
use crate::kernels::{
    WASI_RUNNER_VARIABLE, WASI_TARGET, WASM_BUILDS, WASM_FLAGS, missing_target, wasi_runner,
};
use crate::workspace::Workspace;

pub(super) fn subjects<'a>(shell: &'a Shell, workspace: &Workspace) -> Result<Vec<Subject<'a>>> {
    if let Some(reason) = missing_target(workspace, WASI_TARGET)? {
        println!("  no kernels in WebAssembly: {reason}");
        return Ok(Vec::new());
    }
    let subject = |(name, features): (&str, &[&str])| {
        Subject {
        label: format!("kernels, WebAssembly with {name}"),
        turn: cmd!(
            shell,
            "cargo bench --quiet --package live-keypoints-pipeline --target {WASI_TARGET} --no-default-features --features kernel-bench {features...} --bench pipeline -- kernels"
        )
        .env(WASI_RUNNER_VARIABLE, wasi_runner(workspace))
        .env("RUSTFLAGS", WASM_FLAGS)
        .quiet(),
    }
    };
    Ok(WASM_BUILDS.into_iter().map(subject).collect())
}
