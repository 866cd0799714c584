//! The `keypoints` message: what JSON Lines say of a frame, and what only a live stream has.
//!
//! ```json
//! {"type":"keypoints","index":0,"timestamp_us":33333,"width":640,"height":480,"pose":[[x,y,z,visibility],…],…,
//!  "scores":{…},"frame_id":7,"dropped":0,"timings_us":{"queue":…,"decode":…,"pose":…,"left_hand":…,"right_hand":…,
//!  "face":…,"total":…},"missing":{"right_hand":"out-of-view"}}
//! ```

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{
    FaceLandmarks, FrameKeypoints, HandSources, Landmarks, MissingParts, MissingReason, Parts,
    Scores, Timings,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::points::{IncompletePart, PointSelection, Points};

/// What a `keypoints` message holds of the parts that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Whether hands are also given in metres.
    pub hand_world: HandWorld,
    /// The points of each part.
    pub points: PointSelection,
}

/// A part: left out, `null`, or there.
pub type Part<const N: usize, const D: usize> = Option<Option<Points<N, D>>>;

/// Keypoints of one frame. A part is left out where it was not asked for, and `null` where it is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keypoints {
    /// Running number of the frame within its connection.
    pub index: u64,
    /// Capture time in microseconds.
    pub timestamp_us: i64,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// Body.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub pose: Part<33, 4>,
    /// Body in metres.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub pose_world: Part<33, 4>,
    /// The subject's left hand.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub left_hand: Part<21, 3>,
    /// The subject's right hand.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub right_hand: Part<21, 3>,
    /// Left hand in metres.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub left_hand_world: Part<21, 3>,
    /// Right hand in metres.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub right_hand_world: Part<21, 3>,
    /// Face mesh.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub face: Part<468, 3>,
    /// Presence of the parts that were asked for.
    #[serde(default)]
    pub scores: PartScores,
    /// As it came with the frame; `None` for a frame that came without one.
    pub frame_id: Option<u32>,
    /// Frames since the previous answer that get none of their own.
    pub dropped: u64,
    /// Where the relay's time went.
    #[serde(default)]
    pub timings_us: Timings,
    /// Why parts that were asked for are absent. Reasons of later versions are left out.
    #[serde(default, deserialize_with = "known_reasons")]
    pub missing: MissingParts,
}

/// The presence of each part that was asked for; `null` where its model did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartScores {
    /// Of the body.
    #[serde(
        default,
        deserialize_with = "given_score",
        skip_serializing_if = "Option::is_none"
    )]
    pub pose: Option<Option<f32>>,
    /// Of the left hand.
    #[serde(
        default,
        deserialize_with = "given_score",
        skip_serializing_if = "Option::is_none"
    )]
    pub left_hand: Option<Option<f32>>,
    /// Of the right hand.
    #[serde(
        default,
        deserialize_with = "given_score",
        skip_serializing_if = "Option::is_none"
    )]
    pub right_hand: Option<Option<f32>>,
    /// Of the face.
    #[serde(
        default,
        deserialize_with = "given_score",
        skip_serializing_if = "Option::is_none"
    )]
    pub face: Option<Option<f32>>,
}

/// A value that is there, be it `null`.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn given_score<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<f32>>, D::Error> {
    let score = Option::<f32>::deserialize(deserializer)?;
    if score.is_none_or(f32::is_finite) {
        return Ok(Some(score));
    }
    Err(D::Error::custom("a score is beyond all numbers"))
}

fn known_reasons<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MissingParts, D::Error> {
    #[derive(Deserialize)]
    struct Words {
        pose: Option<String>,
        left_hand: Option<String>,
        right_hand: Option<String>,
        face: Option<String>,
    }
    let known = |word: Option<String>| {
        let word = word?;
        MissingReason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == word)
    };
    let words = Words::deserialize(deserializer)?;
    Ok(MissingParts {
        pose: known(words.pose),
        left_hand: known(words.left_hand),
        right_hand: known(words.right_hand),
        face: known(words.face),
    })
}

fn part<const N: usize, const D: usize>(
    is_asked_for: bool,
    landmarks: Option<&Landmarks<N, D>>,
    indices: Option<&[u16]>,
) -> Part<N, D> {
    is_asked_for.then(|| landmarks.map(|points| Points::select(&points[..], indices)))
}

fn landmarks<const N: usize, const D: usize>(
    name: &'static str,
    part: Part<N, D>,
) -> Result<Option<Landmarks<N, D>>, IncompletePart> {
    part.flatten()
        .map(|points| points.landmarks(name))
        .transpose()
}

