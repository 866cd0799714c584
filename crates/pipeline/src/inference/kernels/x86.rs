//! x86-64: AVX-512 or AVX2 with FMA, chosen at run time; the specification where the processor has neither.

use std::arch::x86_64::*;

use super::colours::{Pixels, Positions, RowMap};
use super::panels::Panels;
use super::shape::{Activation, Epilogue, Rows, Shape, Window};
use super::taps::Taps;
use super::vector::Vector;
use super::{generic, scalar};

/// The instructions that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Avx512,
    Avx2,
    Scalar,
}

/// Asked of the standard library, which remembers the answer.
pub(super) fn level() -> Level {
    if is_x86_feature_detected!("avx512f") {
        Level::Avx512
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::Avx2
    } else {
        Level::Scalar
    }
}

pub(super) fn lanes() -> usize {
    match level() {
        Level::Avx512 => Avx512::LANES,
        Level::Avx2 => Avx2::LANES,
        Level::Scalar => 1,
    }
}

macro_rules! entry_points {
    ($module:ident, $vector:ident, $features:literal, $rows:literal) => {
        /// The kernels, compiled for one level.
        ///
        /// # Safety
        /// Of all functions: the processor has these features, and lengths were checked.
        pub(super) mod $module {
            use super::*;

            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn matrix_product(
                a: &Rows<'_>,
                weights: &Panels,
                epilogue: &Epilogue<'_>,
                out: &mut [f32],
            ) {
                // SAFETY: the caller's promise, here and below.
                unsafe { generic::matrix_product::<$vector, $rows>(a, weights, epilogue, out) }
            }

            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn depthwise(
                window: &Window,
                input: &[f32],
                taps: &Taps,
                epilogue: &Epilogue<'_>,
                out: &mut [f32],
            ) {
                // SAFETY: see above.
                unsafe { generic::depthwise::<$vector>(window, input, taps, epilogue, out) }
            }

            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn max_pool(
                window: &Window,
                input: &[f32],
                out: &mut [f32],
            ) {
                // SAFETY: see above.
                unsafe { generic::max_pool::<$vector>(window, input, out) }
            }

            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn add(
                a: &[f32],
                b: Option<&[f32]>,
                channels: usize,
                activation: &Activation,
                out: &mut [f32],
            ) {
                // SAFETY: see above.
                unsafe { generic::add::<$vector>(a, b, channels, activation, out) }
            }

            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn upsample_2x(
                shape: Shape,
                input: &[f32],
                out: &mut [f32],
            ) {
                // SAFETY: see above.
                unsafe { generic::upsample_2x::<$vector>(shape, input, out) }
            }
        }
    };
}

entry_points!(avx512, Avx512, "avx512f", 12);
entry_points!(avx2, Avx2, "avx2,fma", 6);

pub(super) fn matrix_product(
    a: &Rows<'_>,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    // Panels are packed for `lanes()`, so their width says which level they are for.
    match (weights.lanes(), level()) {
        // SAFETY: that level was detected when they were packed; lengths were checked.
        (Avx512::LANES, Level::Avx512) => unsafe {
            avx512::matrix_product(a, weights, epilogue, out);
        },
        // SAFETY: that level was detected when they were packed; lengths were checked.
        (Avx2::LANES, Level::Avx512 | Level::Avx2) => unsafe {
            avx2::matrix_product(a, weights, epilogue, out);
        },
        _ => {
            let weight = |depth, column| weights.element(depth, column);
            scalar::matrix_product::<true>(a, weights.depth(), weight, epilogue, out);
        }
    }
}

pub(super) fn depthwise(
    window: &Window,
    input: &[f32],
    taps: &Taps,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    // Taps are packed for `lanes()`, as panels are.
    match (taps.lanes(), level()) {
        // SAFETY: that level was detected when they were packed; lengths were checked.
        (Avx512::LANES, Level::Avx512) => unsafe {
            avx512::depthwise(window, input, taps, epilogue, out);
        },
        // SAFETY: that level was detected when they were packed; lengths were checked.
        (Avx2::LANES, Level::Avx512 | Level::Avx2) => unsafe {
            avx2::depthwise(window, input, taps, epilogue, out);
        },
        _ => {
            let weight = |ky, kx, channel| taps.element(ky, kx, channel);
            scalar::depthwise::<true>(window, input, weight, epilogue, out);
        }
    }
}

pub(super) fn max_pool(window: &Window, input: &[f32], out: &mut [f32]) {
    match level() {
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx512 => unsafe { avx512::max_pool(window, input, out) },
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx2 => unsafe { avx2::max_pool(window, input, out) },
        Level::Scalar => scalar::max_pool(window, input, out),
    }
}

