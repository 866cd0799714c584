//! Whether a hand or face keeps the region of its previous landmarks, or takes the newly found one
//! (HOLISTIC_SPEC §7.4, `roi_tracking_calculator.cc`).

use crate::rect::{ImageSize, NormalizedRect, rotated};

/// How far the previous region may lie from the new one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackingLimits {
    /// Difference in rotation, degrees.
    pub rotation_degrees: f32,
    /// Distance of the centres along the new region's axes, in its sides.
    pub translation: f32,
    /// Difference of the sides, in sides of the new region.
    pub scale: f32,
    /// Previous landmarks must lie inside the new region, enlarged by this.
    pub recrop_margin: f32,
}

/// For hands.
pub const HAND_LIMITS: TrackingLimits = TrackingLimits {
    rotation_degrees: 40.0,
    translation: 0.2,
    scale: 0.4,
    recrop_margin: -0.1,
};

/// For the face.
pub const FACE_LIMITS: TrackingLimits = TrackingLimits {
    rotation_degrees: 15.0,
    translation: 0.1,
    scale: 0.3,
    recrop_margin: -0.2,
};

/// Whether `previous`, made from `landmarks` of the frame before, is near enough to `found` to be kept.
pub fn keeps_previous(
    previous: NormalizedRect,
    landmarks: impl IntoIterator<Item = [f32; 2]>,
    found: NormalizedRect,
    limits: TrackingLimits,
    size: ImageSize,
) -> bool {
    let (image_width, image_height) = size.as_f32();
    let in_found_axes =
        |[x, y]: [f32; 2]| rotated([x * image_width, y * image_height], -found.rotation);
    let (found_width, found_height) = (found.width * image_width, found.height * image_height);
    let center = |rect: NormalizedRect| in_found_axes([rect.x_center, rect.y_center]);
    let (found_center, previous_center) = (center(found), center(previous));

    if folded_degrees(previous.rotation - found.rotation).abs() > limits.rotation_degrees {
        return false;
    }
    let distance = [0, 1].map(|axis| (previous_center[axis] - found_center[axis]).abs());
    if distance[0] > limits.translation * found_width
        || distance[1] > limits.translation * found_height
    {
        return false;
    }
    let width_difference = (previous.width * image_width - found_width).abs();
    let height_difference = (previous.height * image_height - found_height).abs();
    if width_difference > limits.scale * found_width
        || height_difference > limits.scale * found_height
    {
        return false;
    }
    let half_width = found_width * (1.0 + limits.recrop_margin) / 2.0;
    let half_height = found_height * (1.0 + limits.recrop_margin) / 2.0;
    landmarks.into_iter().all(|point| {
        let [x, y] = in_found_axes(point);
        (x - found_center[0]).abs() < half_width && (y - found_center[1]).abs() < half_height
    })
}

/// An angle in degrees, folded once by a full turn.
fn folded_degrees(radians: f32) -> f32 {
    let degrees = radians.to_degrees();
    if degrees > 180.0 {
        degrees - 360.0
    } else if degrees < -180.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize {
        width: 100,
        height: 100,
    };
    const FOUND: NormalizedRect = NormalizedRect {
        x_center: 0.5,
        y_center: 0.5,
        width: 0.4,
        height: 0.4,
        rotation: 0.0,
    };

    fn keeps(previous: NormalizedRect, landmark: [f32; 2]) -> bool {
        keeps_previous(previous, [landmark], FOUND, HAND_LIMITS, SIZE)
    }

    #[test]
    fn a_near_region_is_kept_and_each_limit_alone_rejects_it() {
        let inside = [0.5, 0.5];
        assert!(keeps(FOUND, inside));
        let turned = |degrees: f32| NormalizedRect {
            rotation: degrees.to_radians(),
            ..FOUND
        };
        assert!(keeps(turned(39.0), inside) && !keeps(turned(41.0), inside));
        let moved = |x_center| NormalizedRect { x_center, ..FOUND };
        assert!(keeps(moved(0.579), inside) && !keeps(moved(0.581), inside));
        let wide = |width| NormalizedRect { width, ..FOUND };
        assert!(keeps(wide(0.559), inside) && !keeps(wide(0.561), inside));
        assert!(keeps(FOUND, [0.679, 0.5]) && !keeps(FOUND, [0.681, 0.5]));
    }

    #[test]
    fn rotations_on_both_sides_of_the_half_turn_are_near() {
        let found = NormalizedRect {
            rotation: 3.1,
            ..FOUND
        };
        let previous = NormalizedRect {
            rotation: -3.1,
            ..FOUND
        };
        assert!(keeps_previous(
            previous,
            [[0.5, 0.5]],
            found,
            HAND_LIMITS,
            SIZE
        ));
    }
}
