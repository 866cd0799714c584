//! The fast kernels, once, over a vector type. They are inlined into the entry points of each processor, which the
//! compiler translates with that processor's instructions.
//!
//! Each keeps a tile of sums in registers: `matrix_product` some rows × two vectors of columns, `depthwise` four pixels ×
//! one vector of channels.

use super::panels::{Panel, Panels};
use super::shape::{Activation, Epilogue, Shape, Window, neighbours};
use super::vector::Vector;

/// Weights up to this size stay in the second-level cache while all rows pass by.
const RESIDENT_WEIGHT_BYTES: usize = 128 << 10;

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`super::matrix_product`), and `weights` are packed for `V::LANES`.
#[inline(always)]
pub(super) unsafe fn matrix_product<V: Vector, const ROWS: usize>(
    a: &[f32],
    rows: usize,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    debug_assert_eq!(weights.lanes(), V::LANES);
    let (a, out) = (a.as_ptr(), out.as_mut_ptr());
    if weights.bytes() <= RESIDENT_WEIGHT_BYTES {
        let mut row = 0;
        while row < rows {
            let count = tile_rows::<ROWS>(rows - row);
            for panel in weights.iter() {
                // SAFETY: rows `row..row + count` exist, and the caller checked all lengths.
                unsafe { block::<V, ROWS>(a, row, count, weights, &panel, epilogue, out) };
            }
            row += count;
        }
    } else {
        for panel in weights.iter() {
            let mut row = 0;
            while row < rows {
                let count = tile_rows::<ROWS>(rows - row);
                // SAFETY: as above.
                unsafe { block::<V, ROWS>(a, row, count, weights, &panel, epilogue, out) };
                row += count;
            }
        }
    }
}

/// Rows of the next tile: all that fit, or the largest smaller tile there is code for.
#[inline(always)]
fn tile_rows<const ROWS: usize>(left: usize) -> usize {
    match left {
        left if left >= ROWS => ROWS,
        4.. if ROWS > 4 => 4,
        2.. => 2,
        _ => 1,
    }
}

/// # Safety
/// As [`matrix_product`]; the rows `row..row + count` exist.
#[inline(always)]
unsafe fn block<V: Vector, const ROWS: usize>(
    a: *const f32,
    row: usize,
    count: usize,
    weights: &Panels,
    panel: &Panel<'_>,
    epilogue: &Epilogue<'_>,
    out: *mut f32,
) {
    let at = Tile {
        a: a.wrapping_add(row * weights.depth()),
        depth: weights.depth(),
        weights: panel.values.as_ptr(),
        row,
        column: panel.columns.start,
        columns: panel.columns.len(),
        row_len: weights.columns(),
        out,
    };
    // SAFETY: the tile lies inside the matrices.
    unsafe {
        match (panel.vectors, count) {
            (2, count) if count == ROWS => tile::<V, ROWS, 2>(&at, epilogue),
            (2, 4) => tile::<V, 4, 2>(&at, epilogue),
            (2, 2) => tile::<V, 2, 2>(&at, epilogue),
            (2, _) => tile::<V, 1, 2>(&at, epilogue),
            (_, count) if count == ROWS => tile::<V, ROWS, 1>(&at, epilogue),
            (_, 4) => tile::<V, 4, 1>(&at, epilogue),
            (_, 2) => tile::<V, 2, 1>(&at, epilogue),
            (_, _) => tile::<V, 1, 1>(&at, epilogue),
        }
    }
}

/// Where a tile of a matrix product lies.
struct Tile {
    /// Its first row of inputs.
    a: *const f32,
    depth: usize,
    /// Its panel.
    weights: *const f32,
    row: usize,
    column: usize,
    columns: usize,
    row_len: usize,
    /// The whole output.
    out: *mut f32,
}

/// # Safety
/// As [`Vector`]; the tile lies inside the matrices.
#[inline(always)]
unsafe fn tile<V: Vector, const R: usize, const W: usize>(at: &Tile, epilogue: &Epilogue<'_>) {
    // SAFETY: `a` has R rows of `depth` values, the panel `depth` times W vectors; column pointers stay within
    // `columns`, the last vector being cut by `store_first`.
    unsafe {
        let mut sums = [[V::splat(0.0); W]; R];
        let mut weights = at.weights;
        for d in 0..at.depth {
            let mut factors = [V::splat(0.0); W];
            for (w, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(weights.add(w * V::LANES));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let value = V::splat(*at.a.add(r * at.depth + d));
                for w in 0..W {
                    sums[w] = value.multiply_add(factors[w], sums[w]);
                }
            }
            weights = weights.add(W * V::LANES);
        }
        for w in 0..W {
            let column = at.column + w * V::LANES;
            let count = (at.columns - w * V::LANES).min(V::LANES);
            for (r, sums) in sums.iter().enumerate() {
                let offset = (at.row + r) * at.row_len + column;
                finish(sums[w], offset, column, count, epilogue, at.out);
            }
        }
    }
}

