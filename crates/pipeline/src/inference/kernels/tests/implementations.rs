//! Every implementation of the kernels that this processor can run.

use super::array::Array;
use crate::inference::kernels::shape::{Activation, Epilogue, Rows, Shape, Window};
use crate::inference::kernels::{self, Panels, Taps, generic};

/// Two tensors or one, channels, activation, output.
type Add = fn(&[f32], Option<&[f32]>, usize, &Activation, &mut [f32]);

/// One implementation. Weights are to be packed for its `lanes`.
pub(super) struct Implementation {
    pub(super) name: &'static str,
    pub(super) lanes: usize,
    pub(super) matrix_product: fn(&Rows<'_>, &Panels, &Epilogue<'_>, &mut [f32]),
    pub(super) depthwise: fn(&Window, &[f32], &Taps, &Epilogue<'_>, &mut [f32]),
    pub(super) max_pool: fn(&Window, &[f32], &mut [f32]),
    pub(super) add: Add,
    pub(super) upsample_2x: fn(Shape, &[f32], &mut [f32]),
}

/// All of them: what the pipeline uses here first.
pub(super) fn implementations() -> Vec<Implementation> {
    let mut all = vec![
        Implementation {
            name: "this processor's",
            lanes: kernels::lanes(),
            matrix_product: kernels::matrix_product,
            depthwise: kernels::depthwise,
            max_pool: kernels::max_pool,
            add: kernels::add,
            upsample_2x: kernels::upsample_2x,
        },
        of_arrays::<4, 4>("arrays of 4, as WebAssembly"),
        of_arrays::<4, 8>("arrays of 4, as NEON"),
        of_arrays::<8, 6>("arrays of 8, as AVX2"),
        of_arrays::<16, 12>("arrays of 16, as AVX-512"),
    ];
    all.extend(of_levels());
    all
}

/// The fast kernels over plain arrays, with tiles of `ROWS` rows, as a processor of that width has them.
fn of_arrays<const LANES: usize, const ROWS: usize>(name: &'static str) -> Implementation {
    // SAFETY of all: arrays need no instructions, and the tests give slices of the lengths that the functions of
    // `kernels` check, with weights packed for `LANES`.
    Implementation {
        name,
        lanes: LANES,
        // SAFETY: see above.
        matrix_product: |a, weights, epilogue, out| unsafe {
            generic::matrix_product::<Array<LANES>, ROWS>(a, weights, epilogue, out);
        },
        // SAFETY: see above.
        depthwise: |window, input, taps, epilogue, out| unsafe {
            generic::depthwise::<Array<LANES>>(window, input, taps, epilogue, out);
        },
        // SAFETY: see above.
        max_pool: |window, input, out| unsafe {
            generic::max_pool::<Array<LANES>>(window, input, out);
        },
        // SAFETY: see above.
        add: |a, b, channels, activation, out| unsafe {
            generic::add::<Array<LANES>>(a, b, channels, activation, out);
        },
        // SAFETY: see above.
        upsample_2x: |shape, input, out| unsafe {
            generic::upsample_2x::<Array<LANES>>(shape, input, out);
        },
    }
}

/// Each level that this processor has, not only the one that it would choose.
#[cfg(target_arch = "x86_64")]
fn of_levels() -> Vec<Implementation> {
    use kernels::x86::{Level, avx2, avx512, level};

    macro_rules! of_level {
        ($module:ident, $lanes:literal) => {
            // SAFETY of all: the level is asked for below; see above for the lengths.
            Implementation {
                name: stringify!($module),
                lanes: $lanes,
                // SAFETY: see above.
                matrix_product: |a, weights, epilogue, out| unsafe {
                    $module::matrix_product(a, weights, epilogue, out);
                },
                // SAFETY: see above.
                depthwise: |window, input, taps, epilogue, out| unsafe {
                    $module::depthwise(window, input, taps, epilogue, out);
                },
                // SAFETY: see above.
                max_pool: |window, input, out| unsafe { $module::max_pool(window, input, out) },
                // SAFETY: see above.
                add: |a, b, channels, activation, out| unsafe {
                    $module::add(a, b, channels, activation, out);
                },
                // SAFETY: see above.
                upsample_2x: |shape, input, out| unsafe {
                    $module::upsample_2x(shape, input, out);
                },
            }
        };
    }
    match level() {
        Level::Avx512 => vec![of_level!(avx2, 8), of_level!(avx512, 16)],
        Level::Avx2 => vec![of_level!(avx2, 8)],
        Level::Scalar => vec![],
    }
}

/// Other processors have one level.
#[cfg(not(target_arch = "x86_64"))]
fn of_levels() -> Vec<Implementation> {
    Vec::new()
}
