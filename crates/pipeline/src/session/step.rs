//! Tasks and their outcomes.

use crate::branch::{Branch, BranchJob, BranchOutcome};
use crate::error::FrameError;
use crate::motion::SmallGrey;
use crate::rect::ImageSize;

/// A step of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Bytes to pixels.
    Decode,
    /// One of the branches.
    Branch(Branch),
}

impl Step {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 6] = [
        Self::Decode,
        Self::Branch(Branch::Pose),
        Self::Branch(Branch::LeftHand),
        Self::Branch(Branch::RightHand),
        Self::Branch(Branch::Face),
        Self::Branch(Branch::Palm),
    ];

    /// The bit of this step in [`Steps`].
    #[must_use]
    pub const fn bit(self) -> u8 {
        match self {
            Self::Decode => 1,
            Self::Branch(Branch::Pose) => 2,
            Self::Branch(Branch::LeftHand) => 4,
            Self::Branch(Branch::RightHand) => 8,
            Self::Branch(Branch::Face) => 16,
            Self::Branch(Branch::Palm) => 32,
        }
    }

    /// The step of a bit.
    #[must_use]
    pub fn from_bit(bit: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.bit() == bit)
    }
}

/// A set of steps: what an executor serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps(u8);

impl Steps {
    /// Every step.
    pub const ALL: Self = Self(63);

    /// No step.
    pub const NONE: Self = Self(0);

    /// The set of these bits ([`Step::bit`]); others are ignored.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All but this step.
    #[must_use]
    pub const fn without(self, step: Step) -> Self {
        Self(self.0 & !step.bit())
    }

    /// The steps in the set, in the order of [`Step::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Step> {
        Step::ALL
            .into_iter()
            .filter(move |step| self.contains(*step))
    }

    /// Whether the step is in the set.
    #[must_use]
    pub const fn contains(self, step: Step) -> bool {
        self.0 & step.bit() != 0
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().fold(0, |bits, step| bits | step.bit()))
    }
}

/// Which task an outcome belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId {
    /// Running number of the task; no two are the same within a session.
    pub ticket: u64,
    /// Index of the frame.
    pub frame: u64,
    /// The step.
    pub step: Step,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Task<F, P> {
    /// To be given back with the outcome.
    pub id: TaskId,
    /// What to do.
    pub work: Work<F, P>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: copying a face's kilobytes costs less than allocating them for every frame"
)]
pub enum Work<F, P> {
    /// Decode the frame.
    Decode {
        /// As it was added.
        frame: F,
        /// Whether [`Decoded::grey`] is asked for.
        wants_grey: bool,
    },
    /// Run a branch on the frame's pixels.
    Branch(P, BranchJob),
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: copying a face's kilobytes costs less than allocating them for every frame"
)]
pub enum Outcome<P> {
    /// Of [`Work::Decode`].
    Decoded(Decoded<P>),
    /// Of [`Work::Branch`].
    Branch(BranchOutcome),
    /// Of either.
    Failed(FrameError),
}

/// A decoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<P> {
    /// Handle to the pixels.
    pub pixels: P,
    /// Their width and height.
    pub size: ImageSize,
    /// The picture in small, where [`Work::Decode`] asks for it. Without it the frame is never still.
    pub grey: Option<SmallGrey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_bit_of_its_own_and_reads_back() {
        let mut bits = 0;
        for step in Step::ALL {
            assert_eq!(bits & step.bit(), 0);
            bits |= step.bit();
            assert_eq!(Step::from_bit(step.bit()), Some(step));
        }
        assert_eq!(Steps::from_bits(bits), Steps::ALL);
        assert_eq!(Step::from_bit(3), None);
    }
}
