//! The JSON messages of the protocol `live-keypoints.v1` about single frames: JSON Lines' fields and those that only a
//! live stream has.
//!
//! ```json
//! {"type":"keypoints","index":0,"timestamp_us":33333,"width":640,"height":480,"pose":[[x,y,z,visibility],…],…,
//!  "scores":{…},"frame_id":7,"dropped":0,"timings_us":{"queue":…,"decode":…,"pose":…,"left_hand":…,"right_hand":…,
//!  "face":…,"total":…},"missing":{"right_hand":"out-of-view"}}
//! {"type":"error","code":"not-a-jpeg","message":"…","index":1,"frame_id":null,"dropped":0}
//! ```
//!
//! `frame_id` is `null` for a frame that came without one. There is no line feed at the end.

use std::io::{self, Write};

use serde::Serialize;

use super::jsonl::HandWorld;
use super::object::KeypointsObject;
use super::points::PointSelection;
use crate::error::ErrorCode;
use crate::keypoints::{FailedFrame, FrameKeypoints, MissingParts, Timings};

/// What a `keypoints` message holds of the parts that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Whether hands are also given in metres.
    pub hand_world: HandWorld,
    /// The points of each part.
    pub points: PointSelection,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "keypoints")]
struct KeypointsMessage<'a> {
    #[serde(flatten)]
    object: KeypointsObject<'a>,
    frame_id: Option<u32>,
    dropped: u64,
    timings_us: Timings,
    missing: MissingParts,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "error")]
struct ErrorMessage<'a> {
    code: ErrorCode,
    message: &'a str,
    index: u64,
    frame_id: Option<u32>,
    dropped: u64,
}

/// Writes a frame's `keypoints` message.
///
/// # Errors
/// What `out` says; nothing else fails.
pub fn write_keypoints(
    out: impl Write,
    keypoints: &FrameKeypoints,
    frame_id: Option<u32>,
    contents: &Contents,
) -> io::Result<()> {
    let message = KeypointsMessage {
        object: KeypointsObject::new(keypoints, contents.hand_world, &contents.points),
        frame_id,
        dropped: keypoints.dropped,
        timings_us: keypoints.timings,
        missing: keypoints.missing,
    };
    Ok(serde_json::to_writer(out, &message)?)
}

