//! Rotated rectangles on a picture, and how regions of interest are made from points (HOLISTIC_SPEC §1, §5).
//!
//! Each step is rounded where MediaPipe rounds it, so that the same points give the same bits: a crop is sampled at
//! 1/32 pixel, and a last bit can move a sample.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::numeric::sin_cos;

/// Where the search for a maximum starts in MediaPipe's boxes of landmarks: the smallest positive `f32`, not the
/// smallest number. Points that all lie at negative coordinates get a box that ends at 0 (HOLISTIC_SPEC §5.4).
pub const MAXIMUM_START: f32 = f32::MIN_POSITIVE;

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl ImageSize {
    /// Width and height as numbers to compute with.
    #[must_use]
    pub fn as_f32(self) -> (f32, f32) {
        (self.width as f32, self.height as f32)
    }
}

/// A rotated rectangle in fractions of the picture: x and width of its width, y and height of its height.
///
/// Rotation in radians, positive is clockwise on the screen (y points down).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizedRect {
    /// Centre, fraction of the picture's width.
    pub x_center: f32,
    /// Centre, fraction of the picture's height.
    pub y_center: f32,
    /// Width, fraction of the picture's width.
    pub width: f32,
    /// Height, fraction of the picture's height.
    pub height: f32,
    /// Rotation in radians, −π..π.
    pub rotation: f32,
}

/// How a rectangle is moved and enlarged before a model looks at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RectTransform {
    /// Shift along the rectangle's own y axis, in heights of the rectangle before squaring and scaling.
    pub shift_y: f32,
    /// Factor on both sides after squaring.
    pub scale: f32,
}

impl NormalizedRect {
    /// A rectangle can be cropped if every value is finite and both sides are positive.
    #[must_use]
    pub fn is_croppable(&self) -> bool {
        self.values().iter().all(|v| v.is_finite()) && self.width > 0.0 && self.height > 0.0
    }

    /// Whether it is the same to the last bit, so that models see the same.
    #[must_use]
    pub fn has_bits_of(&self, other: &Self) -> bool {
        self.values().map(f32::to_bits) == other.values().map(f32::to_bits)
    }

    fn values(&self) -> [f32; 5] {
        [
            self.x_center,
            self.y_center,
            self.width,
            self.height,
            self.rotation,
        ]
    }

    /// Shifts, makes square by the longer side (in pixels), scales: in this order (HOLISTIC_SPEC §5.3).
    #[must_use]
    pub fn transformed(&self, size: ImageSize, transform: RectTransform) -> Self {
        let (image_width, image_height) = size.as_f32();
        let (sin, cos) = sin_cos(self.rotation);
        let shift = image_height * self.height * transform.shift_y;
        let side = f32::max(self.width * image_width, self.height * image_height);
        Self {
            x_center: self.x_center - shift * sin / image_width,
            y_center: self.y_center + shift * cos / image_height,
            width: side / image_width * transform.scale,
            height: side / image_height * transform.scale,
            rotation: self.rotation,
        }
    }

    /// Scales both sides, and leaves their ratio.
    #[must_use]
    pub fn enlarged(&self, scale: f32) -> Self {
        Self {
            width: self.width * scale,
            height: self.height * scale,
            ..*self
        }
    }

    /// The square around `start` that reaches `end` (both in fractions of the picture), turned so that the direction
    /// from start to end shows at `target_angle` (HOLISTIC_SPEC §5.1).
    #[must_use]
    pub fn from_alignment_points(
        start: [f32; 2],
        end: [f32; 2],
        target_angle: f32,
        size: ImageSize,
    ) -> Self {
        let (image_width, image_height) = size.as_f32();
        let start_px = [start[0] * image_width, start[1] * image_height];
        let end_px = [end[0] * image_width, end[1] * image_height];
        Self {
            rotation: rotation_between(start_px, end_px, target_angle),
            ..Self::square_around(start_px, end_px, size)
        }
    }

    /// The upright square around `center` that reaches `end`, both in pixels.
    #[must_use]
    pub fn square_around(center: [f32; 2], end: [f32; 2], size: ImageSize) -> Self {
        let (image_width, image_height) = size.as_f32();
        let offset = [0, 1].map(|axis| end[axis] - center[axis]);
        let side = 2.0 * libm::sqrtf(offset[0] * offset[0] + offset[1] * offset[1]);
        Self {
            x_center: center[0] / image_width,
            y_center: center[1] / image_height,
            width: side / image_width,
            height: side / image_height,
            rotation: 0.0,
        }
    }

