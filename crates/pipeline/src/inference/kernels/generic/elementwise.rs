//! What looks at each value, or a few neighbours of it, once.

use super::super::shape::{Activation, Shape, Window, between};
use super::super::vector::Vector;
use super::{activate, load_up_to, store_up_to};

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`kernels::max_pool`).
#[inline(always)]
pub(in super::super) unsafe fn max_pool<V: Vector>(
    window: &Window,
    input: &[f32],
    out: &mut [f32],
) {
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
/// As [`Vector`]. Lengths are checked by the caller (`kernels::add`).
#[inline(always)]
pub(in super::super) unsafe fn add<V: Vector>(
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
                let mut tile = [[value]];
                activate::<V, 1, 1, false>(&mut tile, channel, count, activation);
                store_up_to(tile[0][0], out.as_mut_ptr().add(offset), count);
            }
            channel += count;
        }
    }
}

/// # Safety
/// As [`Vector`]. Lengths are checked by the caller (`kernels::upsample_2x`).
#[inline(always)]
pub(in super::super) unsafe fn upsample_2x<V: Vector>(
    shape: Shape,
    input: &[f32],
    out: &mut [f32],
) {
    let (channels, width) = (shape.channels, shape.width);
    for row in 0..2 * shape.height {
        let rows = between(row, shape.height);
        for column in 0..2 * width {
            let columns = between(column, width);
            let offset = (row * 2 * width + column) * channels;
            for channel in (0..channels).step_by(V::LANES) {
                let count = (channels - channel).min(V::LANES);
                // SAFETY: both neighbours lie inside, `count` channels from `channel` on.
                unsafe {
                    let at = |row: usize, column: usize| {
                        let at = (row * width + column) * channels + channel;
                        load_up_to::<V>(input.as_ptr().add(at), count)
                    };
                    let side = |row: usize| {
                        let (first, second) = (at(row, columns.first), at(row, columns.second));
                        mix(first, second, V::splat(columns.share))
                    };
                    let value = mix(side(rows.first), side(rows.second), V::splat(rows.share));
                    store_up_to(value, out.as_mut_ptr().add(offset + channel), count);
                }
            }
        }
    }
}

/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn mix<V: Vector>(first: V, second: V, share: V) -> V {
    // SAFETY: the caller's promise.
    unsafe { first.add(second.subtract(first).multiply(share)) }
}
