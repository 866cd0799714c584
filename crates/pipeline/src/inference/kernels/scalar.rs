//! The specification: plain loops, one value after the other. Also what runs where a processor has no vectors that the
//! kernels know.
//!
//! `FUSED` says whether a multiply-add rounds once, as the vector types do.

use super::shape::{Activation, Epilogue, Shape, Window, neighbours};

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
    let mut value = sum + epilogue.bias[channel];
    if let Some(residual) = epilogue.residual {
        value += residual[row * epilogue.bias.len() + channel];
    }
    activate(value, channel, epilogue.activation)
}

/// `a` is `rows × depth`, `weight(d, column)` the matrix.
pub(crate) fn matrix_product<const FUSED: bool>(
    a: &[f32],
    depth: usize,
    weight: impl Fn(usize, usize) -> f32,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let columns = epilogue.bias.len();
    for (index, value) in out.iter_mut().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let sum = (0..depth).fold(0.0, |sum, d| {
            multiply_add::<FUSED>(a[row * depth + d], weight(d, column), sum)
        });
        *value = finish(sum, row, column, epilogue);
    }
}

pub(crate) fn depthwise<const FUSED: bool>(
    window: &Window,
    input: &[f32],
    weights: &[f32],
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let channels = window.input.channels;
    for (index, value) in out.iter_mut().enumerate() {
        let (pixel, channel) = (index / channels, index % channels);
        let (y, x) = (pixel / window.output.width, pixel % window.output.width);
        let [rows, columns] = window.taps(y, x);
        let mut sum = 0.0;
        for ky in rows {
            for kx in columns.clone() {
                let at = window.pixel(y, x, ky, kx) * channels + channel;
                let weight = weights[(ky * window.kernel[1] + kx) * channels + channel];
                sum = multiply_add::<FUSED>(input[at], weight, sum);
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

/// Each output lies a quarter of a pixel from the nearest input: three quarters of that one, one quarter of the next.
pub(crate) fn upsample_2x<const FUSED: bool>(shape: Shape, input: &[f32], out: &mut [f32]) {
    let (channels, width) = (shape.channels, shape.width);
    for (index, value) in out.iter_mut().enumerate() {
        let (pixel, channel) = (index / channels, index % channels);
        let (y, x) = (pixel / (2 * width), pixel % (2 * width));
        let ([near_row, far_row], [near, far]) =
            (neighbours(y, shape.height), neighbours(x, width));
        let at = |row: usize, column: usize| input[(row * width + column) * channels + channel];
        let row = |row: usize| multiply_add::<FUSED>(at(row, near), 0.75, at(row, far) * 0.25);
        *value = multiply_add::<FUSED>(row(near_row), 0.75, row(far_row) * 0.25);
    }
}