    /// The axis-aligned box `bounds`, with the rotation that levels the line from `start` to `end` (fractions of the
    /// picture; HOLISTIC_SPEC §5.2).
    #[must_use]
    pub fn from_bounds(bounds: Bounds, start: [f32; 2], end: [f32; 2], size: ImageSize) -> Self {
        let (image_width, image_height) = size.as_f32();
        let start_px = [start[0] * image_width, start[1] * image_height];
        let end_px = [end[0] * image_width, end[1] * image_height];
        let [width, height] = [0, 1].map(|axis| bounds.max[axis] - bounds.min[axis]);
        Self {
            x_center: bounds.min[0] + width / 2.0,
            y_center: bounds.min[1] + height / 2.0,
            width,
            height,
            rotation: rotation_between(start_px, end_px, 0.0),
        }
    }

    /// Its box were it not rotated, in fractions of the picture.
    #[must_use]
    pub fn unrotated_bounds(&self) -> Bounds {
        let (half_width, half_height) = (self.width / 2.0, self.height / 2.0);
        Bounds {
            min: [self.x_center - half_width, self.y_center - half_height],
            max: [self.x_center + half_width, self.y_center + half_height],
        }
    }

    /// Maps a point of the unit square of this rectangle into the picture (HOLISTIC_SPEC §6.2, step 5). Only for
    /// rectangles that are square in pixels.
    pub fn image_from_roi(&self) -> impl Fn([f32; 2]) -> [f32; 2] + use<> {
        let rect = *self;
        let (sin, cos) = sin_cos(rect.rotation);
        move |[x, y]| {
            let (x, y) = (x - 0.5, y - 0.5);
            [
                (cos * x - sin * y) * rect.width + rect.x_center,
                (sin * x + cos * y) * rect.height + rect.y_center,
            ]
        }
    }
}

/// An axis-aligned box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least x and y.
    pub min: [f32; 2],
    /// Greatest x and y.
    pub max: [f32; 2],
}

impl Bounds {
    /// The box of `points`, with the maxima starting at `maximum_start`: [`MAXIMUM_START`] for boxes of landmarks,
    /// `f32::MIN` for boxes of a detector's keypoints.
    pub fn of_points(points: impl IntoIterator<Item = [f32; 2]>, maximum_start: f32) -> Self {
        let start = Self {
            min: [f32::MAX; 2],
            max: [maximum_start; 2],
        };
        points.into_iter().fold(start, |bounds, [x, y]| Self {
            min: [bounds.min[0].min(x), bounds.min[1].min(y)],
            max: [bounds.max[0].max(x), bounds.max[1].max(y)],
        })
    }

    /// The middle.
    #[must_use]
    pub fn center(&self) -> [f32; 2] {
        [
            (self.min[0] + self.max[0]) / 2.0,
            (self.min[1] + self.max[1]) / 2.0,
        ]
    }

    /// The area that both have, as a part of the area that either has; 0 where a box has none.
    #[must_use]
    pub fn intersection_over_union(&self, other: &Self) -> f32 {
        let side =
            |axis: usize| self.max[axis].min(other.max[axis]) - self.min[axis].max(other.min[axis]);
        let (width, height) = (side(0), side(1));
        if width <= 0.0 || height <= 0.0 {
            return 0.0;
        }
        let area = |r: &Self| (r.max[0] - r.min[0]) * (r.max[1] - r.min[1]);
        let shared = width * height;
        shared / (area(self) + area(other) - shared)
    }
}

/// The rotation that turns the direction from `start` to `end` (pixels) to `target_angle` (HOLISTIC_SPEC §1).
#[must_use]
pub fn rotation_between(start: [f32; 2], end: [f32; 2], target_angle: f32) -> f32 {
    wrap_angle(target_angle - libm::atan2f(-(end[1] - start[1]), end[0] - start[0]))
}

