//! What looks at each value, or a few neighbours of it, once.

use super::super::shape::{Activation, Shape, Window, neighbours};
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
