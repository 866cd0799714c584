//! What was seen under an attack, held against what is wanted.

use std::fmt;

use serde::Serialize;

use super::honest::{Phase, Tries, Witnessed};
use super::rows::Wanted;

/// Alone on a quiet machine its p99 is a tenth of a second; where it takes longer than this, nothing can be told.
const QUIET_MS: f64 = 300.0;
/// Memory afterwards is back where it is within so many times what it was, or so many megabytes of it.
const BACK: f64 = 1.5;
const BACK_MB: f64 = 60.0;

/// What was seen of one row.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) row: &'static str,
    /// Before, during and after.
    pub(super) honest: Option<[Phase; 3]>,
    /// Before, at the peak and after, megabytes.
    pub(super) memory_mb: [f64; 3],
    pub(super) health: Tries,
    pub(super) sessions: Tries,
    /// What is not as it is wanted.
    pub(super) faults: Vec<String>,
}

impl Report {
    pub(super) fn of(row: &'static str, memory_mb: [f64; 3], faults: Vec<String>) -> Self {
        Self {
            row,
            honest: None,
            memory_mb,
            health: Tries::default(),
            sessions: Tries::default(),
            faults,
        }
    }

    /// Adds what is wrong with the memory.
    pub(super) fn judge_memory(&mut self, wanted: Wanted) {
        let [before, peak, after] = self.memory_mb;
        if peak > before + wanted.growth_mb {
            self.faults.push("memory rises".to_owned());
        }
        if after > f64::max(before * BACK, before + BACK_MB) {
            self.faults.push("memory stays".to_owned());
        }
    }

    /// Adds what the honest session and the newcomers saw, and what is wrong with it.
    pub(super) fn judge_honest(&mut self, witnessed: Witnessed, wanted: Wanted) {
        let Witnessed {
            phases,
            health,
            sessions,
            ended,
        } = witnessed;
        let [before, during, _] = phases;
        let slowdown = during.p99_ms / before.p99_ms;
        if before.p99_ms > QUIET_MS {
            self.faults.push("other work is on the machine".to_owned());
        }
        if let Some(why) = ended {
            self.faults.push(format!("the honest session ended: {why}"));
        }
        for (name, phase) in ["before", "during", "after"].iter().zip(&phases) {
            if phase.answered_percent < 100.0 {
                self.faults.push(format!("frames unanswered {name} it"));
            }
        }
        if during.answered_percent > 0.0 && slowdown > wanted.slowdown {
            self.faults.push(format!("p99 × {slowdown:.1}"));
        }
        if !health.are_well() {
            self.faults.push("/healthz does not answer".to_owned());
        }
        if wanted.newcomers && !sessions.are_well() {
            self.faults.push("nobody new gets in".to_owned());
        }
        (self.health, self.sessions) = (health, sessions);
        self.honest = Some(phases);
    }
}

impl Tries {
    /// Where nobody tried, nothing is known.
    fn are_well(self) -> bool {
        self.made > 0 && self.well == self.made
    }
}

/// The verdict on what is not as it is wanted.
pub(super) fn in_words(faults: &[String]) -> String {
    match faults {
        [] => "held".to_owned(),
        faults => format!("FAILS: {}", faults.join("; ")),
    }
}

/// The heading of the table that reports are rows of.
pub(super) struct Heading;

impl fmt::Display for Heading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "attack | honest session: answered p50/p99 ms, before → during → after | memory MB | /healthz | new | verdict",
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let honest = match &self.honest {
            Some(phases) => phases.map(|phase| phase.to_string()).join(" → "),
            None => "–".to_owned(),
        };
        let memory = self.memory_mb.map(|mb| format!("{mb:.0}")).join(" → ");
        let verdict = in_words(&self.faults);
        let Self {
            row,
            health,
            sessions,
            ..
        } = self;
        write!(
            f,
            "{row} | {honest} | {memory} | {health} | {sessions} | {verdict}"
        )
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.answered_percent == 0.0 {
            return f.write_str("0 %");
        }
        let Self {
            answered_percent,
            p50_ms,
            p99_ms,
        } = self;
        write!(f, "{answered_percent:.0} % {p50_ms:.0}/{p99_ms:.0}")
    }
}

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.well, self.made)
    }
}