/// Adds bias and residual, applies the activation, and stores `count` values at `offset` of the output.
///
/// # Safety
/// As [`Vector`]; `offset` and `column` have `count` values behind them in output, residual, bias and slopes.
#[inline(always)]
unsafe fn finish<V: Vector>(
    sum: V,
    offset: usize,
    column: usize,
    count: usize,
    epilogue: &Epilogue<'_>,
    out: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut value = sum.add(load_up_to::<V>(epilogue.bias.as_ptr().add(column), count));
        if let Some(residual) = epilogue.residual {
            value = value.add(load_up_to::<V>(residual.as_ptr().add(offset), count));
        }
        let value = activate(value, column, count, epilogue.activation);
        store_up_to(value, out.add(offset), count);
    }
}

/// # Safety
/// As [`finish`].
#[inline(always)]
unsafe fn activate<V: Vector>(
    value: V,
    channel: usize,
    count: usize,
    activation: &Activation,
) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        match activation {
            Activation::Identity => value,
            Activation::Clamp(low, high) => value.max(V::splat(*low)).min(V::splat(*high)),
            Activation::PRelu(slopes) => {
                let zero = V::splat(0.0);
                let slope = load_up_to::<V>(slopes.as_ptr().add(channel), count);
                value.min(zero).multiply(slope).add(value.max(zero))
            }
        }
    }
}

/// # Safety
/// As [`Vector`]; `count` is 1 to `LANES`.
#[inline(always)]
unsafe fn load_up_to<V: Vector>(from: *const f32, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        if count == V::LANES {
            V::load(from)
        } else {
            V::load_first(from, count)
        }
    }
}

/// # Safety
/// As [`Vector`]; `count` is 1 to `LANES`.
#[inline(always)]
unsafe fn store_up_to<V: Vector>(value: V, to: *mut f32, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if count == V::LANES {
            value.store(to);
        } else {
            value.store_first(to, count);
        }
    }
}

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`super::depthwise`).
#[inline(always)]
pub(super) unsafe fn depthwise<V: Vector>(
    window: &Window,
    input: &[f32],
    weights: &[f32],
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    // SAFETY: the caller's promise.
    unsafe {
        match window.kernel {
            [3, 3] => depthwise_of::<V, 3>(window, input, weights, epilogue, out),
            [5, 5] => depthwise_of::<V, 5>(window, input, weights, epilogue, out),
            _ => depthwise_of::<V, 0>(window, input, weights, epilogue, out),
        }
    }
}

/// `K` is the width of the kernel, or 0 where it is only known at run time.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn depthwise_of<V: Vector, const K: usize>(
    window: &Window,
    input: &[f32],
    weights: &[f32],
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let kernel_width = if K == 0 { window.kernel[1] } else { K };
    let channels = window.input.channels;
    let (output_width, stride) = (window.output.width, window.stride[1]);
    // Outputs whose taps all lie inside the input's width.
    let first_inner = window.pad[1].div_ceil(stride).min(output_width);
    let inner_end = (window.input.width + window.pad[1])
        .checked_sub(kernel_width)
        .map_or(0, |room| room / stride + 1)
        .clamp(first_inner, output_width);
    let out = out.as_mut_ptr();
    for y in 0..window.output.height {
        let mut channel = 0;
        while channel < channels {
            let count = (channels - channel).min(V::LANES);
            let place = Place {
                window,
                input: input.as_ptr().wrapping_add(channel),
                weights: weights.as_ptr().wrapping_add(channel),
                y,
                channel,
                count,
                kernel_width,
            };
            let mut x = 0;
            // SAFETY: inner outputs have all their taps inside, the others only those that `taps` names.
            unsafe {
                while x < output_width {
                    if x >= first_inner && x + 4 <= inner_end {
                        inner_pixels::<V, K, 4>(&place, x, epilogue, out);
                        x += 4;
                    } else if x >= first_inner && x < inner_end {
                        inner_pixels::<V, K, 1>(&place, x, epilogue, out);
                        x += 1;
                    } else {
                        border_pixel::<V>(&place, x, epilogue, out);
                        x += 1;
                    }
                }
            }
            channel += count;
        }
    }
}

/// One row of outputs of one vector of channels.
struct Place<'a> {
    window: &'a Window,
    /// From the vector's first channel on.
    input: *const f32,
    weights: *const f32,
    y: usize,
    channel: usize,
    count: usize,
    kernel_width: usize,
}