/// The same angle in −π..π.
#[must_use]
pub fn wrap_angle(angle: f32) -> f32 {
    let angle = f64::from(angle);
    (angle - 2.0 * PI * libm::floor((angle + PI) / (2.0 * PI))) as f32
}

/// Turns a vector by an angle, clockwise on the screen.
#[must_use]
pub fn rotated([x, y]: [f32; 2], angle: f32) -> [f32; 2] {
    let (sin, cos) = sin_cos(angle);
    [cos * x - sin * y, sin * x + cos * y]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::{FRAC_PI_2, PI};

    fn assert_close(actual: f32, expected: f32) {
        assert!(
            (actual - expected).abs() < 1e-6,
            "{actual} is not {expected}"
        );
    }

    #[test]
    fn the_pose_rect_equals_mediapipes_golden_one() {
        // mediapipe/tasks/testdata/vision/pose_expected_expanded_rect.pbtxt; the implied picture is 1000×667.
        let size = ImageSize {
            width: 1000,
            height: 667,
        };
        let (start, end) = ([0.491_922_97, 0.701_334_5], [0.484_532_12, 0.322_655_95]);
        let rect = NormalizedRect::from_alignment_points(start, end, FRAC_PI_2, size).transformed(
            size,
            RectTransform {
                shift_y: 0.0,
                scale: 1.25,
            },
        );
        assert_close(rect.x_center, 0.491_922_97);
        assert_close(rect.y_center, 0.701_334_5);
        assert_close(rect.width, 0.631_716_7);
        assert_close(rect.height, 0.947_101_6);
        assert_close(rect.rotation, -0.029_253_244);
    }

    #[test]
    fn the_shift_uses_the_height_before_squaring_and_follows_the_rotation() {
        let size = ImageSize {
            width: 200,
            height: 100,
        };
        let rect = NormalizedRect {
            x_center: 0.5,
            y_center: 0.5,
            width: 0.4,
            height: 0.2,
            rotation: FRAC_PI_2,
        };
        let moved = rect.transformed(
            size,
            RectTransform {
                shift_y: -0.5,
                scale: 2.0,
            },
        );
        // 0.5 · 20 px against the rectangle's y axis, which a quarter turn lays along −x.
        assert_close(moved.x_center, 0.5 + 10.0 / 200.0);
        assert_close(moved.y_center, 0.5);
        assert_close(moved.width, 2.0 * 80.0 / 200.0);
        assert_close(moved.height, 2.0 * 80.0 / 100.0);
    }

    #[test]
    fn a_box_of_negative_landmarks_ends_at_the_smallest_positive_number() {
        let points = [[-0.4, 0.2], [-0.2, 0.6]];
        let bounds = Bounds::of_points(points, MAXIMUM_START);
        assert_eq!(bounds.min, [-0.4, 0.2]);
        assert_eq!(bounds.max, [f32::MIN_POSITIVE, 0.6]);
        assert_eq!(Bounds::of_points(points, f32::MIN).max, [-0.2, 0.6]);
    }

    #[test]
    fn angles_wrap_into_one_turn() {
        assert_close(wrap_angle(3.0 * PI), -PI);
        assert_close(wrap_angle(-0.5), -0.5);
        assert_close(wrap_angle(2.0 * PI + 0.25), 0.25);
    }

    #[test]
    fn a_rotated_roi_maps_its_middle_to_its_centre() {
        let rect = NormalizedRect {
            x_center: 0.3,
            y_center: 0.7,
            width: 0.5,
            height: 0.5,
            rotation: 1.0,
        };
        assert_eq!(rect.image_from_roi()([0.5, 0.5]), [0.3, 0.7]);
    }

    #[test]
    fn a_rect_with_a_value_that_is_no_number_cannot_be_cropped() {
        let rect = NormalizedRect {
            x_center: 0.5,
            y_center: 0.5,
            width: 1.0,
            height: 1.0,
            rotation: 0.0,
        };
        assert!(rect.is_croppable());
        for broken in [
            NormalizedRect { width: 0.0, ..rect },
            NormalizedRect {
                height: -1.0,
                ..rect
            },
            NormalizedRect {
                x_center: f32::NAN,
                ..rect
            },
            NormalizedRect {
                rotation: f32::INFINITY,
                ..rect
            },
        ] {
            assert!(!broken.is_croppable());
        }
    }
}
