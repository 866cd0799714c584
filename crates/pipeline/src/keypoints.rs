//! The result of a frame: landmarks, scores, reasons, times.

use serde::{Deserialize, Serialize};

use crate::error::FrameError;
use crate::landmarks::{
    Blendshapes, FaceLandmarks, HandLandmarks, HandWorldLandmarks, Landmarks, PoseLandmarks,
    PoseWorldLandmarks,
};
use crate::options::Parts;

/// Keypoints of one frame.
///
/// x and y are fractions of the picture after Exif orientation: 0..=1 inside it, values outside are kept. z is in
/// picture widths, smaller is nearer. Hands and sides are the subject's own, whatever the camera mirrors.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameKeypoints {
    /// The session's running number of the frame, from 0.
    pub index: u64,
    /// Capture time in microseconds, as given with the frame.
    pub timestamp_us: i64,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// The parts that were asked for; what was not asked for is `None` below.
    pub parts: Parts,
    /// Body, or `None` where nobody was found.
    pub pose: Option<PoseLandmarks>,
    /// Body in metres; there whenever `pose` is.
    pub pose_world: Option<PoseWorldLandmarks>,
    /// The subject's left hand.
    pub left_hand: Option<HandLandmarks>,
    /// The subject's right hand.
    pub right_hand: Option<HandLandmarks>,
    /// Left hand in metres; there whenever `left_hand` is.
    pub left_hand_world: Option<HandWorldLandmarks>,
    /// Right hand in metres; there whenever `right_hand` is.
    pub right_hand_world: Option<HandWorldLandmarks>,
    /// With [`Hands::Recover`](crate::Hands), where the regions of the hands came from; else `None`.
    pub hand_sources: Option<HandSources>,
    /// Of [`Graph::Landmarkers`](crate::Graph) all hands in the order of tracking: those of the frame before first. Above
    /// are the one left and the one right hand that are surest of their side; of equals the first. `None` in the other graph
    /// and where hands were not asked for.
    pub hands: Option<Vec<TrackedHand>>,
    /// Face mesh.
    pub face: Option<FaceLandmarks>,
    /// How strong the face's expressions are, by its points as they are here. `None` where that was not asked for, and
    /// `Some(None)` where there is no face.
    pub blendshapes: Option<Option<Blendshapes>>,
    /// Presence of each part.
    pub scores: Scores,
    /// Why a part that was asked for is absent.
    pub missing: MissingParts,
    /// The picture shows no motion since that of an earlier frame, and all above but index and time is repeated from it. Only
    /// with [`Options::skip_still`](crate::Options).
    pub still: bool,
    /// Frames since the previous result or frame error that get no message of their own.
    pub dropped: u64,
    /// Where the time went.
    pub timings: Timings,
}

impl FrameKeypoints {
    /// A frame of so many pixels in which everything was looked for and nothing found: every part is absent, without a reason.
    #[must_use]
    pub fn empty(index: u64, timestamp_us: i64, [width, height]: [u32; 2]) -> Self {
        Self {
            index,
            timestamp_us,
            width,
            height,
            parts: Parts::ALL,
            pose: None,
            pose_world: None,
            left_hand: None,
            right_hand: None,
            left_hand_world: None,
            right_hand_world: None,
            hand_sources: None,
            hands: None,
            face: None,
            blendshapes: None,
            scores: Scores::default(),
            missing: MissingParts::default(),
            still: false,
            dropped: 0,
            timings: Timings::default(),
        }
    }

    /// Mirrors every point left to right: x becomes 1 − x in the picture and −x in metres. The sides stay the subject's
    /// own: `left_hand` is still the left hand.
    pub fn mirror(&mut self) {
        mirror_in_picture(self.pose.as_mut());
        mirror_in_picture(self.left_hand.as_mut());
        mirror_in_picture(self.right_hand.as_mut());
        for [x, ..] in self.face.iter_mut().flat_map(|face| face.iter_mut()) {
            *x = 1.0 - *x;
        }
        mirror_in_world(self.pose_world.as_mut());
        mirror_in_world(self.left_hand_world.as_mut());
        mirror_in_world(self.right_hand_world.as_mut());
        for hand in self.hands.iter_mut().flatten() {
            mirror_in_picture(Some(&mut hand.points));
            mirror_in_world(Some(&mut hand.world));
        }
    }
}

fn mirror_in_picture<const N: usize, const D: usize>(part: Option<&mut Landmarks<N, D>>) {
    for point in part.into_iter().flat_map(|part| part.iter_mut()) {
        point[0] = 1.0 - point[0];
    }
}

fn mirror_in_world<const N: usize, const D: usize>(part: Option<&mut Landmarks<N, D>>) {
    for point in part.into_iter().flat_map(|part| part.iter_mut()) {
        point[0] = -point[0];
    }
}

