//! What a stream remembers from frame to frame: the pose's region and filters, and the previous landmarks and filters of
//! hands and face. Each branch reads and writes its own, in frame order, by the options of the frame.

use super::frame_in_work::FrameInWork;
use super::part_state::{Epoch, PartState};
use crate::branch::{
    Branch, BranchJob, BranchOutcome, EarlyJob, FaceJob, FaceOutcome, HandJob, HandOutcome,
    PoseJob, PoseOutcome,
};
use crate::keypoints::MissingReason;
use crate::landmarks::{FaceLandmarks, HandLandmarks, PoseLandmarks};
use crate::options::Quality;
use crate::rect::{ImageSize, NormalizedRect};
use crate::roi;
use crate::smoothing::{FaceFilters, HandFilters, PoseFilters};

/// A hand is looked for while its wrist is more visible than this (HOLISTIC_SPEC §7.1).
const MIN_WRIST_VISIBILITY: f32 = 0.1;

#[derive(Debug)]
pub(super) struct TrackingState {
    epoch: Epoch,
    started_with: Option<(u64, ImageSize)>,
    last_timestamp_us: i64,
    filters: PoseFilters,
    pose_roi: Option<NormalizedRect>,
    left_hand: PartState<HandLandmarks, HandFilters>,
    right_hand: PartState<HandLandmarks, HandFilters>,
    face: PartState<FaceLandmarks, FaceFilters>,
}

impl TrackingState {
    pub(super) fn new() -> Self {
        Self {
            epoch: Epoch::default(),
            started_with: None,
            last_timestamp_us: i64::MIN,
            filters: PoseFilters::new(true),
            pose_roi: None,
            left_hand: PartState::absent(Epoch::default()),
            right_hand: PartState::absent(Epoch::default()),
            face: PartState::absent(Epoch::default()),
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
    ) -> Option<BranchJob> {
        if branch == Branch::Pose {
            return Some(BranchJob::Pose(self.pose_job(frame)));
        }
        let pose = frame.keypoints.pose.as_ref()?;
        // A still has no epoch: nothing is previous to it.
        let epoch = frame.epoch;
        let quality = frame.options().quality;
        Some(match branch {
            Branch::LeftHand => {
                let previous = self.left_hand.previous(epoch);
                BranchJob::LeftHand(hand_job(pose, LEFT_HAND, previous.cloned(), quality))
            }
            Branch::RightHand => {
                let previous = self.right_hand.previous(epoch);
                BranchJob::RightHand(hand_job(pose, RIGHT_HAND, previous.cloned(), quality))
            }
            Branch::Pose | Branch::Face => BranchJob::Face(FaceJob {
                head: Some(std::array::from_fn(|n| [pose[n][0], pose[n][1]])),
                points: frame.options().face_points,
                previous: self.face.previous(epoch).cloned(),
                min_detection_confidence: frame.options().min_face_detection_confidence,
                early: None,
            }),
        })
    }

    /// What can be done early for a branch that waits for its pose only: its landmark model on the region of the frame
    /// before.
    pub(super) fn early_job<P: Clone>(
        &self,
        branch: Branch,
        frame: &FrameInWork<P>,
    ) -> Option<EarlyJob> {
        if frame.is_still() || !frame.asks_for(branch) || self.starts_with(frame) {
            return None;
        }
        // Where pixels are of another size (fast decoding), the region may differ in its last bits: it is not used then.
        let size = frame.size();
        let hand = |state: &PartState<HandLandmarks, HandFilters>| {
            Some(EarlyJob::Hand {
                roi: roi::hand_from_landmarks(state.previous(self.epoch)?, size),
                quality: frame.options().quality,
            })
        };
        let job = match branch {
            Branch::Pose => None,
            Branch::LeftHand => hand(&self.left_hand),
            Branch::RightHand => hand(&self.right_hand),
            Branch::Face => self.face.previous(self.epoch).map(|mesh| EarlyJob::Face {
                roi: roi::face_from_mesh_near_head(mesh, size),
                points: frame.options().face_points,
            }),
        };
        job.filter(|job| job.roi().is_croppable())
    }

    /// Whether tracking starts from scratch with this frame.
    fn starts_with<P: Clone>(&self, frame: &FrameInWork<P>) -> bool {
        self.started_with != Some((frame.generation(), frame.size()))
    }

    fn pose_job<P: Clone>(&mut self, frame: &mut FrameInWork<P>) -> PoseJob {
        let mut roi = None;
        if !frame.is_still() {
            let is_start = self.starts_with(frame);
            if is_start {
                self.started_with = Some((frame.generation(), frame.size()));
                self.epoch.tracking += 1;
                self.pose_roi = None;
            }
            let timestamp_us = frame.keypoints.timestamp_us;
            if is_start || timestamp_us < self.last_timestamp_us {
                self.epoch.filters += 1;
                self.filters = PoseFilters::new(frame.options().smoothing);
            }
            self.last_timestamp_us = timestamp_us;
            frame.epoch = self.epoch;
            roi = self.pose_roi;
        }
        PoseJob {
            roi,
            min_detection_confidence: frame.options().min_pose_detection_confidence,
            quality: frame.options().quality,
        }
    }

    /// No landmarks on this frame: the next frame has nothing to go by.
    fn forget<P: Clone>(&mut self, branch: Branch, frame: &FrameInWork<P>) {
        if frame.is_still() {
            return;
        }
        match branch {
            Branch::Pose => {}
            Branch::LeftHand => self.left_hand.lost(frame.epoch),
            Branch::RightHand => self.right_hand.lost(frame.epoch),
            Branch::Face => self.face.lost(frame.epoch),
        }
    }

    /// Takes the outcome of a branch over; false if it is of another branch.
    pub(super) fn finish<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        outcome: BranchOutcome,
    ) -> bool {
        match (branch, outcome) {
            (Branch::Pose, BranchOutcome::Pose(outcome)) => self.finish_pose(frame, outcome),
            (Branch::LeftHand, BranchOutcome::LeftHand(outcome))
            | (Branch::RightHand, BranchOutcome::RightHand(outcome)) => {
                self.finish_hand(branch, frame, outcome);
            }
            (Branch::Face, BranchOutcome::Face(outcome)) => self.finish_face(frame, outcome),
            _ => return false,
        }
        true
    }

