//! How strong the expressions of a face are.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::topology::BLENDSHAPE_NAMES;

const COUNT: usize = BLENDSHAPE_NAMES.len();

/// A score from 0 to 1 for each expression of [`BLENDSHAPE_NAMES`]. Sides are the subject's own. The first, `_neutral`,
/// means nothing.
///
/// In JSON it is an array of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<f32>", try_from = "Vec<f32>")]
pub struct Blendshapes([f32; COUNT]);

impl Blendshapes {
    /// Takes the scores over.
    #[must_use]
    pub const fn new(scores: [f32; COUNT]) -> Self {
        Self(scores)
    }
}

impl Deref for Blendshapes {
    type Target = [f32; COUNT];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Blendshapes> for Vec<f32> {
    fn from(blendshapes: Blendshapes) -> Self {
        blendshapes.0.into()
    }
}

impl TryFrom<Vec<f32>> for Blendshapes {
    type Error = String;

    fn try_from(scores: Vec<f32>) -> Result<Self, String> {
        let wrong = |scores: Vec<f32>| format!("{} scores instead of {COUNT}", scores.len());
        scores.try_into().map(Self).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_an_array_of_52_numbers() {
        let blendshapes = Blendshapes::new(std::array::from_fn(|n| n as f32 / 64.0));
        let json = serde_json::to_string(&blendshapes).unwrap();
        assert!(json.starts_with("[0.0,0.015625,"), "{json}");
        let read = serde_json::from_str::<Blendshapes>(&json);
        assert_eq!(read.unwrap(), blendshapes);
        let error = serde_json::from_str::<Blendshapes>("[0.5]").unwrap_err();
        assert!(error.to_string().contains("1 scores instead of 52"));
    }
}
