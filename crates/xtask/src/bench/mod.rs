//! `cargo xtask bench`: how fast, how large, and compared with whom.
//!
//! Subjects are measured by programs of their own, one turn a round, in turns (A B C, A B C, …), so that a busy minute
//! of the machine falls on all of them. Every program prints [`series::Sample`]s, one JSON object a line.
//!
//! - `native`: the pipeline's bench program, and Python's MediaPipe.
//! - `browser`: this package and others in headless Chromium, and the landmarkers of both.
//! - `load`: the relay and a Python server, each under as many sessions as it bears.
//! - `wasm_kernels`: the kernels in WebAssembly under Node.js.
//! - `four_cores`: what would follow on four free cores, computed.
//! - `jpeg`: JPEG decoders beside each other, on request only.
//! - `rivals`: installs the others.
//! - `sizes`: what a page downloads, and the ceilings that `cargo xtask test` holds it under.
//! - `series`: the values of all rounds; `comparison`: ratios within each round, and the goals.
//! - `record`: all of it as JSON, with machine, commit and noise; `table` and `chart`: for people.

mod browser;
mod chart;
mod comparison;
mod four_cores;
mod jpeg;
pub(crate) mod load;
mod machine;
mod native;
mod record;
mod rivals;
mod series;
pub(crate) mod sizes;
mod table;
mod wasm_kernels;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use xshell::Cmd;

use self::record::{Clip, Record};
use self::series::{Sample, SeriesTable};
use crate::build_web::{self, Profile};
use crate::plan::{Finish, Plan};
use crate::workspace::{RELEASE, Workspace};
use crate::{demo, setup};

const RELAY_SIZE: &str = "hold the relay under its ceiling";
const MEASURE: &str = "measure, subject after subject, round after round";
/// The clip that is in the repository.
const DEFAULT_CLIP: &str = "tests/fixtures/clips/fingers";

/// What `cargo xtask bench` may be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Also measure MediaPipe (tasks-vision, legacy holistic, Python) and onnxruntime-web, installed into target/rivals
    #[arg(long)]
    rivals: bool,
    /// Folder of JPEGs to measure on [default: the clip in tests/fixtures]
    #[arg(long, value_name = "FOLDER")]
    clip: Option<PathBuf>,
    /// Frames of the clip, shown there and back
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    frames: u32,
    /// Turns of each subject
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure one part only
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
    /// Measure, and nothing else, how many sessions the relay holds, beside a Python server that is installed into
    /// target/rivals
    #[arg(long, conflicts_with_all = ["only", "rivals"])]
    load: bool,
    /// Take www/dist and the relay as they were built last
    #[arg(long)]
    skip_build: bool,
    /// Keep the record and its chart in tests/bench/record, to be committed; otherwise they go to target/bench
    #[arg(long)]
    keep: bool,
    /// Draw the chart of a record again, and measure nothing
    #[arg(long, value_name = "RECORD", exclusive = true)]
    chart: Option<PathBuf>,
}

/// A part that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Kernels, stages and whole frames, natively
    Native,
    /// The package in headless Chromium
    Browser,
    /// The four landmarkers of live-keypoints/tasks in headless Chromium
    Landmarkers,
    /// What is downloaded
    Sizes,
    /// The kernels in WebAssembly, under Node.js
    WasmKernels,
    /// JPEG decoders beside each other, natively and in WebAssembly; only if asked for
    Jpeg,
}

impl Options {
    fn has(&self, part: Part) -> bool {
        let is_on_request = part == Part::Jpeg;
        !self.load && self.only.map_or(!is_on_request, |only| only == part)
    }

    fn has_pages(&self) -> bool {
        self.has(Part::Browser) || self.has(Part::Landmarkers)
    }
}

/// Somebody who is measured: a program that takes one turn and prints samples.
struct Subject<'a> {
    label: String,
    turn: Cmd<'a>,
}

