//! All filters of a pose, and what a frame without a pose resets (HOLISTIC_SPEC §9.1, §9.4).

use super::{LowPassFilter, OneEuroFilter, OneEuroParameters};
use crate::landmarks::{Landmarks, PoseLandmarks, PoseWorldLandmarks};
use crate::rect::ImageSize;
use crate::roi;

const POSE: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.05,
    beta: 80.0,
};
const AUXILIARY: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.01,
    beta: 10.0,
};
const WORLD: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.1,
    beta: 40.0,
};
const VISIBILITY_ALPHA: f64 = 0.1;
/// Below this size in pixels coordinates are not filtered.
const MIN_OBJECT_SCALE_PX: f32 = 1e-6;

/// A pose as the model gives it, before the filters.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RawPose {
    /// In the picture: x, y, z, visibility.
    pub landmarks: PoseLandmarks,
    /// In metres: x, y, z, visibility.
    pub world: PoseWorldLandmarks,
    /// Centre and scale point of the body in the picture: x, y, z.
    pub auxiliary: Landmarks<2, 3>,
}

/// A pose after the filters.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothedPose {
    /// In the picture: x, y, z, visibility.
    pub landmarks: PoseLandmarks,
    /// In metres: x, y, z, visibility.
    pub world: PoseWorldLandmarks,
    /// Centre and scale point of the body in the picture; always smoothed.
    pub auxiliary: Landmarks<2, 3>,
}

/// The filters of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct PoseFilters {
    smoothing: bool,
    pose: OneEuroFilter,
    auxiliary: OneEuroFilter,
    world: OneEuroFilter,
    visibility: LowPassFilter,
    world_visibility: LowPassFilter,
}

impl PoseFilters {
    /// Filters that have seen nothing. Without `smoothing` only the auxiliary points are filtered.
    #[must_use]
    pub fn new(smoothing: bool) -> Self {
        Self {
            smoothing,
            pose: OneEuroFilter::new(POSE),
            auxiliary: OneEuroFilter::new(AUXILIARY),
            world: OneEuroFilter::new(WORLD),
            visibility: LowPassFilter::default(),
            world_visibility: LowPassFilter::default(),
        }
    }

    /// A frame without a pose: pose and auxiliary start afresh, world and visibility keep their state.
    pub fn pose_lost(&mut self) {
        self.pose.reset();
        self.auxiliary.reset();
    }

    /// Filters a pose.
    pub fn apply(&mut self, raw: RawPose, timestamp_us: u64, size: ImageSize) -> SmoothedPose {
        let RawPose {
            mut landmarks,
            mut world,
            mut auxiliary,
        } = raw;
        let object_scale_px = roi::pose_object_scale_px(&auxiliary, size);
        let in_pixels = |filter: &mut OneEuroFilter, points: &mut dyn PointsXyz| {
            if object_scale_px >= MIN_OBJECT_SCALE_PX {
                let mut values = points.to_pixels(size);
                filter.apply(&mut values, timestamp_us, 1.0 / f64::from(object_scale_px));
                points.set_from_pixels(&values, size);
            }
        };
        in_pixels(&mut self.auxiliary, &mut auxiliary);
        if self.smoothing {
            smooth_visibility(&mut self.visibility, &mut landmarks);
            smooth_visibility(&mut self.world_visibility, &mut world);
            in_pixels(&mut self.pose, &mut landmarks);
            let mut metres: Vec<f32> = world.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
            self.world.apply(&mut metres, timestamp_us, 1.0);
            for (point, value) in world.iter_mut().zip(metres.as_chunks::<3>().0) {
                point[..3].copy_from_slice(value);
            }
        }
        SmoothedPose {
            landmarks,
            world,
            auxiliary,
        }
    }
}

fn smooth_visibility(filter: &mut LowPassFilter, landmarks: &mut PoseLandmarks) {
    let mut visibility = landmarks.map(|point| point[3]);
    filter.apply(&mut visibility, |_| VISIBILITY_ALPHA);
    for (point, visibility) in landmarks.iter_mut().zip(visibility) {
        point[3] = visibility;
    }
}

/// Filtering runs in pixels: x and z in picture widths, y in picture heights.
trait PointsXyz {
    fn to_pixels(&self, size: ImageSize) -> Vec<f32>;
    fn set_from_pixels(&mut self, values: &[f32], size: ImageSize);
}

impl<const N: usize, const D: usize> PointsXyz for Landmarks<N, D> {
    fn to_pixels(&self, size: ImageSize) -> Vec<f32> {
        let (width, height) = size.as_f32();
        let pixels = |p: &[f32; D]| [p[0] * width, p[1] * height, p[2] * width];
        self.iter().flat_map(pixels).collect()
    }

    fn set_from_pixels(&mut self, values: &[f32], size: ImageSize) {
        let (width, height) = size.as_f32();
        for (point, [x, y, z]) in self.iter_mut().zip(values.as_chunks::<3>().0) {
            point[..3].copy_from_slice(&[x / width, y / height, z / width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize {
        width: 100,
        height: 100,
    };

    fn pose_at(x: f32, visibility: f32) -> RawPose {
        RawPose {
            landmarks: Landmarks::from_fn(|_| [x, 0.5, 0.0, visibility]),
            world: Landmarks::from_fn(|_| [x, 0.5, 0.0, visibility]),
            auxiliary: Landmarks::new([[x, 0.5, 0.0], [x, 0.1, 0.0]]),
        }
    }

    #[test]
    fn a_lost_pose_resets_pose_and_auxiliary_but_not_world_and_visibility() {
        let mut filters = PoseFilters::new(true);
        filters.apply(pose_at(0.2, 1.0), 33_333, SIZE);
        filters.pose_lost();
        let after = filters.apply(pose_at(0.8, 0.0), 66_666, SIZE);
        assert_eq!(after.landmarks[0][0], 0.8);
        assert_eq!(after.auxiliary[0][0], 0.8);
        assert_eq!(after.landmarks[0][3], 0.9);
        assert_eq!(after.world[0][3], 0.9);
        assert!(after.world[0][0] < 0.8);
    }

    #[test]
    fn without_smoothing_only_the_auxiliary_points_are_filtered() {
        let mut filters = PoseFilters::new(false);
        filters.apply(pose_at(0.2, 1.0), 33_333, SIZE);
        let after = filters.apply(pose_at(0.201, 0.0), 66_666, SIZE);
        assert_eq!(after.landmarks[0], [0.201, 0.5, 0.0, 0.0]);
        assert_eq!(after.world[0], [0.201, 0.5, 0.0, 0.0]);
        assert!(after.auxiliary[0][0] < 0.201);
    }
}
