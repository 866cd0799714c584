//! A worker of the tests, and what it gives for what it is asked.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceMesh, FaceOutcome, HandOutcome,
    HandReading, PalmOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::NormalizedRect;
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{FaceLandmarks, FacePoints, Landmarks};

use crate::worker_id::WorkerId;

/// A frame that is counted while it is held.
#[derive(Debug)]
pub(super) struct Counted(Rc<Cell<usize>>);

impl Counted {
    pub(super) fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What a worker was asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) ticket: u64,
    pub(super) index: u64,
    /// What it may forget by then.
    pub(super) released: Vec<u64>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Decode {
        copies: Vec<WorkerId>,
        _frame: Counted,
    },
    Run {
        job: Box<BranchJob>,
        pixels_from: Option<WorkerId>,
    },
}

impl Asked {
    pub(super) fn is_decode(&self) -> bool {
        matches!(self.what, What::Decode { .. })
    }

    pub(super) fn is_early(&self) -> bool {
        matches!(&self.what, What::Run { job, .. } if matches!(**job, BranchJob::Early(_)))
    }

    pub(super) fn waits_for_pixels(&self) -> bool {
        matches!(
            self.what,
            What::Run {
                pixels_from: Some(_),
                ..
            }
        )
    }
}

#[derive(Debug)]
pub(super) struct Stand {
    pub(super) worker: WorkerId,
    /// What it was asked and has not answered.
    pub(super) asked: VecDeque<Asked>,
    /// Frames whose pixels it holds.
    pub(super) pixels: BTreeSet<u64>,
    /// Frames that it was told to forget before their pixels came.
    forgotten: BTreeSet<u64>,
}

impl Stand {
    pub(super) fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            asked: VecDeque::new(),
            pixels: BTreeSet::new(),
            forgotten: BTreeSet::new(),
        }
    }

    pub(super) fn take_pixels(&mut self, index: u64) {
        if !self.forgotten.remove(&index) {
            self.pixels.insert(index);
        }
    }

    pub(super) fn forget(&mut self, released: &[u64]) {
        for index in released {
            if !self.pixels.remove(index) {
                self.forgotten.insert(*index);
            }
        }
    }

    /// The step that it does next: the first, or the one after where the browser takes its time with a frame.
    pub(super) fn next_asked(&mut self, overtakes: bool) -> Option<Asked> {
        let is_reading = self.asked.front()?.is_decode();
        let can_overtake = is_reading && self.asked.len() > 1;
        self.asked.remove(usize::from(can_overtake && overtakes))
    }
}

/// A hand that is where it was looked for.
pub(super) fn reading(roi: NormalizedRect) -> HandReading {
    HandReading {
        roi,
        presence: 0.9,
        landmarks: Some(Landmarks::from_fn(|point| {
            [0.4 + 0.01 * point as f32, 0.6 - 0.01 * point as f32, 0.0]
        })),
        world: Some(Landmarks::from_fn(|_| [0.0; 3])),
        right: 0.9,
    }
}

/// A face that is where it was looked for.
pub(super) fn mesh(roi: NormalizedRect) -> FaceMesh {
    FaceMesh {
        roi,
        presence: 0.9,
        landmarks: FaceLandmarks::from_fn(FacePoints::WithIrises478, |point| {
            [
                0.4 + 0.0004 * point as f32,
                0.6 - 0.0004 * point as f32,
                0.0,
            ]
        }),
    }
}

pub(super) fn outcome(job: &BranchJob, seed: u8) -> BranchOutcome {
    let roi = NormalizedRect {
        x_center: 0.5,
        y_center: 0.5,
        width: 0.5,
        height: 0.5,
        rotation: 0.0,
    };
    let visible = f32::from(seed & 1);
    let hand = |seed: u8| HandOutcome {
        reading: (!seed.is_multiple_of(4)).then(|| reading(roi)),
        ..HandOutcome::default()
    };
    match job {
        BranchJob::Pose(_) if seed % 8 == 7 => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: None,
            presence: None,
            pose: None,
        }),
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: Some(roi),
            presence: Some(0.9),
            pose: Some(RawPose {
                landmarks: Landmarks::from_fn(|_| [0.5, 0.5, 0.0, visible]),
                world: Landmarks::from_fn(|_| [0.0; 4]),
                auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.6, 0.6, 0.0]]),
            }),
        }),
        BranchJob::LeftHand(_) => BranchOutcome::LeftHand(hand(seed)),
        BranchJob::RightHand(_) => BranchOutcome::RightHand(hand(seed)),
        BranchJob::Early(EarlyJob::Hand { roi, .. }) if !seed.is_multiple_of(4) => {
            BranchOutcome::Early(EarlyOutcome::Hand(reading(*roi)))
        }
        BranchJob::Early(EarlyJob::Face { roi, .. }) if !seed.is_multiple_of(4) => {
            BranchOutcome::Early(EarlyOutcome::Face(Some(mesh(*roi))))
        }
        BranchJob::Early(_) => BranchOutcome::Early(EarlyOutcome::Face(None)),
        BranchJob::Blendshapes(_) => BranchOutcome::Blendshapes(None),
        BranchJob::Palm(_) => BranchOutcome::Palm(PalmOutcome { rois: vec![roi] }),
        BranchJob::HandInRegion { roi, .. } => BranchOutcome::HandInRegion(reading(*roi)),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome {
            mesh: (!seed.is_multiple_of(4)).then(|| mesh(roi)),
            ..FaceOutcome::default()
        }),
    }
}
