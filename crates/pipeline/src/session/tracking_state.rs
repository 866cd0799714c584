//! What a stream remembers from frame to frame: the pose's region and filters, and the previous landmarks and filters of
//! hands and face. Each branch reads and writes its own, in frame order, by the options of the frame.

use super::body_hands::{BodyHands, why_not_by_body};
use super::frame_in_work::FrameInWork;
use super::part_state::{Epoch, PartState};
use super::tracked_hands::TrackedHands;
use crate::branch::{
    BlendshapesJob, Branch, BranchJob, BranchOutcome, EarlyJob, FaceJob, FaceOutcome, PalmJob,
    PalmOutcome, PoseJob, PoseOutcome,
};
use crate::keypoints::MissingReason;
use crate::landmarks::FaceLandmarks;
use crate::options::Graph;
use crate::rect::{ImageSize, NormalizedRect};
use crate::roi;
use crate::smoothing::{FaceFilters, PoseFilters};

#[derive(Debug)]
pub(super) struct TrackingState {
    /// Of the frame that was decoded last, in order.
    epoch: Epoch,
    started_with: Option<(u64, ImageSize, Graph)>,
    last_timestamp_us: i64,
    pose_epoch: Epoch,
    filters: PoseFilters,
    pose_roi: Option<NormalizedRect>,
    body_hands: BodyHands,
    hands: TrackedHands,
    face: PartState<FaceLandmarks, FaceFilters>,
}

impl TrackingState {
    pub(super) fn new() -> Self {
        Self {
            epoch: Epoch::default(),
            started_with: None,
            last_timestamp_us: i64::MIN,
            pose_epoch: Epoch::default(),
            filters: PoseFilters::new(Graph::Holistic, true),
            pose_roi: None,
            body_hands: BodyHands::new(),
            hands: TrackedHands::default(),
            face: PartState::absent(Epoch::default()),
        }
    }

    /// The epoch of the decoded frame that is next. Tracking starts from scratch after a reset, and where pictures are of
    /// another size or frames run by another graph than before.
    pub(super) fn epoch_of<P: Clone>(&self, frame: &FrameInWork<P>) -> Epoch {
        let is_start = self.started_with != Some(start_of(frame));
        let is_earlier = frame.keypoints.timestamp_us < self.last_timestamp_us;
        Epoch {
            tracking: self.epoch.tracking + u64::from(is_start),
            filters: self.epoch.filters + u64::from(is_start || is_earlier),
        }
    }

    /// Gives a decoded frame its epoch.
    pub(super) fn enter<P: Clone>(&mut self, frame: &mut FrameInWork<P>) {
        self.epoch = self.epoch_of(frame);
        self.started_with = Some(start_of(frame));
        self.last_timestamp_us = frame.keypoints.timestamp_us;
        frame.set_epoch(self.epoch);
    }

    /// Does what a ready branch needs no executor for, and says whether there was anything: it ends one that was not asked
    /// for, or has no pose or a hidden wrist to go by; of hands without a body it makes the list, and takes it over.
    pub(super) fn settle<P: Clone>(&mut self, branch: Branch, frame: &mut FrameInWork<P>) -> bool {
        if !frame.asks_for(branch) {
            self.forget(branch, frame);
            frame.skip(branch, None);
            return true;
        }
        match frame.graph() {
            Graph::Holistic if frame.recovery.is_some() && is_of_hands(branch) => {
                self.body_hands.recover(branch, frame)
            }
            Graph::Holistic => self.skip(branch, frame),
            Graph::Landmarkers => self.settle_hands(branch, frame),
        }
    }

    fn skip<P: Clone>(&mut self, branch: Branch, frame: &mut FrameInWork<P>) -> bool {
        let pose = frame.keypoints.pose.as_ref();
        let reason = match branch {
            Branch::LeftHand | Branch::RightHand => why_not_by_body(branch, pose),
            Branch::Face if pose.is_none() => Some(MissingReason::NoPose),
            Branch::Pose | Branch::Face | Branch::Palm => None,
        };
        if reason.is_some() {
            self.forget(branch, frame);
            frame.skip(branch, reason);
        }
        reason.is_some()
    }

