//! What became of each step, as a line while the plan runs and as a table at its end.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

use super::Finish;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed(Option<String>),
    Skipped(String),
    Failed(String),
    Blocked(&'static str),
}

impl Outcome {
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Blocked(_))
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "FAILED",
            Self::Blocked(_) => "NOT RUN",
        }
    }

    fn note(&self) -> String {
        match self {
            Self::Passed(note) => note.clone().unwrap_or_default(),
            Self::Skipped(reason) | Self::Failed(reason) => reason.clone(),
            Self::Blocked(need) => format!("needs: {need}"),
        }
    }
}

impl From<Result<Finish>> for Outcome {
    fn from(result: Result<Finish>) -> Self {
        match result {
            Ok(Finish::Done) => Self::Passed(None),
            Ok(Finish::Noted(note)) => Self::Passed(Some(note)),
            Ok(Finish::Skipped(reason)) => Self::Skipped(reason),
            Err(error) => Self::Failed(format!("{error:#}")),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    pub(super) duration: Duration,
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} … {:.0} s",
            self.name,
            self.duration.as_secs_f64()
        )?;
        match &self.outcome {
            Outcome::Passed(None) => Ok(()),
            Outcome::Passed(Some(note)) => write!(formatter, ", {note}"),
            outcome => write!(formatter, ", {}: {}", outcome.word(), outcome.note()),
        }
    }
}

pub(super) struct Summary<'a>(pub(super) &'a [Record]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .0
            .iter()
            .map(|record| record.name.chars().count())
            .max()
            .unwrap_or(0);
        for record in self.0 {
            let note = record.outcome.note();
            let first_line = note.lines().next().unwrap_or_default();
            let row = format!(
                "{:<8} {:<width$} {:>6.0} s  {first_line}",
                record.outcome.word(),
                record.name,
                record.duration.as_secs_f64(),
            );
            writeln!(formatter, "{}", row.trim_end())?;
        }
        let seconds: f64 = self
            .0
            .iter()
            .map(|record| record.duration.as_secs_f64())
            .sum();
        let failed = self
            .0
            .iter()
            .filter(|record| record.outcome.is_failure())
            .count();
        let skipped = self
            .0
            .iter()
            .filter(|record| matches!(record.outcome, Outcome::Skipped(_)))
            .count();
        let passed = self.0.len() - failed - skipped;
        writeln!(
            formatter,
            "{passed} passed, {failed} failed, {skipped} skipped\n{seconds:.0} s in all"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &'static str, outcome: Outcome, seconds: u64) -> Record {
        Record {
            name,
            outcome,
            duration: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn the_summary_lines_up_names_and_counts_what_did_not_run_as_failed() {
        let records = [
            record("format", Outcome::Passed(None), 1),
            record(
                "browser tests",
                Outcome::Failed("exit status 1\nlong story".into()),
                62,
            ),
            record("python", Outcome::Skipped("no python3".into()), 0),
            record("after", Outcome::Blocked("browser tests"), 0),
        ];
        let expected = "\
passed   format             1 s
FAILED   browser tests     62 s  exit status 1
skipped  python             0 s  no python3
NOT RUN  after              0 s  needs: browser tests
1 passed, 2 failed, 1 skipped
63 s in all
";
        assert_eq!(Summary(&records).to_string(), expected);
    }
}
