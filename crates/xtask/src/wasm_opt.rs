//! Runs `wasm-opt`, from the npm package `binaryen`, over built modules.
//!
//! It takes longer than an unchanged build, so results are kept in `target/wasm-opt` by the digest of what went in. It
//! uses one core: the modules are optimised side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::digest::sha256;
use crate::plan::Finish;
use crate::workspace::Workspace;

const PACKAGE: &str = "www/node_modules/binaryen";
const KEPT: &str = "target/wasm-opt";

/// The level, then what rustc may emit: all of it is in every browser with SIMD, relaxed SIMD apart, which only the
/// module of that name uses. `-O1` gives the smallest download: `-O3` takes four times as long, compresses worse and
/// runs no faster.
const FLAGS: [&str; 12] = [
    "-O1",
    // Sections that no browser reads.
    "--strip-producers",
    "--strip-target-features",
    "--enable-simd",
    "--enable-relaxed-simd",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Step: replaces each module by its optimised form.
pub(crate) fn optimise(workspace: &Workspace, modules: &[PathBuf]) -> Result<Finish> {
    fs::create_dir_all(workspace.path(KEPT))?;
    let manifest = fs::read(workspace.path(PACKAGE).join("package.json")).context(PACKAGE)?;
    let mut pending = Vec::new();
    let mut finished: Vec<(&PathBuf, PathBuf)> = Vec::new();
    for module in modules {
        let bytes = fs::read(module).with_context(|| module.display().to_string())?;
        let digest = sha256(&[FLAGS.join(" ").as_bytes(), &manifest, &bytes]);
        let kept = workspace.path(KEPT).join(format!("{digest}.wasm"));
        let is_started = finished.iter().any(|(_, other)| *other == kept);
        if !kept.is_file() && !is_started {
            pending.push(Run::start(workspace, module, &kept)?);
        }
        finished.push((module, kept));
    }
    let started = pending.len();
    // All are waited for, so that none outlives a failure of another.
    let results: Vec<Result<()>> = pending.into_iter().map(Run::finish).collect();
    results.into_iter().collect::<Result<()>>()?;
    let mut bytes = 0;
    for (module, kept) in &finished {
        bytes += fs::copy(kept, module)?;
    }
    remove_all_but(&workspace.path(KEPT), &finished)?;
    let unchanged = modules.len() - started;
    Ok(Finish::Noted(format!(
        "{:.1} MB, {unchanged} of {} unchanged",
        bytes as f64 / 1e6,
        modules.len()
    )))
}

/// A `wasm-opt` at work: it writes beside its result, which appears whole or not at all.
struct Run {
    child: Child,
    partial: PathBuf,
    result: PathBuf,
}

impl Run {
    fn start(workspace: &Workspace, module: &Path, result: &Path) -> Result<Self> {
        let shell = workspace.shell();
        let program = workspace.path(PACKAGE).join("bin/wasm-opt");
        let partial = result.with_extension("partial");
        let command = cmd!(shell, "node {program} {FLAGS...} {module} -o {partial}");
        println!("$ {command}");
        let child = Command::from(command)
            .spawn()
            .context("cannot start node")?;
        Ok(Self {
            child,
            partial,
            result: result.to_path_buf(),
        })
    }

    fn finish(mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "wasm-opt: {status}");
        fs::rename(&self.partial, &self.result)?;
        Ok(())
    }
}

/// Drops the results of earlier builds.
fn remove_all_but(folder: &Path, wanted: &[(&PathBuf, PathBuf)]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if wanted.iter().all(|(_, kept)| *kept != path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
