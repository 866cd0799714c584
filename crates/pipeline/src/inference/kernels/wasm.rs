//! WebAssembly SIMD, and relaxed SIMD with the feature `relaxed-simd`: its multiply-add is one instruction that rounds
//! once wherever the processor has one.
//!
//! A browser validates a module as a whole, so the two are two wasm files, chosen by a feature test in the page.

use std::arch::wasm32::*;

use super::generic;
use super::panels::Panels;
use super::shape::{Activation, Epilogue, Shape, Window};
use super::taps::Taps;
use super::vector::Vector;

pub(super) fn lanes() -> usize {
    Wasm::LANES
}

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
    fn matrix_product(a: &[f32], rows: usize, weights: &Panels, epilogue: &Epilogue<'_>, out: &mut [f32]) =
        generic::matrix_product::<Wasm, 4>;
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
