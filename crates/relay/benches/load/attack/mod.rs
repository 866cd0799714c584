//! Attacks on the relay, one after the other, each on a process of its own beside an honest session; then what is laid before
//! `extract`.
//!
//! - `rows`: the table of attacks, and of what is wanted under each.
//! - `floods`, `connections`, `http`, `ends`: the attackers; `pictures` and `bombs` are what some of them
//!   send, `signs` what the relay may be asked for.
//! - `honest`: the honest session, and those who come new meanwhile; `tls`: its way over TLS.
//! - `verdict`: what was seen, held against what is wanted.
//! - `runs`: the table of inputs of `extract`, each a run of its own; `baits` makes them.
//!
//! Attackers come from other addresses of loopback than honest clients. Everything shares the machine's processors, so latencies under a
//! flood of gigabytes are upper bounds.

mod baits;
mod bombs;
mod connections;
mod ends;
mod floods;
mod honest;
mod http;
mod pictures;
mod rows;
mod runs;
mod signs;
mod tls;
mod verdict;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use tokio::time::{sleep_until, timeout_at};

use self::honest::{Honest, Timeline};
use self::rows::{Attack, ROWS, Row, SIGNS};
use self::runs::RUNS;
use self::verdict::Report;
use crate::clip::Clip;
use crate::server::Server;

/// What should not take long, such as a connection and the answer to a request, takes no longer.
const MOMENT: Duration = Duration::from_secs(2);
/// From the end of an attack until memory must be back.
const AFTERWARDS: Duration = Duration::from_secs(6);
/// Frames of the clip that attackers use.
const FRAMES: usize = 40;

const DRAIN: Duration = Duration::from_secs(3);
/// `serve`'s arguments in every row; the port is put in.
const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:{port}", "--drain-secs", "3"];
/// What README allows beyond `--drain-secs`, and what it takes to notice.
const CLOSING: Duration = Duration::from_millis(6_500);

/// What `attack` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Folder of JPEGs
    #[arg(long)]
    clip: PathBuf,
    /// How long each attack lasts; the honest session is watched as long before it
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Only attacks whose names begin so
    #[arg(long, default_value = "")]
    only: String,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    /// The relay's program
    relay: String,
}

/// Prints a line for each attack.
///
/// # Errors
/// Where one is not borne as it is wanted.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let clip = Clip::read(&options.clip, FRAMES)?;
    let is_asked_for = |name: &str| name.starts_with(&options.only);
    let rows = ROWS.iter().filter(|row| is_asked_for(row.name));
    let runs = RUNS.iter().filter(|run| is_asked_for(run.name));
    let (mut told, mut failed) = (0, Vec::new());
    let mut tell = |name, faults: &[String], line: String| {
        told += 1;
        print(&line);
        if !faults.is_empty() {
            failed.push(name);
        }
    };
    for (number, row) in rows.enumerate() {
        if number == 0 && !options.json {
            print(&verdict::Heading);
        }
        let report = try_row(row, options, &clip).await.unwrap_or_else(|error| {
            let faults = vec![format!("{error:#}")];
            Report::of(row.name, [f64::NAN; 3], faults)
        });
        tell(row.name, &report.faults, options.line(&report)?);
    }
    let program = std::path::absolute(&options.relay)?;
    for (number, run) in runs.enumerate() {
        if number == 0 && !options.json {
            print(&runs::Heading);
        }
        let ended = run.try_out(&program, &clip).await?;
        tell(run.name, &ended.faults, options.line(&ended)?);
    }
    ensure!(told > 0, "there is no attack {}", options.only);
    ensure!(
        failed.is_empty(),
        "not as it is wanted: {}",
        failed.join(", ")
    );
    Ok(())
}

impl Options {
    fn line<T: Serialize + Display>(&self, seen: &T) -> Result<String> {
        Ok(match self.json {
            true => serde_json::to_string(seen)?,
            false => seen.to_string(),
        })
    }
}