    fn settle_hands<P: Clone>(&mut self, branch: Branch, frame: &mut FrameInWork<P>) -> bool {
        if !is_of_hands(branch) {
            return false;
        }
        match frame.hands.take() {
            None => frame.hands = Some(self.hands.slots(frame)),
            Some(hands) if hands.are_through() => {
                self.hands.finish(hands, frame);
                frame.pass_hands();
            }
            hands => {
                frame.hands = hands;
                return false;
            }
        }
        true
    }

    /// The job of a ready branch that is not to be skipped.
    pub(super) fn job<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
    ) -> Option<BranchJob> {
        let options = frame.options();
        Some(match (branch, &frame.hands) {
            (Branch::Face, _) if frame.wants_blendshapes => {
                let landmarks = frame.keypoints.face.clone()?;
                BranchJob::Blendshapes(BlendshapesJob { landmarks })
            }
            (Branch::Face, _) => {
                let head = match frame.graph() {
                    Graph::Landmarkers => None,
                    Graph::Holistic => {
                        let pose = frame.keypoints.pose.as_ref()?;
                        Some(std::array::from_fn(|n| [pose[n][0], pose[n][1]]))
                    }
                };
                BranchJob::Face(self.face_job(head, frame))
            }
            (Branch::Pose, _) => BranchJob::Pose(self.pose_job(frame)),
            (Branch::Palm, hands) => {
                let hands = hands.as_ref().filter(|hands| hands.wants_palms())?;
                BranchJob::Palm(PalmJob {
                    min_detection_confidence: options.min_palm_detection_confidence,
                    most: hands.num_hands(),
                    graph: frame.graph(),
                })
            }
            (lane, Some(hands)) => BranchJob::HandInRegion {
                roi: hands.roi_of(lane)?,
                quality: options.quality,
            },
            (side, None) if frame.asks_body(side) => {
                let job = self.body_hands.job(side, frame)?;
                match side {
                    Branch::LeftHand => BranchJob::LeftHand(job),
                    _ => BranchJob::RightHand(job),
                }
            }
            (_, None) => return None,
        })
    }

    fn face_job<P: Clone>(&self, head: Option<[[f32; 2]; 11]>, frame: &FrameInWork<P>) -> FaceJob {
        let options = frame.options();
        FaceJob {
            head,
            points: options.face_points,
            previous: self.face.previous(frame.epoch()).cloned(),
            min_detection_confidence: options.min_face_detection_confidence,
            early: None,
        }
    }

    /// What can be done early for a branch that waits for its pose only: its landmark model on the region of the frame
    /// before.
    pub(super) fn early_job<P: Clone>(
        &self,
        branch: Branch,
        frame: &FrameInWork<P>,
    ) -> Option<EarlyJob> {
        let hangs_on_pose = frame.graph() == Graph::Holistic;
        if frame.is_still() || !frame.asks_for(branch) || !hangs_on_pose {
            return None;
        }
        // Where pixels are of another size (fast decoding), the region may differ in its last bits: it is not used then.
        let (size, epoch) = (frame.size(), frame.epoch());
        let job = match branch {
            Branch::Pose | Branch::Palm => None,
            Branch::LeftHand | Branch::RightHand => {
                let previous = self.body_hands.previous(branch, epoch);
                previous.map(|previous| EarlyJob::Hand {
                    roi: roi::hand_from_landmarks(previous, size),
                    quality: frame.options().quality,
                })
            }
            Branch::Face => self.face.previous(epoch).map(|mesh| {
                let points = frame.options().face_points;
                let roi = roi::face_from_mesh_near_head(mesh, points, size);
                EarlyJob::Face { roi, points }
            }),
        };
        job.filter(|job| job.roi().is_croppable())
    }

    fn pose_job<P: Clone>(&mut self, frame: &FrameInWork<P>) -> PoseJob {
        let (graph, options) = (frame.graph(), frame.options());
        let mut roi = None;
        if !frame.is_still() {
            let before = std::mem::replace(&mut self.pose_epoch, frame.epoch());
            if before.tracking != self.pose_epoch.tracking {
                self.pose_roi = None;
            }
            if before.filters != self.pose_epoch.filters {
                self.filters = PoseFilters::new(graph, options.smoothing);
            }
            roi = self.pose_roi;
        }
        PoseJob {
            roi,
            min_detection_confidence: options.min_pose_detection_confidence,
            graph,
            quality: options.quality,
        }
    }

    /// No landmarks on this frame: the next frame has nothing to go by.
    fn forget<P: Clone>(&mut self, branch: Branch, frame: &FrameInWork<P>) {
        if frame.is_still() {
            return;
        }
        match branch {
            Branch::Pose => {
                self.pose_roi = None;
                self.filters.pose_lost();
            }
            Branch::LeftHand | Branch::RightHand => self.body_hands.lost(branch, frame),
            Branch::Face => self.face.lost(frame.epoch()),
            Branch::Palm => self.hands.lost(),
        }
    }

    /// Takes the outcome of a branch over; false if it is of another branch.
    pub(super) fn finish<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        outcome: BranchOutcome,
    ) -> bool {
        let is_still = frame.is_still();
        let outcome = match outcome {
            BranchOutcome::Palm(PalmOutcome { rois }) if frame.recovery.is_some() => {
                let rois = BodyHands::without_found(frame, rois);
                BranchOutcome::Palm(PalmOutcome { rois })
            }
            outcome => outcome,
        };
        match (branch, outcome, &mut frame.hands) {
            (Branch::Pose, BranchOutcome::Pose(outcome), _) => self.finish_pose(frame, outcome),
            (Branch::Palm, BranchOutcome::Palm(outcome), Some(hands)) => {
                hands.add_palms(outcome.rois, is_still);
            }
            (
                Branch::LeftHand | Branch::RightHand,
                BranchOutcome::HandInRegion(reading),
                Some(hands),
            ) => hands.take(branch, reading),
            (Branch::LeftHand, BranchOutcome::LeftHand(outcome), None)
            | (Branch::RightHand, BranchOutcome::RightHand(outcome), None) => {
                self.body_hands.finish(branch, frame, outcome);
            }
            (Branch::Face, BranchOutcome::Blendshapes(scores), _) if frame.wants_blendshapes => {
                frame.wants_blendshapes = false;
                frame.keypoints.blendshapes = Some(scores);
            }
            (Branch::Face, BranchOutcome::Face(outcome), _) if !frame.wants_blendshapes => {
                self.finish_face(frame, outcome);
            }
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
            self.forget(Branch::Pose, frame);
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
                None => self.face.lost(frame.epoch()),
                Some(landmarks) => {
                    let filters = self.face.found(frame.epoch(), landmarks.clone());
                    // MediaPipe's FaceLandmarker smooths by itself.
                    if frame.options().face_smoothing || frame.graph() == Graph::Landmarkers {
                        filters.apply(landmarks, frame.keypoints.timestamp_us, frame.size());
                    } else {
                        *filters = FaceFilters::default();
                    }
                }
            }
        }
        frame.wants_blendshapes = frame.options().blendshapes && landmarks.is_some();
        frame.keypoints.face = landmarks;
    }
}

/// Tracking goes on while this stays the same.
fn start_of<P: Clone>(frame: &FrameInWork<P>) -> (u64, ImageSize, Graph) {
    (frame.generation(), frame.size(), frame.graph())
}

fn is_of_hands(branch: Branch) -> bool {
    !matches!(branch, Branch::Pose | Branch::Face)
}