/// Adds the steps that build, install and measure.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, options: &'a Options) {
    if let Some(record) = &options.chart {
        plan.add("draw the chart", || {
            let path = chart::write_beside(record, &Record::read(record)?)?;
            Ok(Finish::Noted(path.display().to_string()))
        });
        return;
    }
    if !options.skip_build && (options.has_pages() || options.has(Part::Sizes)) {
        build_web::add_steps(plan, workspace, Profile::Published);
    }
    if !options.skip_build && options.has(Part::Sizes) {
        add_relay_step(plan, workspace);
        plan.add_after(&[demo::RELAY], RELAY_SIZE, || sizes::hold_relay(workspace));
    }
    if options.has(Part::Native) {
        native::add_build_step(plan, workspace);
    }
    if options.has_pages() {
        setup::add_tests_packages(plan, workspace);
        crate::browser::add_step(plan, workspace);
    }
    if options.rivals {
        rivals::add_steps(plan, workspace);
    }
    if options.load {
        load::add_build_steps(plan, workspace);
        rivals::add_python_step(plan, workspace);
    }
    plan.add(MEASURE, || measure(workspace, options));
}

/// Adds the step that builds the relay as it is published.
fn add_relay_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(demo::RELAY, || demo::build_relay(workspace, RELEASE));
}

fn measure(workspace: &Workspace, options: &Options) -> Result<Finish> {
    let folder = match &options.clip {
        Some(folder) => folder
            .canonicalize()
            .with_context(|| folder.display().to_string())?,
        None => workspace.path(DEFAULT_CLIP),
    };
    let clip = Clip::of(&folder, options.frames)?;
    let load_before = machine::load_average();
    let mut series = SeriesTable::default();
    let failed = take_turns(workspace, options, &folder, &mut series)?;
    let sizes = if options.has(Part::Sizes) {
        sizes::measure(workspace)?
    } else {
        Vec::new()
    };
    let record = Record {
        format: record::FORMAT,
        date: machine::date(),
        commit: machine::commit(workspace)?,
        machine: machine::describe(workspace),
        load_average: [load_before, machine::load_average()],
        clip,
        rounds: options.rounds,
        comparisons: comparison::compare(&series),
        computed: four_cores::compute(&series),
        series: series.into_series(),
        sizes,
        failed,
    };
    println!("{}", table::of(&record));
    let path = record.write(workspace, options.keep)?;
    let chart = chart::write_beside(&path, &record)?;
    println!("{}\n{}", path.display(), chart.display());
    if !record.failed.is_empty() {
        bail!("not measured: {}", record.failed.join("; "));
    }
    Ok(Finish::Noted(path.display().to_string()))
}

/// Every subject once a round. One that fails is left out from then on; returns who and why.
fn take_turns(
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
    series: &mut SeriesTable,
) -> Result<Vec<String>> {
    let shell = workspace.shell();
    let mut subjects: Vec<Subject<'_>> = Vec::new();
    if options.has(Part::Native) {
        subjects.extend(native::subjects(&shell, workspace, options, clip));
    }
    if options.has_pages() {
        subjects.extend(browser::subjects(&shell, workspace, options, clip)?);
    }
    if options.load {
        subjects.extend(load::subjects(&shell, workspace, options, clip));
    }
    if options.has(Part::WasmKernels) {
        subjects.extend(wasm_kernels::subjects(&shell, workspace)?);
    }
    if options.has(Part::Jpeg) {
        subjects.extend(jpeg::subjects(&shell, workspace, options, clip)?);
    }
    let mut failed = Vec::new();
    for round in 1..=options.rounds {
        let mut kept = Vec::with_capacity(subjects.len());
        for subject in subjects {
            println!("round {round} of {}: {}", options.rounds, subject.label);
            match turn(&subject) {
                Ok(samples) => {
                    samples.into_iter().for_each(|sample| series.add(sample));
                    kept.push(subject);
                }
                Err(error) => {
                    println!("  {error:#}");
                    failed.push(format!("{} (round {round}): {error:#}", subject.label));
                }
            }
        }
        subjects = kept;
    }
    Ok(failed)
}

fn turn(subject: &Subject<'_>) -> Result<Vec<Sample>> {
    let output = subject.turn.output()?;
    ensure!(
        output.status.success(),
        "{}: {}",
        output.status,
        last_lines(&String::from_utf8_lossy(&output.stderr))
    );
    // Programs under measurement may write other lines than ours.
    let text = String::from_utf8_lossy(&output.stdout);
    let samples: Vec<Sample> = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_>>()?;
    ensure!(!samples.is_empty(), "it printed no sample");
    Ok(samples)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}
