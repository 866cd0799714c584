//! A hand of the list that a `keypoints` message has where hands are found without the body.

use live_keypoints_pipeline::{Handedness, TrackedHand};
use serde::{Deserialize, Serialize};

use crate::keypoints::finite;
use crate::points::{IncompletePart, Points};

/// A hand that was found without the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hand {
    /// The subject's own side; two hands may be of the same.
    pub handedness: Handedness,
    /// How sure the model is of the side, 0.5..=1.
    #[serde(deserialize_with = "finite")]
    pub score: f32,
    /// In the picture.
    pub points: Points<21, 3>,
    /// In metres.
    pub world: Points<21, 3>,
}

impl Hand {
    pub(crate) fn new(hand: &TrackedHand, indices: Option<&[u16]>) -> Self {
        Self {
            handedness: hand.handedness,
            score: hand.score,
            points: Points::select(&hand.points[..], indices),
            world: Points::select(&hand.world[..], indices),
        }
    }

    /// As the pipeline has it.
    ///
    /// # Errors
    /// [`IncompletePart`] where the message holds some of its points only.
    pub fn tracked(&self) -> Result<TrackedHand, IncompletePart> {
        Ok(TrackedHand {
            handedness: self.handedness,
            score: self.score,
            points: self.points.landmarks("hands")?,
            world: self.world.landmarks("hands")?,
        })
    }
}
