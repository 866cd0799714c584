//! Ratios of this project to others, taken within each round, and the goals for them.

use serde::{Deserialize, Serialize};

use super::browser::{LEGACY_HOLISTIC, ONNXRUNTIME_WEB, TASKS_VISION};
use super::native::PYTHON_MEDIAPIPE;
use super::series::{SeriesTable, median};

/// A ratio, ours by theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Comparison {
    /// What is compared with what.
    pub(super) what: String,
    /// Ratio of each round.
    pub(super) ratios: Vec<f64>,
    /// Their median.
    pub(super) ratio: f64,
    /// What is to be reached.
    pub(super) goal: Option<Goal>,
}

impl Comparison {
    /// Whether the goal is reached; `None` where there is none.
    pub(super) fn is_reached(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::AtMost(limit) => self.ratio <= limit,
            Goal::AtLeast(limit) => self.ratio >= limit,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// Suite, case and metric of both, and the two subjects. Where the case of theirs differs, it stands with them.
struct Rule {
    suite: &'static str,
    case: &'static str,
    metric: &'static str,
    ours: &'static str,
    theirs: (&'static str, &'static str),
    goal: Option<Goal>,
}

const ONE_WORKER: &str = "live-keypoints, 1 worker";
const FOUR_WORKERS: &str = "live-keypoints, 4 workers";
const ONE_THREAD: &str = "live-keypoints, 1 thread";
const PIXELS: &str = "pixels in";
const JPEG: &str = "JPEG in";

const fn browser(
    case: &'static str,
    metric: &'static str,
    ours: &'static str,
    theirs: &'static str,
    goal: Option<Goal>,
) -> Rule {
    Rule {
        suite: "browser",
        case,
        metric,
        ours,
        theirs: (theirs, case),
        goal,
    }
}

const fn native(case: &'static str, metric: &'static str, goal: Option<Goal>) -> Rule {
    Rule {
        suite: "native",
        case,
        metric,
        ours: ONE_THREAD,
        theirs: (PYTHON_MEDIAPIPE, case),
        goal,
    }
}

const RULES: [Rule; 18] = {
    use Goal::{AtLeast, AtMost};
    [
        browser(
            PIXELS,
            "wall_ms",
            ONE_WORKER,
            TASKS_VISION,
            Some(AtMost(0.55)),
        ),
        browser(
            PIXELS,
            "cpu_ms",
            ONE_WORKER,
            TASKS_VISION,
            Some(AtMost(0.55)),
        ),
        browser(JPEG, "wall_ms", ONE_WORKER, TASKS_VISION, None),
        browser(JPEG, "cpu_ms", ONE_WORKER, TASKS_VISION, None),
        browser(
            PIXELS,
            "frames_per_s",
            FOUR_WORKERS,
            TASKS_VISION,
            Some(AtLeast(3.2)),
        ),
        browser(JPEG, "frames_per_s", FOUR_WORKERS, TASKS_VISION, None),
        browser(
            "start",
            "start_ms",
            FOUR_WORKERS,
            TASKS_VISION,
            Some(AtMost(0.35)),
        ),
        browser(
            "steady state",
            "memory_mb",
            FOUR_WORKERS,
            TASKS_VISION,
            Some(AtMost(0.8)),
        ),
        browser(PIXELS, "wall_ms", ONE_WORKER, LEGACY_HOLISTIC, None),
        browser(PIXELS, "cpu_ms", ONE_WORKER, LEGACY_HOLISTIC, None),
        browser(JPEG, "wall_ms", ONE_WORKER, LEGACY_HOLISTIC, None),
        browser(PIXELS, "frames_per_s", FOUR_WORKERS, LEGACY_HOLISTIC, None),
        Rule {
            theirs: (ONNXRUNTIME_WEB, "models only"),
            ..browser(PIXELS, "wall_ms", ONE_WORKER, ONNXRUNTIME_WEB, None)
        },
        Rule {
            theirs: (ONNXRUNTIME_WEB, "models only"),
            ..browser(PIXELS, "cpu_ms", ONE_WORKER, ONNXRUNTIME_WEB, None)
        },
        native(PIXELS, "wall_ms", Some(AtMost(1.0))),
        native(PIXELS, "cpu_ms", None),
        native(JPEG, "wall_ms", None),
        native(JPEG, "cpu_ms", None),
    ]
};

/// Every comparison that was measured on both sides in all rounds.
pub(super) fn compare(series: &SeriesTable) -> Vec<Comparison> {
    RULES.iter().filter_map(|rule| rule.apply(series)).collect()
}

impl Rule {
    fn apply(&self, series: &SeriesTable) -> Option<Comparison> {
        let (theirs, their_case) = self.theirs;
        let ours = series.values(self.suite, self.case, self.ours, self.metric);
        let others = series.values(self.suite, their_case, theirs, self.metric);
        if ours.is_empty() || ours.len() != others.len() {
            return None;
        }
        let ratios: Vec<f64> = ours.iter().zip(others).map(|(a, b)| a / b).collect();
        let at = if their_case == self.case {
            String::new()
        } else {
            format!(" at {their_case}")
        };
        Some(Comparison {
            what: format!(
                "{}, {}: {} ÷ {theirs}{at}",
                self.case, self.metric, self.ours
            ),
            ratio: median(&ratios),
            ratios,
            goal: self.goal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::tests::sample;
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let mut series = SeriesTable::default();
        // The machine is twice as slow in the second round, the third has an outlier on one side.
        for (ours, theirs) in [(50.0, 100.0), (100.0, 200.0), (90.0, 100.0)] {
            series.add(sample(["browser", PIXELS, ONE_WORKER, "wall_ms"], ours));
            series.add(sample(["browser", PIXELS, TASKS_VISION, "wall_ms"], theirs));
        }
        let comparisons = compare(&series);
        assert_eq!(comparisons.len(), 1);
        assert_eq!(comparisons[0].ratios, [0.5, 0.5, 0.9]);
        assert_eq!(comparisons[0].ratio, 0.5);
        assert_eq!(comparisons[0].is_reached(), Some(true));
    }

    #[test]
    fn who_missed_a_round_is_not_compared() {
        let mut series = SeriesTable::default();
        series.add(sample(["native", PIXELS, ONE_THREAD, "wall_ms"], 1.0));
        series.add(sample(["native", PIXELS, ONE_THREAD, "wall_ms"], 1.0));
        series.add(sample(["native", PIXELS, PYTHON_MEDIAPIPE, "wall_ms"], 1.0));
        assert!(compare(&series).is_empty());
    }

    #[test]
    fn a_goal_holds_at_its_limit_and_not_beyond() {
        let with = |ratio, goal| Comparison {
            what: String::new(),
            ratios: vec![ratio],
            ratio,
            goal,
        };
        assert_eq!(with(0.8, Some(Goal::AtMost(0.8))).is_reached(), Some(true));
        assert_eq!(
            with(0.81, Some(Goal::AtMost(0.8))).is_reached(),
            Some(false)
        );
        assert_eq!(
            with(3.19, Some(Goal::AtLeast(3.2))).is_reached(),
            Some(false)
        );
        assert_eq!(with(1.0, None).is_reached(), None);
    }
}
