//! One frame on its way through the steps.

use std::sync::Arc;

use super::hand_slots::HandSlots;
use super::intake::Queued;
use super::part_state::Epoch;
use super::recovery::{Progress as HandProgress, Recovery};
use super::step::{Decoded, Outcome, Step};
use crate::branch::{Branch, BranchOutcome, EarlyOutcome};
use crate::error::FrameError;
use crate::keypoints::{
    FailedFrame, FrameKeypoints, FrameResult, HandSource, HandSources, MissingParts, MissingReason,
    Scores, Timings,
};
use crate::landmarks::{HandLandmarks, HandWorldLandmarks};
use crate::motion::SmallGrey;
use crate::options::{Graph, Options};
use crate::rect::ImageSize;

#[derive(Debug)]
enum Progress {
    Waiting(Early),
    Running { ticket: u64 },
    Through,
}

/// What is done ahead for a hand or the face that waits for the pose: once a frame at most, and gone with the waiting.
#[derive(Debug)]
enum Early {
    NotBegun,
    Running {
        ticket: u64,
    },
    Done {
        outcome: Box<EarlyOutcome>,
        elapsed_us: u64,
    },
    Failed,
}

#[derive(Debug)]
pub(super) struct FrameInWork<P> {
    is_still: bool,
    generation: u64,
    options: Arc<Options>,
    /// Set when it is decoded, and all frames of the stream before it are. Branches begin then.
    epoch: Option<Epoch>,
    added_us: u64,
    has_end: bool,
    decode: Progress,
    branches: [Progress; Branch::ALL.len()],
    /// With [`Hands::Recover`](crate::Hands), how far each hand is.
    pub(super) recovery: Option<Recovery>,
    /// In [`Graph::Landmarkers`], from when the hands of the frame before are known until those of this one are. With
    /// [`Hands::Recover`](crate::Hands), while hands are looked for that the body does not give.
    pub(super) hands: Option<HandSlots>,
    /// The face was found, and its expressions are still to be told: the next frame's face need not wait for that.
    pub(super) wants_blendshapes: bool,
    pixels: Option<P>,
    /// Until it is compared to, where the frame may be still.
    grey: Option<SmallGrey>,
    error: Option<FrameError>,
    /// The result as far as it is known.
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
            hand_sources: queued.options.recovers_hands().then(HandSources::default),
            hands: None,
            face: None,
            blendshapes: queued.options.blendshapes.then_some(None),
            scores: Scores::default(),
            missing: MissingParts::default(),
            still: false,
            dropped: 0,
            timings: Timings {
                queue: now_us.saturating_sub(queued.added_us),
                ..Timings::default()
            },
        });
        let recovery = queued.options.recovers_hands().then(Recovery::default);
        let frame = Self {
            is_still,
            generation: queued.generation,
            options: queued.options,
            epoch: None,
            added_us: queued.added_us,
            has_end: false,
            decode: Progress::Running { ticket },
            branches: [const { Progress::Waiting(Early::NotBegun) }; Branch::ALL.len()],
            recovery,
            hands: None,
            wants_blendshapes: false,
            pixels: None,
            grey: None,
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

    pub(super) fn shared_options(&self) -> Arc<Options> {
        Arc::clone(&self.options)
    }

    /// Whether it repeats the keypoints of another frame if it looks the same.
    pub(super) fn may_repeat(&self) -> bool {
        !self.is_still && self.options.skip_still.is_some()
    }

    pub(super) fn grey(&self) -> Option<&SmallGrey> {
        self.grey.as_ref()
    }

    pub(super) fn take_grey(&mut self) -> Option<SmallGrey> {
        self.grey.take()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Ends the frame with what was computed for another.
    pub(super) fn repeat(&mut self, computed: FrameKeypoints) {
        *self.keypoints = FrameKeypoints {
            index: self.keypoints.index,
            timestamp_us: self.keypoints.timestamp_us,
            timings: self.keypoints.timings,
            still: true,
            ..computed
        };
        self.branches = [const { Progress::Through }; Branch::ALL.len()];
    }

    pub(super) fn graph(&self) -> Graph {
        self.options.graph_to_run()
    }

    /// The stretch of the stream that it belongs to. Nothing is previous to a still.
    pub(super) fn epoch(&self) -> Epoch {
        self.epoch.unwrap_or_default()
    }

    pub(super) fn set_epoch(&mut self, epoch: Epoch) {
        self.epoch = Some(epoch);
    }

    /// Whether its pixels are there and its epoch is not.
    pub(super) fn waits_for_epoch(&self) -> bool {
        self.pixels.is_some() && self.epoch.is_none()
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
        let is_alone = self.graph() == Graph::Landmarkers;
        match branch {
            Branch::Pose => parts.pose,
            Branch::LeftHand | Branch::RightHand => parts.hands,
            Branch::Face => parts.face,
            Branch::Palm => parts.hands && (is_alone || self.recovery.is_some()),
        }
    }

    /// The branches that earlier frames must be through with before this one begins: hands that are tracked as a list
    /// need the whole list, and so do those that may be recovered.
    pub(super) fn goes_by(&self, branch: Branch) -> &'static [Branch] {
        let is_of_body = self.graph() == Graph::Holistic && self.recovery.is_none();
        match branch {
            Branch::Pose => &[Branch::Pose],
            Branch::Face => &[Branch::Face],
            Branch::LeftHand if is_of_body => &[Branch::LeftHand],
            Branch::RightHand if is_of_body => &[Branch::RightHand],
            Branch::LeftHand | Branch::RightHand | Branch::Palm => {
                &[Branch::Palm, Branch::LeftHand, Branch::RightHand]
            }
        }
    }

    /// Whether a hand is to be asked for by the body.
    pub(super) fn asks_body(&self, side: Branch) -> bool {
        let recovery = self.recovery.as_ref();
        let is_at_body = recovery.is_none_or(|r| r.side(side) == Some(HandProgress::AtBody));
        self.graph() == Graph::Holistic && is_at_body
    }

    /// The order in which an executor that is free for all takes up its branches. In [`Graph::Holistic`] palms, which few
    /// frames have hands by, come last.
    pub(super) fn order(&self) -> [Branch; Branch::ALL.len()] {
        let mut order = Branch::ALL;
        if self.graph() == Graph::Holistic {
            order.rotate_left(1);
        }
        order
    }

    pub(super) fn is_waiting(&self, branch: Branch) -> bool {
        matches!(self.branches[branch as usize], Progress::Waiting(_))
    }

    pub(super) fn is_through(&self, branch: Branch) -> bool {
        matches!(self.branches[branch as usize], Progress::Through)
    }

    /// Whether all is known of a branch that later frames go by.
    pub(super) fn has_passed_on(&self, branch: Branch) -> bool {
        self.is_through(branch) || branch == Branch::Face && self.wants_blendshapes
    }

    /// Whether pixels and epoch are there, and the pose where the branch hangs on it, or is known to be absent.
    pub(super) fn has_inputs_of(&self, branch: Branch) -> bool {
        let is_alone = branch == Branch::Pose || self.graph() == Graph::Landmarkers;
        self.epoch.is_some() && (is_alone || self.is_through(Branch::Pose))
    }

    pub(super) fn is_decoded(&self) -> bool {
        matches!(self.decode, Progress::Through)
    }

    /// Whether something can be done for a hand or the face while the pose is not known.
    pub(super) fn may_begin_early(&self, branch: Branch) -> bool {
        let progress = &self.branches[branch as usize];
        matches!(progress, Progress::Waiting(Early::NotBegun))
            && self.epoch.is_some()
            && !self.is_through(Branch::Pose)
    }

    pub(super) fn is_running_early(&self, branch: Branch) -> bool {
        let progress = &self.branches[branch as usize];
        matches!(progress, Progress::Waiting(Early::Running { .. }))
    }

    pub(super) fn begin_early(&mut self, branch: Branch, ticket: u64) {
        self.branches[branch as usize] = Progress::Waiting(Early::Running { ticket });
    }

    /// Keeps what came of an early task until its branch begins. A failure is forgotten: the branch does without.
    pub(super) fn end_early(&mut self, branch: Branch, outcome: Outcome<P>, elapsed_us: u64) {
        let early = match outcome {
            Outcome::Branch(BranchOutcome::Early(outcome)) => Early::Done {
                outcome: Box::new(outcome),
                elapsed_us,
            },
            _ => Early::Failed,
        };
        self.branches[branch as usize] = Progress::Waiting(early);
    }

    /// Whether this task, an early one or not, is under way.
    pub(super) fn is_running(&self, step: Step, ticket: u64) -> bool {
        let progress = match step {
            Step::Decode => &self.decode,
            Step::Branch(branch) => &self.branches[branch as usize],
        };
        match progress {
            Progress::Running { ticket: running }
            | Progress::Waiting(Early::Running { ticket: running }) => *running == ticket,
            _ => false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_decoded() && Branch::ALL.iter().all(|b| self.is_through(*b))
    }

    pub(super) fn decoded(&mut self, decoded: Decoded<P>, elapsed_us: u64) {
        self.decode = Progress::Through;
        self.keypoints.timings.decode = elapsed_us;
        self.keypoints.width = decoded.size.width;
        self.keypoints.height = decoded.size.height;
        self.pixels = Some(decoded.pixels);
        self.grey = decoded.grey.filter(|_| self.may_repeat());
        self.epoch = self.is_still.then(Epoch::default);
    }

    /// Begins a branch; what was done early for it.
    pub(super) fn begin(&mut self, branch: Branch, ticket: u64) -> Option<EarlyOutcome> {
        let running = Progress::Running { ticket };
        match std::mem::replace(&mut self.branches[branch as usize], running) {
            Progress::Waiting(Early::Done {
                outcome,
                elapsed_us,
            }) => {
                self.note_time(branch, elapsed_us);
                Some(*outcome)
            }
            _ => None,
        }
    }

    /// Lets a branch wait again that was begun. What was done early for it is gone.
    pub(super) fn take_back(&mut self, branch: Branch) {
        self.branches[branch as usize] = Progress::Waiting(Early::NotBegun);
    }

    /// A task of a branch is over, and so is the branch, unless it is one that may be asked again for this frame.
    pub(super) fn end(&mut self, branch: Branch, elapsed_us: u64) {
        let is_asked_again = match branch {
            Branch::LeftHand | Branch::RightHand => self.hands.is_some() || self.recovery.is_some(),
            Branch::Face => self.wants_blendshapes,
            Branch::Pose | Branch::Palm => false,
        };
        self.branches[branch as usize] = match is_asked_again {
            true => Progress::Waiting(Early::NotBegun),
            false => Progress::Through,
        };
        self.note_time(branch, elapsed_us);
    }

    pub(super) fn pass(&mut self, branch: Branch) {
        self.branches[branch as usize] = Progress::Through;
    }

    fn note_time(&mut self, branch: Branch, elapsed_us: u64) {
        let timings = &mut self.keypoints.timings;
        let time_us = match branch {
            Branch::Pose => &mut timings.pose,
            Branch::LeftHand => &mut timings.left_hand,
            Branch::RightHand => &mut timings.right_hand,
            Branch::Face => &mut timings.face,
            Branch::Palm => &mut timings.palm,
        };
        *time_us = time_us.saturating_add(elapsed_us);
    }

    pub(super) fn pass_hands(&mut self) {
        for branch in [Branch::Palm, Branch::LeftHand, Branch::RightHand] {
            self.pass(branch);
        }
    }

    pub(super) fn skip(&mut self, branch: Branch, reason: Option<MissingReason>) {
        self.pass(branch);
        self.set_missing(branch, reason);
    }

    pub(super) fn set_hand(
        &mut self,
        branch: Branch,
        presence: Option<f32>,
        landmarks: Option<HandLandmarks>,
        world: Option<HandWorldLandmarks>,
        source: Option<HandSource>,
    ) {
        let keypoints = &mut self.keypoints;
        if branch == Branch::LeftHand {
            keypoints.scores.left_hand = presence;
            keypoints.left_hand = landmarks;
            keypoints.left_hand_world = world;
        } else {
            keypoints.scores.right_hand = presence;
            keypoints.right_hand = landmarks;
            keypoints.right_hand_world = world;
        }
        if let Some(sources) = &mut keypoints.hand_sources {
            *match branch {
                Branch::LeftHand => &mut sources.left_hand,
                _ => &mut sources.right_hand,
            } = source;
        }
    }

    pub(super) fn set_missing(&mut self, branch: Branch, reason: Option<MissingReason>) {
        let missing = &mut self.keypoints.missing;
        *match branch {
            Branch::Pose => &mut missing.pose,
            Branch::LeftHand => &mut missing.left_hand,
            Branch::RightHand => &mut missing.right_hand,
            Branch::Face => &mut missing.face,
            Branch::Palm => return,
        } = reason;
    }

    /// The frame fails with its first error. What hangs on the failed step will not run; the other branches will, so that
    /// what the next frame sees does not depend on who was first.
    pub(super) fn fail(&mut self, step: Step, error: FrameError, elapsed_us: u64) {
        match step {
            Step::Decode => self.decode = Progress::Through,
            Step::Branch(branch) => {
                self.wants_blendshapes &= branch != Branch::Face;
                self.end(branch, elapsed_us);
                match (&mut self.hands, &mut self.recovery) {
                    (Some(hands), _) => hands.fail(branch),
                    (None, Some(recovery)) => recovery.fail(branch),
                    (None, None) => {}
                }
            }
        }
        let is_holistic = self.graph() == Graph::Holistic;
        if step == Step::Decode || step == Step::Branch(Branch::Pose) && is_holistic {
            self.branches = [const { Progress::Through }; Branch::ALL.len()];
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
        if self.options.mirrored {
            keypoints.mirror();
        }
        FrameResult::Keypoints(keypoints)
    }
}
