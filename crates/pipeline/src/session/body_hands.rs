//! What a stream remembers of its hands in [`Graph::Holistic`](crate::Graph), and what the steps of a frame come to: hands
//! near the pose's wrists, and with [`Hands::Recover`](crate::Hands) those that are found otherwise.

use super::frame_in_work::FrameInWork;
use super::hand_slots::{HandSlots, is_one_region};
use super::part_state::{Epoch, PartState};
use super::recovery::{Progress, Recovery, SIDES};
use super::tracked_hands::is_same_hand;
use crate::branch::{Branch, HandJob, HandOutcome, HandReading};
use crate::keypoints::{HandSource, MissingReason};
use crate::landmarks::{HandLandmarks, PoseLandmarks};
use crate::options::MAX_HANDS;
use crate::rect::{ImageSize, NormalizedRect};
use crate::roi;
use crate::smoothing::HandFilters;

/// A hand is looked for while its wrist is more visible than this (HOLISTIC_SPEC §7.1).
const MIN_WRIST_VISIBILITY: f32 = 0.1;

/// Palms are looked for in one of this many frames at most. The detector takes as long as the hand model: so a hand that is
/// not in the picture costs less than one that is, and one that comes is found within a tenth of a second at 30 a second.
const FRAMES_PER_LOOK: u32 = 3;

#[derive(Debug)]
pub(super) struct BodyHands {
    left: PartState<HandLandmarks, HandFilters>,
    right: PartState<HandLandmarks, HandFilters>,
    /// Of the left and the right one, whether it was found without the body.
    are_recovered: [bool; 2],
    look: Look,
}

/// When palms were looked for.
#[derive(Debug, Default)]
struct Look {
    epoch: Epoch,
    frames_to_wait: u32,
}

impl BodyHands {
    pub(super) fn new() -> Self {
        Self {
            left: PartState::absent(Epoch::default()),
            right: PartState::absent(Epoch::default()),
            are_recovered: [false; 2],
            look: Look::default(),
        }
    }

    fn state(&mut self, side: Branch) -> &mut PartState<HandLandmarks, HandFilters> {
        match side {
            Branch::LeftHand => &mut self.left,
            _ => &mut self.right,
        }
    }

    /// The hand in the frame before.
    pub(super) fn previous(&self, side: Branch, epoch: Epoch) -> Option<&HandLandmarks> {
        match side {
            Branch::LeftHand => self.left.previous(epoch),
            _ => self.right.previous(epoch),
        }
    }

    /// No such hand in this frame.
    pub(super) fn lost<P: Clone>(&mut self, side: Branch, frame: &FrameInWork<P>) {
        if !frame.is_still() {
            self.state(side).lost(frame.epoch());
        }
    }

    /// What asks the body for a hand.
    pub(super) fn job<P: Clone>(&self, side: Branch, frame: &FrameInWork<P>) -> Option<HandJob> {
        let pose = frame.keypoints.pose.as_ref()?;
        let [wrist, pinky, index] = points_of(side).map(|n| [pose[n][0], pose[n][1]]);
        Some(HandJob {
            wrist,
            pinky,
            index,
            previous: self.previous(side, frame.epoch()).cloned(),
            quality: frame.options().quality,
            early: None,
        })
    }

    /// Takes over what the body gave.
    pub(super) fn finish<P: Clone>(
        &mut self,
        side: Branch,
        frame: &mut FrameInWork<P>,
        outcome: HandOutcome,
    ) {
        let reading = outcome.reading;
        let presence = reading.as_ref().map(|reading| reading.presence);
        let not_in = reading.as_ref().map(|reading| reading.roi);
        if let Some(reading) = reading.filter(|reading| is_hand(reading, frame)) {
            let was_elsewhere = self.was_recovered_elsewhere(side, frame, &reading.roi);
            match &mut frame.recovery {
                Some(recovery) if was_elsewhere => return recovery.doubt(side, reading),
                Some(recovery) => recovery.set(side, Progress::Found),
                None => {}
            }
            self.found(side, frame, reading, HandSource::Body);
            return;
        }
        let reason = match presence {
            Some(_) => MissingReason::LowPresence,
            None => MissingReason::OutOfView,
        };
        frame.set_missing(side, Some(reason));
        frame.set_hand(side, presence, None, None, None);
        match &mut frame.recovery {
            Some(recovery) => recovery.set(side, Progress::Sought { not_in }),
            None => self.lost(side, frame),
        }
    }

