//! A fixed number of points with a fixed number of values each.
//!
//! - `face`: a face, of which there are two numbers of points.
//! - `blendshapes`: how strong its expressions are.
//! - `serde`: arrays of arrays, or bytes.

mod blendshapes;
mod face;
mod serde;

use std::fmt;
use std::ops::{Deref, DerefMut};

pub use blendshapes::Blendshapes;
pub use face::FaceLandmarks;

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
