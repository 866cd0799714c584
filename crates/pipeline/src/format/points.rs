//! Which points of a part a message holds: all, or some in an order of their own.
//!
//! ```
//! use live_keypoints_pipeline::format::points::{PointLists, PointSelection};
//!
//! let eyes = PointLists { face: Some(vec![33, 263]), ..PointLists::default() };
//! assert!(PointSelection::try_from(eyes).is_ok());
//! let beyond = PointLists { hands: Some(vec![4, 21]), ..PointLists::default() };
//! let error = PointSelection::try_from(beyond).unwrap_err();
//! assert_eq!(error.to_string(), "points of hands must be indices from 0 to 20, not 21");
//! ```

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};
use thiserror::Error;

use crate::error::ErrorCode;
use crate::landmarks::Landmarks;

/// Indices by part as a client gives them, unchecked; `None` for all points of a part, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointLists {
    /// Of the 33 of the body, in the picture and in metres.
    pub pose: Option<Vec<u64>>,
    /// Of the 21 of each hand, in the picture and in metres.
    pub hands: Option<Vec<u64>>,
    /// Of the 468 of the face.
    pub face: Option<Vec<u64>>,
}

/// A list of points that is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidPoints {
    /// There is no such point.
    #[error("points of {part} must be indices from 0 to {}, not {index}", count - 1)]
    OutOfRange {
        /// Name of the part: `pose`, `hands` or `face`.
        part: &'static str,
        /// The index given.
        index: u64,
        /// Number of points that the part has.
        count: usize,
    },
    /// A point comes twice; were that allowed, a short list could ask for messages of any length.
    #[error("points of {part} must be given once, and {index} comes twice")]
    Repeated {
        /// Name of the part.
        part: &'static str,
        /// The index given twice.
        index: u64,
    },
}

impl InvalidPoints {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidOption
    }
}

/// Checked [`PointLists`]: every index is one of its part, and none comes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PointLists")]
pub struct PointSelection {
    pub(super) pose: Points,
    pub(super) hands: Points,
    pub(super) face: Points,
}

/// Indices below the number of points of their part; `None` for all.
pub(super) type Points = Option<Box<[u16]>>;

impl PointSelection {
    /// Every point of every part.
    pub const ALL: Self = Self {
        pose: None,
        hands: None,
        face: None,
    };
}

impl TryFrom<PointLists> for PointSelection {
    type Error = InvalidPoints;

    fn try_from(lists: PointLists) -> Result<Self, InvalidPoints> {
        Ok(Self {
            pose: checked::<33>("pose", lists.pose)?,
            hands: checked::<21>("hands", lists.hands)?,
            face: checked::<468>("face", lists.face)?,
        })
    }
}

fn checked<const COUNT: usize>(
    part: &'static str,
    list: Option<Vec<u64>>,
) -> Result<Points, InvalidPoints> {
    let Some(list) = list else { return Ok(None) };
    let mut is_given = [false; COUNT];
    let check = |index: u64| {
        let slot = usize::try_from(index)
            .ok()
            .and_then(|n| is_given.get_mut(n));
        match slot {
            None => Err(InvalidPoints::OutOfRange {
                part,
                index,
                count: COUNT,
            }),
            Some(true) => Err(InvalidPoints::Repeated { part, index }),
            // Below 468.
            Some(slot) => {
                *slot = true;
                Ok(index as u16)
            }
        }
    };
    list.into_iter()
        .map(check)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The selected points of a part, as an array of arrays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected<'a, const N: usize, const D: usize> {
    landmarks: &'a Landmarks<N, D>,
    points: Option<&'a [u16]>,
}

impl<'a, const N: usize, const D: usize> Selected<'a, N, D> {
    pub(super) fn new(landmarks: &'a Landmarks<N, D>, points: &'a Points) -> Self {
        Self {
            landmarks,
            points: points.as_deref(),
        }
    }
}

impl<const N: usize, const D: usize> Serialize for Selected<'_, N, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.points {
            None => self.landmarks.serialize(serializer),
            Some(points) => {
                let point = |index: &u16| self.landmarks[usize::from(*index)].as_slice();
                serializer.collect_seq(points.iter().map(point))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(json: &str) -> Result<PointSelection, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn selected_points_come_in_the_order_of_their_list() {
        let selection = selection(r#"{"hands":[20,0,4],"face":[]}"#).unwrap();
        let hand = Landmarks::<21, 3>::from_fn(|n| [n as f32, 0.1, -0.5]);
        let json = |points| serde_json::to_string(&Selected::new(&hand, points)).unwrap();
        assert_eq!(
            json(&selection.hands),
            "[[20.0,0.1,-0.5],[0.0,0.1,-0.5],[4.0,0.1,-0.5]]"
        );
        assert_eq!(json(&selection.face), "[]");
        assert_eq!(json(&None), serde_json::to_string(&hand).unwrap());
        assert_eq!(selection.pose, None);
    }

    #[test]
    fn a_wrong_list_is_refused_by_part_and_index() {
        for (json, part, problem) in [
            (r#"{"pose":[0,33]}"#, "pose", "33"),
            (r#"{"hands":[21]}"#, "hands", "21"),
            (r#"{"face":[467,468]}"#, "face", "468"),
            (
                r#"{"face":[18446744073709551615]}"#,
                "face",
                "18446744073709551615",
            ),
            (r#"{"face":[7,8,7]}"#, "face", "7 comes twice"),
            (r#"{"left_hand":[1]}"#, "left_hand", "unknown field"),
            (r#"{"pose":[-1]}"#, "-1", "expected u64"),
            (r#"{"pose":[1.5]}"#, "1.5", "expected u64"),
        ] {
            let error = selection(json).unwrap_err();
            assert!(error.contains(part) && error.contains(problem), "{error}");
        }
        let lists = PointLists {
            pose: Some(vec![40]),
            ..PointLists::default()
        };
        let error = PointSelection::try_from(lists).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidOption);
        assert_eq!(selection("{}"), Ok(PointSelection::ALL));
    }
}
