//! Every implementation against the specification, bit for bit, over random and edge shapes, between pages that may not
//! be touched.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::guarded::{GUARDS, guarded};
use super::implementations::implementations;
use super::numbers::{activation, assert_same_bits, numbers};
use crate::inference::kernels::shape::{Activation, Epilogue, Rows, Shape, Window};
use crate::inference::kernels::{self, FUSED, Panels, Taps, convolution, lanes, scalar};

/// `count`, or under Miri, which is some thousand times slower, `few`.
const fn or_in_miri(count: usize, few: usize) -> usize {
    if cfg!(miri) { few } else { count }
}

/// Channels up to here fill the widest vectors twice, and leave a rest.
const MAX_CHANNELS: usize = or_in_miri(40, 20);

/// Miri may write no file of failed cases.
fn config() -> Config {
    if cfg!(miri) {
        return Config {
            cases: 6,
            failure_persistence: None,
            ..Config::default()
        };
    }
    Config::with_cases(300)
}

/// A side of a window: input, kernel, stride, padding before, output. The output may reach past the input by as much as
/// a padded model's does.
fn side(max_input: usize, max_pad: usize) -> impl Strategy<Value = [usize; 5]> {
    let kernels = prop::sample::select(vec![1usize, 2, 3, 5]);
    (1..=max_input, kernels, 1usize..4, 0..=max_pad, 0..=max_pad).prop_filter_map(
        "the window reaches the input",
        |(input, kernel, stride, pad, pad_behind)| {
            let pad_behind = pad_behind.min(kernel - 1);
            let padded = input + pad + pad_behind;
            let is_sound = pad < kernel && padded >= kernel;
            is_sound.then(|| [input, kernel, stride, pad, (padded - kernel) / stride + 1])
        },
    )
}

