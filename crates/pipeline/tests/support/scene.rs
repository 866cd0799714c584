//! A stand-in for decoder and models: what somebody looks like who does not move.

use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceMesh, FaceOutcome, HandOutcome,
    HandReading, PalmOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Decoded, FaceLandmarks, FacePoints, HandLandmarks, Landmarks, Outcome, Session, Task, Work, roi,
};

/// What a picture shows: somebody with two hands and a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scene {
    pub(crate) size: ImageSize,
    pub(crate) has_pose: bool,
    pub(crate) has_left_wrist: bool,
    pub(crate) has_hands: bool,
    /// No region can be made of its hands.
    pub(crate) are_hands_far_out: bool,
}

pub(crate) const SIZE: ImageSize = ImageSize {
    width: 640,
    height: 480,
};
pub(crate) const PERSON: Scene = Scene {
    size: SIZE,
    has_pose: true,
    has_left_wrist: true,
    has_hands: true,
    are_hands_far_out: false,
};
const ROI: NormalizedRect = NormalizedRect {
    x_center: 0.5,
    y_center: 0.5,
    width: 0.4,
    height: 0.4,
    rotation: 0.0,
};

pub(crate) type Stream = Session<Scene, Rc<Scene>>;
pub(crate) type StreamTask = Task<Scene, Rc<Scene>>;

pub(crate) fn hand(scene: Scene) -> HandLandmarks {
    let spread = if scene.are_hands_far_out { 1e37 } else { 0.01 };
    Landmarks::from_fn(|n| [0.4 + (n % 4) as f32 * spread, 0.5 + n as f32 * spread, 0.0])
}

pub(crate) fn face() -> FaceLandmarks {
    FaceLandmarks::from_fn(FacePoints::WithIrises478, |n| {
        [
            0.4 + (n % 10) as f32 * 0.01,
            0.2 + (n / 10) as f32 * 0.001,
            0.0,
        ]
    })
}

pub(crate) fn reading(scene: Scene, roi: NormalizedRect) -> HandReading {
    HandReading {
        roi,
        presence: if scene.has_hands { 0.9 } else { 0.1 },
        landmarks: Some(hand(scene)),
        world: None,
        right: 0.5,
    }
}

/// Where hands are found without a body.
const PLACES: [f32; 2] = [0.2, 0.8];

fn hand_at(x: f32) -> HandLandmarks {
    Landmarks::from_fn(|n| [x + (n % 4) as f32 * 0.01, 0.5 + n as f32 * 0.01, 0.0])
}

fn hand_in_region(scene: Scene, roi: NormalizedRect) -> HandReading {
    let x = PLACES[usize::from(roi.x_center > 0.5)];
    HandReading {
        landmarks: Some(hand_at(x)),
        world: Some(Landmarks::from_fn(|_| [0.0; 3])),
        ..reading(scene, roi)
    }
}

pub(crate) fn mesh(roi: NormalizedRect) -> FaceMesh {
    FaceMesh {
        roi,
        presence: 0.9,
        landmarks: face(),
    }
}

pub(crate) fn outcome_of(task: &StreamTask) -> Outcome<Rc<Scene>> {
    let (scene, job) = match &task.work {
        Work::Decode { frame: scene, .. } => {
            return Outcome::Decoded(Decoded {
                pixels: Rc::new(*scene),
                size: scene.size,
                grey: None,
            });
        }
        Work::Branch(scene, job) => (**scene, job),
    };
    let hand = || HandOutcome {
        reading: Some(reading(scene, ROI)),
        ..HandOutcome::default()
    };
    Outcome::Branch(match job {
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: Some(ROI),
            presence: Some(if scene.has_pose { 0.9 } else { 0.1 }),
            pose: Some(RawPose {
                landmarks: Landmarks::from_fn(|n| {
                    let is_visible = n != 15 || scene.has_left_wrist;
                    [0.4, 0.4, 0.0, if is_visible { 1.0 } else { 0.0 }]
                }),
                world: Landmarks::from_fn(|_| [0.0, 0.0, 0.0, 1.0]),
                auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.5, 0.2, 0.0]]),
            }),
        }),
        BranchJob::LeftHand(_) => BranchOutcome::LeftHand(hand()),
        BranchJob::RightHand(_) => BranchOutcome::RightHand(hand()),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome {
            mesh: Some(mesh(ROI)),
            ..FaceOutcome::default()
        }),
        BranchJob::Palm(_) => BranchOutcome::Palm(PalmOutcome {
            rois: PLACES
                .map(|x| roi::hand_from_landmarks(&hand_at(x), scene.size))
                .into(),
        }),
        BranchJob::HandInRegion { roi, .. } => {
            BranchOutcome::HandInRegion(hand_in_region(scene, *roi))
        }
        BranchJob::Blendshapes(_) => panic!("nobody asked for {job:?}"),
        BranchJob::Early(EarlyJob::Hand { roi, .. }) => {
            BranchOutcome::Early(EarlyOutcome::Hand(reading(scene, *roi)))
        }
        BranchJob::Early(EarlyJob::Face { roi, .. }) => {
            BranchOutcome::Early(EarlyOutcome::Face(Some(mesh(*roi))))
        }
    })
}