/// A hand that was found without the body.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackedHand {
    /// The subject's own side, as the hand model has it: two hands may both be left ones.
    pub handedness: Handedness,
    /// How sure the model is of the side, 0.5..=1.
    pub score: f32,
    /// In the picture.
    pub points: HandLandmarks,
    /// In metres.
    pub world: HandWorldLandmarks,
}

/// Where the region of a hand came from, in which the model found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandSource {
    /// The pose's wrist and fingers, or the frame before where they agree with it.
    Body,
    /// The frame before: the body gives no hand, or one that is none.
    Tracked,
    /// The palm detector.
    Palm,
}

/// The source of each hand; `None` where the hand is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandSources {
    /// Of the subject's left hand.
    pub left_hand: Option<HandSource>,
    /// Of the subject's right hand.
    pub right_hand: Option<HandSource>,
}

impl HandSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Body, Self::Tracked, Self::Palm];

    /// The word that JSON and JavaScript show.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Tracked => "tracked",
            Self::Palm => "palm",
        }
    }
}

/// The side of a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handedness {
    /// The subject's left hand.
    Left,
    /// The subject's right hand.
    Right,
}

/// Presence of each part as its landmark model says, 0..=1; `None` where the model did not run. In
/// [`Graph::Landmarkers`](crate::Graph) the model says, too, which side a hand is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Presence of the body.
    pub pose: Option<f32>,
    /// Presence of the left hand.
    pub left_hand: Option<f32>,
    /// Presence of the right hand.
    pub right_hand: Option<f32>,
    /// Presence of the face.
    pub face: Option<f32>,
}

/// Why a part is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingReason {
    /// Nobody was found, and hands and face hang on the pose.
    NoPose,
    /// Its place is not in the picture or is hidden: the wrist is not visible, or no face was detected near the head. In
    /// [`Graph::Landmarkers`](crate::Graph): no palm or face was detected.
    OutOfView,
    /// The landmark model ran and was not sure enough.
    LowPresence,
}

impl MissingReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::NoPose, Self::OutOfView, Self::LowPresence];

    /// The word that JSON and JavaScript show.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPose => "no-pose",
            Self::OutOfView => "out-of-view",
            Self::LowPresence => "low-presence",
        }
    }
}

/// The reason for each part that was asked for and is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingParts {
    /// Why there is no pose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pose: Option<MissingReason>,
    /// Why there is no left hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_hand: Option<MissingReason>,
    /// Why there is no right hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_hand: Option<MissingReason>,
    /// Why there is no face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<MissingReason>,
}

/// Microseconds spent on a frame. The steps are as the executor measured them, with what was done early for them; `queue`
/// and `total` are by the session's caller's clock. 0 for what did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// From `add_frame` to the start of the first step.
    pub queue: u64,
    /// JPEG to pixels.
    pub decode: u64,
    /// Person detector (when it ran) and pose landmarks.
    pub pose: u64,
    /// Re-crop and landmarks of the left hand. Of [`Graph::Landmarkers`](crate::Graph) landmarks of the first and third.
    pub left_hand: u64,
    /// As `left_hand`, of the right hand, or the second and fourth.
    pub right_hand: u64,
    /// Face detector and mesh.
    pub face: u64,
    /// Palm detector, of [`Graph::Landmarkers`](crate::Graph) and [`Hands::Recover`](crate::Hands) only.
    #[serde(skip_serializing_if = "is_default")]
    pub palm: u64,
    /// From `add_frame` to the end of the last step.
    pub total: u64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a session says of a frame it took up: keypoints, or why there are none.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameResult {
    /// The frame was processed; single parts may be absent.
    Keypoints(Box<FrameKeypoints>),
    /// The frame could not be processed; the frames before and after are not touched by that.
    Failed(FailedFrame),
}

/// A frame that could not be processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFrame {
    /// The session's running number of the frame.
    pub index: u64,
    /// Capture time in microseconds, as given with the frame.
    pub timestamp_us: i64,
    /// Why.
    pub error: FrameError,
    /// As [`FrameKeypoints::dropped`].
    pub dropped: u64,
}

impl FrameResult {
    /// The session's running number of the frame.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Self::Keypoints(keypoints) => keypoints.index,
            Self::Failed(failed) => failed.index,
        }
    }

    /// Capture time in microseconds, as given with the frame.
    #[must_use]
    pub fn timestamp_us(&self) -> i64 {
        match self {
            Self::Keypoints(keypoints) => keypoints.timestamp_us,
            Self::Failed(failed) => failed.timestamp_us,
        }
    }

    pub(crate) fn dropped_mut(&mut self) -> &mut u64 {
        match self {
            Self::Keypoints(keypoints) => &mut keypoints.dropped,
            Self::Failed(failed) => &mut failed.dropped,
        }
    }
}
