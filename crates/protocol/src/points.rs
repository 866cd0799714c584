//! The points of a part in a message, and which of them it holds: all, or some in an order of their own.
//!
//! ```
//! use live_keypoints_protocol::{PointLists, PointSelection};
//!
//! let eyes = PointLists { face: Some(vec![33, 263]), ..PointLists::default() };
//! assert!(PointSelection::try_from(eyes).is_ok());
//! let beyond = PointLists { hands: Some(vec![4, 21]), ..PointLists::default() };
//! let error = PointSelection::try_from(beyond).unwrap_err();
//! assert_eq!(error.to_string(), "points of hands must be indices from 0 to 20, not 21");
//! ```

use std::fmt;

use live_keypoints_pipeline::{ErrorCode, FacePoints, FrameError, Landmarks};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Indices by part as a client gives them, unchecked; `None` for all points of a part, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointLists {
    /// Of the 33 of the body, in the picture and in metres.
    pub pose: Option<Vec<u64>>,
    /// Of the 21 of each hand, in the picture and in metres.
    pub hands: Option<Vec<u64>>,
    /// Of the 468 or 478 of the face.
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

impl From<InvalidPoints> for FrameError {
    fn from(error: InvalidPoints) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Checked [`PointLists`]: every index is one of its part, and none comes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PointLists")]
pub struct PointSelection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pose: Indices,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hands: Indices,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) face: Indices,
}

/// Indices below the number of points of their part; `None` for all.
type Indices = Option<Box<[u16]>>;

impl PointSelection {
    /// Every point of every part.
    pub const ALL: Self = Self {
        pose: None,
        hands: None,
        face: None,
    };

    /// Whether a face of so many points has all that are selected.
    ///
    /// # Errors
    /// [`InvalidPoints::OutOfRange`] names the first that it does not have.
    pub fn check_face(&self, face: FacePoints) -> Result<(), InvalidPoints> {
        let count = face.count();
        let beyond = |index: &&u16| usize::from(**index) >= count;
        match self.face.iter().flatten().find(beyond) {
            None => Ok(()),
            Some(index) => Err(InvalidPoints::OutOfRange {
                part: "face",
                index: (*index).into(),
                count,
            }),
        }
    }
}

impl TryFrom<PointLists> for PointSelection {
    type Error = InvalidPoints;

    fn try_from(lists: PointLists) -> Result<Self, InvalidPoints> {
        Ok(Self {
            pose: checked::<33>("pose", lists.pose)?,
            hands: checked::<21>("hands", lists.hands)?,
            face: checked::<478>("face", lists.face)?,
        })
    }
}

fn checked<const COUNT: usize>(
    part: &'static str,
    list: Option<Vec<u64>>,
) -> Result<Indices, InvalidPoints> {
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
            // Below 478.
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

/// The points of a part in a message, at most `N` of `D` values: an array of arrays. Floats print as the shortest text that
/// reads back the same `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Points<const N: usize, const D: usize>(Box<[[f32; D]]>);

/// A message has other points of a part than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{part} does not have {expected} points but {actual}")]
pub struct IncompletePart {
    /// Name of the part.
    pub part: &'static str,
    /// Points that the part has.
    pub expected: usize,
    /// Points in the message.
    pub actual: usize,
}

impl<const N: usize, const D: usize> Points<N, D> {
    /// The selected points of a part. Indices that the part does not have are left out.
    pub(crate) fn select(landmarks: &[[f32; D]], indices: Option<&[u16]>) -> Self {
        Self(match indices {
            None => landmarks.into(),
            Some(indices) => {
                let point = |index: &u16| landmarks.get(usize::from(*index)).copied();
                indices.iter().filter_map(point).collect()
            }
        })
    }

    /// The points, in the order of the message.
    #[must_use]
    pub fn as_slice(&self) -> &[[f32; D]] {
        &self.0
    }

    /// All points of the part.
    ///
    /// # Errors
    /// [`IncompletePart`] where the message holds some of them.
    pub fn landmarks(&self, part: &'static str) -> Result<Landmarks<N, D>, IncompletePart> {
        Landmarks::from_flat(self.0.as_flattened()).ok_or(IncompletePart {
            part,
            expected: N,
            actual: self.0.len(),
        })
    }
}

impl<const N: usize, const D: usize> Serialize for Points<N, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|point| point.as_slice()))
    }
}

