//! Soak of the relay: frames pushed as fast as they go, bad ones among them, sessions that open and close in every way.
//!
//! The memory that counts is the server's proportional set size. What may grow for a while are the allocator's arenas, each
//! of which comes to hold the greatest frames and results that its thread ever had, and connections' buffers: all of it
//! in the warm-up. After that a session must leave nothing behind, and thousands come and go.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use xshell::cmd;

use super::flatness::Flatness;
use super::length::Length;
use crate::bench::load::{self, CARGO_LOAD};
use crate::demo;
use crate::plan::{Finish, Plan};
use crate::workspace::{RELEASE, Workspace};

const SOAK: &str = "use the relay hard and watch its memory";
const CLIP: &str = "tests/fixtures/clips/fingers";
/// The program puts a free port in.
const LISTEN: &str = "127.0.0.1:{port}";
/// Bad frames among those of a flood come in rows where the good ones between them are dropped.
const MAX_CONSECUTIVE_BAD: &str = "--max-consecutive-bad=1000";
/// A line is printed for people every so many looks.
const LOOKS_A_LINE: usize = 12;

/// What `cargo xtask soak relay` may be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    length: Length,
}

/// Adds the steps that build the relay and put it to use.
pub(super) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, options: &'a Options) {
    load::add_build_steps(plan, workspace);
    plan.add(SOAK, || soak(workspace, options));
}

/// What the program prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    End { end: End },
    Look(Look),
}

#[derive(Deserialize)]
struct Look {
    seconds: f64,
    memory_mb: f64,
    frames: f64,
    results: f64,
    sessions: u64,
}

/// What became of all frames; `untold` were sent by clients that left or were sent away. The program itself holds every session's account against what the relay says of it, and
/// fails where they differ.
#[derive(Clone, Debug, Default, Deserialize)]
struct End {
    sessions: u64,
    sessions_left: f64,
    sent: u64,
    keypoints: u64,
    errors: u64,
    dropped: u64,
    left_over: u64,
    untold: u64,
}

fn soak(workspace: &Workspace, options: &Options) -> Result<Finish> {
    let (looks, end) = watch(workspace, options)?;
    end.check()?;
    let flatness = Flatness::of(&looks)?;
    flatness.check()?;
    Ok(Finish::Noted(format!(
        "{} frames in {} sessions: {} keypoints, {} errors, {} dropped; memory {:+.1} % after warm-up",
        end.sent,
        end.sessions,
        end.keypoints,
        end.errors,
        end.dropped,
        flatness.growth() * 100.0
    )))
}

/// Runs the program; memory of each look in megabytes, and the counts of the end.
fn watch(workspace: &Workspace, options: &Options) -> Result<(Vec<f64>, End)> {
    let shell = workspace.shell();
    let clip = workspace.path(CLIP);
    let relay = demo::relay_binary(workspace, RELEASE);
    let seconds = options.length.seconds().to_string();
    let command = cmd!(
        shell,
        "cargo {CARGO_LOAD...} -- soak --clip {clip} --seconds {seconds} -- {relay} serve --listen {LISTEN} {MAX_CONSECUTIVE_BAD}"
    );
    let mut child = Command::from(command)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
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
                        frames,
                        results,
                        sessions,
                    } = look;
                    println!(
                        "{seconds:.0} s: {memory_mb:.0} MB, {frames} frames, {results} results, {sessions} sessions"
                    );
                }
                looks.push(look.memory_mb);
            }
            Line::End { end: counts } => end = Some(counts),
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "the relay failed: {status}");
    Ok((looks, end.context("it came to no end")?))
}

impl End {
    /// Every frame is accounted for, everybody has left, and all kinds of things happened.
    fn check(&self) -> Result<()> {
        let told = self.keypoints + self.errors + self.dropped + self.left_over;
        ensure!(self.sent == told + self.untold, "frames are lost: {self:?}");
        ensure!(self.sessions_left == 0.0, "sessions stay open: {self:?}");
        let happened = [self.keypoints, self.errors, self.dropped, self.untold];
        ensure!(
            happened.iter().all(|count| *count > 0) && self.sessions > 5,
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
            sessions: 9,
            sessions_left: 0.0,
            sent: 100,
            keypoints: 50,
            errors: 10,
            dropped: 35,
            left_over: 1,
            untold: 4,
        }
    }

    #[test]
    fn every_frame_must_be_accounted_for() {
        end().check().unwrap();
        let lost = End {
            keypoints: 49,
            ..end()
        };
        assert!(lost.check().unwrap_err().to_string().contains("lost"));
        let invented = End {
            dropped: 40,
            ..end()
        };
        assert!(invented.check().is_err());
    }

    #[test]
    fn a_session_that_stays_and_a_run_without_work_fail() {
        let stays = End {
            sessions_left: 1.0,
            ..end()
        };
        assert!(stays.check().unwrap_err().to_string().contains("open"));
        assert!(End::default().check().is_err());
    }

    #[test]
    fn the_programs_lines_are_told_apart() {
        let look = r#"{"frames":1.0,"memory_mb":90.5,"results":0.0,"seconds":5.0,"sessions":1}"#;
        assert!(
            matches!(serde_json::from_str(look).unwrap(), Line::Look(look) if look.memory_mb == 90.5)
        );
        let line = r#"{"end":{"sessions":2,"sessions_left":0.0,"sent":9,"keypoints":1,"errors":1,"dropped":7,"left_over":0,"untold":0}}"#;
        assert!(
            matches!(serde_json::from_str(line).unwrap(), Line::End { end } if end.sessions == 2)
        );
    }
}
