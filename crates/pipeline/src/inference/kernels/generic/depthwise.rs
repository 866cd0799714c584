//! The depthwise convolution: a tile of some pixels side by side × one vector of channels at a time, row by row.

use std::ops::Range;

use super::super::shape::{Epilogue, Window};
use super::super::vector::Vector;
use super::{activate, load_up_to, store_up_to};

/// Pixels of a tile.
const PIXELS: usize = 4;

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`kernels::depthwise`).
#[inline(always)]
pub(in super::super) unsafe fn depthwise<V: Vector>(
    window: &Window,
    input: &[f32],
    weights: &[f32],
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let call = Call {
        window,
        input: input.as_ptr(),
        weights: weights.as_ptr(),
        epilogue,
        out: out.as_mut_ptr(),
    };
    // SAFETY: the caller's promise.
    unsafe {
        match (window.kernel, window.stride) {
            ([3, 3], [1, 1]) => by_tiles::<V, 3, 1>(&call),
            ([3, 3], [2, 2]) => by_tiles::<V, 3, 2>(&call),
            ([5, 5], [1, 1]) => by_tiles::<V, 5, 1>(&call),
            ([5, 5], [2, 2]) => by_tiles::<V, 5, 2>(&call),
            _ => by_pixels::<V>(&call),
        }
    }
}

/// The arguments.
struct Call<'a> {
    window: &'a Window,
    input: *const f32,
    weights: *const f32,
    epilogue: &'a Epilogue<'a>,
    out: *mut f32,
}

/// Kernels of `K` × `K` taps at stride `S`.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn by_tiles<V: Vector, const K: usize, const S: usize>(call: &Call<'_>) {
    let window = call.window;
    for y in 0..window.output.height {
        for x in (0..window.output.width).step_by(PIXELS) {
            let tile = TilePlace::at(window, y, x);
            let is_inner = tile.pixels == PIXELS
                && tile.columns == (0..(PIXELS - 1) * S + K)
                && x * S >= window.pad[1];
            // SAFETY: an inner tile has all its columns inside the input, another one asks for each.
            unsafe {
                if is_inner {
                    tile_of_all_channels::<V, K, S, true>(call, &tile);
                } else {
                    tile_of_all_channels::<V, K, S, false>(call, &tile);
                }
            }
        }
    }
}

/// Where a tile lies.
struct TilePlace {
    /// Its first output.
    y: usize,
    x: usize,
    /// Its outputs.
    pixels: usize,
    /// The rows of the kernel that lie inside the input.
    rows: Range<usize>,
    /// The columns under the tile, from the first tap of its first pixel on, that lie inside the input.
    columns: Range<usize>,
}

impl TilePlace {
    #[inline(always)]
    fn at(window: &Window, y: usize, x: usize) -> Self {
        let [kernel, stride, pad] = [window.kernel[1], window.stride[1], window.pad[1]];
        let pixels = (window.output.width - x).min(PIXELS);
        let start = x * stride;
        let first = pad.saturating_sub(start);
        let end = (window.input.width + pad).saturating_sub(start);
        let [rows, _] = window.taps(y, x);
        Self {
            y,
            x,
            pixels,
            rows,
            columns: first..end.min((pixels - 1) * stride + kernel).max(first),
        }
    }
}

/// # Safety
/// As [`depthwise`]; with `INNER`, the tile has `PIXELS` outputs and all its columns inside the input.
#[inline(always)]
unsafe fn tile_of_all_channels<V: Vector, const K: usize, const S: usize, const INNER: bool>(
    call: &Call<'_>,
    tile: &TilePlace,
) {
    let channels = call.window.input.channels;
    let mut channel = 0;
    // SAFETY: the caller's promise; vectors end where the channels end.
    unsafe {
        while channel + V::LANES <= channels {
            tile_of_vector::<V, K, S, INNER>(call, tile, channel, V::LANES);
            channel += V::LANES;
        }
        if channel < channels {
            tile_of_vector::<V, K, S, INNER>(call, tile, channel, channels - channel);
        }
    }
}

/// # Safety
/// As [`tile_of_all_channels`]; `count` channels, at most a vector of them, follow `channel`.
#[inline(always)]
unsafe fn tile_of_vector<V: Vector, const K: usize, const S: usize, const INNER: bool>(
    call: &Call<'_>,
    tile: &TilePlace,
    channel: usize,
    count: usize,
) {
    let Call {
        window, epilogue, ..
    } = call;
    let channels = window.input.channels;
    // SAFETY: rows and columns that are read lie inside the input, outputs that are written inside the output.
    unsafe {
        let mut sums = [[V::splat(0.0); 1]; PIXELS];
        for ky in tile.rows.clone() {
            let weights = call.weights.add(ky * K * channels + channel);
            let mut factors = [V::splat(0.0); K];
            for (kx, factor) in factors.iter_mut().enumerate() {
                *factor = load_up_to::<V>(weights.add(kx * channels), count);
            }
            let row = (tile.y * S + ky - window.pad[0]) * window.input.width;
            // The first column may lie left of the input; it is not read then.
            let left = (row + tile.x * S).wrapping_sub(window.pad[1]);
            let left = call
                .input
                .wrapping_add(left.wrapping_mul(channels).wrapping_add(channel));
            for column in 0..(PIXELS - 1) * S + K {
                if !INNER && !tile.columns.contains(&column) {
                    continue;
                }
                let value = load_up_to::<V>(left.wrapping_add(column * channels), count);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    if column >= pixel * S && column - pixel * S < K {
                        sum[0] = value.multiply_add(factors[column - pixel * S], sum[0]);
                    }
                }
            }
        }
        let bias = load_up_to::<V>(epilogue.bias.as_ptr().add(channel), count);
        for sum in &mut sums {
            sum[0] = sum[0].add(bias);
        }
        activate::<V, PIXELS, 1, false>(&mut sums, channel, count, epilogue.activation);
        let first = (tile.y * window.output.width + tile.x) * channels + channel;
        for (pixel, sum) in sums.into_iter().enumerate() {
            if INNER || pixel < tile.pixels {
                store_up_to(sum[0], call.out.add(first + pixel * channels), count);
            }
        }
    }
}

/// Any kernel and stride, one pixel after the other.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn by_pixels<V: Vector>(call: &Call<'_>) {
    let window = call.window;
    let channels = window.input.channels;
    for pixel in 0..window.output.pixels() {
        let (y, x) = (pixel / window.output.width, pixel % window.output.width);
        let [rows, columns] = window.taps(y, x);
        for channel in (0..channels).step_by(V::LANES) {
            let count = (channels - channel).min(V::LANES);
            // SAFETY: only taps inside the input are read, `count` channels from `channel` on.
            unsafe {
                let mut sum = V::splat(0.0);
                for ky in rows.clone() {
                    for kx in columns.clone() {
                        let weight = (ky * window.kernel[1] + kx) * channels + channel;
                        let value = window.pixel(y, x, ky, kx) * channels + channel;
                        let factor = load_up_to::<V>(call.weights.add(weight), count);
                        sum =
                            load_up_to::<V>(call.input.add(value), count).multiply_add(factor, sum);
                    }
                }
                let bias = load_up_to::<V>(call.epilogue.bias.as_ptr().add(channel), count);
                let mut tile = [[sum.add(bias)]];
                activate::<V, 1, 1, false>(&mut tile, channel, count, call.epilogue.activation);
                store_up_to(tile[0][0], call.out.add(pixel * channels + channel), count);
            }
        }
    }
}
