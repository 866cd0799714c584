//! aarch64 NEON, which every such processor has.

use std::arch::aarch64::*;

use super::colours::{Pixels, Positions};
use super::generic;
use super::panels::Panels;
use super::shape::{Activation, Epilogue, Rows, Shape, Window};
use super::taps::Taps;
use super::vector::Vector;

pub(super) fn lanes() -> usize {
    Neon::LANES
}

pub(super) fn matrix_product(
    a: &Rows<'_>,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    // SAFETY: NEON is part of aarch64; lengths were checked. Here and below.
    unsafe { generic::matrix_product::<Neon, 8>(a, weights, epilogue, out) }
}

pub(super) fn depthwise(
    window: &Window,
    input: &[f32],
    taps: &Taps,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    // SAFETY: see above.
    unsafe { generic::depthwise::<Neon>(window, input, taps, epilogue, out) }
}

pub(super) fn max_pool(window: &Window, input: &[f32], out: &mut [f32]) {
    // SAFETY: see above.
    unsafe { generic::max_pool::<Neon>(window, input, out) }
}

pub(super) fn add(
    a: &[f32],
    b: Option<&[f32]>,
    channels: usize,
    activation: &Activation,
    out: &mut [f32],
) {
    // SAFETY: see above.
    unsafe { generic::add::<Neon>(a, b, channels, activation, out) }
}

pub(super) fn upsample_2x(shape: Shape, input: &[f32], out: &mut [f32]) {
    // SAFETY: see above.
    unsafe { generic::upsample_2x::<Neon>(shape, input, out) }
}

pub(super) fn blend(
    pixels: Pixels<'_>,
    at: &Positions,
    [scale, black]: [f32; 2],
    out: &mut [[f32; 3]],
) -> bool {
    for (index, out) in out.iter_mut().enumerate() {
        // SAFETY: NEON is part of aarch64; pixels surround the position, so that eight bytes can be read of either row.
        *out = unsafe {
            let (top, right, below) = pixels.corner(at, index);
            let (top, bottom) = (vld1_u8(top), vld1_u8(top.add(3 * pixels.width)));
            let columns = vmull_u8(top, vdup_n_u8(32 - below as u8));
            let columns = vmlal_u8(columns, bottom, vdup_n_u8(below as u8));
            let (left, next) = (columns, vextq_u16::<3>(columns, columns));
            let sum = vmull_n_u16(vget_low_u16(left), 32 - right as u16);
            let sum = vmlal_n_u16(sum, vget_low_u16(next), right as u16);
            let bytes = vcvtq_f32_u32(vrshrq_n_u32::<10>(sum));
            let values = vfmaq_f32(vdupq_n_f32(black), bytes, vdupq_n_f32(scale));
            [
                vgetq_lane_f32::<0>(values),
                vgetq_lane_f32::<1>(values),
                vgetq_lane_f32::<2>(values),
            ]
        };
    }
    true
}

#[derive(Clone, Copy)]
struct Neon(float32x4_t);

impl Vector for Neon {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait, `LANES` floats lie there.
        Self(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; 4];
        // SAFETY: by the trait, `count` floats lie there.
        unsafe {
            std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count);
            Self(vld1q_f32(values.as_ptr()))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait, `LANES` floats lie there.
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        let mut values = [0.0f32; 4];
        // SAFETY: by the trait, `count` floats lie there.
        unsafe {
            vst1q_f32(values.as_mut_ptr(), self.0);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, count);
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vfmaq_f32(sum.0, self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), self.0, other.0) })
    }
}
