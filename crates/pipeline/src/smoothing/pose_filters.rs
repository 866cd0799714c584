//! All filters of a pose, and what a frame without a pose resets (HOLISTIC_SPEC §9.1, §9.4).

use super::in_space::{apply_in_metres, apply_in_pixels};
use super::{LowPassFilter, OneEuroFilter, OneEuroParameters};
use crate::landmarks::{Landmarks, PoseLandmarks, PoseWorldLandmarks};
use crate::options::Graph;
use crate::rect::ImageSize;
use crate::roi;

pub(super) const POSE: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.05,
    beta: 80.0,
};
const AUXILIARY: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.01,
    beta: 10.0,
};
pub(super) const WORLD: OneEuroParameters = OneEuroParameters {
    min_cutoff_hz: 0.1,
    beta: 40.0,
};
const VISIBILITY_ALPHA: f64 = 0.1;

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
    /// Centre and scale point of the body in the picture; smoothed in [`Graph::Holistic`] only, there always.
    pub auxiliary: Landmarks<2, 3>,
}

/// The filters of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct PoseFilters {
    graph: Graph,
    smoothing: bool,
    pose: OneEuroFilter,
    auxiliary: OneEuroFilter,
    world: OneEuroFilter,
    visibility: LowPassFilter,
    world_visibility: LowPassFilter,
}

impl PoseFilters {
    /// Filters that have seen nothing. Without `smoothing` only the auxiliary points are filtered, if any.
    #[must_use]
    pub fn new(graph: Graph, smoothing: bool) -> Self {
        Self {
            graph,
            smoothing,
            pose: OneEuroFilter::new(POSE),
            auxiliary: OneEuroFilter::new(AUXILIARY),
            world: OneEuroFilter::new(WORLD),
            visibility: LowPassFilter::default(),
            world_visibility: LowPassFilter::default(),
        }
    }

    /// Filters the next pose with or without `smoothing`. Filters that were off start afresh when they are on again.
    pub fn set_smoothing(&mut self, smoothing: bool) {
        if smoothing != self.smoothing {
            let auxiliary = std::mem::replace(&mut self.auxiliary, OneEuroFilter::new(AUXILIARY));
            *self = Self {
                auxiliary,
                ..Self::new(self.graph, smoothing)
            };
        }
    }

    /// A frame without a pose: pose and auxiliary start afresh, world and visibility keep their state.
    pub fn pose_lost(&mut self) {
        self.pose.reset();
        self.auxiliary.reset();
    }

    /// Filters a pose.
    pub fn apply(&mut self, raw: RawPose, timestamp_us: i64, size: ImageSize) -> SmoothedPose {
        let RawPose {
            mut landmarks,
            mut world,
            mut auxiliary,
        } = raw;
        let scale_px = roi::pose_object_scale_px(self.graph, &auxiliary, size);
        if self.graph == Graph::Holistic {
            apply_in_pixels(
                &mut self.auxiliary,
                &mut auxiliary[..],
                timestamp_us,
                size,
                scale_px,
            );
        }
        if self.smoothing {
            smooth_visibility(&mut self.visibility, &mut landmarks);
            smooth_visibility(&mut self.world_visibility, &mut world);
            let points = &mut landmarks[..];
            apply_in_pixels(&mut self.pose, points, timestamp_us, size, scale_px);
            apply_in_metres(&mut self.world, &mut world, timestamp_us);
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
        let mut filters = PoseFilters::new(Graph::Holistic, true);
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
        let mut filters = PoseFilters::new(Graph::Holistic, false);
        filters.apply(pose_at(0.2, 1.0), 33_333, SIZE);
        let after = filters.apply(pose_at(0.201, 0.0), 66_666, SIZE);
        assert_eq!(after.landmarks[0], [0.201, 0.5, 0.0, 0.0]);
        assert_eq!(after.world[0], [0.201, 0.5, 0.0, 0.0]);
        assert!(after.auxiliary[0][0] < 0.201);
    }

    #[test]
    fn smoothing_that_is_switched_on_again_remembers_nothing_but_the_auxiliary_points() {
        let mut filters = PoseFilters::new(Graph::Holistic, true);
        filters.apply(pose_at(0.2, 1.0), 33_333, SIZE);
        filters.set_smoothing(false);
        let unsmoothed = filters.apply(pose_at(0.201, 0.0), 66_666, SIZE);
        assert_eq!(unsmoothed.landmarks[0], [0.201, 0.5, 0.0, 0.0]);
        assert!(unsmoothed.auxiliary[0][0] < 0.201);
        filters.set_smoothing(true);
        let first = filters.apply(pose_at(0.202, 0.5), 99_999, SIZE);
        assert_eq!(first.landmarks[0], [0.202, 0.5, 0.0, 0.5]);
        assert!(first.auxiliary[0][0] < 0.202);
        filters.set_smoothing(true);
        let second = filters.apply(pose_at(0.203, 0.5), 133_332, SIZE);
        assert!(second.landmarks[0][0] < 0.203);
    }

    #[test]
    fn the_landmarkers_auxiliary_points_stay_and_the_body_counts_as_larger_by_a_quarter() {
        let [mut holistic, mut landmarkers] =
            [Graph::Holistic, Graph::Landmarkers].map(|graph| PoseFilters::new(graph, true));
        for filters in [&mut holistic, &mut landmarkers] {
            filters.apply(pose_at(0.2, 1.0), 33_333, SIZE);
        }
        let raw = pose_at(0.21, 1.0);
        let [holistic, landmarkers] = [&mut holistic, &mut landmarkers]
            .map(|filters| filters.apply(raw.clone(), 66_666, SIZE));
        assert_eq!(landmarkers.auxiliary, raw.auxiliary);
        assert!(holistic.auxiliary[0][0] < 0.21);
        // Relative to a larger body the same step is slower, so more of it is held back.
        assert!(landmarkers.landmarks[0][0] < holistic.landmarks[0][0]);
        assert_eq!(landmarkers.world, holistic.world);
        let scale = |graph| roi::pose_object_scale_px(graph, &raw.auxiliary, SIZE);
        assert_eq!(scale(Graph::Landmarkers), 1.25 * scale(Graph::Holistic));
    }
}
