//! Runs of `extract` over what a stranger made: each ends by itself, within its time and memory, says what it should, and leaves
//! nothing behind.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::baits::Bait;
use super::verdict::in_words;
use crate::clip::Clip;
use crate::server::peak_mb;

/// The peak of its memory is looked at as often.
const LOOK: Duration = Duration::from_millis(2);
/// The largest file that can be written where the disk is full, in the KiB of bash; the program is to see an error, not a signal.
const FULL_DISK: &str = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";

/// One kind of input, which may be many inputs with a run for each.
pub(super) struct Run {
    pub(super) name: &'static str,
    bait: Bait,
    /// Of `extract`, in the folder of the bait.
    arguments: &'static [&'static str],
    is_disk_full: bool,
    /// How it may end: its status, and a part of what it prints then.
    ends: &'static [(i32, &'static str)],
    within: Duration,
    most_mb: f64,
}

/// What was seen of one kind: the longest run, and the greatest peak.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    run: &'static str,
    secs: f64,
    peak_mb: f64,
    /// What is not as it is wanted.
    pub(super) faults: Vec<String>,
}

const PICTURES: &[&str] = &["pictures"];
const SIGNS: &[&str] = &["--signs", "signs", "pictures"];
const MODELS: &[&str] = &["--models", "models", "pictures"];

const fn run(name: &'static str, bait: Bait, ends: &'static [(i32, &'static str)]) -> Run {
    Run {
        name,
        bait,
        arguments: PICTURES,
        is_disk_full: false,
        ends,
        within: Duration::from_secs(10),
        // Without any picture it holds some 130.
        most_mb: 250.0,
    }
}

const fn full_disk(name: &'static str, arguments: &'static [&'static str]) -> Run {
    Run {
        arguments,
        is_disk_full: true,
        ..run(name, Bait::Frames(9), &[(1, "cannot be written")])
    }
}

/// All of them, in the order in which they run.
pub(super) const RUNS: &[Run] = &[
    run("extract-pipe", Bait::Pipe, &[(0, "\"pose\":[[")]),
    Run {
        arguments: &["-"],
        // Half a million pictures that fail.
        within: Duration::from_secs(60),
        ..run("extract-starts", Bait::Starts, &[(1, "malformed-picture")])
    },
    run(
        "extract-lossless",
        Bait::Lossless,
        &[(1, "unsupported-picture")],
    ),
    run(
        "extract-refined",
        Bait::Refined,
        &[(1, "unsupported-picture")],
    ),
    run(
        "extract-palette",
        Bait::Palette,
        &[(1, "malformed-picture")],
    ),
    run(
        "extract-names",
        Bait::ControlCharacters,
        &[(1, "not-a-jpeg")],
    ),
    full_disk("extract-full-disk", &["-o", "results", "pictures"]),
    full_disk(
        "extract-full-disk-pose",
        &["-o", "results", "--format", "pose", "pictures"],
    ),
    Run {
        arguments: MODELS,
        ..run("models-chain", Bait::Chain, &[(1, "model-malformed")])
    },
    Run {
        arguments: MODELS,
        ..run("models-constant", Bait::Constant, &[(1, "model-malformed")])
    },
    Run {
        arguments: MODELS,
        // Reading has 30 seconds.
        within: Duration::from_secs(40),
        most_mb: 1000.0,
        ..run(
            "models-mutants",
            Bait::Mutants,
            &[(0, "\"pose\":"), (1, "model-"), (1, "\"error\":")],
        )
    },
    Run {
        arguments: SIGNS,
        ..run(
            "signs-manifests",
            Bait::SignsManifests,
            &[(1, "signs-manifest-invalid"), (1, "signs-model-invalid")],
        )
    },
    Run {
        arguments: SIGNS,
        ..run(
            "signs-chain",
            Bait::SignsChain,
            &[(1, "signs-model-invalid")],
        )
    },
    Run {
        arguments: SIGNS,
        // Reading has 30 seconds.
        within: Duration::from_secs(40),
        most_mb: 1000.0,
        ..run(
            "signs-mutants",
            Bait::SignsMutants,
            &[(0, "\"pose\":"), (1, "signs-model-invalid")],
        )
    },
];

impl Run {
    /// Lays the bait and runs the program, as often as there are inputs.
    pub(super) async fn try_out(&self, program: &Path, clip: &Clip) -> Result<Ended> {
        let mut ended = Ended {
            run: self.name,
            secs: 0.0,
            peak_mb: 0.0,
            faults: Vec::new(),
        };
        for number in 0..self.bait.count() {
            self.try_once(program, clip, number, &mut ended).await?;
        }
        Ok(ended)
    }

    async fn try_once(
        &self,
        program: &Path,
        clip: &Clip,
        number: usize,
        ended: &mut Ended,
    ) -> Result<()> {
        let [folder, aside] = [tempfile::tempdir()?, tempfile::tempdir()?];
        let input = aside.path().join("input");
        fs::write(&input, self.bait.lay(folder.path(), clip, number)?)?;
        let before = names_in(folder.path())?;
        let outputs = ["stdout", "stderr"].map(|name| aside.path().join(name));
        let [stdout, stderr] = [File::create(&outputs[0])?, File::create(&outputs[1])?];
        let mut command = match self.is_disk_full {
            true => Command::new("bash"),
            false => Command::new(program),
        };
        if self.is_disk_full {
            command.args(["-c", FULL_DISK, "bash"]).arg(program);
        }
        let mut peak = 0.0_f64;
        let began = Instant::now();
        let mut child = command
            .arg("extract")
            .args(self.arguments)
            .current_dir(folder.path())
            .stdin(Stdio::from(File::open(&input)?))
            .stdout(stdout)
            .stderr(stderr)
            .spawn()?;
        let status = loop {
            peak = peak.max(peak_mb(child.id()).unwrap_or_default());
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if began.elapsed() > self.within {
                child.kill()?;
                child.wait()?;
                break None;
            }
            sleep(LOOK).await;
        };
        ended.secs = ended.secs.max(began.elapsed().as_secs_f64());
        ended.peak_mb = ended.peak_mb.max(peak);
        let printed = [fs::read(&outputs[0])?, fs::read(&outputs[1])?].concat();
        let printed = String::from_utf8_lossy(&printed);
        let mut fault = |what: String| ended.faults.push(format!("input {number}: {what}"));
        match status {
            None => fault(format!("it is still there after {:?}", self.within)),
            Some(status) => {
                let is_wanted = |(code, says): &(i32, &str)| {
                    status.code() == Some(*code) && printed.contains(says)
                };
                if !self.ends.iter().any(is_wanted) {
                    let start: String = printed.chars().take(300).collect();
                    fault(format!("it ends with {status} and {start:?}"));
                }
            }
        }
        if printed
            .chars()
            .any(|letter| letter.is_control() && letter != '\n')
        {
            fault("it prints control characters".to_owned());
        }
        if names_in(folder.path())? != before {
            fault("it leaves a file behind".to_owned());
        }
        if peak > self.most_mb {
            fault(format!("memory rises to {peak:.0} MB"));
        }
        Ok(())
    }
}

fn names_in(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort();
    Ok(names)
}

/// The heading of the table that they are rows of.
pub(super) struct Heading;

impl fmt::Display for Heading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("input | longest run s | peak memory MB | verdict")
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            secs,
            peak_mb,
            faults,
        } = self;
        let verdict = in_words(faults);
        write!(f, "{run} | {secs:.1} | {peak_mb:.0} | {verdict}")
    }
}
