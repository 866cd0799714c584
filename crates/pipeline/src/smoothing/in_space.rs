//! In which unit a one-euro filter runs: pixels for landmarks in the picture, metres for those in the world
//! (HOLISTIC_SPEC §9.2). Only x, y and z are filtered; what else a point has stays.

use super::OneEuroFilter;
use crate::landmarks::Landmarks;
use crate::rect::ImageSize;
use crate::topology::FACE_POINTS_WITH_IRISES;

/// Below this size in pixels coordinates are not filtered.
const MIN_OBJECT_SCALE_PX: f32 = 1e-6;

/// Filters landmarks in pixels: x and z in picture widths, y in picture heights. Speeds count relative to the size of
/// the object; where that is next to nothing, landmarks and filter stay as they are.
pub(super) fn apply_in_pixels<const D: usize>(
    filter: &mut OneEuroFilter,
    landmarks: &mut [[f32; D]],
    timestamp_us: i64,
    size: ImageSize,
    object_scale_px: f32,
) {
    if object_scale_px < MIN_OBJECT_SCALE_PX || object_scale_px.is_nan() {
        return;
    }
    let (width, height) = size.as_f32();
    let to_pixels = |p: &[f32; D]| [p[0] * width, p[1] * height, p[2] * width];
    // No part has more points.
    let mut values = [[0.0; 3]; FACE_POINTS_WITH_IRISES];
    let values = &mut values[..landmarks.len()];
    for (value, point) in values.iter_mut().zip(&*landmarks) {
        *value = to_pixels(point);
    }
    let value_scale = 1.0 / f64::from(object_scale_px);
    filter.apply(values.as_flattened_mut(), timestamp_us, value_scale);
    for (point, [x, y, z]) in landmarks.iter_mut().zip(&*values) {
        point[..3].copy_from_slice(&[x / width, y / height, z / width]);
    }
}

/// Filters landmarks in metres, speeds as they are.
pub(super) fn apply_in_metres<const N: usize, const D: usize>(
    filter: &mut OneEuroFilter,
    landmarks: &mut Landmarks<N, D>,
    timestamp_us: i64,
) {
    let mut values: [[f32; 3]; N] =
        std::array::from_fn(|n| std::array::from_fn(|axis| landmarks[n][axis]));
    filter.apply(values.as_flattened_mut(), timestamp_us, 1.0);
    for (point, value) in landmarks.iter_mut().zip(values) {
        point[..3].copy_from_slice(&value);
    }
}