    /// Whether the hand of the frame before was found without the body, and in another region than this.
    fn was_recovered_elsewhere<P: Clone>(
        &self,
        side: Branch,
        frame: &FrameInWork<P>,
        roi: &NormalizedRect,
    ) -> bool {
        let previous = self.previous(side, frame.epoch());
        let was_at = previous.map(|hand| roi::hand_from_landmarks(hand, frame.size()));
        let is_elsewhere = was_at.is_some_and(|was_at| !was_at.has_bits_of(roi));
        is_elsewhere && self.are_recovered[usize::from(side == Branch::RightHand)]
    }

    fn found<P: Clone>(
        &mut self,
        side: Branch,
        frame: &mut FrameInWork<P>,
        reading: HandReading,
        source: HandSource,
    ) {
        let (mut landmarks, mut world) = (reading.landmarks, reading.world);
        if let Some(landmarks) = landmarks.as_mut().filter(|_| !frame.is_still()) {
            self.are_recovered[usize::from(side == Branch::RightHand)] = source != HandSource::Body;
            let filters = self.state(side).found(frame.epoch(), landmarks.clone());
            if frame.options().hand_smoothing {
                let timestamp_us = frame.keypoints.timestamp_us;
                filters.apply(landmarks, world.as_mut(), timestamp_us, frame.size());
            } else {
                *filters = HandFilters::default();
            }
        }
        frame.set_missing(side, None);
        frame.set_hand(side, Some(reading.presence), landmarks, world, Some(source));
    }

    /// With [`Hands::Recover`](crate::Hands), does what needs no executor for the hands of a frame, and says whether there was
    /// anything. When all three steps wait and nothing is left to look at, it ends them.
    pub(super) fn recover<P: Clone>(&mut self, branch: Branch, frame: &mut FrameInWork<P>) -> bool {
        let Some(mut recovery) = frame.recovery.take() else {
            return false;
        };
        let has_changed = self.go_on(branch, frame, &mut recovery);
        frame.recovery = Some(recovery);
        has_changed
    }

    fn go_on<P: Clone>(
        &mut self,
        branch: Branch,
        frame: &mut FrameInWork<P>,
        recovery: &mut Recovery,
    ) -> bool {
        if recovery.side(branch) == Some(Progress::AtBody) {
            let reason = why_not_by_body(branch, frame.keypoints.pose.as_ref());
            if reason.is_some() {
                frame.set_missing(branch, reason);
                recovery.set(branch, Progress::Sought { not_in: None });
            }
            return reason.is_some();
        }
        if recovery.is_at_body() {
            return false;
        }
        match frame.hands.take() {
            None => frame.hands = Some(self.where_hands_were(frame, recovery)),
            Some(hands) if hands.are_through() => {
                self.take_over(hands, frame, recovery);
                let is_last = std::mem::replace(&mut recovery.has_looked, true);
                let is_wanted = !is_last && recovery.sought().next().is_some();
                let is_due =
                    frame.is_still() || is_last || self.look.is_due(frame.epoch(), is_wanted);
                if is_wanted && is_due {
                    frame.hands = Some(HandSlots::new(std::iter::empty(), MAX_HANDS));
                } else {
                    for side in recovery.sought() {
                        self.lost(side, frame);
                    }
                    frame.pass_hands();
                }
            }
            hands => {
                frame.hands = hands;
                return false;
            }
        }
        true
    }

    /// The regions of the frame before, for the sides that lack a hand and were not looked at there.
    fn where_hands_were<P: Clone>(
        &self,
        frame: &FrameInWork<P>,
        recovery: &mut Recovery,
    ) -> HandSlots {
        let mut rois = Vec::new();
        for side in SIDES {
            let (Some(Progress::Sought { not_in }), Some(previous)) =
                (recovery.side(side), self.previous(side, frame.epoch()))
            else {
                continue;
            };
            let roi = roi::hand_from_landmarks(previous, frame.size());
            if roi.is_croppable() && not_in.is_none_or(|other| !other.has_bits_of(&roi)) {
                recovery.set(side, Progress::Tracked);
                rois.push(roi);
            }
        }
        let number = rois.len();
        HandSlots::new(rois.into_iter(), number)
    }

    /// The regions of palms in which no hand was found yet.
    pub(super) fn without_found<P: Clone>(
        frame: &FrameInWork<P>,
        mut palms: Vec<NormalizedRect>,
    ) -> Vec<NormalizedRect> {
        for hand in hands_of(frame) {
            let found = roi::hand_from_landmarks(hand, frame.size());
            palms.retain(|palm| !is_one_region(palm, &found));
        }
        palms
    }