/// # Safety
/// As [`depthwise`]; the outputs `x..x + P` have all their columns inside the input.
#[inline(always)]
unsafe fn inner_pixels<V: Vector, const K: usize, const P: usize>(
    place: &Place<'_>,
    x: usize,
    epilogue: &Epilogue<'_>,
    out: *mut f32,
) {
    let window = place.window;
    let channels = window.input.channels;
    let kernel_width = if K == 0 { place.kernel_width } else { K };
    let step = window.stride[1] * channels;
    let [rows, _] = window.taps(place.y, x);
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [V::splat(0.0); P];
        for ky in rows {
            let row = place.input.add(window.pixel(place.y, x, ky, 0) * channels);
            let weights = place.weights.add(ky * kernel_width * channels);
            for kx in 0..kernel_width {
                let factor = load_up_to::<V>(weights.add(kx * channels), place.count);
                for (p, sum) in sums.iter_mut().enumerate() {
                    let value = load_up_to::<V>(row.add(p * step + kx * channels), place.count);
                    *sum = value.multiply_add(factor, *sum);
                }
            }
        }
        for (p, sum) in sums.into_iter().enumerate() {
            let offset = (place.y * window.output.width + x + p) * channels + place.channel;
            finish(sum, offset, place.channel, place.count, epilogue, out);
        }
    }
}

/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn border_pixel<V: Vector>(
    place: &Place<'_>,
    x: usize,
    epilogue: &Epilogue<'_>,
    out: *mut f32,
) {
    let window = place.window;
    let channels = window.input.channels;
    let [rows, columns] = window.taps(place.y, x);
    // SAFETY: only taps inside the input are read.
    unsafe {
        let mut sum = V::splat(0.0);
        for ky in rows {
            for kx in columns.clone() {
                let factor = place.weights.add((ky * place.kernel_width + kx) * channels);
                let value = place.input.add(window.pixel(place.y, x, ky, kx) * channels);
                let factor = load_up_to::<V>(factor, place.count);
                sum = load_up_to::<V>(value, place.count).multiply_add(factor, sum);
            }
        }
        let offset = (place.y * window.output.width + x) * channels + place.channel;
        finish(sum, offset, place.channel, place.count, epilogue, out);
    }
}

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`super::max_pool`).
#[inline(always)]
pub(super) unsafe fn max_pool<V: Vector>(window: &Window, input: &[f32], out: &mut [f32]) {
    let channels = window.input.channels;
    for y in 0..window.output.height {
        for x in 0..window.output.width {
            let [rows, columns] = window.taps(y, x);
            let offset = (y * window.output.width + x) * channels;
            let mut channel = 0;
            while channel < channels {
                let count = (channels - channel).min(V::LANES);
                // SAFETY: only taps inside the input are read, `count` channels from `channel` on.
                unsafe {
                    let mut greatest = V::splat(f32::MIN);
                    for ky in rows.clone() {
                        for kx in columns.clone() {
                            let at = window.pixel(y, x, ky, kx) * channels + channel;
                            greatest = load_up_to::<V>(input.as_ptr().add(at), count).max(greatest);
                        }
                    }
                    store_up_to(greatest, out.as_mut_ptr().add(offset + channel), count);
                }
                channel += count;
            }
        }
    }
}

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`super::add`).
#[inline(always)]
pub(super) unsafe fn add<V: Vector>(
    a: &[f32],
    b: Option<&[f32]>,
    channels: usize,
    activation: &Activation,
    out: &mut [f32],
) {
    for start in (0..out.len()).step_by(channels) {
        let mut channel = 0;
        while channel < channels {
            let count = (channels - channel).min(V::LANES);
            let offset = start + channel;
            // SAFETY: `count` values from `offset` on are inside a, b and out, which have one length.
            unsafe {
                let mut value = load_up_to::<V>(a.as_ptr().add(offset), count);
                if let Some(b) = b {
                    value = value.add(load_up_to::<V>(b.as_ptr().add(offset), count));
                }
                let value = activate(value, channel, count, activation);
                store_up_to(value, out.as_mut_ptr().add(offset), count);
            }
            channel += count;
        }
    }
}

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`super::upsample_2x`).
#[inline(always)]
pub(super) unsafe fn upsample_2x<V: Vector>(shape: Shape, input: &[f32], out: &mut [f32]) {
    let (channels, width) = (shape.channels, shape.width);
    for y in 0..2 * shape.height {
        let rows = neighbours(y, shape.height);
        for x in 0..2 * width {
            let columns = neighbours(x, width);
            let offset = (y * 2 * width + x) * channels;
            let mut channel = 0;
            while channel < channels {
                let count = (channels - channel).min(V::LANES);
                // SAFETY: neighbours lie inside, `count` channels from `channel` on.
                unsafe {
                    let (most, rest) = (V::splat(0.75), V::splat(0.25));
                    let mut sides = [V::splat(0.0); 2];
                    for (side, row) in sides.iter_mut().zip(rows) {
                        let at = |column: usize| {
                            input
                                .as_ptr()
                                .add((row * width + column) * channels + channel)
                        };
                        let far = load_up_to::<V>(at(columns[1]), count).multiply(rest);
                        *side = load_up_to::<V>(at(columns[0]), count).multiply_add(most, far);
                    }
                    let value = sides[0].multiply_add(most, sides[1].multiply(rest));
                    store_up_to(value, out.as_mut_ptr().add(offset + channel), count);
                }
                channel += count;
            }
        }
    }
}
