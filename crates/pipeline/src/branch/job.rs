//! What a branch is asked, and what it answers.

use serde::{Deserialize, Serialize};

use crate::detector::DetectedKeypoints;
use crate::landmarks::{Blendshapes, FaceLandmarks, HandLandmarks, HandWorldLandmarks};
#[cfg(doc)]
use crate::options::Hands;
use crate::options::{FacePoints, Graph, Quality};
use crate::rect::NormalizedRect;
use crate::smoothing::RawPose;

/// One of the five chains of work that a stream of frames consists of.
///
/// In [`Graph::Landmarkers`] none needs the pose, and the two hands are lanes: the first and third hand of a frame go by
/// the left one, the second and fourth by the right one, whichever side they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Branch {
    /// Needs the region of the frame before.
    Pose,
    /// Needs the pose of its frame and its own landmarks of the frame before.
    LeftHand,
    /// As the left hand.
    RightHand,
    /// As the hands.
    Face,
    /// Palms in the whole picture, where hands are missing. In [`Graph::Landmarkers`], and with [`Hands::Recover`].
    Palm,
}

impl Branch {
    /// All five. Those that others wait for come first.
    pub const ALL: [Self; 5] = [
        Self::Palm,
        Self::Pose,
        Self::LeftHand,
        Self::RightHand,
        Self::Face,
    ];
}

/// A branch of one frame, to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: copying a face's kilobytes costs less than allocating them for every frame"
)]
pub enum BranchJob {
    /// Body.
    Pose(PoseJob),
    /// The subject's left hand.
    LeftHand(HandJob),
    /// The subject's right hand.
    RightHand(HandJob),
    /// Face.
    Face(FaceJob),
    /// Expressions of the face that was found.
    Blendshapes(BlendshapesJob),
    /// Palms in the whole picture.
    Palm(PalmJob),
    /// A hand of either side, whose region is known.
    HandInRegion {
        /// The region to look at.
        roi: NormalizedRect,
        /// The landmark model to use.
        quality: Quality,
    },
    /// What a hand or the face will probably ask for.
    Early(EarlyJob),
}

/// The answer to the [`BranchJob`] of the same name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BranchOutcome {
    /// Body.
    Pose(PoseOutcome),
    /// The subject's left hand.
    LeftHand(HandOutcome),
    /// The subject's right hand.
    RightHand(HandOutcome),
    /// Face.
    Face(FaceOutcome),
    /// Expressions of the face; `None` where the model gave values that are no numbers.
    Blendshapes(Option<Blendshapes>),
    /// Palms in the whole picture.
    Palm(PalmOutcome),
    /// A hand of either side.
    HandInRegion(HandReading),
    /// Ahead of the pose.
    Early(EarlyOutcome),
}

impl BranchJob {
    /// Which landmark models it asks for; `None` where there is the same in every quality.
    #[must_use]
    pub fn quality(&self) -> Option<Quality> {
        match self {
            Self::Pose(job) => Some(job.quality),
            Self::LeftHand(job) | Self::RightHand(job) => Some(job.quality),
            Self::HandInRegion { quality, .. } | Self::Early(EarlyJob::Hand { quality, .. }) => {
                Some(*quality)
            }
            Self::Palm(_)
            | Self::Face(_)
            | Self::Blendshapes(_)
            | Self::Early(EarlyJob::Face { .. }) => None,
        }
    }

    /// Gives a hand or the face what was found of it early.
    pub(crate) fn take_early(&mut self, outcome: EarlyOutcome) {
        match (self, outcome) {
            (Self::LeftHand(job) | Self::RightHand(job), EarlyOutcome::Hand(reading)) => {
                job.early = Some(reading);
            }
            (Self::Face(job), EarlyOutcome::Face(mesh)) => job.early = mesh,
            _ => {}
        }
    }
}

/// Run a landmark model where a hand or the face was in the frame before, while the pose of this one is not known: the
/// branch will ask for just that, unless its tracking rule picks another region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum EarlyJob {
    /// A hand, left or right.
    Hand {
        /// The region made from the previous landmarks.
        roi: NormalizedRect,
        /// The landmark model to use.
        quality: Quality,
    },
    /// The face.
    Face {
        /// The region made from the previous mesh.
        roi: NormalizedRect,
        /// Which mesh model to use.
        points: FacePoints,
    },
}

impl EarlyJob {
    /// The region to look at.
    #[must_use]
    pub fn roi(&self) -> &NormalizedRect {
        match self {
            Self::Hand { roi, .. } | Self::Face { roi, .. } => roi,
        }
    }
}