/// A window with the same kernel and stride on both axes, as all models have, or any two.
fn windows(max_side: usize, max_pad: usize) -> impl Strategy<Value = Window> {
    let sides = (side(max_side, max_pad), side(max_side, max_pad));
    let channels = prop_oneof![
        1usize..MAX_CHANNELS,
        prop::sample::select(vec![4usize, 8, 15, 16, 17, 32, 48])
    ];
    (sides, channels, any::<bool>()).prop_map(|((vertical, horizontal), channels, is_square)| {
        let horizontal = if is_square { vertical } else { horizontal };
        let at = |n: usize| [vertical[n], horizontal[n]];
        let shape = |[height, width]: [usize; 2]| Shape {
            height,
            width,
            channels,
        };
        Window {
            input: shape(at(0)),
            output: shape(at(4)),
            kernel: at(1),
            stride: at(2),
            pad: at(3),
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn matrix_products_equal_the_specification(
        rows in 1usize..or_in_miri(40, 14), parts in 1usize..or_in_miri(4, 3), part_len in 1usize..or_in_miri(40, 3),
        stride in 0usize..or_in_miri(50, 5), part_stride in 0usize..or_in_miri(50, 5), columns in 1usize..or_in_miri(80, 36), kind in 0u8..3, has_residual: bool, seed: u64,
    ) {
        let depth = parts * part_len;
        let length = (rows - 1) * stride + (parts - 1) * part_stride + part_len;
        let b = numbers(seed ^ 1, depth * columns);
        let element = |d: usize, c: usize| b[d * columns + c];
        for &guard in GUARDS {
            let [a, bias, residual] = [(0, length), (2, columns), (3, rows * columns)]
                .map(|(salt, count)| guarded(guard, || numbers(seed ^ salt, count)));
            let activation = guarded(guard, || activation(kind, columns));
            let epilogue = Epilogue {
                bias: &bias,
                residual: has_residual.then_some(&residual[..]),
                activation: &activation,
            };
            let a = Rows { values: &a, count: rows, stride, parts, part_stride, part_len };
            let mut expected = vec![f32::NAN; rows * columns];
            scalar::matrix_product::<FUSED>(&a, depth, element, &epilogue, &mut expected);
            for implementation in implementations() {
                let panels = guarded(guard, || {
                    Panels::pack_for(implementation.lanes, [1, depth], columns, |_, d, c| element(d, c))
                });
                prop_assert_eq!(panels.element(depth - 1, columns - 1), element(depth - 1, columns - 1));
                let mut actual = guarded(guard, || vec![f32::NAN; rows * columns]);
                (implementation.matrix_product)(&a, &panels, &epilogue, &mut actual);
                assert_same_bits(&actual, &expected, implementation.name);
            }
        }
    }

    #[test]
    fn depthwise_convolutions_equal_the_specification(window in windows(or_in_miri(20, 5), 2), kind in 0u8..3, seed: u64) {
        let channels = window.input.channels;
        let [height, width] = window.kernel;
        let weights = numbers(seed ^ 1, height * width * channels);
        let element = |ky: usize, kx: usize, channel: usize| weights[(ky * width + kx) * channels + channel];
        for &guard in GUARDS {
            let input = guarded(guard, || numbers(seed, window.input.len()));
            let bias = guarded(guard, || numbers(seed ^ 2, channels));
            let activation = guarded(guard, || activation(kind, channels));
            let epilogue = Epilogue { bias: &bias, residual: None, activation: &activation };
            let mut expected = vec![f32::NAN; window.output.len()];
            scalar::depthwise::<FUSED>(&window, &input, element, &epilogue, &mut expected);
            for implementation in implementations() {
                let taps = guarded(guard, || {
                    Taps::pack_for(implementation.lanes, window.kernel, channels, element)
                });
                prop_assert_eq!(taps.element(height - 1, 0, channels - 1), element(height - 1, 0, channels - 1));
                let mut actual = guarded(guard, || vec![f32::NAN; window.output.len()]);
                (implementation.depthwise)(&window, &input, &taps, &epilogue, &mut actual);
                assert_same_bits(&actual, &expected, implementation.name);
            }
        }
    }

    #[test]
    fn convolutions_equal_a_matrix_product_over_padded_patches(
        shape in windows(or_in_miri(9, 5), 2), channels in 1usize..6, columns in 1usize..20, seed: u64,
    ) {
        let mut window = shape;
        window.input.channels = channels;
        window.output.channels = columns;
        let [kernel_height, kernel_width] = window.kernel;
        let depth = kernel_height * kernel_width * channels;
        let matrix = numbers(seed ^ 1, depth * columns);
        let element = |d: usize, c: usize| matrix[d * columns + c];
        let bias = numbers(seed ^ 2, columns);
        let epilogue = Epilogue { bias: &bias, residual: None, activation: &Activation::Identity };
        let input = numbers(seed, window.input.len());
        let mut patches = Vec::new();
        for (y, x) in (0..window.output.height).flat_map(|y| (0..window.output.width).map(move |x| (y, x))) {
            for (ky, kx) in (0..kernel_height).flat_map(|ky| (0..kernel_width).map(move |kx| (ky, kx))) {
                let row = (y * window.stride[0] + ky).checked_sub(window.pad[0]);
                let column = (x * window.stride[1] + kx).checked_sub(window.pad[1]);
                let inside = row.zip(column).filter(|(row, column)| {
                    *row < window.input.height && *column < window.input.width
                });
                patches.extend((0..channels).map(|c| {
                    inside.map_or(0.0, |(row, column)| input[(row * window.input.width + column) * channels + c])
                }));
            }
        }
        let mut expected = vec![f32::NAN; window.output.len()];
        let patches = Rows::dense(&patches, window.output.pixels());
        scalar::matrix_product::<FUSED>(&patches, depth, element, &epilogue, &mut expected);
        for &guard in GUARDS {
            let mut actual = guarded(guard, || vec![f32::NAN; window.output.len()]);
            let input = guarded(guard, || input.clone());
            // Rows are gathered into memory that this takes.
            guarded(guard, || {
                let panels = Panels::pack([kernel_height * kernel_width, channels], columns, |tap, channel, column| {
                    element(tap * channels + channel, column)
                });
                convolution(&window, &input, &panels, &epilogue, &mut actual);
            });
            assert_same_bits(&actual, &expected, "convolution");
        }
    }

    #[test]
    fn pooling_equals_the_specification(window in windows(or_in_miri(10, 4), 1), seed: u64) {
        for &guard in GUARDS {
            let input = guarded(guard, || numbers(seed, window.input.len()));
            let mut expected = vec![f32::NAN; window.output.len()];
            scalar::max_pool(&window, &input, &mut expected);
            for implementation in implementations() {
                let mut actual = guarded(guard, || vec![f32::NAN; window.output.len()]);
                (implementation.max_pool)(&window, &input, &mut actual);
                assert_same_bits(&actual, &expected, implementation.name);
            }
        }
    }

    #[test]
    fn adding_and_resizing_equal_the_specification(
        height in 1usize..or_in_miri(10, 4), width in 1usize..or_in_miri(10, 4), channels in 1usize..MAX_CHANNELS, kind in 0u8..3, has_both: bool, seed: u64,
    ) {
        let shape = Shape { height, width, channels };
        for &guard in GUARDS {
            let input = guarded(guard, || numbers(seed, shape.len()));
            let other = guarded(guard, || numbers(seed ^ 1, shape.len()));
            let other = has_both.then_some(&other[..]);
            let activation = guarded(guard, || activation(kind, channels));
            let mut sums = vec![f32::NAN; shape.len()];
            scalar::add(&input, other, channels, &activation, &mut sums);
            let mut resized = vec![f32::NAN; 4 * shape.len()];
            scalar::upsample_2x(shape, &input, &mut resized);
            for implementation in implementations() {
                let mut actual = guarded(guard, || vec![f32::NAN; shape.len()]);
                (implementation.add)(&input, other, channels, &activation, &mut actual);
                assert_same_bits(&actual, &sums, implementation.name);
                let mut actual = guarded(guard, || vec![f32::NAN; 4 * shape.len()]);
                (implementation.upsample_2x)(shape, &input, &mut actual);
                assert_same_bits(&actual, &resized, implementation.name);
            }
        }
    }
}

/// Shapes whose weights are more than stay in the cache, which takes another way through the matrix.
#[test]
#[cfg_attr(miri, ignore = "too large for it")]
fn a_large_matrix_product_equals_the_specification() {
    let (rows, depth, columns) = (37, 700, 83);
    let b = numbers(1, depth * columns);
    let element = |d: usize, c: usize| b[d * columns + c];
    for &guard in GUARDS {
        let a = guarded(guard, || numbers(2, rows * depth));
        let a = Rows::dense(&a, rows);
        let bias = guarded(guard, || numbers(3, columns));
        let epilogue = Epilogue {
            bias: &bias,
            residual: None,
            activation: &Activation::Identity,
        };
        let mut expected = vec![f32::NAN; rows * columns];
        scalar::matrix_product::<FUSED>(&a, depth, element, &epilogue, &mut expected);
        for implementation in implementations() {
            let panels = guarded(guard, || {
                Panels::pack_for(implementation.lanes, [1, depth], columns, |_, d, c| {
                    element(d, c)
                })
            });
            let mut actual = guarded(guard, || vec![f32::NAN; rows * columns]);
            (implementation.matrix_product)(&a, &panels, &epilogue, &mut actual);
            assert_same_bits(&actual, &expected, implementation.name);
        }
    }
}

#[test]
fn weights_are_packed_for_the_width_of_this_processor() {
    let element =
        |tap: usize, channel: usize, column: usize| (tap * 70 + channel * 7 + column) as f32;
    assert_eq!(
        Panels::pack([2, 3], 5, element),
        Panels::pack_for(lanes(), [2, 3], 5, element)
    );
    let element = |y: usize, x: usize, channel: usize| (y * 70 + x * 10 + channel) as f32;
    assert_eq!(
        Taps::pack([2, 3], 5, element),
        Taps::pack_for(lanes(), [2, 3], 5, element)
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn weights_of_another_width_are_computed_by_the_specification() {
    let element = |_: usize, d: usize, c: usize| (d * 3 + c) as f32;
    let epilogue = Epilogue {
        bias: &[1.0; 3],
        residual: None,
        activation: &Activation::Identity,
    };
    let mut out = [0.0; 3];
    let panels = Panels::pack_for(1, [1, 2], 3, element);
    kernels::matrix_product(&Rows::dense(&[1.0, 10.0], 1), &panels, &epilogue, &mut out);
    assert_eq!(out, [31.0, 42.0, 53.0]);
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
    kernels::upsample_2x(shape, &[0.0, 4.0, 8.0, 12.0], &mut out);
    assert_eq!(out[..8], [0.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 12.0]);
    assert_eq!(out[..8], out[8..]);
}