    /// Takes over what the model gave for the regions of the frame before, or of palms.
    fn take_over<P: Clone>(
        &mut self,
        hands: HandSlots,
        frame: &mut FrameInWork<P>,
        recovery: &mut Recovery,
    ) {
        let has_failed = hands.have_failed();
        let tracked: Vec<Branch> = recovery.tracked().collect();
        for (was_at, reading) in hands.into_readings() {
            let (side, source) = match was_at {
                Some(place) => (tracked.get(place).copied(), HandSource::Tracked),
                None => {
                    let pose = frame.keypoints.pose.as_ref();
                    let side = recovery.side_of(&reading, pose, frame.size());
                    (side, HandSource::Palm)
                }
            };
            let Some(side) = side.filter(|_| is_hand(&reading, frame)) else {
                continue;
            };
            if is_known(&reading, frame) {
                continue;
            }
            recovery.set(side, Progress::Found);
            match recovery.take_doubted(side) {
                Some(by_body) if is_one_hand(&by_body, &reading, frame.size()) => {
                    self.found(side, frame, by_body, HandSource::Body);
                }
                _ => self.found(side, frame, reading, source),
            }
        }
        recovery.look_elsewhere(has_failed);
        for side in recovery.sought() {
            let by_body = recovery.take_doubted(side);
            if let Some(by_body) = by_body.filter(|by_body| !is_known(by_body, frame)) {
                recovery.set(side, Progress::Found);
                self.found(side, frame, by_body, HandSource::Body);
            }
        }
    }
}

impl Look {
    /// Whether palms are looked for in a frame of the stream. It is asked once for each, in order.
    fn is_due(&mut self, epoch: Epoch, is_wanted: bool) -> bool {
        if self.epoch.tracking != epoch.tracking {
            self.epoch = epoch;
            self.frames_to_wait = 0;
        }
        let is_due = is_wanted && self.frames_to_wait == 0;
        self.frames_to_wait = match is_due {
            true => FRAMES_PER_LOOK - 1,
            false => self.frames_to_wait.saturating_sub(1),
        };
        is_due
    }
}

/// Why the body gives no hand, where that is known without looking.
pub(super) fn why_not_by_body(side: Branch, pose: Option<&PoseLandmarks>) -> Option<MissingReason> {
    let Some(pose) = pose else {
        return Some(MissingReason::NoPose);
    };
    let [wrist, ..] = points_of(side);
    (pose[wrist][3] <= MIN_WRIST_VISIBILITY).then_some(MissingReason::OutOfView)
}

/// Pose points of a wrist, its little finger and its index finger.
fn points_of(side: Branch) -> [usize; 3] {
    match side {
        Branch::LeftHand => [15, 17, 19],
        _ => [16, 18, 20],
    }
}

fn is_hand<P: Clone>(reading: &HandReading, frame: &FrameInWork<P>) -> bool {
    let threshold = frame.options().min_hand_landmarks_confidence;
    reading.presence > threshold && reading.landmarks.is_some()
}

/// Whether the other side has this hand already.
fn is_known<P: Clone>(reading: &HandReading, frame: &FrameInWork<P>) -> bool {
    let points = reading.landmarks.as_ref();
    let is_same = |other| points.is_some_and(|points| is_same_hand(points, other, frame.size()));
    hands_of(frame).any(is_same)
}

fn is_one_hand(a: &HandReading, b: &HandReading, size: ImageSize) -> bool {
    let points = a.landmarks.as_ref().zip(b.landmarks.as_ref());
    points.is_some_and(|(a, b)| is_same_hand(a, b, size))
}

/// The hands of the frame that are known.
fn hands_of<P: Clone>(frame: &FrameInWork<P>) -> impl Iterator<Item = &HandLandmarks> {
    let keypoints = &frame.keypoints;
    [&keypoints.left_hand, &keypoints.right_hand]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes, looks lie apart, and one that is wanted does not wait for longer than that. A new stretch of the
        /// stream starts with one.
        #[test]
        fn looks_lie_apart_and_do_not_wait_for_longer(
            frames in prop::collection::vec((any::<bool>(), 0u8..12), 0..60),
        ) {
            let mut look = Look::default();
            let mut epoch = Epoch::default();
            let mut since_look = None;
            for (is_wanted, luck) in frames {
                if luck == 0 {
                    epoch.tracking += 1;
                    since_look = None;
                }
                // A step back in time restarts filters, not tracking.
                epoch.filters += u64::from(luck == 1);
                let is_due = is_wanted && since_look.is_none_or(|frames| frames >= FRAMES_PER_LOOK);
                prop_assert_eq!(look.is_due(epoch, is_wanted), is_due);
                since_look = match is_due {
                    true => Some(1),
                    false => since_look.map(|frames| frames + 1),
                };
            }
        }
    }
}