async fn try_row(row: &Row, options: &Options, clip: &Clip) -> Result<Report> {
    let files = http::files()?;
    let tls = tls::certify(files.path())?;
    if row.serve == SIGNS {
        signs::write_folder(files.path())?;
    }
    let folder = files.path().to_string_lossy();
    let arguments = SERVE.iter().chain(row.serve);
    let arguments = arguments.map(|argument| argument.replace("{files}", &folder));
    let command: Vec<String> = [options.relay.clone()]
        .into_iter()
        .chain(arguments)
        .collect();
    let (level, stderr) = match row.attack {
        Attack::Log(log) => ("info", log.stderr()?),
        _ => ("error", Stdio::null()),
    };
    // Made before anything is measured.
    if let Some(picture) = row.attack.picture() {
        picture.bytes(clip);
    }
    let mut server = Server::start_with(&command, level, stderr).await?;
    let length = Duration::from_secs_f64(options.seconds);
    let mut honest = None;
    let timeline = if row.wanted.honest {
        let lengths = [length, length, AFTERWARDS];
        let mut started = Honest::start(
            server.address,
            row.is_tls().then_some(tls),
            options.clip.clone(),
            row.wanted.frames_a_second,
            lengths,
        );
        let timeline = started.timeline().await;
        honest = Some(started);
        timeline
    } else {
        Ok(Timeline::from_now([Duration::ZERO, length, AFTERWARDS]))
    };
    // Where it does not begin, it says why when it is waited for.
    let mut looks = None;
    if let Ok(timeline) = timeline {
        looks = Some(put_to(row.attack, &mut server, timeline, clip, files.path()).await?);
    }
    let witnessed = match honest {
        Some(honest) => Some(honest.witnessed().await?),
        None => None,
    };
    let (memory_mb, faults) = looks.context("there was no attack")?;
    let mut report = Report::of(row.name, memory_mb, faults);
    report.judge_memory(row.wanted);
    if let Some(witnessed) = witnessed {
        report.judge_honest(witnessed, row.wanted);
    }
    if !matches!(row.attack, Attack::End | Attack::EndAtOnce) {
        report
            .faults
            .extend(ends(&mut server, &["-TERM"], 0).await?);
    }
    Ok(report)
}

/// The attack, at its time; memory before, at the peak and after it, and what was seen to be wrong.
async fn put_to(
    attack: Attack,
    server: &mut Server,
    timeline: Timeline,
    clip: &Clip,
    files: &Path,
) -> Result<([f64; 3], Vec<String>)> {
    let address = server.address;
    sleep_until(timeline.attack).await;
    let before = server.resident_mb()?;
    server.forget_peak()?;
    let over = timeline.over;
    let mut faults = Vec::new();
    match attack {
        Attack::Stills(picture, counts) => {
            faults = ends::stills(server, &picture.bytes(clip), counts).await;
        }
        Attack::StillsAndGone(picture, counts) => {
            ends::stills_and_gone(server, &picture.bytes(clip), counts).await?;
        }
        Attack::Flood(flood, sessions) => flood.run(address, clip, sessions, over).await,
        Attack::Connections(manner, addresses) => {
            connections::hold(address, manner, addresses, over).await;
        }
        Attack::UndoneHandshakes => faults = connections::undone_handshakes(address).await,
        Attack::RefusedSessions => connections::ask_for_sessions(address, over).await,
        Attack::Log(log) => log.fill(server, over).await,
        Attack::Names => faults = http::names(address).await,
        Attack::Tokens => faults = http::tokens(server, files).await?,
        Attack::Files => faults = http::foreign_files(address).await?,
        Attack::End | Attack::EndAtOnce => {
            let _deaf = timeout_at(over, ends::overwork(server, clip)).await;
            let peak = server.peak_mb()?;
            let (signals, status): (&[&str], _) = match attack {
                Attack::End => (&["-TERM"], 0),
                _ => (&["-TERM", "-TERM"], 130),
            };
            faults.extend(ends(server, signals, status).await?);
            return Ok(([before, peak, 0.0], faults));
        }
    }
    sleep_until(timeline.end).await;
    let rest = server
        .peak_mb()
        .and_then(|peak| Ok([peak, server.resident_mb()?]));
    let [peak, after] = rest.unwrap_or_else(|error| {
        faults.push(error.to_string());
        [f64::NAN; 2]
    });
    Ok(([before, peak, after], faults))
}

/// Has the relay end; says what is wrong with that.
async fn ends(server: &mut Server, signals: &[&str], status: i32) -> Result<Option<String>> {
    let within = match signals {
        [_] => DRAIN + CLOSING,
        _ => MOMENT,
    };
    if let Some(ended) = server.child.try_wait()? {
        return Ok(Some(format!("it has ended with {ended}")));
    }
    for signal in signals {
        server.signal(signal)?;
        tokio::time::sleep(MOMENT / 4).await;
    }
    Ok(match server.ended(within).await? {
        Some(ended) if ended.code() == Some(status) => None,
        Some(ended) => Some(format!("it ends with {ended}, not {status}")),
        None => Some(format!("it is still there {within:?} after {signals:?}")),
    })
}

#[expect(clippy::print_stdout, reason = "who started it reads it")]
fn print(line: &dyn std::fmt::Display) {
    println!("{line}");
}
