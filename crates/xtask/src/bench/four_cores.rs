//! What would follow from the measured figures on four free cores. Computed, so it is shown apart from what was measured.

use super::browser::TASKS_VISION;
use super::comparison::{Comparison, Goal, JPEG, ONE_WORKER, PIXELS};
use super::series::{SeriesTable, median};

/// Each of them has a worker of its own in a session of four.
const BRANCHES: [&str; 4] = ["pose_ms", "left_hand_ms", "right_hand_ms", "face_ms"];

/// Frames a second of four workers ÷ the other's, had every worker a core for itself: 1 ÷ the slowest branch.
///
/// A branch's time is that of one worker, which does one branch after the other, so each has a core for itself. What
/// such a frame takes beyond its branches — decoding, handing pixels to the worker and results back — is counted to
/// every branch in full.
pub(super) fn compute(series: &SeriesTable) -> Vec<Comparison> {
    let rows = [(PIXELS, Some(Goal::AtLeast(4.5))), (JPEG, None)];
    rows.into_iter()
        .filter_map(|(case, goal)| row(series, case, goal))
        .collect()
}

fn row(series: &SeriesTable, case: &str, goal: Option<Goal>) -> Option<Comparison> {
    let values = |subject, metric| series.values("browser", case, subject, metric);
    let latencies = values(ONE_WORKER, "latency_ms");
    let theirs = values(TASKS_VISION, "frames_per_s");
    let branches = BRANCHES.map(|metric| values(ONE_WORKER, metric));
    let counts = branches.map(<[f64]>::len);
    if theirs.is_empty() || theirs.len() != latencies.len() || counts != [theirs.len(); 4] {
        return None;
    }
    let ratios: Vec<f64> = (0..theirs.len())
        .map(|round| {
            let branches = branches.map(|values| values[round]);
            let beyond = (latencies[round] - branches.iter().sum::<f64>()).max(0.0);
            let slowest = branches.into_iter().fold(0.0, f64::max);
            1000.0 / (slowest + beyond) / theirs[round]
        })
        .collect();
    Some(Comparison {
        what: format!("{case}: frames_per_s, 4 workers on 4 free cores ÷ {TASKS_VISION}"),
        ratio: median(&ratios),
        ratios,
        goal,
    })
}

#[cfg(test)]
mod tests {
    use super::super::series::tests::sample;
    use super::*;

    fn frame(latency: f64, branches: [f64; 4], theirs: f64) -> SeriesTable {
        let mut series = SeriesTable::default();
        series.add(sample(
            ["browser", PIXELS, ONE_WORKER, "latency_ms"],
            latency,
        ));
        for (metric, value) in BRANCHES.into_iter().zip(branches) {
            series.add(sample(["browser", PIXELS, ONE_WORKER, metric], value));
        }
        series.add(sample(
            ["browser", PIXELS, TASKS_VISION, "frames_per_s"],
            theirs,
        ));
        series
    }

    #[test]
    fn the_slowest_branch_and_what_a_frame_takes_beyond_them_set_the_pace() {
        // 20 ms of the slowest branch and 5 ms beside the branches: 40 frames a second.
        let rows = compute(&frame(65.0, [20.0, 15.0, 15.0, 10.0], 8.0));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].ratios, [5.0]);
        assert_eq!(rows[0].is_reached(), Some(true));
        let rows = compute(&frame(65.0, [20.0, 15.0, 15.0, 10.0], 10.0));
        assert_eq!(rows[0].is_reached(), Some(false));
    }

    #[test]
    fn without_the_other_nothing_is_computed() {
        let mut series = frame(65.0, [20.0, 15.0, 15.0, 10.0], 8.0);
        series.add(sample(["browser", PIXELS, ONE_WORKER, "latency_ms"], 65.0));
        assert!(compute(&series).is_empty());
        assert!(compute(&SeriesTable::default()).is_empty());
    }
}
