//! The `keypoints` message: what JSON Lines say of a frame, and what only a live stream has.
//!
//! ```json
//! {"type":"keypoints","index":0,"timestamp_us":33333,"width":640,"height":480,"pose":[[x,y,z,visibility],…],…,
//!  "scores":{…},"frame_id":7,"dropped":0,"timings_us":{"queue":…,"decode":…,"pose":…,"left_hand":…,"right_hand":…,
//!  "face":…,"total":…},"missing":{"right_hand":"out-of-view"}}
//! ```

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::topology::FACE_POINTS;
use live_keypoints_pipeline::{
    Blendshapes, FaceLandmarks, FrameKeypoints, HandSource, HandSources, Landmarks, MissingParts,
    MissingReason, Parts, Scores, Timings,
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::hand::Hand;
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
    /// Where each hand comes from, where hands may be recovered. Sources of later versions are left out.
    #[serde(
        default,
        deserialize_with = "known_sources",
        skip_serializing_if = "Option::is_none"
    )]
    pub hand_sources: Option<HandSources>,
    /// Where hands are found without the body, all of them, in the order of tracking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hands: Option<Vec<Hand>>,
    /// Face mesh: 478 points with the irises, or 468.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub face: Part<478, 3>,
    /// Expressions of the face, where they were asked for.
    #[serde(
        default,
        deserialize_with = "given_blendshapes",
        skip_serializing_if = "Option::is_none"
    )]
    pub blendshapes: Option<Option<Blendshapes>>,
    /// Presence of the parts that were asked for.
    #[serde(default)]
    pub scores: PartScores,
    /// Whether the picture shows no motion, and what was found is repeated from an earlier frame; left out where it is not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still: bool,
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
    check_finite(score.as_slice())?;
    Ok(Some(score))
}

fn given_blendshapes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Blendshapes>>, D::Error> {
    let scores = Option::<Blendshapes>::deserialize(deserializer)?;
    check_finite(scores.as_ref().map_or(&[][..], |scores| &scores[..]))?;
    Ok(Some(scores))
}

pub(crate) fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let score = f32::deserialize(deserializer)?;
    check_finite(&[score])?;
    Ok(score)
}

fn check_finite<E: serde::de::Error>(scores: &[f32]) -> Result<(), E> {
    match scores.iter().all(|score| score.is_finite()) {
        true => Ok(()),
        false => Err(E::custom("a score is beyond all numbers")),
    }
}

/// A word for each part.
#[derive(Deserialize)]
struct Words {
    pose: Option<String>,
    left_hand: Option<String>,
    right_hand: Option<String>,
    face: Option<String>,
}

/// The one of them that the word is of; `None` for that of a later version.
fn known<T: Copy>(all: &[T], as_str: fn(T) -> &'static str, word: Option<String>) -> Option<T> {
    let word = word?;
    all.iter().copied().find(|one| as_str(*one) == word)
}

fn known_reasons<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MissingParts, D::Error> {
    let known = |word| known(&MissingReason::ALL, MissingReason::as_str, word);
    let words = Words::deserialize(deserializer)?;
    Ok(MissingParts {
        pose: known(words.pose),
        left_hand: known(words.left_hand),
        right_hand: known(words.right_hand),
        face: known(words.face),
    })
}

fn known_sources<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<HandSources>, D::Error> {
    let known = |word| known(&HandSource::ALL, HandSource::as_str, word);
    let words = Words::deserialize(deserializer)?;
    Ok(Some(HandSources {
        left_hand: known(words.left_hand),
        right_hand: known(words.right_hand),
    }))
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

fn whole(face: &Points<478, 3>) -> Result<FaceLandmarks, IncompletePart> {
    let points = face.as_slice();
    FaceLandmarks::from_flat(points.as_flattened()).ok_or(IncompletePart {
        part: "face",
        expected: FACE_POINTS,
        actual: points.len(),
    })
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
            hand_sources: k.hand_sources,
            hands: k.hands.as_ref().map(|list| {
                let message = |hand| Hand::new(hand, hands);
                list.iter().map(message).collect()
            }),
            face: parts
                .face
                .then(|| k.face.as_ref().map(|k| Points::select(k, face))),
            blendshapes: k.blendshapes.clone(),
            scores: PartScores {
                pose: parts.pose.then_some(k.scores.pose),
                left_hand: parts.hands.then_some(k.scores.left_hand),
                right_hand: parts.hands.then_some(k.scores.right_hand),
                face: parts.face.then_some(k.scores.face),
            },
            still: k.still,
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
            hand_sources: self.hand_sources,
            hands: self
                .hands
                .map(|hands| hands.iter().map(Hand::tracked).collect())
                .transpose()?,
            face: self.face.flatten().map(|face| whole(&face)).transpose()?,
            blendshapes: self.blendshapes,
            scores: Scores {
                pose: self.scores.pose.flatten(),
                left_hand: self.scores.left_hand.flatten(),
                right_hand: self.scores.right_hand.flatten(),
                face: self.scores.face.flatten(),
            },
            missing: self.missing,
            still: self.still,
            dropped: self.dropped,
            timings: self.timings_us,
        })
    }
}

#[cfg(test)]
mod tests;
