//! What a stream remembers from frame to frame: the pose's region and filters, and the previous landmarks of hands and
//! face. Each branch reads and writes its own, in frame order.

use super::frame_in_work::FrameInWork;
use crate::branch::{
    Branch, BranchJob, FaceJob, FaceOutcome, HandJob, HandOutcome, PoseJob, PoseOutcome,
};
use crate::keypoints::MissingReason;
use crate::landmarks::{FaceLandmarks, HandLandmarks, PoseLandmarks};
use crate::options::Options;
use crate::rect::{ImageSize, NormalizedRect};
use crate::roi;
use crate::smoothing::PoseFilters;

/// A hand is looked for while its wrist is more visible than this (HOLISTIC_SPEC §7.1).
const MIN_WRIST_VISIBILITY: f32 = 0.1;

#[derive(Debug)]
pub(super) struct TrackingState {
    /// From 1; 0 is the epoch of stills. Goes up whenever tracking starts from scratch: after a reset, or when the size of the pictures changes.
    epoch: u64,
    started_with: Option<(u64, ImageSize)>,
    smoothing: bool,
    filters: PoseFilters,
    pose_roi: Option<NormalizedRect>,
    left_hand: Previous<HandLandmarks>,
    right_hand: Previous<HandLandmarks>,
    face: Previous<FaceLandmarks>,
}

/// Landmarks of the frame before, good within one epoch.
#[derive(Debug)]
struct Previous<T> {
    epoch: u64,
    landmarks: Option<T>,
}

impl<T> Default for Previous<T> {
    fn default() -> Self {
        Self {
            epoch: 0,
            landmarks: None,
        }
    }
}

impl<T: Clone> Previous<T> {
    fn get(&self, epoch: u64) -> Option<T> {
        self.landmarks.clone().filter(|_| self.epoch == epoch)
    }

    fn set(&mut self, epoch: u64, landmarks: Option<T>) {
        *self = Self { epoch, landmarks };
    }
}

impl TrackingState {
    pub(super) fn new(smoothing: bool) -> Self {
        Self {
            epoch: 0,
            started_with: None,
            smoothing,
            filters: PoseFilters::new(smoothing),
            pose_roi: None,
            left_hand: Previous::default(),
            right_hand: Previous::default(),
            face: Previous::default(),
        }
    }

    /// Ends a ready branch that has nothing to run, and says whether it did: the part was not asked for, there is no
    /// pose, or the wrist is hidden.
    pub(super) fn skip<P: Clone>(&mut self, branch: Branch, frame: &mut FrameInWork<P>) -> bool {
        let reason = match (branch, &frame.keypoints.pose) {
            (Branch::Pose, _) => return false,
            _ if !frame.asks_for(branch) => None,
            (_, None) => Some(MissingReason::NoPose),
            (Branch::LeftHand, Some(pose)) if is_hidden(pose, LEFT_HAND) => {
                Some(MissingReason::OutOfView)
            }
            (Branch::RightHand, Some(pose)) if is_hidden(pose, RIGHT_HAND) => {
                Some(MissingReason::OutOfView)
            }
            _ => return false,
        };
        self.forget(branch, frame);
        frame.skip(branch, reason);
        true
    }

