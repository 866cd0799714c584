//! The manifest of a recogniser, `signs.json`: what is recognised, by what, and when it is told.
//!
//! - `file`: as it is written.
//! - `rules`: of it the window, acceptance, idleness and comparison of examples.
//! - `points`: which points its indices, names and groups mean.
//! - `check`: what else must hold.

mod check;
mod file;
mod points;
mod rules;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use file::Layout;
pub(super) use file::{Aspect, FeaturesFile, ManifestFile, Part, ValueName};
pub use rules::{Acceptance, ExamplesRule, IdleRule, Padding, StillFrames, WindowRule};

use super::SignsError;
use super::error::read_json;
use crate::options::{FacePoints, Graph, Options, Parts};

/// The manifest of [`Manifest::by_example`].
const BY_EXAMPLE: &str = include_str!("../../../signs/by_example.json");

/// Longest manifest, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// Most numbers of one frame.
pub const MAX_FEATURES: usize = 8192;

/// Most frames of a window.
pub const MAX_WINDOW: usize = 512;

/// A manifest that was checked.
///
/// ```
/// use live_keypoints_pipeline::signs::Manifest;
///
/// let manifest = Manifest::from_json(
///     r#"{
///         "version": 1,
///         "model": "letters.onnx",
///         "labels": ["A", "B", "C"],
///         "features": {
///             "parts": [{
///                 "part": "right_hand", "points": "all", "values": ["x", "y", "z"],
///                 "origin": "wrist", "unit": ["wrist", "middle_finger_mcp"]
///             }]
///         },
///         "window": { "least": 1, "most": 1 },
///         "softmax": true
///     }"#,
/// )?;
/// assert_eq!(manifest.features_per_frame(), 63);
/// # Ok::<(), live_keypoints_pipeline::signs::SignsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    file: ManifestFile,
    parts: Vec<PartFeatures>,
    needs: Needs,
    values_per_point: Option<usize>,
}

/// What a session must find for a recogniser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// How the parts are found.
    pub graph: Graph,
    /// Points of the face.
    pub face_points: FacePoints,
    /// The parts.
    pub parts: Parts,
    /// Whether hands in metres are among the features: not every platform reports them unasked.
    pub hand_world: bool,
    /// How much may change in a frame without motion: [`Options::skip_still`].
    pub still_threshold: f32,
}

impl Needs {
    /// These options with the graph, the face and the parts that are needed, and still frames told from others.
    #[must_use]
    pub fn options(self, others: Options) -> Options {
        Options {
            graph: self.graph,
            face_points: self.face_points,
            parts: self.parts,
            skip_still: Some(self.still_threshold),
            ..others
        }
    }
}

/// The features of one part, with all indices known to be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartFeatures {
    pub(super) part: Part,
    pub(super) rows: Rows,
    pub(super) reference: Part,
    /// One point or two, none for the picture's corner or the world's origin.
    pub(super) origin: Vec<usize>,
    pub(super) unit: Option<[usize; 2]>,
    pub(super) values: Vec<ValueName>,
    pub(super) weight: f32,
    pub(super) missing: f32,
}

/// What a part gives values for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rows {
    Points(Vec<usize>),
    Bones(Vec<[usize; 2]>),
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Points(points) => points.len(),
            Self::Bones(bones) => bones.len(),
        }
    }
}

impl Manifest {
    /// Reads a manifest and checks every name, index and number.
    ///
    /// # Errors
    /// [`SignsError::Manifest`] with the first field that is wrong and its value.
    pub fn from_json(json: &str) -> Result<Self, SignsError> {
        if json.len() > MAX_MANIFEST_BYTES {
            let problem = format!("has {} bytes, more than {MAX_MANIFEST_BYTES}", json.len());
            return Err(SignsError::manifest("the file", problem));
        }
        let file =
            read_json(json).map_err(|(field, problem)| SignsError::manifest(field, problem))?;
        Self::from_file(file)
    }

    /// What signs are taught with where no manifest is given: both hands' bones and where the wrists are, by body and hands.
    #[expect(clippy::expect_used, reason = "a test reads it")]
    #[must_use]
    pub fn by_example() -> Self {
        Self::from_json(BY_EXAMPLE).expect("it is sound")
    }

    /// The manifest as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // All keys are texts, and no number is NaN or infinite: both were checked.
        serde_json::to_string(&self.file).unwrap_or_default()
    }

    /// Name of the model's file, without a path. `None`: signs are taught by example.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.file.model.as_deref()
    }

    /// What each output of the model means; none where signs are taught.
    #[must_use]
    pub fn labels(&self) -> &[Value] {
        &self.file.labels
    }

    /// What a session must find.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Numbers of one frame, 1 to [`MAX_FEATURES`].
    #[must_use]
    pub fn features_per_frame(&self) -> usize {
        let of_part = |part: &PartFeatures| part.rows.len() * part.values.len();
        self.parts.iter().map(of_part).sum()
    }

    /// Values of each point, where all parts have the same ones.
    #[must_use]
    pub fn values_per_point(&self) -> Option<usize> {
        self.values_per_point
    }

    /// How rows become the model's input.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.file.features.layout
    }

    /// The frames that one answer is given for.
    #[must_use]
    pub fn window(&self) -> WindowRule {
        self.file.window
    }

    /// Whether the model gives logits.
    #[must_use]
    pub fn softmax(&self) -> bool {
        self.file.softmax
    }

    /// When an answer is told.
    #[must_use]
    pub fn acceptance(&self) -> Acceptance {
        self.file.acceptance
    }

    /// When the scene counts as idle.
    #[must_use]
    pub fn idle(&self) -> IdleRule {
        self.file.idle
    }

    /// How examples are compared.
    #[must_use]
    pub fn examples(&self) -> ExamplesRule {
        self.file.examples.unwrap_or_default()
    }

    pub(super) fn features_file(&self) -> &FeaturesFile {
        &self.file.features
    }

    pub(super) fn parts(&self) -> &[PartFeatures] {
        &self.parts
    }

    pub(super) fn aspect(&self) -> Aspect {
        self.file.features.aspect
    }
}
