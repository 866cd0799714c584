//! One frame on its way through the steps.

use std::sync::Arc;

use super::intake::Queued;
use super::part_state::Epoch;
use super::step::{Decoded, Step};
use crate::branch::Branch;
use crate::error::FrameError;
use crate::keypoints::{
    FailedFrame, FrameKeypoints, FrameResult, MissingParts, MissingReason, Scores, Timings,
};
use crate::options::Options;
use crate::rect::ImageSize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running { ticket: u64 },
    Through,
}

#[derive(Debug)]
pub(super) struct FrameInWork<P> {
    is_still: bool,
    generation: u64,
    options: Arc<Options>,
    /// Set when its pose starts.
    pub(super) epoch: Epoch,
    added_us: u64,
    has_end: bool,
    decode: Progress,
    branches: [Progress; 4],
    pixels: Option<P>,
    error: Option<FrameError>,
    /// The result as far as it is known. `pose` is there for hands and face even if it was not asked for.
    pub(super) keypoints: Box<FrameKeypoints>,
}

impl<P: Clone> FrameInWork<P> {
    /// Takes a frame up; hands its content out for decoding.
    pub(super) fn new<F>(queued: Queued<F>, is_still: bool, ticket: u64, now_us: u64) -> (Self, F) {
        let keypoints = Box::new(FrameKeypoints {
            index: queued.index,
            timestamp_us: queued.timestamp_us,
            width: 0,
            height: 0,
            parts: queued.options.parts,
            pose: None,
            pose_world: None,
            left_hand: None,
            right_hand: None,
            left_hand_world: None,
            right_hand_world: None,
            face: None,
            scores: Scores::default(),
            missing: MissingParts::default(),
            dropped: 0,
            timings: Timings {
                queue: now_us.saturating_sub(queued.added_us),
                ..Timings::default()
            },
        });
        let frame = Self {
            is_still,
            generation: queued.generation,
            options: queued.options,
            epoch: Epoch::default(),
            added_us: queued.added_us,
            has_end: false,
            decode: Progress::Running { ticket },
            branches: [Progress::Waiting; 4],
            pixels: None,
            error: None,
            keypoints,
        };
        (frame, queued.frame)
    }

    pub(super) fn index(&self) -> u64 {
        self.keypoints.index
    }

    pub(super) fn is_still(&self) -> bool {
        self.is_still
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Those that held when the frame was added.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn size(&self) -> ImageSize {
        ImageSize {
            width: self.keypoints.width,
            height: self.keypoints.height,
        }
    }

    pub(super) fn pixels(&self) -> Option<P> {
        self.pixels.clone()
    }

    pub(super) fn asks_for(&self, branch: Branch) -> bool {
        let parts = self.keypoints.parts;
        match branch {
            Branch::Pose => true,
            Branch::LeftHand | Branch::RightHand => parts.hands,
            Branch::Face => parts.face,
        }
    }

    pub(super) fn is_waiting(&self, branch: Branch) -> bool {
        self.branches[branch as usize] == Progress::Waiting
    }

    pub(super) fn is_through(&self, branch: Branch) -> bool {
        self.branches[branch as usize] == Progress::Through
    }

    /// Whether pixels, and for hands and face the pose, are there or known to be absent.
    pub(super) fn has_inputs_of(&self, branch: Branch) -> bool {
        self.decode == Progress::Through
            && (branch == Branch::Pose || self.is_through(Branch::Pose))
    }

    pub(super) fn is_running(&self, step: Step, ticket: u64) -> bool {
        let progress = match step {
            Step::Decode => self.decode,
            Step::Branch(branch) => self.branches[branch as usize],
        };
        progress == Progress::Running { ticket }
    }

    pub(super) fn is_done(&self) -> bool {
        self.decode == Progress::Through && self.branches.iter().all(|b| *b == Progress::Through)
    }

    pub(super) fn decoded(&mut self, decoded: Decoded<P>, elapsed_us: u64) {
        self.decode = Progress::Through;
        self.keypoints.timings.decode = elapsed_us;
        self.keypoints.width = decoded.size.width;
        self.keypoints.height = decoded.size.height;
        self.pixels = Some(decoded.pixels);
    }

    pub(super) fn begin(&mut self, branch: Branch, ticket: u64) {
        self.branches[branch as usize] = Progress::Running { ticket };
    }

    pub(super) fn end(&mut self, branch: Branch, elapsed_us: u64) {
        self.branches[branch as usize] = Progress::Through;
        let timings = &mut self.keypoints.timings;
        *match branch {
            Branch::Pose => &mut timings.pose,
            Branch::LeftHand => &mut timings.left_hand,
            Branch::RightHand => &mut timings.right_hand,
            Branch::Face => &mut timings.face,
        } = elapsed_us;
    }

    pub(super) fn skip(&mut self, branch: Branch, reason: Option<MissingReason>) {
        self.branches[branch as usize] = Progress::Through;
        self.set_missing(branch, reason);
    }

    pub(super) fn set_missing(&mut self, branch: Branch, reason: Option<MissingReason>) {
        let missing = &mut self.keypoints.missing;
        *match branch {
            Branch::Pose => &mut missing.pose,
            Branch::LeftHand => &mut missing.left_hand,
            Branch::RightHand => &mut missing.right_hand,
            Branch::Face => &mut missing.face,
        } = reason;
    }

    /// The frame fails with its first error. What hangs on the failed step will not run; the other branches will, so that
    /// what the next frame sees does not depend on who was first.
    pub(super) fn fail(&mut self, step: Step, error: FrameError, elapsed_us: u64) {
        match step {
            Step::Decode => self.decode = Progress::Through,
            Step::Branch(branch) => self.end(branch, elapsed_us),
        }
        if matches!(step, Step::Decode | Step::Branch(Branch::Pose)) {
            self.branches = [Progress::Through; 4];
        }
        self.error.get_or_insert(error);
    }

    pub(super) fn note_end(&mut self, now_us: u64) {
        if self.is_done() && !self.has_end {
            self.has_end = true;
            self.pixels = None;
            self.keypoints.timings.total = now_us.saturating_sub(self.added_us);
        }
    }

    pub(super) fn into_result(self) -> FrameResult {
        let mut keypoints = self.keypoints;
        if let Some(error) = self.error {
            return FrameResult::Failed(FailedFrame {
                index: keypoints.index,
                timestamp_us: keypoints.timestamp_us,
                error,
                dropped: 0,
            });
        }
        if !keypoints.parts.pose {
            keypoints.pose = None;
            keypoints.pose_world = None;
            keypoints.scores.pose = None;
            keypoints.missing.pose = None;
        }
        if self.options.mirrored {
            keypoints.mirror();
        }
        FrameResult::Keypoints(keypoints)
    }
}