pub(super) fn add(
    a: &[f32],
    b: Option<&[f32]>,
    channels: usize,
    activation: &Activation,
    out: &mut [f32],
) {
    match level() {
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx512 => unsafe { avx512::add(a, b, channels, activation, out) },
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx2 => unsafe { avx2::add(a, b, channels, activation, out) },
        Level::Scalar => scalar::add(a, b, channels, activation, out),
    }
}

pub(super) fn upsample_2x(shape: Shape, input: &[f32], out: &mut [f32]) {
    match level() {
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx512 => unsafe { avx512::upsample_2x(shape, input, out) },
        // SAFETY: that level was detected; lengths were checked.
        Level::Avx2 => unsafe { avx2::upsample_2x(shape, input, out) },
        Level::Scalar => scalar::upsample_2x(shape, input, out),
    }
}

pub(super) fn positions(map: &RowMap, first: usize) -> Positions {
    #[target_feature(enable = "avx2")]
    unsafe fn compiled(map: &RowMap, first: usize) -> Positions {
        map.positions(first)
    }
    match level() {
        // SAFETY: both levels have AVX2.
        Level::Avx512 | Level::Avx2 => unsafe { compiled(map, first) },
        Level::Scalar => map.positions(first),
    }
}

pub(super) fn blend(
    pixels: Pixels<'_>,
    at: &Positions,
    range: [f32; 2],
    out: &mut [[f32; 3]],
) -> bool {
    if level() == Level::Scalar {
        return false;
    }
    // SAFETY: the other levels have AVX2 and FMA; pixels surround all positions.
    unsafe { blend_avx2(pixels, at, range, out) };
    true
}

/// # Safety
/// The processor has these features, and pixels surround all positions.
#[target_feature(enable = "avx2,fma")]
unsafe fn blend_avx2(
    pixels: Pixels<'_>,
    at: &Positions,
    [scale, black]: [f32; 2],
    out: &mut [[f32; 3]],
) {
    // Of the sums of two rows, each byte's of a pixel beside the next pixel's.
    let neighbours = _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
    let (scale, black) = (_mm_set1_ps(scale), _mm_set1_ps(black));
    for index in 0..out.len() {
        // SAFETY: by the caller's promise eight bytes can be read of either row.
        let (top, bottom, right, below) = unsafe {
            let (top, right, below) = pixels.corner(at, index);
            let bottom = top.add(3 * pixels.width);
            let [top, bottom] = [top, bottom].map(|row| _mm_loadl_epi64(row.cast()));
            (top, bottom, right, below)
        };
        let rows = _mm_set1_epi16(((32 - below) | below << 8) as i16);
        let columns = _mm_maddubs_epi16(_mm_unpacklo_epi8(top, bottom), rows);
        let weights = _mm_set1_epi32((32 - right) | right << 16);
        let sum = _mm_madd_epi16(_mm_shuffle_epi8(columns, neighbours), weights);
        let bytes = _mm_srli_epi32::<10>(_mm_add_epi32(sum, _mm_set1_epi32(512)));
        let values = _mm_fmadd_ps(_mm_cvtepi32_ps(bytes), scale, black);
        if let Some(two @ [_, _]) = out.get_mut(index..index + 2) {
            // SAFETY: there is room for six floats; the fourth is written again as the next pixel's first.
            unsafe { _mm_storeu_ps(two.as_mut_ptr().cast(), values) };
        } else {
            let mut four = [0.0; 4];
            // SAFETY: there is room for four floats.
            unsafe { _mm_storeu_ps(four.as_mut_ptr(), values) };
            out[index].copy_from_slice(&four[..3]);
        }
    }
}

#[derive(Clone, Copy)]
struct Avx512(__m512);

impl Vector for Avx512 {
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait, `LANES` floats lie there.
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: by the trait, `count` floats lie there.
        Self(unsafe { _mm512_maskz_loadu_ps((1 << count) - 1, from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait, `LANES` floats lie there.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: by the trait, `count` floats lie there.
        unsafe { _mm512_mask_storeu_ps(to, (1 << count) - 1, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm512_min_ps(self.0, other.0) })
    }
}

#[derive(Clone, Copy)]
struct Avx2(__m256);

/// All ones for the first `count` of eight lanes.
#[inline(always)]
unsafe fn mask_of_first(count: usize) -> __m256i {
    const ONES_THEN_ZEROS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: `count` is at most 8, so eight values lie behind the pointer.
    unsafe { _mm256_loadu_si256(ONES_THEN_ZEROS.as_ptr().add(8 - count).cast()) }
}

impl Vector for Avx2 {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait, `LANES` floats lie there.
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: by the trait, `count` floats lie there.
        Self(unsafe { _mm256_maskload_ps(from, mask_of_first(count)) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait, `LANES` floats lie there.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: by the trait, `count` floats lie there.
        unsafe { _mm256_maskstore_ps(to, mask_of_first(count), self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, sum.0) })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_max_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: by the trait, the processor has the instruction.
        Self(unsafe { _mm256_min_ps(self.0, other.0) })
    }
}