impl<'de, const N: usize, const D: usize> Deserialize<'de> for Points<N, D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserializer.deserialize_seq(PointsVisitor::<N, D>)
    }
}

struct PointsVisitor<const N: usize, const D: usize>;

impl<'de, const N: usize, const D: usize> Visitor<'de> for PointsVisitor<N, D> {
    type Value = Points<N, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {N} points of {D} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut points = Vec::with_capacity(N);
        while let Some(Point(point)) = sequence.next_element()? {
            if points.len() == N {
                return Err(A::Error::invalid_length(N + 1, &self));
            }
            points.push(point);
        }
        Ok(Points(points.into()))
    }
}

/// One point on its way in.
struct Point<const D: usize>([f32; D]);

impl<'de, const D: usize> Deserialize<'de> for Point<D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserializer.deserialize_seq(PointVisitor::<D>)
    }
}

struct PointVisitor<const D: usize>;

impl<'de, const D: usize> Visitor<'de> for PointVisitor<D> {
    type Value = Point<D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a point of {D} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut point = [0.0_f32; D];
        for (at, value) in point.iter_mut().enumerate() {
            *value = sequence
                .next_element()?
                .ok_or_else(|| A::Error::invalid_length(at, &self))?;
            if !value.is_finite() {
                return Err(A::Error::custom("a number is beyond all others"));
            }
        }
        match sequence.next_element::<f32>()? {
            None => Ok(Point(point)),
            Some(_) => Err(A::Error::invalid_length(D + 1, &self)),
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
        let selected = |indices: &Indices| Points::select(&hand[..], indices.as_deref());
        let json = |indices| serde_json::to_string(&selected(indices)).unwrap();
        assert_eq!(
            json(&selection.hands),
            "[[20.0,0.1,-0.5],[0.0,0.1,-0.5],[4.0,0.1,-0.5]]"
        );
        assert_eq!(json(&selection.face), "[]");
        assert_eq!(json(&None), serde_json::to_string(&hand).unwrap());
        assert_eq!(selection.pose, None);
        let some = selected(&selection.hands);
        assert_eq!(some.as_slice()[1], [0.0, 0.1, -0.5]);
        let error = some.landmarks("left_hand").unwrap_err();
        assert_eq!(error.to_string(), "left_hand does not have 21 points but 3");
        assert_eq!(selected(&None).landmarks("left_hand"), Ok(hand));
    }

    #[test]
    fn no_more_points_are_read_than_the_part_has() {
        let read =
            |json: &str| serde_json::from_str::<Points<2, 3>>(json).map(|points| points.0.len());
        assert_eq!(read("[]").unwrap(), 0);
        assert_eq!(read("[[1,2,3],[4,5,6.5]]").unwrap(), 2);
        for json in [
            "[[1,2,3],[4,5,6],[7,8,9]]",
            "[[1,2]]",
            "[[1,2,3,4]]",
            "[[1,2,null]]",
            "[[1,2,1e39]]",
            "[1,2,3]",
            "{}",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_wrong_list_is_refused_by_part_and_index() {
        for (json, part, problem) in [
            (r#"{"pose":[0,33]}"#, "pose", "33"),
            (r#"{"hands":[21]}"#, "hands", "21"),
            (r#"{"face":[477,478]}"#, "face", "478"),
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
        let iris = selection(r#"{"face":[467,468]}"#).unwrap();
        assert_eq!(iris.check_face(FacePoints::WithIrises478), Ok(()));
        let error = iris.check_face(FacePoints::Mesh468).unwrap_err();
        assert_eq!(
            error.to_string(),
            "points of face must be indices from 0 to 467, not 468"
        );
    }
}
