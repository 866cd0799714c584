//! JSON Lines: one object a frame.
//!
//! ```json
//! {"index":0,"timestamp_us":33333,"width":640,"height":480,"pose":[[x,y,z,visibility],…],"pose_world":…,
//!  "left_hand":[[x,y,z],…],"right_hand":null,"face":…,"scores":{"pose":p,"left_hand":p,"right_hand":null,"face":p}}
//! {"index":1,"error":{"code":"malformed-picture","message":"…"}}
//! ```
//!
//! Where they were asked for, `blendshapes` (52 numbers) follow the face, and where hands are found without the body all of them
//! come before it: `"hands":[{"handedness":"Left","score":s,"points":[[x,y,z],…],"world":[[x,y,z],…]},…]`. Where hands may be
//! recovered, their sources do: `"hand_sources":{"left_hand":"palm","right_hand":null}`.
//! A part that was not asked for is left out, one that is absent is `null`. Floats print as the shortest text that reads
//! back the same `f32`.

use std::io::{self, Write};

pub use super::object::HandWorld;
use super::object::{FailedObject, KeypointsObject};
use crate::keypoints::FrameResult;

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
            let object = KeypointsObject::new(keypoints, hand_world);
            serde_json::to_writer(&mut out, &object)?;
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
    use crate::error::{ErrorCode, FrameError};
    use crate::keypoints::{
        FailedFrame, FrameKeypoints, HandSource, HandSources, Handedness, Scores, TrackedHand,
    };
    use crate::landmarks::{Blendshapes, Landmarks};
    use crate::options::Parts;

    fn keypoints(parts: Parts) -> FrameKeypoints {
        FrameKeypoints {
            parts,
            left_hand: Some(Landmarks::from_fn(|n| [0.1, n as f32, -1.0 / 3.0])),
            left_hand_world: Some(Landmarks::from_fn(|_| [0.0; 3])),
            scores: Scores {
                left_hand: Some(0.9),
                ..Scores::default()
            },
            dropped: 3,
            ..FrameKeypoints::empty(7, 266_664, [640, 480])
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
    fn all_hands_and_expressions_come_where_they_were_asked_for() {
        let mut keypoints = keypoints(Parts::ALL);
        keypoints.hands = Some(Vec::new());
        keypoints.blendshapes = Some(None);
        let result = |k: &FrameKeypoints| FrameResult::Keypoints(Box::new(k.clone()));
        let none = line(&result(&keypoints), HandWorld::Omitted);
        let expected = r#""right_hand":null,"hands":[],"face":null,"blendshapes":null,"scores""#;
        assert!(none.contains(expected), "{none}");
        keypoints.hands = Some(vec![TrackedHand {
            handedness: Handedness::Left,
            score: 0.75,
            points: Landmarks::from_fn(|_| [0.5; 3]),
            world: Landmarks::from_fn(|_| [0.25; 3]),
        }]);
        keypoints.blendshapes = Some(Some(Blendshapes::new([0.125; 52])));
        let some = line(&result(&keypoints), HandWorld::Omitted);
        for expected in [
            r#""hands":[{"handedness":"Left","score":0.75,"points":[[0.5,0.5,0.5],"#,
            r#"],"world":[[0.25,0.25,0.25],"#,
            r#"]}],"face":null,"blendshapes":[0.125,0.125,"#,
        ] {
            assert!(some.contains(expected), "{some}");
        }
    }

    #[test]
    fn sources_of_hands_come_where_hands_may_be_recovered() {
        let mut keypoints = keypoints(Parts::ALL);
        keypoints.hand_sources = Some(HandSources {
            left_hand: Some(HandSource::Palm),
            right_hand: None,
        });
        let line = line(
            &FrameResult::Keypoints(Box::new(keypoints)),
            HandWorld::Omitted,
        );
        let expected = r#""right_hand":null,"hand_sources":{"left_hand":"palm","right_hand":null},"face":null"#;
        assert!(line.contains(expected), "{line}");
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
