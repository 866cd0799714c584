//! Window, acceptance, idleness, comparison of examples.

use serde::{Deserialize, Serialize};

/// The frames that one answer is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct WindowRule {
    /// Frames that must be there before the first answer. At least 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 512)))]
    pub least: usize,
    /// Most frames: the newest. From `least` to 512.
    #[cfg_attr(test, schemars(range(min = 1, max = 512)))]
    pub most: usize,
    /// New frames from one answer to the next. At least 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 512)))]
    pub stride: usize,
    /// What a window of fewer than `most` frames is filled up with for the model.
    pub padding: Padding,
    /// Whether frames without motion are in the window.
    pub still: StillFrames,
}

impl Default for WindowRule {
    /// 15 to 50 frames, an answer a frame, padded with the last one.
    fn default() -> Self {
        Self {
            least: 15,
            most: 50,
            stride: 1,
            padding: Padding::default(),
            still: StillFrames::default(),
        }
    }
}

impl WindowRule {
    /// Frames that the model gets for a window of so many.
    #[must_use]
    pub fn padded(&self, frames: usize) -> usize {
        match self.padding {
            Padding::None => frames,
            Padding::Last | Padding::Zero => self.most,
        }
    }
}

/// What a short window is filled up with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Copies of its last frame.
    #[default]
    Last,
    /// Zeros, at its end.
    Zero,
    /// Nothing: the model takes any number of frames.
    None,
}

/// Whether frames without motion are in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StillFrames {
    /// They are left out.
    #[default]
    Skip,
    /// They are in it as any other, so that a sign that is held is seen as one.
    Keep,
}

/// When an answer is told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Acceptance {
    /// Least confidence of an answer that counts, 0..=1.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    pub confidence: f32,
    /// The last answers that are looked at, 1 to 100.
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub history: usize,
    /// Of these so many must be the same sign, 1 to `history`.
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub agreement: usize,
    /// Whether a sign that goes on is told again and again. If not, it is told again after idleness, another sign, or `release`.
    pub repeat: bool,
    /// Answers in a row that count for no sign, after which the last sign may be told again; 0 for never.
    #[cfg_attr(test, schemars(range(max = 1000)))]
    pub release: usize,
}

impl Default for Acceptance {
    /// 0.8, in 3 of 5 answers, told once.
    fn default() -> Self {
        Self {
            confidence: 0.8,
            history: 5,
            agreement: 3,
            repeat: false,
            release: 0,
        }
    }
}

/// When the scene counts as idle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct IdleRule {
    /// Frames without motion in a row, at least 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 100_000)))]
    pub frames: usize,
    /// Change of the picture up to which a frame is without motion, in grey levels, 0..=255.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 255.0)))]
    pub threshold: f32,
}

impl Default for IdleRule {
    /// 45 frames that change by two grey levels at most.
    fn default() -> Self {
        Self {
            frames: 45,
            threshold: 2.0,
        }
    }
}

/// How examples are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ExamplesRule {
    /// Whether a sign may be made with the other hand, as in a mirror. Not with features of the face.
    pub either_hand: bool,
    /// Nearest examples that are looked at, 1 to 100.
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub neighbours: usize,
    /// Distance from which on nothing resembles an example: the root of the mean square of the features' differences.
    #[cfg_attr(test, schemars(range(min = 0.0)))]
    pub limit: f32,
}

impl Default for ExamplesRule {
    fn default() -> Self {
        Self {
            either_hand: false,
            neighbours: 5,
            limit: 0.5,
        }
    }
}