/// The answer to an [`EarlyJob`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "as of the jobs: one at a time")]
pub enum EarlyOutcome {
    /// A hand, left or right.
    Hand(HandReading),
    /// The face; `None` where the model gave values that are no numbers.
    Face(Option<FaceMesh>),
}

/// Find the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseJob {
    /// Where it was in the frame before; without it the detector looks at the whole picture.
    pub roi: Option<NormalizedRect>,
    /// Least score of a detected person.
    pub min_detection_confidence: f32,
    /// Of which graph: their detectors differ.
    pub graph: Graph,
    /// The landmark model to use.
    pub quality: Quality,
}

/// What was found of the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseOutcome {
    /// What the detector found, where it ran.
    pub detection: Option<DetectedKeypoints<4>>,
    /// The region that the landmark model looked at; `None` where nobody was found and it did not run.
    pub roi: Option<NormalizedRect>,
    /// Presence, 0..=1; `None` where the landmark model did not run.
    pub presence: Option<f32>,
    /// The landmarks, whatever the presence; `None` where the model did not run or gave values that are no numbers.
    pub pose: Option<RawPose>,
}

/// Find a hand near a wrist of the pose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandJob {
    /// The pose's wrist, x and y in fractions of the picture.
    pub wrist: [f32; 2],
    /// The pose's little finger.
    pub pinky: [f32; 2],
    /// The pose's index finger.
    pub index: [f32; 2],
    /// The hand in the frame before.
    pub previous: Option<HandLandmarks>,
    /// The landmark model to use.
    pub quality: Quality,
    /// What that model gave early. It counts only for its own region.
    pub early: Option<HandReading>,
}

/// What was found of a hand. All regions are `None` from the first that could not be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HandOutcome {
    /// The region made from the pose.
    pub roi_from_pose: Option<NormalizedRect>,
    /// The region that the re-crop model made of it.
    pub roi_from_recrop: Option<NormalizedRect>,
    /// The region made from the previous landmarks.
    pub roi_from_previous: Option<NormalizedRect>,
    /// What the landmark model gave; `None` where it did not run.
    pub reading: Option<HandReading>,
}

/// What the landmark model of a hand gave. Landmarks are `None` where it gave values that are no numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandReading {
    /// The region that it looked at.
    pub roi: NormalizedRect,
    /// Presence, 0..=1.
    pub presence: f32,
    /// The landmarks, whatever the presence.
    pub landmarks: Option<HandLandmarks>,
    /// In metres, turned like the picture.
    pub world: Option<HandWorldLandmarks>,
    /// How sure the model is that it is a right hand, 0..=1.
    pub right: f32,
}

/// Find palms in the whole picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PalmJob {
    /// Least score of a detected palm.
    pub min_detection_confidence: f32,
    /// Palms to give at most.
    pub most: usize,
    /// Of which graph: their regions are turned differently.
    pub graph: Graph,
}

/// The palms that were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PalmOutcome {
    /// The regions of their hands, that of the best score first.
    pub rois: Vec<NormalizedRect>,
}

/// Find a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceJob {
    /// Pose points 0..=10, x and y in fractions of the picture: the face is looked for near them. Without a pose it is
    /// looked for where it was in the frame before, or in the whole picture.
    pub head: Option<[[f32; 2]; 11]>,
    /// Which mesh model to use.
    pub points: FacePoints,
    /// The mesh in the frame before, unsmoothed.
    pub previous: Option<FaceLandmarks>,
    /// Least score of a detected face.
    pub min_detection_confidence: f32,
    /// What the mesh model gave early. It counts only for its own region.
    pub early: Option<FaceMesh>,
}

/// What was found of the face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaceOutcome {
    /// The region made from the pose.
    pub roi_from_pose: Option<NormalizedRect>,
    /// What the detector found in it, or in the whole picture.
    pub detection: Option<DetectedKeypoints<6>>,
    /// The region made from the detection.
    pub roi_from_detection: Option<NormalizedRect>,
    /// The region made from the previous mesh.
    pub roi_from_previous: Option<NormalizedRect>,
    /// What the mesh model gave; `None` where it did not run.
    pub mesh: Option<FaceMesh>,
}

/// Tell the expressions of a face that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendshapesJob {
    /// Its 478 points, as they are reported: smoothed where the graph smooths them.
    pub landmarks: FaceLandmarks,
}

/// What the mesh model gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceMesh {
    /// The region that it looked at.
    pub roi: NormalizedRect,
    /// Presence, 0..=1.
    pub presence: f32,
    /// The landmarks, whatever the presence.
    pub landmarks: FaceLandmarks,
}
