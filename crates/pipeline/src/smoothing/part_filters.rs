//! Filters of hands and face, which MediaPipe's holistic graph does not have.
//!
//! The constants are those of its stand-alone face landmarker, which are the pose's (HOLISTIC_SPEC §9.1); landmarks in
//! metres are filtered as the pose's are. Speeds count relative to the box of the landmarks (§9.2).

use super::OneEuroFilter;
use super::in_space::{apply_in_metres, apply_in_pixels};
use super::pose_filters::{POSE, WORLD};
use crate::landmarks::{FaceLandmarks, HandLandmarks, HandWorldLandmarks};
use crate::rect::{Bounds, ImageSize};

/// The filters of one hand of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct HandFilters {
    landmarks: OneEuroFilter,
    world: OneEuroFilter,
}

impl Default for HandFilters {
    /// Filters that have seen nothing.
    fn default() -> Self {
        Self {
            landmarks: OneEuroFilter::new(POSE),
            world: OneEuroFilter::new(WORLD),
        }
    }
}

impl HandFilters {
    /// Filters a hand in place. A timestamp in microseconds that is not after the last one leaves it untouched.
    pub fn apply(
        &mut self,
        landmarks: &mut HandLandmarks,
        world: Option<&mut HandWorldLandmarks>,
        timestamp_us: i64,
        size: ImageSize,
    ) {
        apply_by_box(&mut self.landmarks, &mut landmarks[..], timestamp_us, size);
        if let Some(world) = world {
            apply_in_metres(&mut self.world, world, timestamp_us);
        }
    }
}

/// The filter of the face of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFilters {
    landmarks: OneEuroFilter,
}

impl Default for FaceFilters {
    /// A filter that has seen nothing.
    fn default() -> Self {
        Self {
            landmarks: OneEuroFilter::new(POSE),
        }
    }
}

impl FaceFilters {
    /// Filters a face in place. A timestamp in microseconds that is not after the last one leaves it untouched.
    pub fn apply(&mut self, landmarks: &mut FaceLandmarks, timestamp_us: i64, size: ImageSize) {
        apply_by_box(&mut self.landmarks, landmarks, timestamp_us, size);
    }
}

fn apply_by_box(
    filter: &mut OneEuroFilter,
    landmarks: &mut [[f32; 3]],
    timestamp_us: i64,
    size: ImageSize,
) {
    let bounds = Bounds::of_points(landmarks.iter().map(|[x, y, _]| [*x, *y]), f32::MIN);
    let (width, height) = size.as_f32();
    let box_width_px = (bounds.max[0] - bounds.min[0]) * width;
    let box_height_px = (bounds.max[1] - bounds.min[1]) * height;
    let scale_px = (box_width_px + box_height_px) / 2.0;
    apply_in_pixels(filter, landmarks, timestamp_us, size, scale_px);
}
