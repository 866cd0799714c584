//! Every kernel against the specification, bit for bit, over random and edge shapes.

use proptest::prelude::*;

use super::shape::{Activation, Epilogue, Shape, Window};
use super::*;

/// Numbers in −2..2 with many different exponents, from a seed (xorshift64*).
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40
    };
    (0..count)
        .map(|_| (next() as f32 / (1 << 23) as f32 - 1.0) * [2.0, 0.1, 1e-3][next() as usize % 3])
        .collect()
}

fn activation(kind: u8, channels: usize) -> Activation {
    match kind {
        0 => Activation::Identity,
        1 => Activation::Clamp(0.0, 0.5),
        _ => Activation::PRelu(numbers(77, channels).into()),
    }
}

fn assert_same_bits(actual: &[f32], expected: &[f32]) {
    let position = actual
        .iter()
        .zip(expected)
        .position(|(a, b)| a.to_bits() != b.to_bits());
    if let Some(at) = position {
        panic!("value {at}: {} is not {}", actual[at], expected[at]);
    }
}

fn window(
    height: usize,
    width: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    pad: usize,
) -> Window {
    let side = |length: usize| (length + 2 * pad).saturating_sub(kernel) / stride + 1;
    Window {
        input: Shape {
            height,
            width,
            channels: channels[0],
        },
        output: Shape {
            height: side(height),
            width: side(width),
            channels: channels[1],
        },
        kernel: [kernel; 2],
        stride: [stride; 2],
        pad: [pad; 2],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn matrix_products_equal_the_specification(
        rows in 1usize..40, depth in 1usize..70, columns in 1usize..80, kind in 0u8..3, has_residual: bool, seed: u64,
    ) {
        let a = numbers(seed, rows * depth);
        let b = numbers(seed ^ 1, depth * columns);
        let bias = numbers(seed ^ 2, columns);
        let residual = numbers(seed ^ 3, rows * columns);
        let activation = activation(kind, columns);
        let epilogue = Epilogue {
            bias: &bias,
            residual: has_residual.then_some(&residual[..]),
            activation: &activation,
        };
        let element = |d: usize, c: usize| b[d * columns + c];
        let mut expected = vec![f32::NAN; rows * columns];
        scalar::matrix_product::<FUSED>(&a, depth, element, &epilogue, &mut expected);

        let mut actual = vec![f32::NAN; rows * columns];
        let panels = Panels::pack(depth, columns, element);
        prop_assert_eq!(panels.element(depth - 1, columns - 1), element(depth - 1, columns - 1));
        matrix_product(&a, rows, &panels, &epilogue, &mut actual);
        assert_same_bits(&actual, &expected);

        #[cfg(target_arch = "x86_64")]
        {
            let panels = Panels::pack_for(8, depth, columns, element);
            let mut actual = vec![f32::NAN; rows * columns];
            if x86::avx2_matrix_product(&a, rows, &panels, &epilogue, &mut actual) {
                assert_same_bits(&actual, &expected);
            }
        }
    }

    #[test]
    fn depthwise_convolutions_equal_the_specification(
        height in 1usize..12, width in 1usize..12, channels in 1usize..40,
        kernel in prop::sample::select(vec![1usize, 2, 3, 5]), stride in 1usize..4, pad in 0usize..3,
        kind in 0u8..3, seed: u64,
    ) {
        prop_assume!(pad < kernel && height + 2 * pad >= kernel && width + 2 * pad >= kernel);
        let window = window(height, width, [channels; 2], kernel, stride, pad);
        let input = numbers(seed, window.input.len());
        let weights = numbers(seed ^ 1, kernel * kernel * channels);
        let bias = numbers(seed ^ 2, channels);
        let activation = activation(kind, channels);
        let epilogue = Epilogue { bias: &bias, residual: None, activation: &activation };
        let mut expected = vec![f32::NAN; window.output.len()];
        let element = |ky: usize, kx: usize, channel: usize| weights[(ky * kernel + kx) * channels + channel];
        scalar::depthwise::<FUSED>(&window, &input, element, &epilogue, &mut expected);
        let mut actual = vec![f32::NAN; window.output.len()];
        let taps = Taps::pack([kernel; 2], channels, element);
        prop_assert_eq!(taps.element(kernel - 1, 0, channels - 1), element(kernel - 1, 0, channels - 1));
        depthwise(&window, &input, &taps, &epilogue, &mut actual);
        assert_same_bits(&actual, &expected);

        #[cfg(target_arch = "x86_64")]
        {
            let taps = Taps::pack_for(8, [kernel; 2], channels, element);
            let mut actual = vec![f32::NAN; window.output.len()];
            if x86::avx2_depthwise(&window, &input, &taps, &epilogue, &mut actual) {
                assert_same_bits(&actual, &expected);
            }
        }
    }

    #[test]
    fn convolutions_equal_a_matrix_product_over_padded_patches(
        height in 1usize..9, width in 1usize..9, channels in 1usize..6, columns in 1usize..20,
        kernel in 1usize..4, stride in 1usize..3, pad in 0usize..2, seed: u64,
    ) {
        prop_assume!(pad < kernel && height + 2 * pad >= kernel && width + 2 * pad >= kernel);
        let window = window(height, width, [channels, columns], kernel, stride, pad);
        let input = numbers(seed, window.input.len());
        let depth = kernel * kernel * channels;
        let matrix = numbers(seed ^ 1, depth * columns);
        let bias = numbers(seed ^ 2, columns);
        let epilogue = Epilogue { bias: &bias, residual: None, activation: &Activation::Identity };
        let element = |d: usize, c: usize| matrix[d * columns + c];
        let mut actual = vec![f32::NAN; window.output.len()];
        convolution(&window, &input, &Panels::pack(depth, columns, element), &epilogue, &mut actual);

        let mut patches = Vec::new();
        for y in 0..window.output.height {
            for x in 0..window.output.width {
                for ky in 0..kernel {
                    for kx in 0..kernel {
                        let (row, column) = (y * stride + ky, x * stride + kx);
                        let is_inside = (pad..pad + height).contains(&row) && (pad..pad + width).contains(&column);
                        for c in 0..channels {
                            let at = || ((row - pad) * width + column - pad) * channels + c;
                            patches.push(if is_inside { input[at()] } else { 0.0 });
                        }
                    }
                }
            }
        }
        let mut expected = vec![f32::NAN; window.output.len()];
        scalar::matrix_product::<FUSED>(&patches, depth, element, &epilogue, &mut expected);
        assert_same_bits(&actual, &expected);
    }

    #[test]
    fn pooling_adding_and_resizing_equal_the_specification(
        height in 1usize..10, width in 1usize..10, channels in 1usize..40, kernel in 1usize..4, stride in 1usize..3,
        kind in 0u8..3, seed: u64,
    ) {
        prop_assume!(height >= kernel && width >= kernel);
        let window = window(height, width, [channels; 2], kernel, stride, 0);
        let input = numbers(seed, window.input.len());
        let mut expected = vec![f32::NAN; window.output.len()];
        let mut actual = expected.clone();
        scalar::max_pool(&window, &input, &mut expected);
        max_pool(&window, &input, &mut actual);
        assert_same_bits(&actual, &expected);

        let other = numbers(seed ^ 1, input.len());
        let activation = activation(kind, channels);
        for b in [None, Some(&other[..])] {
            let mut expected = vec![f32::NAN; input.len()];
            let mut actual = expected.clone();
            scalar::add(&input, b, channels, &activation, &mut expected);
            add(&input, b, channels, &activation, &mut actual);
            assert_same_bits(&actual, &expected);
        }

        let mut expected = vec![f32::NAN; 4 * input.len()];
        let mut actual = expected.clone();
        scalar::upsample_2x(window.input, &input, &mut expected);
        upsample_2x(window.input, &input, &mut actual);
        assert_same_bits(&actual, &expected);
    }
}

#[test]
fn resizing_keeps_a_ramp_a_ramp() {
    // Half-pixel centres: outputs lie at −¼, ¼, ¾, … of the input, and outside the edge is repeated.
    let shape = Shape {
        height: 1,
        width: 4,
        channels: 1,
    };
    let mut out = [0.0; 16];
    upsample_2x(shape, &[0.0, 4.0, 8.0, 12.0], &mut out);
    assert_eq!(out[..8], [0.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 12.0]);
    assert_eq!(out[..8], out[8..]);
}
