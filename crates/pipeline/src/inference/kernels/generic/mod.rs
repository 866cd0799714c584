//! The fast kernels, once, over a vector type. They are inlined into the entry points of each processor, which the
//! compiler translates with that processor's instructions.
//!
//! Loops over a tile have constant lengths and no branches inside, so that the compiler unrolls them and keeps the tile
//! in registers.

mod depthwise;
mod elementwise;
mod matrix_product;

pub(super) use depthwise::depthwise;
pub(super) use elementwise::{add, max_pool, upsample_2x};
pub(super) use matrix_product::matrix_product;

use super::shape::Activation;
use super::vector::Vector;

/// Applies the activation to a tile: `sums[r][w]` is the vector of channels from `channel + w · LANES` on. Unless the
/// tile is `WHOLE`, its last vectors hold only `last` channels.
///
/// # Safety
/// As [`Vector`]; the slopes of these channels exist.
#[inline(always)]
unsafe fn activate<V: Vector, const R: usize, const W: usize, const WHOLE: bool>(
    sums: &mut [[V; W]; R],
    channel: usize,
    last: usize,
    activation: &Activation,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match activation {
            Activation::Identity => {}
            Activation::Clamp(low, high) => {
                let (low, high) = (V::splat(*low), V::splat(*high));
                for sums in sums.iter_mut() {
                    for value in sums.iter_mut() {
                        *value = value.max(low).min(high);
                    }
                }
            }
            Activation::PRelu(slopes) => {
                let zero = V::splat(0.0);
                for w in 0..W {
                    let count = vector_len::<V, W, WHOLE>(w, last);
                    let slope = load_up_to::<V>(slopes.as_ptr().add(channel + w * V::LANES), count);
                    for sums in sums.iter_mut() {
                        let negative = sums[w].min(zero).multiply(slope);
                        sums[w] = negative.add(sums[w].max(zero));
                    }
                }
            }
        }
    }
}

/// Channels in vector `w` of `W`: all lanes, or `last` in the last one of a tile that is not `WHOLE`.
#[inline(always)]
fn vector_len<V: Vector, const W: usize, const WHOLE: bool>(w: usize, last: usize) -> usize {
    if WHOLE || w + 1 < W { V::LANES } else { last }
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
