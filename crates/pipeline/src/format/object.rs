//! The fields of a frame as JSON Lines have them.

use serde::Serialize;

use crate::error::FrameError;
use crate::keypoints::{FailedFrame, FrameKeypoints, HandSources, Scores, TrackedHand};
use crate::landmarks::{Blendshapes, FaceLandmarks, Landmarks};

/// Whether hands are also given in metres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandWorld {
    /// `left_hand_world` and `right_hand_world` are left out.
    #[default]
    Omitted,
    /// They are there wherever hands were asked for.
    Included,
}

impl From<bool> for HandWorld {
    fn from(is_included: bool) -> Self {
        if is_included {
            Self::Included
        } else {
            Self::Omitted
        }
    }
}

/// A part: left out, `null` or there.
type Part<'a, const N: usize, const D: usize> = Option<Option<&'a Landmarks<N, D>>>;

/// The fields of a frame with keypoints, borrowed from them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KeypointsObject<'a> {
    index: u64,
    timestamp_us: i64,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pose: Part<'a, 33, 4>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pose_world: Part<'a, 33, 4>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_hand: Part<'a, 21, 3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_hand: Part<'a, 21, 3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_hand_world: Part<'a, 21, 3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_hand_world: Part<'a, 21, 3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_sources: Option<HandSources>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hands: Option<&'a [TrackedHand]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Option<Option<&'a FaceLandmarks>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blendshapes: Option<Option<&'a Blendshapes>>,
    scores: ScoresObject,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    still: bool,
}

/// The presence of each part that was asked for.
#[derive(Clone, Debug, Serialize)]
struct ScoresObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    pose: Option<Option<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_hand: Option<Option<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_hand: Option<Option<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Option<Option<f32>>,
}

impl<'a> KeypointsObject<'a> {
    /// The object of these keypoints.
    pub(super) fn new(keypoints: &'a FrameKeypoints, hand_world: HandWorld) -> Self {
        let k = keypoints;
        let parts = k.parts;
        let has_hand_world = parts.hands && hand_world == HandWorld::Included;
        Self {
            index: k.index,
            timestamp_us: k.timestamp_us,
            width: k.width,
            height: k.height,
            pose: parts.pose.then_some(k.pose.as_ref()),
            pose_world: parts.pose.then_some(k.pose_world.as_ref()),
            left_hand: parts.hands.then_some(k.left_hand.as_ref()),
            right_hand: parts.hands.then_some(k.right_hand.as_ref()),
            left_hand_world: has_hand_world.then_some(k.left_hand_world.as_ref()),
            right_hand_world: has_hand_world.then_some(k.right_hand_world.as_ref()),
            hand_sources: k.hand_sources,
            hands: k.hands.as_deref(),
            face: parts.face.then_some(k.face.as_ref()),
            blendshapes: k.blendshapes.as_ref().map(Option::as_ref),
            scores: scores_object(k),
            still: k.still,
        }
    }
}

fn scores_object(keypoints: &FrameKeypoints) -> ScoresObject {
    let parts = keypoints.parts;
    let Scores {
        pose,
        left_hand,
        right_hand,
        face,
    } = keypoints.scores;
    ScoresObject {
        pose: parts.pose.then_some(pose),
        left_hand: parts.hands.then_some(left_hand),
        right_hand: parts.hands.then_some(right_hand),
        face: parts.face.then_some(face),
    }
}

/// The fields of a frame that failed, borrowed from it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FailedObject<'a> {
    index: u64,
    error: &'a FrameError,
}

impl<'a> FailedObject<'a> {
    /// The object of this failed frame.
    pub(super) fn new(failed: &'a FailedFrame) -> Self {
        Self {
            index: failed.index,
            error: &failed.error,
        }
    }
}