/// Writes a frame's `error` message.
///
/// # Errors
/// What `out` says; nothing else fails.
pub fn write_error(out: impl Write, failed: &FailedFrame, frame_id: Option<u32>) -> io::Result<()> {
    let message = ErrorMessage {
        code: failed.error.code,
        message: &failed.error.message,
        index: failed.index,
        frame_id,
        dropped: failed.dropped,
    };
    Ok(serde_json::to_writer(out, &message)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::FrameError;
    use crate::format::jsonl::write_line;
    use crate::format::points::PointLists;
    use crate::keypoints::{FrameResult, MissingReason, Scores};
    use crate::landmarks::Landmarks;
    use crate::options::Parts;

    fn keypoints(parts: Parts) -> FrameKeypoints {
        FrameKeypoints {
            index: 7,
            timestamp_us: 266_664,
            width: 640,
            height: 480,
            parts,
            pose: Some(Landmarks::from_fn(|n| [n as f32 / 3.0, 0.1, 1e-9, 1.0])),
            pose_world: Some(Landmarks::from_fn(|n| [n as f32 / 7.0, 0.1, 0.0, 1.0])),
            left_hand: Some(Landmarks::from_fn(|n| [0.1, n as f32, -1.0 / 3.0])),
            right_hand: None,
            left_hand_world: Some(Landmarks::from_fn(|n| [n as f32 * 0.01, 0.0, 0.0])),
            right_hand_world: None,
            face: Some(Landmarks::from_fn(|n| [n as f32 / 11.0, 0.3, 0.0])),
            scores: Scores {
                left_hand: Some(0.9),
                ..Scores::default()
            },
            missing: MissingParts {
                right_hand: Some(MissingReason::OutOfView),
                ..MissingParts::default()
            },
            dropped: 3,
            timings: Timings {
                queue: 1,
                decode: 2,
                pose: 3,
                left_hand: 4,
                right_hand: 0,
                face: 5,
                total: 20,
            },
        }
    }

    fn text(keypoints: &FrameKeypoints, frame_id: Option<u32>, contents: &Contents) -> String {
        let mut bytes = Vec::new();
        write_keypoints(&mut bytes, keypoints, frame_id, contents).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_message_is_the_line_of_the_frame_between_its_type_and_what_only_a_stream_has() {
        for parts in [
            Parts::ALL,
            Parts {
                pose: false,
                hands: true,
                face: false,
            },
        ] {
            let keypoints = keypoints(parts);
            for hand_world in [HandWorld::Omitted, HandWorld::Included] {
                let mut line = Vec::new();
                let result = FrameResult::Keypoints(Box::new(keypoints.clone()));
                write_line(&mut line, &result, hand_world).unwrap();
                let line = String::from_utf8(line).unwrap();
                let fields = line.trim_end().trim_start_matches('{').strip_suffix('}');
                let contents = Contents {
                    hand_world,
                    ..Contents::default()
                };
                let expected = format!(
                    "{{\"type\":\"keypoints\",{},\"frame_id\":4294967295,\"dropped\":3,\"timings_us\":{},\"missing\":{}}}",
                    fields.unwrap(),
                    r#"{"queue":1,"decode":2,"pose":3,"left_hand":4,"right_hand":0,"face":5,"total":20}"#,
                    r#"{"right_hand":"out-of-view"}"#,
                );
                assert_eq!(text(&keypoints, Some(u32::MAX), &contents), expected);
            }
        }
    }

    #[test]
    fn every_float_reads_back_to_the_same_bits() {
        let keypoints = keypoints(Parts::ALL);
        let text = text(&keypoints, None, &Contents::default());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["frame_id"], Value::Null);
        let pose: Landmarks<33, 4> = serde_json::from_value(value["pose"].clone()).unwrap();
        let face: Landmarks<468, 3> = serde_json::from_value(value["face"].clone()).unwrap();
        assert_eq!((Some(pose), Some(face)), (keypoints.pose, keypoints.face));
        assert_eq!(value["right_hand"], Value::Null);
    }

    #[test]
    fn selected_points_are_those_of_every_form_of_their_part() {
        let lists = PointLists {
            pose: Some(vec![15, 0]),
            hands: Some(vec![20]),
            face: Some(vec![]),
        };
        let contents = Contents {
            hand_world: HandWorld::Included,
            points: lists.try_into().unwrap(),
        };
        let text = text(&keypoints(Parts::ALL), None, &contents);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["pose"][0][0], json!(5.0));
        assert_eq!(value["pose"][1][0], json!(0.0));
        assert_eq!(value["pose"].as_array().unwrap().len(), 2);
        assert_eq!(value["pose_world"].as_array().unwrap().len(), 2);
        assert!(text.contains(r#""left_hand":[[0.1,20.0,-0.33333334]],"right_hand":null"#));
        assert!(
            text.contains(r#""left_hand_world":[[0.19999999,0.0,0.0]],"right_hand_world":null"#)
        );
        assert_eq!(value["face"], json!([]));
    }

    #[test]
    fn a_frame_error_names_frame_and_code() {
        let failed = FailedFrame {
            index: 2,
            timestamp_us: 99,
            error: FrameError::new(ErrorCode::NotAJpeg, "it starts with \"GIF\""),
            dropped: 4,
        };
        let text = |frame_id| {
            let mut bytes = Vec::new();
            write_error(&mut bytes, &failed, frame_id).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(
            text(Some(8)),
            r#"{"type":"error","code":"not-a-jpeg","message":"it starts with \"GIF\"","index":2,"frame_id":8,"dropped":4}"#
        );
        assert!(text(None).contains(r#""frame_id":null"#));
    }
}
