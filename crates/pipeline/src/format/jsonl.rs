//! JSON Lines: one object a frame.
//!
//! ```json
//! {"index":0,"timestamp_us":33333,"width":640,"height":480,"pose":[[x,y,z,visibility],…],"pose_world":…,
//!  "left_hand":[[x,y,z],…],"right_hand":null,"face":…,"scores":{"pose":p,"left_hand":p,"right_hand":null,"face":p}}
//! {"index":1,"error":{"code":"malformed-picture","message":"…"}}
//! ```
//!
//! A part that was not asked for is left out, one that is absent is `null`. Floats print as the shortest text that reads
//! back the same `f32`.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::FrameError;
use crate::keypoints::{FailedFrame, FrameKeypoints, FrameResult, Scores};
use crate::landmarks::{
    FaceLandmarks, HandLandmarks, HandWorldLandmarks, PoseLandmarks, PoseWorldLandmarks,
};

/// Whether hands are also given in metres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandWorld {
    /// `left_hand_world` and `right_hand_world` are left out.
    #[default]
    Omitted,
    /// They are there wherever hands were asked for.
    Included,
}

/// A part: left out, `null` or there.
type Part<'a, T> = Option<Option<&'a T>>;

/// The fields of a frame with keypoints, borrowed from them.
#[derive(Clone, Debug, Serialize)]
pub struct KeypointsObject<'a> {
    index: u64,
    timestamp_us: u64,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pose: Part<'a, PoseLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pose_world: Part<'a, PoseWorldLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_hand: Part<'a, HandLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_hand: Part<'a, HandLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_hand_world: Part<'a, HandWorldLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_hand_world: Part<'a, HandWorldLandmarks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Part<'a, FaceLandmarks>,
    scores: ScoresObject,
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
    #[must_use]
    pub fn new(keypoints: &'a FrameKeypoints, hand_world: HandWorld) -> Self {
        let parts = keypoints.parts;
        let has_hand_world = parts.hands && hand_world == HandWorld::Included;
        Self {
            index: keypoints.index,
            timestamp_us: keypoints.timestamp_us,
            width: keypoints.width,
            height: keypoints.height,
            pose: parts.pose.then_some(keypoints.pose.as_ref()),
            pose_world: parts.pose.then_some(keypoints.pose_world.as_ref()),
            left_hand: parts.hands.then_some(keypoints.left_hand.as_ref()),
            right_hand: parts.hands.then_some(keypoints.right_hand.as_ref()),
            left_hand_world: has_hand_world.then_some(keypoints.left_hand_world.as_ref()),
            right_hand_world: has_hand_world.then_some(keypoints.right_hand_world.as_ref()),
            face: parts.face.then_some(keypoints.face.as_ref()),
            scores: scores_object(keypoints),
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
pub struct FailedObject<'a> {
    index: u64,
    error: &'a FrameError,
}

impl<'a> FailedObject<'a> {
    /// The object of this failed frame.
    #[must_use]
    pub fn new(failed: &'a FailedFrame) -> Self {
        Self {
            index: failed.index,
            error: &failed.error,
        }
    }
}

/// Writes one line, newline included.
///
/// # Errors
/// What `out` says; nothing else fails.
pub fn write_line(
    mut out: impl Write,
    result: &FrameResult,
    hand_world: HandWorld,
) -> io::Result<()> {
    match result {
        FrameResult::Keypoints(keypoints) => {
            serde_json::to_writer(&mut out, &KeypointsObject::new(keypoints, hand_world))?;
        }
        FrameResult::Failed(failed) => {
            serde_json::to_writer(&mut out, &FailedObject::new(failed))?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::keypoints::{MissingParts, Timings};
    use crate::landmarks::Landmarks;
    use crate::options::Parts;

    fn keypoints(parts: Parts) -> FrameKeypoints {
        FrameKeypoints {
            index: 7,
            timestamp_us: 266_664,
            width: 640,
            height: 480,
            parts,
            pose: None,
            pose_world: None,
            left_hand: Some(Landmarks::from_fn(|n| [0.1, n as f32, -1.0 / 3.0])),
            right_hand: None,
            left_hand_world: Some(Landmarks::from_fn(|_| [0.0; 3])),
            right_hand_world: None,
            face: None,
            scores: Scores {
                left_hand: Some(0.9),
                ..Scores::default()
            },
            missing: MissingParts::default(),
            dropped: 3,
            timings: Timings::default(),
        }
    }

    fn line(result: &FrameResult, hand_world: HandWorld) -> String {
        let mut bytes = Vec::new();
        write_line(&mut bytes, result, hand_world).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_absent_part_is_null_and_floats_are_short() {
        let result = FrameResult::Keypoints(Box::new(keypoints(Parts::ALL)));
        let line = line(&result, HandWorld::Omitted);
        assert!(line.starts_with(
            r#"{"index":7,"timestamp_us":266664,"width":640,"height":480,"pose":null,"pose_world":null,"left_hand":[[0.1,0.0,-0.33333334],[0.1,1.0,"#
        ));
        assert!(line.ends_with(
            "],\"right_hand\":null,\"face\":null,\"scores\":{\"pose\":null,\"left_hand\":0.9,\"right_hand\":null,\"face\":null}}\n"
        ));
    }

    #[test]
    fn a_part_that_was_not_asked_for_is_left_out() {
        let face_only = Parts {
            pose: false,
            hands: false,
            face: true,
        };
        let result = FrameResult::Keypoints(Box::new(keypoints(face_only)));
        assert_eq!(
            line(&result, HandWorld::Included),
            "{\"index\":7,\"timestamp_us\":266664,\"width\":640,\"height\":480,\"face\":null,\"scores\":{\"face\":null}}\n"
        );
    }

    #[test]
    fn hands_in_metres_come_on_request() {
        let result = FrameResult::Keypoints(Box::new(keypoints(Parts::ALL)));
        assert!(!line(&result, HandWorld::Omitted).contains("hand_world"));
        let line = line(&result, HandWorld::Included);
        assert!(line.contains(r#""left_hand_world":[[0.0,0.0,0.0],"#));
        assert!(line.contains(r#""right_hand_world":null,"face""#));
    }

    #[test]
    fn a_failed_frame_gives_its_index_and_the_error() {
        let result = FrameResult::Failed(FailedFrame {
            index: 2,
            timestamp_us: 99,
            error: FrameError::new(ErrorCode::NotAJpeg, "it starts with \"GIF\""),
            dropped: 0,
        });
        assert_eq!(
            line(&result, HandWorld::Omitted),
            "{\"index\":2,\"error\":{\"code\":\"not-a-jpeg\",\"message\":\"it starts with \\\"GIF\\\"\"}}\n"
        );
    }
}
