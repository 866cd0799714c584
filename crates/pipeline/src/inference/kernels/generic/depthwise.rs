//! The depthwise convolution: a tile of some pixels below each other × one vector of channels at a time.
//!
//! The order of the sum is by columns of the kernel, so pixels below each other share what they read.

use std::ops::Range;

use super::super::panels::FEW_LANES;
use super::super::shape::{Epilogue, Window};
use super::super::taps::Taps;
use super::super::vector::Vector;
use super::{activate, load_up_to, store_up_to};

/// Pixels of a tile at stride 1. Each is a chain of multiply-adds, and processors have up to eight of them under way;
/// seven fit into 16 registers with what they share, and divide the heights of the hand models.
const PIXELS: usize = 7;
/// At stride 2 pixels share less of what they read: with six of them WebAssembly spills, at a third of the speed.
const PIXELS_AT_STRIDE_2: usize = 4;

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`kernels::depthwise`), and `taps` are packed for `V::LANES`.
#[inline(always)]
pub(in super::super) unsafe fn depthwise<V: Vector>(
    window: &Window,
    input: &[f32],
    taps: &Taps,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    debug_assert_eq!(taps.lanes(), V::LANES);
    let call = Call {
        window,
        input: input.as_ptr(),
        taps: taps.as_ptr(),
        epilogue,
        out: out.as_mut_ptr(),
    };
    // SAFETY: the caller's promise.
    unsafe {
        match (window.kernel, window.stride) {
            ([3, 3], [1, 1]) => by_tiles::<V, PIXELS, 3, 1>(&call),
            ([3, 3], [2, 2]) => by_tiles::<V, PIXELS_AT_STRIDE_2, 3, 2>(&call),
            ([5, 5], [1, 1]) => by_tiles::<V, PIXELS, 5, 1>(&call),
            ([5, 5], [2, 2]) => by_tiles::<V, PIXELS_AT_STRIDE_2, 5, 2>(&call),
            _ => by_pixels::<V>(&call, 0),
        }
    }
}

/// The arguments.
struct Call<'a> {
    window: &'a Window,
    input: *const f32,
    taps: *const f32,
    epilogue: &'a Epilogue<'a>,
    out: *mut f32,
}

/// Kernels of `K` × `K` taps at stride `S`, in tiles of `P` pixels.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn by_tiles<V: Vector, const P: usize, const K: usize, const S: usize>(call: &Call<'_>) {
    let window = call.window;
    for y in (0..window.output.height).step_by(P) {
        for x in 0..window.output.width {
            let tile = Tile::at::<P>(window, y, x);
            // SAFETY: an inner tile has all its rows inside the input, another one asks for each.
            unsafe {
                if tile.is_inner::<P>(window) {
                    tile_of_all_channels::<V, P, K, S, true>(call, &tile);
                } else {
                    tile_of_all_channels::<V, P, K, S, false>(call, &tile);
                }
            }
        }
    }
    let channels = window.input.channels;
    if V::LANES <= FEW_LANES && !channels.is_multiple_of(V::LANES) {
        // SAFETY: the caller's promise.
        unsafe { by_pixels::<V>(call, channels - channels % V::LANES) };
    }
}

/// Where a tile lies.
struct Tile {
    /// Its first output.
    y: usize,
    x: usize,
    /// Its outputs.
    pixels: usize,
    /// The rows of the input under the tile, from the first tap of its first pixel on, that there are.
    rows: Range<usize>,
    /// The columns of the kernel that lie inside the input.
    columns: Range<usize>,
}

impl Tile {
    #[inline(always)]
    fn at<const P: usize>(window: &Window, y: usize, x: usize) -> Self {
        let [kernel, stride, pad] = [window.kernel[0], window.stride[0], window.pad[0]];
        let start = y * stride;
        let first = pad.saturating_sub(start);
        let end = (window.input.height + pad).saturating_sub(start);
        let [_, columns] = window.taps(y, x);
        Self {
            y,
            x,
            pixels: (window.output.height - y).min(P),
            rows: first..end.min((P - 1) * stride + kernel).max(first),
            columns,
        }
    }

    /// Whether it has all outputs, and all rows under them are inside the input. Columns are not asked for: their loop
    /// has to stay a loop. Unrolled, it is one long sum for each pixel to LLVM's WebAssembly, which then loads
    /// everything first and spills it.
    #[inline(always)]
    fn is_inner<const P: usize>(&self, window: &Window) -> bool {
        self.pixels == P && self.rows == (0..(P - 1) * window.stride[0] + window.kernel[0])
    }
}

