//! The crop's rules, one by one.

use proptest::prelude::*;

use super::*;
use crate::inference::guarded::{GUARDS, guarded};

fn spec(input_size: usize, keeps_aspect: bool, border: Border) -> CropSpec {
    CropSpec {
        input_size,
        range: [0.0, 255.0],
        keeps_aspect,
        border,
    }
}

fn red_ramp(width: u32, height: u32) -> RgbImage {
    let pixels = (0..width * height).flat_map(|n| [n as u8, 0, 0]).collect();
    RgbImage::from_rgb(width, height, pixels).unwrap()
}

fn reds(spec: CropSpec, image: &RgbImage, roi: Option<&NormalizedRect>) -> Vec<f32> {
    let mut input = vec![0.0; spec.input_len()];
    spec.crop(image, roi, &mut input);
    input.chunks(3).map(|pixel| pixel[0]).collect()
}

#[test]
fn a_picture_of_the_models_size_passes_unchanged() {
    let image = red_ramp(4, 4);
    let expected: Vec<f32> = (0..16).map(|n| n as f32).collect();
    assert_eq!(reds(spec(4, true, Border::Zero), &image, None), expected);
}

#[test]
fn a_wide_picture_is_letterboxed_and_the_border_is_black_before_the_range() {
    let image = RgbImage::from_rgb(4, 2, vec![255; 24]).unwrap();
    let spec = CropSpec {
        range: [-1.0, 1.0],
        ..spec(4, true, Border::Zero)
    };
    let mut input = vec![0.0; spec.input_len()];
    let crop = spec.crop(&image, None, &mut input);
    assert_eq!(crop.letterbox.vertical, 0.25);
    assert_eq!(crop.letterbox.roi_from_input([0.5, 0.25]), [0.5, 0.0]);
    let column: Vec<f32> = input.chunks(12).map(|row| row[0]).collect();
    // 255 · (2 / 255) − 1 with the product unrounded: one step above 1.
    assert_eq!(column, [-1.0, 1.0f32.next_up(), 1.0f32.next_up(), -1.0]);
}

#[test]
fn a_projection_meets_all_four_corners() {
    let corners = [[3.0, 5.0], [103.0, 6.0], [102.0, 110.0], [1.0, 108.0]];
    let projection = Projection::from_unit_square(corners);
    // `row` takes the divisor for 1 within 1e-6; here it is not, so it is divided out.
    for (at, corner) in [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
        .into_iter()
        .zip(corners)
    {
        let [x, y] = at;
        let divisor = 1.0 + x * projection.divisor[0] + y * projection.divisor[1];
        for (axis, expected) in corner.into_iter().enumerate() {
            let value = projection.origin[axis]
                + x * projection.along_x[axis]
                + y * projection.along_y[axis];
            assert!((value / divisor - expected).abs() < 1e-9);
        }
    }
}

#[test]
fn outside_the_picture_the_edge_is_repeated() {
    let image = red_ramp(4, 2);
    let column: Vec<f32> = reds(spec(4, true, Border::Replicate), &image, None)
        .chunks(4)
        .map(|row| row[1])
        .collect();
    assert_eq!(column, [1.0, 1.0, 5.0, 5.0]);
}

#[test]
fn a_rotated_roi_maps_its_corner_to_the_tensor_origin() {
    let image = red_ramp(5, 5);
    let roi = NormalizedRect {
        x_center: 0.4,
        y_center: 0.4,
        width: 0.4,
        height: 0.4,
        rotation: std::f32::consts::FRAC_PI_2,
    };
    // Centre (2, 2), side 2: a quarter turn clockwise puts the region's top-left corner at (3, 1), its top side
    // runs down.
    let expected = [8.0, 13.0, 7.0, 12.0];
    assert_eq!(
        reds(spec(2, true, Border::Zero), &image, Some(&roi)),
        expected
    );
}

#[test]
fn weights_are_integers_of_a_thirty_second() {
    let image = RgbImage::from_rgb(2, 1, vec![0, 0, 0, 255, 255, 255]).unwrap();
    let source = Source::new(&image, Border::Replicate);
    for (x, expected) in [(0, 0), (1, 8), (16, 128), (31, 247), (32, 255), (40, 255)] {
        assert_eq!(source.sample([x, 0])[0], expected, "at {x}/32");
    }
}

#[test]
fn a_region_far_outside_the_picture_is_all_border() {
    let image = red_ramp(4, 4);
    let roi = NormalizedRect {
        x_center: 1e30,
        y_center: -1e30,
        width: 1e3,
        height: 1e3,
        rotation: 0.3,
    };
    assert_eq!(
        reds(spec(2, true, Border::Zero), &image, Some(&roi)),
        [0.0; 4]
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 12 } else { 300 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Between pages that may not be touched, and by a plain loop over positions again.
    #[test]
    fn a_crop_of_any_region_stays_inside_picture_and_input(
        (width, height) in (1u32..40, 1u32..40), input_size in 1usize..70, keeps_aspect: bool, is_replicate: bool,
        center in [-2.0f32..3.0, -2.0f32..3.0], size in [0.01f32..4.0, 0.01f32..4.0], rotation in -4.0f32..4.0,
        range in prop::sample::select(&[[0.0, 255.0], [0.0, 1.0], [-1.0, 1.0]][..]),
    ) {
        let border = if is_replicate { Border::Replicate } else { Border::Zero };
        let spec = CropSpec { range, ..spec(input_size, keeps_aspect, border) };
        let value_of_byte = spec.value_of_byte();
        let roi = NormalizedRect {
            x_center: center[0],
            y_center: center[1],
            width: size[0],
            height: size[1],
            rotation,
        };
        for &guard in GUARDS {
            let image = guarded(guard, || {
                let bytes = width * height * 3;
                let pixels = (0..bytes).map(|n| (n.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
                RgbImage::from_rgb(width, height, pixels).unwrap()
            });
            let mut input = guarded(guard, || vec![f32::NAN; spec.input_len()]);
            let crop = spec.crop(&image, Some(&roi), &mut input);

            let map = Projection::from_unit_square(corners(&crop.padded)).per_step(input_size);
            let source = Source::new(&image, border);
            for (at, pixel) in input.chunks(3).enumerate() {
                let (x, y) = ((at % input_size) as f64, (at / input_size) as f64);
                let row = map.row(y);
                let factor = 1.0 - (row.start_divisor + x * row.divisor);
                let position = [0, 1].map(|axis| (row.start[axis] + x * row.along[axis]) * factor);
                let bytes = source.sample(position.map(|v| v.round_ties_even() as i32));
                let expected = bytes.map(|byte| value_of_byte[usize::from(byte)]);
                prop_assert_eq!(pixel, &expected[..], "at {}, {}", x, y);
            }
        }
    }
}
