//! WebAssembly SIMD, and relaxed SIMD with the feature `relaxed-simd`: its multiply-add is one instruction that rounds
//! once wherever the processor has one.
//!
//! A browser validates a module as a whole, so the two are two wasm files, chosen by a feature test in the page.

use std::arch::wasm32::*;

use super::colours::{Pixels, Positions};
use super::generic;
use super::panels::Panels;
use super::shape::{Activation, Epilogue, Rows, Shape, Window};
use super::taps::Taps;
use super::vector::Vector;

pub(super) fn lanes() -> usize {
    Wasm::LANES
}

/// Rows of a tile of a matrix product. Six with two vectors of columns are what fits into the registers that V8 and
/// SpiderMonkey have on x86-64 (15), if each value is used up before the next is read: see `pre-RA-sched` in
/// `.cargo/config.toml`. Where a multiply-add is two instructions, it needs one more for the product.
const ROWS: usize = if cfg!(feature = "relaxed-simd") { 6 } else { 4 };

macro_rules! entry_points {
    ($($(#[$feature:meta])* fn $name:ident($($argument:ident: $type:ty),*) = $kernel:expr;)+) => {$(
        pub(super) fn $name($($argument: $type),*) {
            $(#[$feature])*
            unsafe fn compiled($($argument: $type),*) {
                // SAFETY: lengths were checked; a module with these instructions was validated as a whole.
                unsafe { $kernel($($argument),*) }
            }
            // SAFETY: see above.
            unsafe { compiled($($argument),*) }
        }
    )+};
}

entry_points! {
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn matrix_product(a: &Rows<'_>, weights: &Panels, epilogue: &Epilogue<'_>, out: &mut [f32]) =
        generic::matrix_product::<Wasm, ROWS>;
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn depthwise(window: &Window, input: &[f32], taps: &Taps, epilogue: &Epilogue<'_>, out: &mut [f32]) =
        generic::depthwise::<Wasm>;
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn max_pool(window: &Window, input: &[f32], out: &mut [f32]) = generic::max_pool::<Wasm>;
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn add(a: &[f32], b: Option<&[f32]>, channels: usize, activation: &Activation, out: &mut [f32]) =
        generic::add::<Wasm>;
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn upsample_2x(shape: Shape, input: &[f32], out: &mut [f32]) = generic::upsample_2x::<Wasm>;
}

/// Product and sum are of 64 bits, so that both builds round once.
pub(super) fn blend(
    pixels: Pixels<'_>,
    at: &Positions,
    [scale, black]: [f32; 2],
    out: &mut [[f32; 3]],
) -> bool {
    let (scale, black) = (f64x2_splat(scale.into()), f64x2_splat(black.into()));
    let values = |two| f32x4_demote_f64x2_zero(f64x2_add(f64x2_mul(two, scale), black));
    for (index, out) in out.iter_mut().enumerate() {
        // SAFETY: pixels surround the position, so that eight bytes can be read of either row.
        let (top, bottom, right, below) = unsafe {
            let (top, right, below) = pixels.corner(at, index);
            let bottom = top.add(3 * pixels.width);
            let [top, bottom] = [top, bottom].map(|row| u16x8_load_extend_u8x8(row.cast()));
            (top, bottom, right, below)
        };
        let columns = i16x8_add(
            i16x8_mul(top, i16x8_splat(32 - below as i16)),
            i16x8_mul(bottom, i16x8_splat(below as i16)),
        );
        let neighbours = i16x8_shuffle::<0, 3, 1, 4, 2, 5, 2, 5>(columns, columns);
        let sum = i32x4_dot_i16x8(neighbours, i32x4_splat((32 - right) | right << 16));
        let bytes = u32x4_shr(i32x4_add(sum, i32x4_splat(512)), 10);
        let first_two = values(f64x2_convert_low_i32x4(bytes));
        let third = values(f64x2_convert_low_i32x4(i64x2_shuffle::<1, 1>(bytes, bytes)));
        // SAFETY: there is room for three floats.
        unsafe {
            v128_store64_lane::<0>(first_two, out.as_mut_ptr().cast());
            v128_store32_lane::<0>(third, out.as_mut_ptr().add(2).cast());
        }
    }
    true
}

#[derive(Clone, Copy)]
struct Wasm(v128);

impl Vector for Wasm {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait, `LANES` floats lie there.
        Self(unsafe { v128_load(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; 4];
        // SAFETY: by the trait, `count` floats lie there.
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count) };
        // SAFETY: an array of four lies there.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait, `LANES` floats lie there.
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        let mut values = [0.0f32; 4];
        // SAFETY: by the trait, `count` floats lie there.
        unsafe {
            v128_store(values.as_mut_ptr().cast(), self.0);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, count);
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    #[cfg(feature = "relaxed-simd")]
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        Self(f32x4_relaxed_madd(self.0, factor.0, sum.0))
    }

    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        Self(f32x4_add(f32x4_mul(self.0, factor.0), sum.0))
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // pmax(a, b) is b where a < b, and a otherwise.
        Self(f32x4_pmax(other.0, self.0))
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(other.0, self.0))
    }
}