/// # Safety
/// As [`depthwise`]; with `INNER`, the tile [is inner](Tile::is_inner).
#[inline(always)]
unsafe fn tile_of_all_channels<
    V: Vector,
    const P: usize,
    const K: usize,
    const S: usize,
    const INNER: bool,
>(
    call: &Call<'_>,
    tile: &Tile,
) {
    let channels = call.window.input.channels;
    let mut channel = 0;
    // SAFETY: the caller's promise; vectors end where the channels end.
    unsafe {
        while channel + V::LANES <= channels {
            tile_of_vector::<V, P, K, S, INNER>(call, tile, channel, V::LANES);
            channel += V::LANES;
        }
        if channel < channels && V::LANES > FEW_LANES {
            tile_of_vector::<V, P, K, S, INNER>(call, tile, channel, channels - channel);
        }
    }
}

/// # Safety
/// As [`tile_of_all_channels`]; `count` channels, at most a vector of them, follow `channel`.
#[inline(always)]
unsafe fn tile_of_vector<
    V: Vector,
    const P: usize,
    const K: usize,
    const S: usize,
    const INNER: bool,
>(
    call: &Call<'_>,
    tile: &Tile,
    channel: usize,
    count: usize,
) {
    let Call {
        window, epilogue, ..
    } = call;
    let channels = window.input.channels;
    let row_len = window.input.width * channels;
    // The first tap may lie above or left of the input; it is not read then.
    let top = (tile.y * S).wrapping_sub(window.pad[0]);
    let left = (tile.x * S).wrapping_sub(window.pad[1]);
    let first = top
        .wrapping_mul(row_len)
        .wrapping_add(left.wrapping_mul(channels))
        .wrapping_add(channel);
    let input = call.input.wrapping_add(first);
    // SAFETY: rows and columns that are read lie inside the input, outputs that are written inside the output.
    unsafe {
        let taps = call.taps.add(channel * K * K);
        let bias = load_up_to::<V>(epilogue.bias.as_ptr().add(channel), count);
        let mut sums = [[bias; 1]; P];
        for kx in tile.columns.clone() {
            let mut factors = [V::splat(0.0); K];
            for (ky, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(taps.add((kx * K + ky) * V::LANES));
            }
            let column = input.wrapping_add(kx * channels);
            for row in 0..(P - 1) * S + K {
                if !INNER && !tile.rows.contains(&row) {
                    continue;
                }
                let value = load_up_to::<V>(column.wrapping_add(row * row_len), count);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    if row >= pixel * S && row - pixel * S < K {
                        sum[0] = value.multiply_add(factors[row - pixel * S], sum[0]);
                    }
                }
            }
        }
        activate::<V, P, 1, false>(&mut sums, channel, count, epilogue.activation);
        let out_row_len = window.output.width * channels;
        let first = tile.y * out_row_len + tile.x * channels + channel;
        for (pixel, sum) in sums.into_iter().enumerate() {
            if INNER || pixel < tile.pixels {
                store_up_to(sum[0], call.out.add(first + pixel * out_row_len), count);
            }
        }
    }
}

/// Any kernel and stride, one pixel after the other: the channels from `first` on.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn by_pixels<V: Vector>(call: &Call<'_>, first: usize) {
    let window = call.window;
    let channels = window.input.channels;
    for pixel in 0..window.output.pixels() {
        let (y, x) = (pixel / window.output.width, pixel % window.output.width);
        let [rows, columns] = window.taps(y, x);
        for channel in (first..channels).step_by(V::LANES) {
            let count = (channels - channel).min(V::LANES);
            // SAFETY: only taps inside the input are read, `count` channels from `channel` on.
            unsafe {
                let taps = call.taps.add(channel * window.kernel[0] * window.kernel[1]);
                let mut sum = load_up_to::<V>(call.epilogue.bias.as_ptr().add(channel), count);
                for kx in columns.clone() {
                    for ky in rows.clone() {
                        let tap = kx * window.kernel[0] + ky;
                        let value = window.pixel(y, x, ky, kx) * channels + channel;
                        let factor = V::load(taps.add(tap * V::LANES));
                        sum =
                            load_up_to::<V>(call.input.add(value), count).multiply_add(factor, sum);
                    }
                }
                let mut tile = [[sum]];
                activate::<V, 1, 1, false>(&mut tile, channel, count, call.epilogue.activation);
                store_up_to(tile[0][0], call.out.add(pixel * channels + channel), count);
            }
        }
    }
}
