//! A face: 468 points, or 478 with the irises.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Landmarks;
use crate::options::FacePoints;
use crate::topology::{FACE_POINTS, FACE_POINTS_WITH_IRISES};

/// Points of a face: x, y as fractions of the picture, z in picture widths. There are 468, or 478 with the irises, in place
/// and written as those of [`Landmarks`].
#[derive(Clone, PartialEq)]
pub struct FaceLandmarks {
    /// Zeros behind the last one.
    all: [[f32; 3]; FACE_POINTS_WITH_IRISES],
    points: FacePoints,
}

impl FaceLandmarks {
    /// Computes every point from its index.
    #[must_use]
    pub fn from_fn(points: FacePoints, mut point: impl FnMut(usize) -> [f32; 3]) -> Self {
        let mut all = [[0.0; 3]; FACE_POINTS_WITH_IRISES];
        for (index, to) in all[..points.count()].iter_mut().enumerate() {
            *to = point(index);
        }
        Self { all, points }
    }

    /// Which points there are.
    #[must_use]
    pub fn points(&self) -> FacePoints {
        self.points
    }

    /// The 468 points that every face has.
    #[must_use]
    pub fn mesh(&self) -> &[[f32; 3]] {
        &self.all[..FACE_POINTS]
    }

    /// All values in order, three a point.
    #[must_use]
    pub fn as_flat(&self) -> &[f32] {
        self.as_flattened()
    }

    /// The points from their values in order; `None` for any other number of values than those of 468 or 478 points.
    #[must_use]
    pub fn from_flat(values: &[f32]) -> Option<Self> {
        let (rows, rest) = values.as_chunks::<3>();
        let points = FacePoints::from_count(rows.len()).filter(|_| rest.is_empty())?;
        Some(Self::from_fn(points, |index| rows[index]))
    }
}

impl From<Landmarks<FACE_POINTS, 3>> for FaceLandmarks {
    fn from(mesh: Landmarks<FACE_POINTS, 3>) -> Self {
        Self::from_fn(FacePoints::Mesh468, |index| mesh[index])
    }
}

impl Deref for FaceLandmarks {
    type Target = [[f32; 3]];

    fn deref(&self) -> &Self::Target {
        &self.all[..self.points.count()]
    }
}

impl DerefMut for FaceLandmarks {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.all[..self.points.count()]
    }
}

impl fmt::Debug for FaceLandmarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(points: FacePoints) -> FaceLandmarks {
        FaceLandmarks::from_fn(points, |n| [n as f32, -0.5, f32::MIN_POSITIVE])
    }

    #[test]
    fn both_numbers_of_points_are_written_and_read_as_they_are() {
        for points in FacePoints::ALL {
            let face = face(points);
            assert_eq!(face.len(), points.count());
            assert_eq!(face.mesh().len(), 468);
            assert_eq!(FaceLandmarks::from_flat(face.as_flat()), Some(face.clone()));

            let json = serde_json::to_string(&face).unwrap();
            assert!(json.starts_with("[[0.0,-0.5,1.1754944e-38],[1.0,"));
            assert_eq!(serde_json::from_str::<FaceLandmarks>(&json).unwrap(), face);
            let bytes = postcard::to_allocvec(&face).unwrap();
            assert_eq!(bytes.len(), 2 + points.count() * 12);
            assert_eq!(postcard::from_bytes::<FaceLandmarks>(&bytes).unwrap(), face);
        }
    }

    #[test]
    fn any_other_number_of_points_is_refused() {
        let flat = face(FacePoints::WithIrises478);
        for count in [0, 467, 469, 477] {
            assert_eq!(FaceLandmarks::from_flat(&flat.as_flat()[..count * 3]), None);
            let json = serde_json::to_string(&flat[..count]).unwrap();
            let error = serde_json::from_str::<FaceLandmarks>(&json).unwrap_err();
            let expected = "expected 468 or 478 points of 3 numbers";
            assert!(error.to_string().contains(expected), "{error}");
        }
        let other = Landmarks::<469, 3>::from_fn(|_| [0.0; 3]);
        let bytes = postcard::to_allocvec(&other).unwrap();
        assert!(postcard::from_bytes::<FaceLandmarks>(&bytes).is_err());
    }
}