impl Keypoints {
    /// The message of a frame's keypoints.
    #[must_use]
    pub fn new(keypoints: &FrameKeypoints, frame_id: Option<u32>, contents: &Contents) -> Self {
        let k = keypoints;
        let PointSelection { pose, hands, face } = &contents.points;
        let [pose, hands, face] = [pose, hands, face].map(Option::as_deref);
        let parts = k.parts;
        let has_hand_world = parts.hands && contents.hand_world == HandWorld::Included;
        Self {
            index: k.index,
            timestamp_us: k.timestamp_us,
            width: k.width,
            height: k.height,
            pose: part(parts.pose, k.pose.as_ref(), pose),
            pose_world: part(parts.pose, k.pose_world.as_ref(), pose),
            left_hand: part(parts.hands, k.left_hand.as_ref(), hands),
            right_hand: part(parts.hands, k.right_hand.as_ref(), hands),
            left_hand_world: part(has_hand_world, k.left_hand_world.as_ref(), hands),
            right_hand_world: part(has_hand_world, k.right_hand_world.as_ref(), hands),
            face: parts
                .face
                .then(|| k.face.as_ref().map(|k| Points::select(k.mesh(), face))),
            scores: PartScores {
                pose: parts.pose.then_some(k.scores.pose),
                left_hand: parts.hands.then_some(k.scores.left_hand),
                right_hand: parts.hands.then_some(k.scores.right_hand),
                face: parts.face.then_some(k.scores.face),
            },
            frame_id,
            dropped: k.dropped,
            timings_us: k.timings,
            missing: k.missing,
        }
    }

    /// What the message says of the frame, to whoever asked for these parts.
    ///
    /// # Errors
    /// [`IncompletePart`] where it holds some of a part's points only.
    pub fn into_frame(self, parts: Parts) -> Result<FrameKeypoints, IncompletePart> {
        Ok(FrameKeypoints {
            index: self.index,
            timestamp_us: self.timestamp_us,
            width: self.width,
            height: self.height,
            parts,
            pose: landmarks("pose", self.pose)?,
            pose_world: landmarks("pose_world", self.pose_world)?,
            left_hand: landmarks("left_hand", self.left_hand)?,
            right_hand: landmarks("right_hand", self.right_hand)?,
            left_hand_world: landmarks("left_hand_world", self.left_hand_world)?,
            right_hand_world: landmarks("right_hand_world", self.right_hand_world)?,
            hand_sources: HandSources::default(),
            hands: Vec::new(),
            face: landmarks("face", self.face)?.map(FaceLandmarks::from),
            blendshapes: None,
            scores: Scores {
                pose: self.scores.pose.flatten(),
                left_hand: self.scores.left_hand.flatten(),
                right_hand: self.scores.right_hand.flatten(),
                face: self.scores.face.flatten(),
            },
            missing: self.missing,
            dropped: self.dropped,
            timings: self.timings_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::points::PointLists;
    use crate::server_message::ServerMessage;
    use live_keypoints_pipeline::FrameResult;
    use live_keypoints_pipeline::format::jsonl::write_line;

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
            hand_sources: HandSources::default(),
            hands: Vec::new(),
            face: Some(Landmarks::from_fn(|n| [n as f32 / 11.0, 0.3, 0.0]).into()),
            blendshapes: None,
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
                palm: 0,
                total: 20,
            },
        }
    }

    fn text(keypoints: &FrameKeypoints, frame_id: Option<u32>, contents: &Contents) -> String {
        let message = Keypoints::new(keypoints, frame_id, contents);
        ServerMessage::Keypoints(Box::new(message)).to_json()
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
        let face: FaceLandmarks = serde_json::from_value(value["face"].clone()).unwrap();
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
    fn what_was_asked_for_comes_back_as_it_was() {
        let mut keypoints = keypoints(Parts::ALL);
        let contents = Contents {
            hand_world: HandWorld::Included,
            ..Contents::default()
        };
        let message = Keypoints::new(&keypoints, Some(1), &contents);
        assert!(message.into_frame(Parts::ALL).as_ref() == Ok(&keypoints));
        keypoints.parts.face = false;
        let message = Keypoints::new(&keypoints, Some(1), &contents);
        keypoints.face = None;
        assert!(message.into_frame(keypoints.parts).as_ref() == Ok(&keypoints));
        let lists = PointLists {
            pose: Some(vec![3]),
            ..PointLists::default()
        };
        let contents = Contents {
            points: lists.try_into().unwrap(),
            ..Contents::default()
        };
        let message = Keypoints::new(&keypoints, None, &contents);
        let error = message.into_frame(Parts::ALL).unwrap_err();
        assert_eq!((error.part, error.actual), ("pose", 1));
    }

    #[test]
    fn a_later_relay_may_say_more_and_give_other_reasons() {
        let message = r#"{"index":1,"timestamp_us":-2,"width":3,"height":4,"pose":null,"left_foot":[[1]],"frame_id":5,
            "dropped":0,"missing":{"pose":"asleep","face":"no-pose","left_foot":"no-pose"},"scores":{"pose":null}}"#;
        let message: Keypoints = serde_json::from_str(message).unwrap();
        assert_eq!((&message.pose, &message.face), (&Some(None), &None));
        assert_eq!(
            (message.scores.pose, message.scores.face),
            (Some(None), None)
        );
        assert_eq!(message.missing.pose, None);
        assert_eq!(message.missing.face, Some(MissingReason::NoPose));
        assert_eq!(message.timings_us, Timings::default());
    }
}
