//! Soak of the npm package in a page: frames as fast as they go, bad ones among them, sessions that open and close.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use xshell::cmd;

use super::flatness::Flatness;
use super::frame_growth::{FrameGrowth, LEAST_FRAMES};
use super::length::Length;
use crate::browser;
use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::setup;
use crate::workspace::Workspace;

const SOAK: &str = "use the page hard and watch its memory";
const CLIP: &str = "tests/fixtures/clips/fingers";
/// A line is printed for people every so many looks.
const LOOKS_A_LINE: usize = 12;

/// What `cargo xtask soak page` may be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    length: Length,
    /// Instead of a time, until so many frames have been computed, in one session: memory then is held against that after
    /// the first 500
    #[arg(long, conflicts_with = "minutes", value_parser = clap::value_parser!(u64).range(LEAST_FRAMES..))]
    frames: Option<u64>,
    /// Workers of the main session
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
    workers: u8,
    /// Take www/dist as it was built last
    #[arg(long)]
    skip_build: bool,
}

/// Adds the steps that build the package and put it to use.
pub(super) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, options: &'a Options) {
    if !options.skip_build {
        build_web::add_steps(plan, workspace, Profile::Quick);
    }
    setup::add_tests_packages(plan, workspace);
    browser::add_step(plan, workspace);
    plan.add(SOAK, || soak(workspace, options));
}

/// What the program prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    End { end: End },
    Look(Look),
}

#[derive(Clone, Copy, Deserialize)]
struct Look {
    seconds: f64,
    memory_mb: f64,
    pushed: u64,
    results: u64,
    sessions: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct End {
    pushed: u64,
    received: u64,
    dropped: u64,
    completed: u64,
    failed: u64,
    bad_answered: u64,
    sessions: u64,
    unexpected: Vec<String>,
}

fn soak(workspace: &Workspace, options: &Options) -> Result<Finish> {
    let (looks, end) = watch(workspace, options)?;
    end.check(options.frames)?;
    let (growth, since) = if options.frames.is_some() {
        let looks: Vec<(u64, f64)> = looks.iter().map(|l| (l.results, l.memory_mb)).collect();
        let growth = FrameGrowth::of(&looks)?;
        growth.check()?;
        (growth.growth(), "500 frames")
    } else {
        let looks: Vec<f64> = looks.iter().map(|look| look.memory_mb).collect();
        let flatness = Flatness::of(&looks)?;
        flatness.check()?;
        (flatness.growth(), "warm-up")
    };
    Ok(Finish::Noted(format!(
        "{} frames pushed, {} computed, {} bad, {} sessions; memory {:+.1} % after {since}",
        end.pushed,
        end.completed,
        end.failed,
        end.sessions,
        growth * 100.0
    )))
}

/// Runs the program; its looks, and the counts of the end.
fn watch(workspace: &Workspace, options: &Options) -> Result<(Vec<Look>, End)> {
    let shell = workspace.shell();
    let program = workspace.path("tests/bench/soak_page.mjs");
    let chromium = browser::chromium(workspace).context("there is no Chromium")?;
    let task = json!({
        "seconds": options.frames.is_none().then_some(options.length.seconds()),
        "results": options.frames,
        "clip": workspace.path(CLIP),
        "workers": options.workers,
    })
    .to_string();
    let command = cmd!(shell, "node {program} {task}").env("CHROMIUM", chromium);
    let mut child = Command::from(command)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start node")?;
    let output = child.stdout.take().context("the output is piped")?;
    let mut looks = Vec::new();
    let mut end = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match serde_json::from_str(&line).with_context(|| line.clone())? {
            Line::Look(look) => {
                if looks.len() % LOOKS_A_LINE == 0 {
                    let Look {
                        seconds,
                        memory_mb,
                        pushed,
                        results,
                        sessions,
                    } = look;
                    println!(
                        "{seconds:.0} s: {memory_mb:.0} MB, {pushed} frames, {results} results, {sessions} sessions"
                    );
                }
                looks.push(look);
            }
            Line::End { end: counts } => end = Some(counts),
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "the page failed: {status}");
    Ok((looks, end.context("the page came to no end")?))
}

impl End {
    /// Every frame is accounted for, and nothing failed but the bad ones. By `frames`, there is one session.
    fn check(&self, frames: Option<u64>) -> Result<()> {
        if !self.unexpected.is_empty() {
            let first: Vec<&str> = self.unexpected.iter().take(5).map(String::as_str).collect();
            bail!(
                "{} unexpected errors, the first: {}",
                self.unexpected.len(),
                first.join("; ")
            );
        }
        ensure!(
            self.received == self.pushed
                && self.received == self.dropped + self.completed + self.failed,
            "frames are lost: {self:?}"
        );
        ensure!(
            self.failed == self.bad_answered,
            "{} frames failed and {} were told of",
            self.failed,
            self.bad_answered
        );
        ensure!(
            self.completed >= frames.unwrap_or(1)
                && self.failed > 0
                && (self.sessions > 1 || frames.is_some()),
            "too little happened: {self:?}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> End {
        End {
            pushed: 100,
            received: 100,
            dropped: 40,
            completed: 50,
            failed: 10,
            bad_answered: 10,
            sessions: 3,
            unexpected: Vec::new(),
        }
    }

    #[test]
    fn every_frame_must_be_accounted_for() {
        end().check(None).unwrap();
        let lost = End {
            completed: 49,
            ..end()
        };
        assert!(lost.check(None).unwrap_err().to_string().contains("lost"));
        let silent = End {
            bad_answered: 9,
            ..end()
        };
        assert!(silent.check(None).is_err());
    }

    #[test]
    fn an_unexpected_error_and_a_run_without_work_fail() {
        let broken = End {
            unexpected: vec!["worker-died: gone".to_owned()],
            ..end()
        };
        let message = broken.check(None).unwrap_err().to_string();
        assert!(message.contains("worker-died"), "{message}");
        assert!(End::default().check(None).is_err());
        let alone = End {
            sessions: 1,
            ..end()
        };
        assert!(alone.check(None).is_err());
        alone.check(Some(50)).unwrap();
        assert!(alone.check(Some(51)).is_err());
    }

    #[test]
    fn the_programs_lines_are_told_apart() {
        let look = r#"{"seconds":5,"memory_mb":300.5,"pushed":1,"results":0,"badAnswered":0,"sessions":1,"unexpected":[]}"#;
        assert!(
            matches!(serde_json::from_str(look).unwrap(), Line::Look(look) if look.memory_mb == 300.5)
        );
        let line = r#"{"end":{"pushed":1,"results":1,"badAnswered":0,"sessions":2,"unexpected":[],"received":1,"dropped":0,"completed":1,"failed":0}}"#;
        assert!(
            matches!(serde_json::from_str(line).unwrap(), Line::End { end } if end.sessions == 2)
        );
    }
}
