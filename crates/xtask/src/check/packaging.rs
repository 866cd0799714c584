//! How the crates would be packed for a registry: without a warning, and small enough where they may be published.
//!
//! Nothing is built: that every file which the build needs is in the package is `cargo publish --dry-run`'s to find out,
//! and takes as long as a first build.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use xshell::cmd;

use crate::plan::Finish;
use crate::workspace::Workspace;

/// Of others' use as a library or program. What is left out is bindings and tools.
const CRATES: [&str; 3] = [
    "live-keypoints-pipeline",
    "live-keypoints-protocol",
    "live-keypoints-relay",
];
/// crates.io takes no larger file.
const LARGEST_BYTES: u64 = 10 * 1024 * 1024;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// The registries that it may be published in; absent for all of them.
    publish: Option<Vec<String>>,
    keywords: Vec<String>,
    categories: Vec<String>,
}

impl Package {
    fn may_be_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|names| !names.is_empty())
    }
}

/// Step: packs every crate of [`CRATES`].
pub(super) fn check(workspace: &Workspace) -> Result<Finish> {
    let shell = workspace.shell();
    // Without complaints about missing addresses, as nobody knows yet where the repository will be, and without a lock file,
    // for which the registry would have to know the pipeline.
    let mut command = cmd!(
        shell,
        "cargo package --no-verify --allow-dirty --no-metadata --exclude-lockfile"
    )
    .quiet();
    for name in CRATES {
        command = command.args(["--package", name]);
    }
    let output = command.ignore_status().output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || warns(&told) {
        bail!("{told}");
    }
    let metadata = cmd!(
        shell,
        "cargo metadata --quiet --locked --no-deps --format-version 1"
    )
    .quiet()
    .read()?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let mut notes = Vec::new();
    for package in &metadata.packages {
        let Package { name, version, .. } = package;
        if !CRATES.contains(&name.as_str()) {
            continue;
        }
        let file = metadata
            .target_directory
            .join(format!("package/{name}-{version}.crate"));
        let bytes = file
            .metadata()
            .with_context(|| file.display().to_string())?
            .len();
        notes.push(verdict(package, bytes)?);
    }
    Ok(Finish::Noted(notes.join(", ")))
}

fn warns(told: &str) -> bool {
    told.lines().any(|line| line.starts_with("warning:"))
}

/// What to say of a packed crate; an error if it may be published and cannot be.
fn verdict(package: &Package, bytes: u64) -> Result<String> {
    let Package { name, .. } = package;
    if package.keywords.is_empty() || package.categories.is_empty() {
        bail!("{name} has no keywords or no categories, by which it could be found");
    }
    let size = format!("{:.1} MB", bytes as f64 / 1e6);
    if !package.may_be_published() {
        return Ok(format!("{name} {size}, not to be published"));
    }
    if bytes > LARGEST_BYTES {
        bail!("{name} may be published, but crates.io takes no file of {size}");
    }
    Ok(format!("{name} {size}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(publish: Option<Vec<String>>) -> Package {
        Package {
            name: "some".to_owned(),
            version: "1.0.0".to_owned(),
            publish,
            keywords: vec!["word".to_owned()],
            categories: vec!["kind".to_owned()],
        }
    }

    #[test]
    fn a_crate_that_is_too_large_must_say_that_it_is_not_published() {
        assert!(verdict(&package(None), LARGEST_BYTES).is_ok());
        assert!(verdict(&package(None), LARGEST_BYTES + 1).is_err());
        let note = verdict(&package(Some(Vec::new())), LARGEST_BYTES + 1).unwrap();
        assert!(note.ends_with("not to be published"), "{note}");
    }

    #[test]
    fn a_crate_that_nobody_would_find_is_refused() {
        let package = Package {
            keywords: Vec::new(),
            ..package(None)
        };
        assert!(verdict(&package, 1).is_err());
    }

    #[test]
    fn warnings_are_told_from_what_cargo_says_otherwise() {
        assert!(warns("   Packaging a\nwarning: ignoring test `b`\n"));
        assert!(!warns("    Packaged 3 files, no warning: none\n"));
    }
}
