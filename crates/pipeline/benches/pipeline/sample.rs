//! One measured value, as every program of the benchmark prints it.

use serde::Serialize;

/// A value of one round. Equal names of different rounds make a series.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    /// The part of the benchmark.
    pub(crate) suite: &'static str,
    /// Who was measured.
    pub(crate) subject: String,
    /// At what.
    pub(crate) case: String,
    /// What was measured, with its unit.
    pub(crate) metric: &'static str,
    pub(crate) value: f64,
}

/// Whose samples these are.
pub(crate) const SUBJECT: &str = "live-keypoints";