    /// The job of a ready branch that is not to be skipped.
    pub(super) fn job<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        options: &Options,
    ) -> Option<BranchJob> {
        if branch == Branch::Pose {
            return Some(BranchJob::Pose(self.pose_job(frame, options)));
        }
        let pose = frame.keypoints.pose.as_ref()?;
        // A still has no epoch: nothing is previous to it.
        let epoch = frame.epoch;
        Some(match branch {
            Branch::LeftHand => {
                BranchJob::LeftHand(hand_job(pose, LEFT_HAND, self.left_hand.get(epoch)))
            }
            Branch::RightHand => {
                BranchJob::RightHand(hand_job(pose, RIGHT_HAND, self.right_hand.get(epoch)))
            }
            Branch::Pose | Branch::Face => BranchJob::Face(FaceJob {
                head: std::array::from_fn(|n| [pose[n][0], pose[n][1]]),
                previous: self.face.get(epoch),
                min_detection_confidence: options.min_face_detection_confidence,
            }),
        })
    }

    fn pose_job<P: Clone>(&mut self, frame: &mut FrameInWork<P>, options: &Options) -> PoseJob {
        let mut roi = None;
        if !frame.is_still() {
            let conditions = (frame.generation(), frame.size());
            if self.started_with != Some(conditions) {
                self.started_with = Some(conditions);
                self.epoch += 1;
                self.pose_roi = None;
                self.filters = PoseFilters::new(self.smoothing);
            }
            frame.epoch = self.epoch;
            roi = self.pose_roi;
        }
        PoseJob {
            roi,
            min_detection_confidence: options.min_pose_detection_confidence,
        }
    }

    /// No landmarks on this frame: the next frame has nothing to go by.
    fn forget<P: Clone>(&mut self, branch: Branch, frame: &FrameInWork<P>) {
        if frame.is_still() {
            return;
        }
        match branch {
            Branch::Pose => {}
            Branch::LeftHand => self.left_hand.set(frame.epoch, None),
            Branch::RightHand => self.right_hand.set(frame.epoch, None),
            Branch::Face => self.face.set(frame.epoch, None),
        }
    }

    pub(super) fn finish_pose<P: Clone>(
        &mut self,
        frame: &mut FrameInWork<P>,
        outcome: PoseOutcome,
        options: &Options,
    ) {
        frame.keypoints.scores.pose = outcome.presence;
        let threshold = options.min_pose_presence_confidence;
        let is_present = outcome
            .presence
            .is_some_and(|presence| presence > threshold);
        let size = frame.size();
        let Some(raw) = outcome.pose.filter(|_| is_present) else {
            let reason = match outcome.presence {
                Some(_) => MissingReason::LowPresence,
                None => MissingReason::NoPose,
            };
            frame.set_missing(Branch::Pose, Some(reason));
            if !frame.is_still() {
                self.pose_roi = None;
                self.filters.pose_lost();
            }
            return;
        };
        if frame.is_still() {
            frame.keypoints.pose = Some(raw.landmarks);
            frame.keypoints.pose_world = Some(raw.world);
            return;
        }
        let smoothed = self.filters.apply(raw, frame.keypoints.timestamp_us, size);
        let next_roi = roi::pose_from_auxiliary(&smoothed.auxiliary, size);
        self.pose_roi = Some(next_roi).filter(NormalizedRect::is_croppable);
        frame.keypoints.pose = Some(smoothed.landmarks);
        frame.keypoints.pose_world = Some(smoothed.world);
    }

    pub(super) fn finish_hand<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        outcome: HandOutcome,
        options: &Options,
    ) {
        let threshold = options.min_hand_landmarks_confidence;
        let is_present = outcome
            .presence
            .is_some_and(|presence| presence > threshold);
        let landmarks = outcome.landmarks.filter(|_| is_present);
        let world = outcome.world.filter(|_| is_present);
        if landmarks.is_none() {
            let reason = match outcome.presence {
                Some(_) => MissingReason::LowPresence,
                None => MissingReason::OutOfView,
            };
            frame.set_missing(branch, Some(reason));
        }
        let is_left = branch == Branch::LeftHand;
        if !frame.is_still() {
            let previous = if is_left {
                &mut self.left_hand
            } else {
                &mut self.right_hand
            };
            previous.set(frame.epoch, landmarks.clone());
        }
        let keypoints = &mut frame.keypoints;
        if is_left {
            keypoints.scores.left_hand = outcome.presence;
            keypoints.left_hand = landmarks;
            keypoints.left_hand_world = world;
        } else {
            keypoints.scores.right_hand = outcome.presence;
            keypoints.right_hand = landmarks;
            keypoints.right_hand_world = world;
        }
    }

    pub(super) fn finish_face<P: Clone>(
        &mut self,
        frame: &mut FrameInWork<P>,
        outcome: FaceOutcome,
        options: &Options,
    ) {
        let threshold = options.min_face_presence_confidence;
        frame.keypoints.scores.face = outcome.mesh.as_ref().map(|mesh| mesh.presence);
        let has_run = outcome.mesh.is_some();
        let landmarks = outcome
            .mesh
            .filter(|mesh| mesh.presence > threshold)
            .map(|mesh| mesh.landmarks);
        if landmarks.is_none() {
            let reason = if has_run {
                MissingReason::LowPresence
            } else {
                MissingReason::OutOfView
            };
            frame.set_missing(Branch::Face, Some(reason));
        }
        if !frame.is_still() {
            self.face.set(frame.epoch, landmarks.clone());
        }
        frame.keypoints.face = landmarks;
    }
}

/// Pose points of a wrist, its little finger and its index finger.
type HandPoints = [usize; 3];
const LEFT_HAND: HandPoints = [15, 17, 19];
const RIGHT_HAND: HandPoints = [16, 18, 20];

fn is_hidden(pose: &PoseLandmarks, [wrist, ..]: HandPoints) -> bool {
    pose[wrist][3] <= MIN_WRIST_VISIBILITY
}

fn hand_job(pose: &PoseLandmarks, points: HandPoints, previous: Option<HandLandmarks>) -> HandJob {
    let [wrist, pinky, index] = points.map(|n| [pose[n][0], pose[n][1]]);
    HandJob {
        wrist,
        pinky,
        index,
        previous,
    }
}
