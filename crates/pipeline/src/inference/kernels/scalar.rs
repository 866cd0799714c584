//! The specification: plain loops, one value after the other. Also what runs where a processor has no vectors that the
//! kernels know.
//!
//! `FUSED` says whether a multiply-add rounds once, as the vector types do.

use super::shape::{Activation, Epilogue, Rows, Shape, Window, between};

/// `a · b + sum`.
fn multiply_add<const FUSED: bool>(a: f32, b: f32, sum: f32) -> f32 {
    if FUSED {
        a.mul_add(b, sum)
    } else {
        a * b + sum
    }
}

/// The greater; the second where one is no number.
fn max(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller; the second where one is no number.
fn min(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn activate(value: f32, channel: usize, activation: &Activation) -> f32 {
    match activation {
        Activation::Identity => value,
        Activation::Clamp(low, high) => min(max(value, *low), *high),
        Activation::PRelu(slopes) => min(value, 0.0) * slopes[channel] + max(value, 0.0),
    }
}

fn finish(sum: f32, row: usize, channel: usize, epilogue: &Epilogue<'_>) -> f32 {
    let mut value = sum;
    if let Some(residual) = epilogue.residual {
        value += residual[row * epilogue.bias.len() + channel];
    }
    activate(value, channel, epilogue.activation)
}

/// `weight(d, column)` is the right matrix.
pub(crate) fn matrix_product<const FUSED: bool>(
    a: &Rows<'_>,
    depth: usize,
    weight: impl Fn(usize, usize) -> f32,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let columns = epilogue.bias.len();
    for (index, value) in out.iter_mut().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let sum = (0..depth).fold(epilogue.bias[column], |sum, d| {
            multiply_add::<FUSED>(a.element(row, d), weight(d, column), sum)
        });
        *value = finish(sum, row, column, epilogue);
    }
}

/// `weight(ky, kx, channel)` are the kernels. The sum runs over the columns of a kernel, and in them over the rows.
pub(crate) fn depthwise<const FUSED: bool>(
    window: &Window,
    input: &[f32],
    weight: impl Fn(usize, usize, usize) -> f32,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let channels = window.input.channels;
    for (index, value) in out.iter_mut().enumerate() {
        let (pixel, channel) = (index / channels, index % channels);
        let (y, x) = (pixel / window.output.width, pixel % window.output.width);
        let [rows, columns] = window.taps(y, x);
        let mut sum = epilogue.bias[channel];
        for kx in columns {
            for ky in rows.clone() {
                let at = window.pixel(y, x, ky, kx) * channels + channel;
                sum = multiply_add::<FUSED>(input[at], weight(ky, kx, channel), sum);
            }
        }
        *value = finish(sum, pixel, channel, epilogue);
    }
}

pub(crate) fn max_pool(window: &Window, input: &[f32], out: &mut [f32]) {
    let channels = window.input.channels;
    for (index, value) in out.iter_mut().enumerate() {
        let (pixel, channel) = (index / channels, index % channels);
        let (y, x) = (pixel / window.output.width, pixel % window.output.width);
        let [rows, columns] = window.taps(y, x);
        *value = f32::MIN;
        for ky in rows {
            for kx in columns.clone() {
                *value = max(
                    input[window.pixel(y, x, ky, kx) * channels + channel],
                    *value,
                );
            }
        }
    }
}

pub(crate) fn add(
    a: &[f32],
    b: Option<&[f32]>,
    channels: usize,
    activation: &Activation,
    out: &mut [f32],
) {
    for (index, value) in out.iter_mut().enumerate() {
        let sum = b.map_or(a[index], |b| a[index] + b[index]);
        *value = activate(sum, index % channels, activation);
    }
}

/// Each output lies a quarter of a pixel from the nearest input. No multiply-add here is fused: XNNPACK's is not.
pub(crate) fn upsample_2x(shape: Shape, input: &[f32], out: &mut [f32]) {
    let (channels, width) = (shape.channels, shape.width);
    for (index, value) in out.iter_mut().enumerate() {
        let (pixel, channel) = (index / channels, index % channels);
        let (row, column) = (pixel / (2 * width), pixel % (2 * width));
        let (rows, columns) = (between(row, shape.height), between(column, width));
        let at = |row: usize, column: usize| input[(row * width + column) * channels + channel];
        let mix = |first: f32, second: f32, share: f32| first + (second - first) * share;
        let side = |row| {
            mix(
                at(row, columns.first),
                at(row, columns.second),
                columns.share,
            )
        };
        *value = mix(side(rows.first), side(rows.second), rows.share);
    }
}
