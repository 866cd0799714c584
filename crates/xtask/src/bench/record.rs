//! The record of a run, as JSON.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::machine::Machine;
use super::series::Series;
use super::sizes::Size;
use crate::workspace::Workspace;

/// Raised when a reader of older records would misread newer ones.
pub(super) const FORMAT: u32 = 1;
/// Where records are committed, and where the others go.
const KEPT: &str = "tests/bench/record";
const PASSING: &str = "target/bench";

/// Everything that a run found, and what it was found on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// [`FORMAT`].
    pub(super) format: u32,
    /// When it ended.
    pub(super) date: String,
    /// Of what; says where files differed from it.
    pub(super) commit: String,
    /// Where.
    pub(super) machine: Machine,
    /// What else the machine did: the load average before and after.
    pub(super) load_average: [Option<f64>; 2],
    /// On what.
    pub(super) clip: Clip,
    /// Turns that every subject took.
    pub(super) rounds: u32,
    /// Ratios, with the goals.
    pub(super) comparisons: Vec<Comparison>,
    /// Ratios that nobody measured, computed from what was.
    #[serde(default)]
    pub(super) computed: Vec<Comparison>,
    /// All that was measured.
    pub(super) series: Vec<Series>,
    /// What is downloaded.
    pub(super) sizes: Vec<Size>,
    /// Who could not be measured, and why.
    pub(super) failed: Vec<String>,
}

/// The frames that were shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clip {
    /// The folder's name.
    pub(super) name: String,
    /// The first so many, forwards and back.
    pub(super) frames: u32,
}

impl Clip {
    pub(super) fn of(folder: &Path, frames: u32) -> Result<Self> {
        let pictures = fs::read_dir(folder)
            .with_context(|| folder.display().to_string())?
            .filter_map(Result::ok)
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == "jpg")
            })
            .count();
        ensure!(
            pictures >= frames as usize,
            "{} has {pictures} JPEGs (*.jpg), and --frames asks for {frames}",
            folder.display()
        );
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok(Self { name, frames })
    }
}

impl Record {
    /// Reads a record of this format.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let Versioned { format } = serde_json::from_str(text)?;
        ensure!(
            format == FORMAT,
            "this record has the format {format}, not {FORMAT}"
        );
        Ok(serde_json::from_str(text)?)
    }

    /// Writes it under its date and clip; returns where.
    pub(super) fn write(&self, workspace: &Workspace, is_kept: bool) -> Result<PathBuf> {
        let folder = workspace.path(if is_kept { KEPT } else { PASSING });
        fs::create_dir_all(&folder)?;
        let path = folder.join(self.file_name());
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Colons are not allowed in every system's names.
    fn file_name(&self) -> String {
        format!("{}-{}.json", self.date.replace(':', ""), self.clip.name)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::comparison::Goal;
    use super::super::series::SeriesTable;
    use super::super::series::tests::sample;
    use super::*;

    /// Two subjects, one ratio, one size.
    pub(in crate::bench) fn record() -> Record {
        let mut series = SeriesTable::default();
        for (subject, value) in [("live-keypoints, 1 worker", 50.0), ("<other> & co", 100.0)] {
            series.add(sample(["browser", "pixels in", subject, "wall_ms"], value));
        }
        Record {
            format: FORMAT,
            date: "2026-01-31T12:00:00Z".to_owned(),
            commit: "0123abcd".to_owned(),
            machine: Machine {
                processor: "Some 9000".to_owned(),
                cores: 2,
                system: "linux x86_64".to_owned(),
                browser: None,
            },
            load_average: [Some(0.1), None],
            clip: Clip {
                name: "fingers".to_owned(),
                frames: 40,
            },
            rounds: 1,
            comparisons: vec![Comparison {
                what: "pixels in, wall_ms: ours ÷ theirs".to_owned(),
                ratios: vec![0.5],
                ratio: 0.5,
                goal: Some(Goal::AtMost(0.55)),
            }],
            computed: vec![Comparison {
                what: "on another machine".to_owned(),
                ratios: vec![4.6],
                ratio: 4.6,
                goal: Some(Goal::AtLeast(4.5)),
            }],
            series: series.into_series(),
            sizes: vec![Size {
                name: "relay".to_owned(),
                bytes: 58_000_000,
            }],
            failed: Vec::new(),
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let text = serde_json::to_string_pretty(&record()).unwrap();
        assert_eq!(Record::parse(&text).unwrap(), record());
        for part in ["\"wall_ms\"", "\"at_most\": 0.55", "\"spread\": 0.0"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn a_record_of_another_format_is_refused_by_its_number() {
        let error = Record::parse(r#"{"format":2,"unknown":true}"#).unwrap_err();
        assert_eq!(error.to_string(), "this record has the format 2, not 1");
    }

    #[test]
    fn a_record_is_named_by_date_and_clip() {
        assert_eq!(record().file_name(), "2026-01-31T120000Z-fingers.json");
    }

    #[test]
    fn a_clip_with_too_few_frames_is_refused() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let error = Clip::of(&here, 2).unwrap_err().to_string();
        assert!(error.contains("has 0 JPEGs"), "{error}");
    }
}
