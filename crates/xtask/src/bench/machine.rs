//! Where, when and of what was measured.

use std::env;
use std::fs;
use std::thread;
use std::time::SystemTime;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use xshell::cmd;

use crate::browser;
use crate::programs::version_of;
use crate::workspace::Workspace;

/// What matters of a machine, without its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    /// Hardware threads that the benchmark could use.
    pub(super) cores: usize,
    pub(super) system: String,
    pub(super) browser: Option<String>,
}

pub(super) fn describe(workspace: &Workspace) -> Machine {
    let browser = browser::chromium(workspace)
        .and_then(|program| version_of(workspace, &program))
        .map(|version| format!("Chromium {version}"));
    Machine {
        processor: processor(),
        cores: thread::available_parallelism().map_or(1, usize::from),
        system: format!("{} {}", env::consts::OS, env::consts::ARCH),
        browser,
    }
}

/// As Linux tells it; elsewhere the architecture has to do.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    processor_in(&text).unwrap_or_else(|| env::consts::ARCH.to_owned())
}

/// Name, and the widest vectors that the kernels choose by.
fn processor_in(cpuinfo: &str) -> Option<String> {
    let value_of = |key: &str| {
        cpuinfo.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim())
        })
    };
    let name = value_of("model name")?;
    let flags = value_of("flags").unwrap_or_default();
    let vectors = ["avx512f", "avx2"]
        .into_iter()
        .find(|wanted| flags.split_whitespace().any(|flag| flag == *wanted));
    Some(match vectors {
        Some(vectors) => format!("{name}, {vectors}"),
        None => name.to_owned(),
    })
}

/// The commit, marked where files differ from it.
pub(super) fn commit(workspace: &Workspace) -> Result<String> {
    let shell = workspace.shell();
    let commit = cmd!(shell, "git rev-parse HEAD").quiet().read()?;
    let changes = cmd!(shell, "git status --porcelain").quiet().read()?;
    let mark = if changes.is_empty() { "" } else { ", changed" };
    Ok(format!("{commit}{mark}"))
}

/// Now, as `2026-01-31T12:00:00Z`.
pub(super) fn date() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Programs that wanted a core, on average over the last minute; `None` where the system does not tell.
pub(super) fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_named_with_its_widest_vectors() {
        let text = "processor\t: 0\nmodel name\t: Some 9000\nflags\t\t: fpu avx2 avx512f\n";
        assert_eq!(processor_in(text).unwrap(), "Some 9000, avx512f");
        let older = text.replace("avx512f", "avx512pf");
        assert_eq!(processor_in(&older).unwrap(), "Some 9000, avx2");
        assert_eq!(processor_in("Hardware : x"), None);
    }
}
