//! Ratios of this project to others, taken within each round, and the goals for them.

use serde::{Deserialize, Serialize};

use super::browser::{
    LANDMARKERS, LANDMARKERS_SUITE, LEGACY_HOLISTIC, ONNXRUNTIME_WEB, TASKS_VISION,
};
use super::load::{MOST, PYTHON_SERVER, RELAY};
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

/// One side of a ratio: case, subject and metric.
#[derive(Clone, Copy)]
struct Side(&'static str, &'static str, &'static str);

struct Rule {
    suite: &'static str,
    ours: Side,
    theirs: Side,
    goal: Option<Goal>,
}

const OURS: &str = "live-keypoints";
pub(super) const ONE_WORKER: &str = "live-keypoints, 1 worker";
const FOUR_WORKERS: &str = "live-keypoints, 4 workers";
const ONE_THREAD: &str = "live-keypoints, 1 thread";
pub(super) const PIXELS: &str = "pixels in";
pub(super) const JPEG: &str = "JPEG in";
const MODELS: &str = "models only";
const SPEED: &str = "gmacs_per_s";

/// The same case and metric of two subjects.
const fn rule(
    suite: &'static str,
    case: &'static str,
    metric: &'static str,
    [ours, theirs]: [&'static str; 2],
    goal: Option<Goal>,
) -> Rule {
    Rule {
        suite,
        ours: Side(case, ours, metric),
        theirs: Side(case, theirs, metric),
        goal,
    }
}

const fn browser(
    case: &'static str,
    metric: &'static str,
    subjects: [&'static str; 2],
    goal: Option<Goal>,
) -> Rule {
    rule("browser", case, metric, subjects, goal)
}

const fn native(case: &'static str, metric: &'static str, goal: Option<Goal>) -> Rule {
    rule("native", case, metric, [ONE_THREAD, PYTHON_MEDIAPIPE], goal)
}

const fn models_only(metric: &'static str) -> Rule {
    Rule {
        suite: "browser",
        ours: Side(PIXELS, ONE_WORKER, metric),
        theirs: Side(MODELS, ONNXRUNTIME_WEB, metric),
        goal: None,
    }
}

const fn load(metric: &'static str, goal: Option<Goal>) -> Rule {
    rule("load", MOST, metric, [RELAY, PYTHON_SERVER], goal)
}

const ONE_TO_TASKS: [&str; 2] = [ONE_WORKER, TASKS_VISION];
const FOUR_TO_TASKS: [&str; 2] = [FOUR_WORKERS, TASKS_VISION];
const ONE_TO_LEGACY: [&str; 2] = [ONE_WORKER, LEGACY_HOLISTIC];
const FOUR_TO_LEGACY: [&str; 2] = [FOUR_WORKERS, LEGACY_HOLISTIC];

const RULES: [Rule; 24] = {
    use Goal::{AtLeast, AtMost};
    [
        browser(PIXELS, "wall_ms", ONE_TO_TASKS, Some(AtMost(0.55))),
        browser(PIXELS, "cpu_ms", ONE_TO_TASKS, Some(AtMost(0.55))),
        browser(JPEG, "wall_ms", ONE_TO_TASKS, None),
        browser(JPEG, "cpu_ms", ONE_TO_TASKS, None),
        browser(PIXELS, "frames_per_s", FOUR_TO_TASKS, Some(AtLeast(3.2))),
        browser(JPEG, "frames_per_s", FOUR_TO_TASKS, None),
        browser("start", "start_ms", FOUR_TO_TASKS, Some(AtMost(0.35))),
        browser(
            "steady state",
            "memory_mb",
            FOUR_TO_TASKS,
            Some(AtMost(0.8)),
        ),
        browser(PIXELS, "wall_ms", ONE_TO_LEGACY, None),
        browser(PIXELS, "cpu_ms", ONE_TO_LEGACY, None),
        browser(JPEG, "wall_ms", ONE_TO_LEGACY, None),
        browser(JPEG, "cpu_ms", ONE_TO_LEGACY, None),
        browser(PIXELS, "frames_per_s", FOUR_TO_LEGACY, None),
        models_only("wall_ms"),
        models_only("cpu_ms"),
        Rule {
            suite: "browser",
            ours: Side(PIXELS, FOUR_WORKERS, "latency_ms"),
            theirs: Side(PIXELS, FOUR_WORKERS, "pose_and_hand_ms"),
            goal: Some(AtMost(1.3)),
        },
        load("sessions", Some(AtLeast(2.0))),
        load("frames_per_cpu_s", None),
        load("memory_mb_per_session", None),
        native(PIXELS, "wall_ms", Some(AtMost(1.0))),
        native(PIXELS, "cpu_ms", None),
        native(JPEG, "wall_ms", None),
        native(JPEG, "cpu_ms", None),
        Rule {
            suite: "kernels",
            ours: Side("all matrix products", OURS, SPEED),
            theirs: Side("multiply-adds in registers", OURS, SPEED),
            goal: Some(AtLeast(0.85)),
        },
    ]
};

/// Every comparison that was measured on both sides in all rounds.
pub(super) fn compare(series: &SeriesTable) -> Vec<Comparison> {
    let landmarkers = LANDMARKERS.map(|landmarker| {
        let goal = Some(Goal::AtMost(0.6));
        rule(
            LANDMARKERS_SUITE,
            PIXELS,
            "wall_ms",
            landmarker.subjects,
            goal,
        )
    });
    RULES
        .iter()
        .chain(&landmarkers)
        .filter_map(|rule| rule.apply(series))
        .collect()
}

impl Rule {
    fn apply(&self, series: &SeriesTable) -> Option<Comparison> {
        let values = |Side(case, subject, metric)| series.values(self.suite, case, subject, metric);
        let (ours, theirs) = (values(self.ours), values(self.theirs));
        // Nothing can be said of how often a server holds more sessions than one that holds none.
        if ours.is_empty() || ours.len() != theirs.len() || theirs.contains(&0.0) {
            return None;
        }
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
        Some(Comparison {
            what: self.what(),
            ratio: median(&ratios),
            ratios,
            goal: self.goal,
        })
    }

    /// The first side in full, of the second what differs.
    fn what(&self) -> String {
        let Side(case, subject, metric) = self.ours;
        let ours = [case, metric, subject];
        let Side(case, subject, metric) = self.theirs;
        let theirs: Vec<&str> = [case, metric, subject]
            .into_iter()
            .zip(ours)
            .filter(|(theirs, ours)| theirs != ours)
            .map(|(theirs, _)| theirs)
            .collect();
        format!(
            "{}: {}, {} ÷ {}",
            ours[0],
            ours[1],
            ours[2],
            theirs.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::browser::Landmarker;
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
        assert_eq!(
            comparisons[0].what,
            "pixels in: wall_ms, live-keypoints, 1 worker ÷ tasks-vision 1.1.0, HolisticLandmarker"
        );
    }

    #[test]
    fn each_landmarker_is_compared_with_the_one_of_its_name() {
        let mut series = SeriesTable::default();
        for Landmarker { subjects, .. } in LANDMARKERS {
            for (subject, value) in subjects.into_iter().zip([60.0, 100.0]) {
                series.add(sample(
                    [LANDMARKERS_SUITE, PIXELS, subject, "wall_ms"],
                    value,
                ));
            }
        }
        let comparisons = compare(&series);
        assert_eq!(comparisons.len(), LANDMARKERS.len());
        assert_eq!(comparisons[1].is_reached(), Some(true));
        assert_eq!(
            comparisons[1].what,
            "pixels in: wall_ms, live-keypoints, 1 worker, HandLandmarker of 2 hands ÷ tasks-vision 1.1.0, HandLandmarker of 2 hands"
        );
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
    fn a_ratio_to_nothing_is_none() {
        let mut series = SeriesTable::default();
        series.add(sample(["load", MOST, RELAY, "sessions"], 3.0));
        series.add(sample(["load", MOST, PYTHON_SERVER, "sessions"], 0.0));
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
