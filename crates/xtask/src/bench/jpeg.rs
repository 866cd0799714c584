//! JPEG decoders beside each other, natively and in WebAssembly: `tests/bench/jpeg`, a workspace of its own.

use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use super::{Options, Subject};
use crate::kernels::{WASI_RUNNER_VARIABLE, WASI_TARGET, WASM_FLAGS, missing_target, wasi_runner};
use crate::workspace::Workspace;

const MANIFEST: &str = "tests/bench/jpeg/Cargo.toml";
const TARGET_FOLDER: &str = "target/jpeg-bench";

pub(super) fn subjects<'a>(
    shell: &'a Shell,
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
) -> Result<Vec<Subject<'a>>> {
    let frames = options.frames.to_string();
    let manifest = workspace.path(MANIFEST);
    let run = |label: &str, arguments: &[&str]| {
        Subject {
        label: label.to_owned(),
        turn: cmd!(
            shell,
            "cargo run --quiet --release --manifest-path {manifest} {arguments...} -- {clip} {frames}"
        )
        .env("CARGO_TARGET_DIR", workspace.path(TARGET_FOLDER))
        .quiet(),
    }
    };
    // Without the system's library the others are still measured.
    let has_turbo = cmd!(shell, "pkg-config --exists libturbojpeg")
        .quiet()
        .ignore_stderr()
        .run()
        .is_ok();
    let features: &[&str] = if has_turbo {
        &["--features=turbo"]
    } else {
        &[]
    };
    let mut subjects = vec![run("JPEG decoders, natively", features)];
    match missing_target(workspace, WASI_TARGET)? {
        Some(reason) => println!("  not in WebAssembly: {reason}"),
        None => {
            let mut in_wasm = run("JPEG decoders, in WebAssembly", &["--target", WASI_TARGET]);
            in_wasm.turn = in_wasm
                .turn
                .env(WASI_RUNNER_VARIABLE, wasi_runner(workspace))
                .env("RUSTFLAGS", WASM_FLAGS);
            subjects.push(in_wasm);
        }
    }
    Ok(subjects)
}
