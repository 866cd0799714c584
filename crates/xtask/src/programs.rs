//! Outside programs: their versions, and what to tell who lacks one.
//!
//! Installs nothing; that is [`crate::setup`]'s and [`crate::browser`]'s work.

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use xshell::cmd;

use crate::plan::Finish;
use crate::workspace::{NPM, Workspace};

/// The oldest Node.js that the package supports and the build runs on.
const OLDEST_NODE: Version = Version {
    major: 20,
    minor: 0,
    patch: 0,
};

/// Three numbers, in the order in which they compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) patch: u32,
}

impl Version {
    /// The first version in what a program prints: `wasm-bindgen 0.2.130`, `v20.20.2`, `Chromium 156.0.8078.79 built on…`.
    pub(crate) fn in_text(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut numbers = word
                .trim_start_matches('v')
                .split(['.', '-', '+'])
                .map(str::parse::<u32>);
            let major = numbers.next()?.ok()?;
            let minor = numbers.next()?.ok()?;
            let patch = numbers.next()?.ok()?;
            Some(Self {
                major,
                minor,
                patch,
            })
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What `program --version` says; `None` if it cannot be run or says nothing like a version.
pub(crate) fn version_of(workspace: &Workspace, program: &Path) -> Option<Version> {
    let shell = workspace.shell();
    let text = cmd!(shell, "{program} --version")
        .quiet()
        .ignore_stderr()
        .read()
        .ok()?;
    Version::in_text(&text)
}

/// Step: what must be there before anything can be installed. Says what is missing, all of it at once.
pub(crate) fn require_base_programs(workspace: &Workspace) -> Result<Finish> {
    let mut missing = Vec::new();
    let node = workspace
        .find_program("node")
        .and_then(|node| version_of(workspace, &node));
    match node {
        None => missing.push(format!(
            "Node.js {} or newer (nodejs.org, or Debian's package nodejs)",
            OLDEST_NODE.major
        )),
        Some(version) if version < OLDEST_NODE => missing.push(format!(
            "Node.js {} or newer: the one on the PATH is {version} (nodejs.org has newer ones)",
            OLDEST_NODE.major
        )),
        Some(_) => {}
    }
    let shell = workspace.shell();
    if cmd!(shell, "{NPM} --version")
        .quiet()
        .ignore_stderr()
        .read()
        .is_err()
    {
        missing.push("npm (it comes with Node.js; Debian has a package npm of its own)".to_owned());
    }
    if cfg!(unix)
        && ["cc", "gcc", "clang"]
            .iter()
            .all(|name| workspace.find_program(name).is_none())
    {
        missing.push("a C compiler (Debian's package gcc)".to_owned());
    }
    if missing.is_empty() {
        return Ok(node.map_or(Finish::Done, |version| {
            Finish::Noted(format!("Node.js {version}"))
        }));
    }
    bail!("please install: {}", missing.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32, minor: u32, patch: u32) -> Option<Version> {
        Some(Version {
            major,
            minor,
            patch,
        })
    }

    #[test]
    fn a_version_is_found_in_what_programs_print() {
        assert_eq!(Version::in_text("wasm-bindgen 0.2.130"), version(0, 2, 130));
        assert_eq!(Version::in_text("v20.20.2"), version(20, 20, 2));
        assert_eq!(
            Version::in_text("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"),
            version(156, 0, 8078)
        );
        assert_eq!(
            Version::in_text("wasm-pack 0.15.1-beta.2"),
            version(0, 15, 1)
        );
        assert_eq!(Version::in_text("no numbers here 12"), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version::in_text("v9.11.2") < Version::in_text("v20.0.0"));
    }
}
