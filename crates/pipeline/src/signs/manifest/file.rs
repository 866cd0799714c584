//! The manifest as it is written.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::{Acceptance, ExamplesRule, IdleRule, WindowRule};
use crate::options::Graph;

/// What a sign is recognised by: a model or examples, and how keypoints become their input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "signs.json"))]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ManifestFile {
    /// For editors: where the schema is. Not read.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) schema: Option<String>,
    /// 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub(in super::super) version: u32,
    /// Name of the ONNX file beside the manifest, without a path. Without it, signs are taught by example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) model: Option<String>,
    /// What each output of the model means, in their order: texts or objects. Only with a model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) labels: Vec<Value>,
    /// The graph whose keypoints the model was trained with.
    #[serde(default)]
    pub(in super::super) graph: Graph,
    /// Points of the face: 468 or 478.
    #[serde(default = "face_default")]
    #[cfg_attr(test, schemars(extend("enum" = [468, 478])))]
    pub(in super::super) face: usize,
    /// Parts to find; those of the features if not given. Graph holistic finds hands and face by the pose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) parts: Option<Vec<PartName>>,
    /// What of the keypoints becomes numbers.
    pub(in super::super) features: FeaturesFile,
    /// The frames that one answer is given for.
    #[serde(default)]
    pub(in super::super) window: WindowRule,
    /// Whether the model's outputs are logits, which softmax makes confidences.
    #[serde(default)]
    pub(in super::super) softmax: bool,
    /// When an answer is told.
    #[serde(default)]
    pub(in super::super) acceptance: Acceptance,
    /// When the scene counts as idle.
    #[serde(default)]
    pub(in super::super) idle: IdleRule,
    /// How examples are compared. Only without a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) examples: Option<ExamplesRule>,
}

const fn face_default() -> usize {
    478
}

/// A part of the session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum PartName {
    Pose,
    Hands,
    Face,
}

/// How a frame becomes a row of numbers: the parts one after the other, of each the points, of each the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FeaturesFile {
    /// One or more.
    #[cfg_attr(test, schemars(length(min = 1, max = 32)))]
    pub(in super::super) parts: Vec<PartFile>,
    /// How rows become the model's input.
    #[serde(default)]
    pub(in super::super) layout: Layout,
    /// What x and y of the picture are measured in.
    #[serde(default)]
    pub(in super::super) aspect: Aspect,
}

/// Points or bones of one part, with what they are measured from and by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PartFile {
    /// Whose points.
    pub(in super::super) part: Part,
    /// "all", the name of a group or point, or a list of indices and names, in the order of the features. Groups of the
    /// face: lips, left_eye, left_eyebrow, right_eye, right_eyebrow, oval, contours (all of these), left_iris, right_iris,
    /// irises (the rims).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) points: Option<Points>,
    /// Instead of points: directions from one point to another, of length 1 in the values that are taken. "all" are the 20
    /// bones of a hand, from the wrist outwards, or the lines of the pose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) bones: Option<Bones>,
    /// The part that origin and unit are points of, if not this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) reference: Option<Part>,
    /// The point that is subtracted, or the two whose middle is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) origin: Option<Origin>,
    /// The two points whose distance, in x and y (of world points in x, y and z), the points are divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) unit: Option<[PointRef; 2]>,
    /// Which values of a point, in this order. Visibility is the pose's only; of other parts it is 1.
    #[cfg_attr(test, schemars(length(min = 1, max = 4)))]
    pub(in super::super) values: Vec<ValueName>,
    /// What x, y and z are multiplied with, after all else: how much the part counts where examples are compared.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(in super::super) weight: f32,
    /// What stands for every value of a part that is absent.
    #[serde(default)]
    pub(in super::super) missing: f32,
}

const fn one() -> f32 {
    1.0
}

fn is_one(value: &f32) -> bool {
    *value == 1.0
}

/// A part of the keypoints. The world's are in metres; the others' x and y are of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Part {
    Pose,
    PoseWorld,
    LeftHand,
    RightHand,
    LeftHandWorld,
    RightHandWorld,
    Face,
}

/// A value of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum ValueName {
    X,
    Y,
    Z,
    Visibility,
}

/// A point of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected the index or name of a point")]
pub(in super::super) enum PointRef {
    /// Its index, from 0.
    Index(usize),
    /// Its name, or in a list of points that of a group.
    Name(String),
}

/// Which points, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected \"all\", the name of a group, or a list of indices and names"
)]
pub(in super::super) enum Points {
    /// "all", a group or a point.
    Named(String),
    /// One after the other.
    Listed(Vec<PointRef>),
}

/// Which bones, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected \"all\" or a list of pairs of points")]
pub(in super::super) enum Bones {
    /// "all".
    Named(String),
    /// From, to.
    Listed(Vec<[PointRef; 2]>),
}

/// What points are measured from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a point or a list of two")]
pub(in super::super) enum Origin {
    /// The middle of two.
    Middle([PointRef; 2]),
    /// One.
    Point(PointRef),
}

/// How the rows of a window become the model's input, of batch 1. V is the number of values of a point, P that of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `[1, frames, P · V]`, or `[1, frames, P, V]`, or for windows of one frame `[1, P · V]`.
    #[default]
    FramesPointsValues,
    /// `[1, P · V, frames]`, as one-dimensional convolutions have it.
    PointsValuesFrames,
    /// `[1, V, frames, P]`, as graph convolutions have it. All parts have the same values.
    ValuesFramesPoints,
}

/// What x and y of the picture are measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Aspect {
    /// Picture heights: x and z, which come in picture widths, times width / height.
    #[default]
    Square,
    /// As they come: x and z in picture widths, y in picture heights.
    Picture,
}
