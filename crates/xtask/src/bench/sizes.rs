//! What is downloaded: the modules raw and compressed, the npm package, the relay. `tests/bench/ceilings.json` holds a
//! ceiling for each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use xshell::cmd;

use crate::build_web;
use crate::demo;
use crate::digest::sha256;
use crate::plan::Finish;
use crate::workspace::{NPM, RELEASE, Workspace};

const CEILINGS: &str = "tests/bench/ceilings.json";
/// Brotli at its best takes half a minute a module: sizes are kept by the digest of what was compressed.
const KEPT: &str = "target/brotli";
const TARBALL: &str = "npm package";
const RELAY: &str = "relay";

/// The size of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    /// Its name in the file of ceilings.
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

impl Size {
    fn new(name: impl Into<String>, bytes: u64) -> Self {
        Self {
            name: name.into(),
            bytes,
        }
    }
}

/// Every size. The package and the relay must have been built.
pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Size>> {
    let mut sizes = package(workspace)?;
    sizes.push(relay(workspace)?);
    Ok(sizes)
}

/// Step: the package's files are under their ceilings.
pub(crate) fn hold_package(workspace: &Workspace) -> Result<Finish> {
    hold(workspace, &package(workspace)?)
}

/// Step: the relay's program is under its ceiling.
pub(super) fn hold_relay(workspace: &Workspace) -> Result<Finish> {
    hold(workspace, &[relay(workspace)?])
}

fn package(workspace: &Workspace) -> Result<Vec<Size>> {
    let modules = build_web::MODULE_FILES.map(|file| {
        let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
        (name, workspace.path(build_web::MODULES).join(file))
    });
    let mut sizes = Vec::new();
    for (name, path) in &modules {
        sizes.push(Size::new(*name, length(path)?));
    }
    let compressed = brotli(workspace, &modules.clone().map(|(_, path)| path))?;
    for ((name, _), bytes) in modules.iter().zip(compressed) {
        sizes.push(Size::new(format!("{name}, brotli"), bytes));
    }
    sizes.push(Size::new(TARBALL, tarball(workspace)?));
    Ok(sizes)
}

fn relay(workspace: &Workspace) -> Result<Size> {
    let bytes = length(&demo::relay_binary(workspace, RELEASE))?;
    Ok(Size::new(RELAY, bytes))
}

fn length(path: &Path) -> Result<u64> {
    let data = path
        .metadata()
        .with_context(|| path.display().to_string())?;
    Ok(data.len())
}

/// The size of each file as brotli compresses it at its best.
fn brotli(workspace: &Workspace, files: &[PathBuf]) -> Result<Vec<u64>> {
    fs::create_dir_all(workspace.path(KEPT))?;
    let notes = files
        .iter()
        .map(|file| {
            let bytes = fs::read(file).with_context(|| file.display().to_string())?;
            Ok(workspace.path(KEPT).join(sha256(&[&bytes])))
        })
        .collect::<Result<Vec<_>>>()?;
    let is_missing = |note: &PathBuf| !note.is_file();
    let (pending, pending_notes): (Vec<_>, Vec<_>) = files
        .iter()
        .zip(&notes)
        .filter(|(_, note)| is_missing(note))
        .unzip();
    if !pending.is_empty() {
        let shell = workspace.shell();
        let program = workspace.path("tests/bench/brotli.mjs");
        let lines = cmd!(shell, "node {program} {pending...}").read()?;
        for (note, line) in pending_notes.into_iter().zip(lines.lines()) {
            fs::write(note, line)?;
        }
    }
    notes
        .iter()
        .map(|note| {
            let text = fs::read_to_string(note)?;
            text.trim()
                .parse()
                .with_context(|| format!("brotli: `{text}`"))
        })
        .collect()
}

/// What `npm pack` would write.
fn tarball(workspace: &Workspace) -> Result<u64> {
    #[derive(Deserialize)]
    struct Packed {
        size: u64,
    }
    let shell = workspace.shell_in("www")?;
    // The licences are copied beside the build first, as at publication; what that prints is not JSON.
    cmd!(shell, "{NPM} run --silent prepack").quiet().run()?;
    let text = cmd!(shell, "{NPM} pack --dry-run --json --ignore-scripts")
        .quiet()
        .ignore_stderr()
        .read()?;
    let packed: Vec<Packed> = serde_json::from_str(&text).context("npm pack --json")?;
    packed
        .first()
        .map(|packed| packed.size)
        .context("npm pack names no package")
}

fn hold(workspace: &Workspace, sizes: &[Size]) -> Result<Finish> {
    let text = fs::read_to_string(workspace.path(CEILINGS)).context(CEILINGS)?;
    let ceilings: BTreeMap<String, u64> = serde_json::from_str(&text).context(CEILINGS)?;
    let wrong = above(sizes, &ceilings);
    if wrong.is_empty() {
        let list = sizes
            .iter()
            .map(|size| format!("{} {}", size.name, megabytes(size.bytes)));
        return Ok(Finish::Noted(list.collect::<Vec<_>>().join(", ")));
    }
    bail!("{CEILINGS}: {}", wrong.join("; "))
}

fn above(sizes: &[Size], ceilings: &BTreeMap<String, u64>) -> Vec<String> {
    sizes
        .iter()
        .filter_map(|Size { name, bytes }| match ceilings.get(name) {
            None => Some(format!("{name} has no ceiling")),
            Some(ceiling) if bytes > ceiling => Some(format!(
                "{name} has {bytes} bytes, over its ceiling of {ceiling}"
            )),
            Some(_) => None,
        })
        .collect()
}

/// Millions of bytes with two decimals.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_over_its_ceiling_and_one_without_are_named() {
        let ceilings = BTreeMap::from([("a".to_owned(), 10), ("b".to_owned(), 10)]);
        let sizes = [Size::new("a", 10), Size::new("b", 11), Size::new("c", 1)];
        assert_eq!(
            above(&sizes, &ceilings),
            ["b has 11 bytes, over its ceiling of 10", "c has no ceiling"]
        );
    }

    #[test]
    fn the_committed_ceilings_name_everything_that_is_measured() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = fs::read_to_string(root.join(CEILINGS)).unwrap();
        let ceilings: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap();
        let mut names: Vec<String> = vec![RELAY.to_owned(), TARBALL.to_owned()];
        for file in build_web::MODULE_FILES {
            let name = file.rsplit_once('/').unwrap().1;
            names.extend([name.to_owned(), format!("{name}, brotli")]);
        }
        names.sort();
        assert_eq!(ceilings.into_keys().collect::<Vec<_>>(), names);
    }
}
