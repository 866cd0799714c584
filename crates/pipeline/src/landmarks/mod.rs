//! A fixed number of points with a fixed number of values each.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// `N` points of `D` values each, in place: copying them takes no memory.
///
/// In JSON it is an array of arrays; floats print as the shortest text that reads back the same `f32`.
/// In a binary format it is one byte string of little-endian `f32`.
#[derive(Clone, PartialEq)]
pub struct Landmarks<const N: usize, const D: usize>([[f32; D]; N]);

/// 33 body points: x, y as fractions of the picture, z in picture widths, visibility in 0..=1.
pub type PoseLandmarks = Landmarks<33, 4>;
/// 33 body points in metres, origin mid-hips: x, y, z, visibility in 0..=1.
pub type PoseWorldLandmarks = Landmarks<33, 4>;
/// 21 points of a hand: x, y as fractions of the picture, z in picture widths.
pub type HandLandmarks = Landmarks<21, 3>;
/// 21 points of a hand in metres: x, y, z.
pub type HandWorldLandmarks = Landmarks<21, 3>;
/// 468 points of a face: x, y as fractions of the picture, z in picture widths.
pub type FaceLandmarks = Landmarks<468, 3>;

impl<const N: usize, const D: usize> Landmarks<N, D> {
    /// Takes the points over.
    #[must_use]
    pub const fn new(points: [[f32; D]; N]) -> Self {
        Self(points)
    }

    /// Computes every point from its index.
    #[must_use]
    pub fn from_fn(point: impl FnMut(usize) -> [f32; D]) -> Self {
        Self(std::array::from_fn(point))
    }

    /// All values in order, `N · D` of them.
    #[must_use]
    pub fn as_flat(&self) -> &[f32] {
        self.0.as_flattened()
    }

    /// The points from `N · D` values in order; `None` for any other number of values.
    #[must_use]
    pub fn from_flat(values: &[f32]) -> Option<Self> {
        if values.len() != N * D {
            return None;
        }
        Some(Self::from_fn(|n| {
            std::array::from_fn(|d| values[n * D + d])
        }))
    }
}

impl<const N: usize, const D: usize> Deref for Landmarks<N, D> {
    type Target = [[f32; D]; N];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<const N: usize, const D: usize> DerefMut for Landmarks<N, D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<const N: usize, const D: usize> fmt::Debug for Landmarks<N, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl<const N: usize, const D: usize> Serialize for Landmarks<N, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.0.iter().map(|point| point.as_slice()));
        }
        let bytes: Vec<u8> = self
            .as_flat()
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de, const N: usize, const D: usize> Deserialize<'de> for Landmarks<N, D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_seq(PointsVisitor::<N, D>)
        } else {
            deserializer.deserialize_bytes(BytesVisitor::<N, D>)
        }
    }
}

struct BytesVisitor<const N: usize, const D: usize>;

impl<const N: usize, const D: usize> Visitor<'_> for BytesVisitor<N, D> {
    type Value = Landmarks<N, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", N * D * 4)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let (values, rest) = bytes.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
        match Landmarks::from_flat(&values) {
            Some(landmarks) if rest.is_empty() => Ok(landmarks),
            _ => Err(E::invalid_length(bytes.len(), &self)),
        }
    }
}

struct PointsVisitor<const N: usize, const D: usize>;

impl<'de, const N: usize, const D: usize> Visitor<'de> for PointsVisitor<N, D> {
    type Value = Landmarks<N, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} points of {D} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut points: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::with_capacity(N * D);
        let mut count = 0;
        while let Some(point) = points.next_element::<Vec<f32>>()? {
            if point.len() != D {
                return Err(de::Error::invalid_length(point.len(), &self));
            }
            values.extend(point);
            count += 1;
        }
        Landmarks::from_flat(&values).ok_or_else(|| de::Error::invalid_length(count, &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_an_array_of_arrays_of_shortest_floats() {
        let points = Landmarks::<2, 3>::new([[0.1, -1.5, 0.0], [1.0 / 3.0, 1e-9, 2.0]]);
        let json = serde_json::to_string(&points).unwrap();
        assert_eq!(json, "[[0.1,-1.5,0.0],[0.33333334,1e-9,2.0]]");
        assert_eq!(
            serde_json::from_str::<Landmarks<2, 3>>(&json).unwrap(),
            points
        );
    }

    #[test]
    fn binary_keeps_every_bit_and_refuses_other_lengths() {
        let points = Landmarks::<2, 3>::from_fn(|n| [n as f32 * 0.1, f32::MIN_POSITIVE, -0.0]);
        let bytes = postcard::to_allocvec(&points).unwrap();
        let back: Landmarks<2, 3> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back.as_flat().map_bits(), points.as_flat().map_bits());
        assert!(postcard::from_bytes::<Landmarks<3, 3>>(&bytes).is_err());
        assert!(serde_json::from_str::<Landmarks<2, 3>>("[[1,2,3]]").is_err());
        assert!(serde_json::from_str::<Landmarks<2, 3>>("[[1,2,3],[1,2]]").is_err());
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl MapBits for [f32] {
        fn map_bits(&self) -> Vec<u32> {
            self.iter().map(|v| v.to_bits()).collect()
        }
    }
}
