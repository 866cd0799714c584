//! With [`Hands::Recover`](crate::Hands), how far the two hands of one frame are, and whose hand a detected one is.
//!
//! Each side asks the body first. One to which the body gives no hand is sought where it was in the frame before, and then
//! among the palms that are detected. Regions to look at are [`HandSlots`](super::hand_slots::HandSlots), those of the frame
//! before and those of palms one after the other.

use super::tracked_hands::handedness;
use crate::branch::{Branch, HandReading};
use crate::keypoints::Handedness;
use crate::landmarks::PoseLandmarks;
use crate::rect::{ImageSize, NormalizedRect};

/// The two sides, by the branches that ask the body.
pub(super) const SIDES: [Branch; 2] = [Branch::LeftHand, Branch::RightHand];

/// The pose is sure of a wrist that is more visible than this: its side counts for more than what a hand looks like, which
/// from the back or from the fingers' ends deceives the model.
const MIN_SURE_VISIBILITY: f32 = 0.5;

/// A hand is of a wrist of the pose that is nearer to its own than this, in sides of its region: the length of a palm.
const MAX_WRIST_DISTANCE: f32 = 0.5;

#[derive(Debug, Default)]
pub(super) struct Recovery {
    sides: [Progress; 2],
    /// Hands that the body gives, but elsewhere than where a recovered one was: they count where that is gone.
    doubted: [Option<Box<HandReading>>; 2],
    /// Whether it is decided if palms are looked for, which is the last means.
    pub(super) has_looked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Progress {
    /// The body is asked.
    #[default]
    AtBody,
    /// The body gives no hand; not in this region, which was looked at.
    Sought {
        not_in: Option<NormalizedRect>,
    },
    /// It is looked at where the hand was in the frame before.
    Tracked,
    Found,
    /// A step failed: what is remembered of this side stays as it is.
    Failed,
}

impl Recovery {
    /// How far a side is; `None` for a branch that is none.
    pub(super) fn side(&self, branch: Branch) -> Option<Progress> {
        let place = SIDES.iter().position(|side| *side == branch)?;
        Some(self.sides[place])
    }

    pub(super) fn set(&mut self, side: Branch, progress: Progress) {
        if let Some(place) = SIDES.iter().position(|other| *other == side) {
            self.sides[place] = progress;
        }
    }

    /// The body gives a hand elsewhere than where a recovered one was in the frame before.
    pub(super) fn doubt(&mut self, side: Branch, hand: HandReading) {
        let not_in = Some(hand.roi);
        self.set(side, Progress::Sought { not_in });
        if let Some(place) = SIDES.iter().position(|other| *other == side) {
            self.doubted[place] = Some(Box::new(hand));
        }
    }

    pub(super) fn take_doubted(&mut self, side: Branch) -> Option<HandReading> {
        let place = SIDES.iter().position(|other| *other == side)?;
        self.doubted[place].take().map(|hand| *hand)
    }

    pub(super) fn is_at_body(&self) -> bool {
        self.sides.contains(&Progress::AtBody)
    }

    /// The step that asks the body for a hand failed.
    pub(super) fn fail(&mut self, branch: Branch) {
        self.set(branch, Progress::Failed);
    }

    /// The sides that still lack a hand.
    pub(super) fn sought(&self) -> impl Iterator<Item = Branch> + use<> {
        self.sides_that(|progress| matches!(progress, Progress::Sought { .. }))
    }

    pub(super) fn tracked(&self) -> impl Iterator<Item = Branch> + use<> {
        self.sides_that(|progress| progress == Progress::Tracked)
    }

    fn sides_that(&self, is_meant: fn(Progress) -> bool) -> impl Iterator<Item = Branch> + use<> {
        let sides = SIDES.into_iter().zip(self.sides);
        sides.filter_map(move |(side, progress)| is_meant(progress).then_some(side))
    }

    /// What was looked at and is not found there is sought elsewhere, or, where a step failed, not at all.
    pub(super) fn look_elsewhere(&mut self, has_failed: bool) {
        for progress in &mut self.sides {
            if matches!(progress, Progress::Tracked | Progress::Sought { .. }) {
                *progress = match has_failed {
                    true => Progress::Failed,
                    false => Progress::Sought { not_in: None },
                };
            }
        }
    }

    /// Whose of the sides that lack a hand this one is: of the only one whose wrist the pose sees there, else the one that
    /// it looks like.
    pub(super) fn side_of(
        &self,
        hand: &HandReading,
        pose: Option<&PoseLandmarks>,
        size: ImageSize,
    ) -> Option<Branch> {
        let is_at_wrist =
            |side: &Branch| pose.is_some_and(|pose| is_at_wrist(hand, pose, *side, size));
        let mut at_wrist = self.sought().filter(is_at_wrist);
        match (at_wrist.next(), at_wrist.next()) {
            (Some(side), None) => Some(side),
            _ => {
                let looks_like = match handedness(hand.right) {
                    Handedness::Left => Branch::LeftHand,
                    Handedness::Right => Branch::RightHand,
                };
                self.sought().find(|side| *side == looks_like)
            }
        }
    }
}

fn is_at_wrist(hand: &HandReading, pose: &PoseLandmarks, side: Branch, size: ImageSize) -> bool {
    const LEFT_WRIST: usize = 15;
    const RIGHT_WRIST: usize = 16;
    let Some(points) = &hand.landmarks else {
        return false;
    };
    let [x, y, _, visibility] = pose[match side {
        Branch::LeftHand => LEFT_WRIST,
        _ => RIGHT_WRIST,
    }];
    let (width, height) = size.as_f32();
    let distance = libm::hypotf((x - points[0][0]) * width, (y - points[0][1]) * height);
    visibility > MIN_SURE_VISIBILITY && distance < MAX_WRIST_DISTANCE * hand.roi.width * width
}