    fn finish_pose<P: Clone>(&mut self, frame: &mut FrameInWork<P>, outcome: PoseOutcome) {
        frame.keypoints.scores.pose = outcome.presence;
        let threshold = frame.options().min_pose_presence_confidence;
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
        self.filters.set_smoothing(frame.options().smoothing);
        let smoothed = self.filters.apply(raw, frame.keypoints.timestamp_us, size);
        let next_roi = roi::pose_from_auxiliary(&smoothed.auxiliary, size);
        self.pose_roi = Some(next_roi).filter(NormalizedRect::is_croppable);
        frame.keypoints.pose = Some(smoothed.landmarks);
        frame.keypoints.pose_world = Some(smoothed.world);
    }

    fn finish_hand<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        outcome: HandOutcome,
    ) {
        let threshold = frame.options().min_hand_landmarks_confidence;
        let presence = outcome.reading.as_ref().map(|reading| reading.presence);
        let reading = outcome
            .reading
            .filter(|reading| reading.presence > threshold);
        let (mut landmarks, mut world) =
            reading.map_or((None, None), |reading| (reading.landmarks, reading.world));
        if landmarks.is_none() {
            let reason = match presence {
                Some(_) => MissingReason::LowPresence,
                None => MissingReason::OutOfView,
            };
            frame.set_missing(branch, Some(reason));
        }
        let is_left = branch == Branch::LeftHand;
        if !frame.is_still() {
            let state = if is_left {
                &mut self.left_hand
            } else {
                &mut self.right_hand
            };
            match &mut landmarks {
                None => state.lost(frame.epoch),
                Some(landmarks) => {
                    let filters = state.found(frame.epoch, landmarks.clone());
                    if frame.options().hand_smoothing {
                        let timestamp_us = frame.keypoints.timestamp_us;
                        filters.apply(landmarks, world.as_mut(), timestamp_us, frame.size());
                    } else {
                        *filters = HandFilters::default();
                    }
                }
            }
        }
        let keypoints = &mut frame.keypoints;
        if is_left {
            keypoints.scores.left_hand = presence;
            keypoints.left_hand = landmarks;
            keypoints.left_hand_world = world;
        } else {
            keypoints.scores.right_hand = presence;
            keypoints.right_hand = landmarks;
            keypoints.right_hand_world = world;
        }
    }

    fn finish_face<P: Clone>(&mut self, frame: &mut FrameInWork<P>, outcome: FaceOutcome) {
        let threshold = frame.options().min_face_presence_confidence;
        frame.keypoints.scores.face = outcome.mesh.as_ref().map(|mesh| mesh.presence);
        let has_run = outcome.mesh.is_some();
        let mut landmarks = outcome
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
            match &mut landmarks {
                None => self.face.lost(frame.epoch),
                Some(landmarks) => {
                    let filters = self.face.found(frame.epoch, landmarks.clone());
                    if frame.options().face_smoothing {
                        filters.apply(landmarks, frame.keypoints.timestamp_us, frame.size());
                    } else {
                        *filters = FaceFilters::default();
                    }
                }
            }
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

fn hand_job(
    pose: &PoseLandmarks,
    points: HandPoints,
    previous: Option<HandLandmarks>,
    quality: Quality,
) -> HandJob {
    let [wrist, pinky, index] = points.map(|n| [pose[n][0], pose[n][1]]);
    HandJob {
        wrist,
        pinky,
        index,
        previous,
        quality,
        early: None,
    }
}
