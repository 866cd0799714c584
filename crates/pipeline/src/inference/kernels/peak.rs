//! The most multiply-adds that one core of this machine does: a loop that touches nothing but registers. The benchmark
//! gives the kernels' speed as a share of it.

use std::hint::black_box;

/// Chains of multiply-adds that do not wait for each other: more than latency times units of any processor here, few
/// enough for the 16 registers of AVX2.
const CHAINS: usize = 12;

/// Does `CHAINS · steps` multiply-adds of the widest vector that the kernels use here. Returns the number of single
/// ones.
pub(crate) fn multiply_adds(steps: u64) -> u64 {
    let lanes = super::lanes();
    native(lanes, steps);
    steps * (CHAINS * lanes) as u64
}

#[cfg(target_arch = "x86_64")]
fn native(lanes: usize, steps: u64) {
    use std::arch::x86_64::*;

    macro_rules! register_loop {
        ($name:ident, $features:literal, $splat:ident, $multiply_add:ident) => {
            #[target_feature(enable = $features)]
            fn $name(steps: u64) {
                let (factor, addend) = ($splat(black_box(0.5)), $splat(black_box(1.0)));
                let mut sums = [$splat(0.0); CHAINS];
                for (number, sum) in sums.iter_mut().enumerate() {
                    // Different starts, or the compiler sees one chain in all of them.
                    *sum = $splat(black_box(number as f32));
                }
                for _ in 0..steps {
                    for sum in &mut sums {
                        *sum = $multiply_add(*sum, factor, addend);
                    }
                }
                black_box(sums);
            }
        };
    }
    register_loop!(avx512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps);
    register_loop!(avx2, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps);

    match lanes {
        // SAFETY: the kernels have this many lanes only where the processor has these instructions.
        16 => unsafe { avx512(steps) },
        // SAFETY: see above.
        8 => unsafe { avx2(steps) },
        _ => arrays::<1>(steps),
    }
}

/// NEON is part of every aarch64 that Rust knows: the compiler makes vectors of four of the arrays by itself.
#[cfg(target_arch = "aarch64")]
fn native(_lanes: usize, steps: u64) {
    arrays::<4>(steps);
}

/// With relaxed SIMD one instruction, otherwise a product and a sum.
#[cfg(target_arch = "wasm32")]
fn native(_lanes: usize, steps: u64) {
    use std::arch::wasm32::*;

    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    unsafe fn compiled(steps: u64) {
        let (factor, addend) = (f32x4_splat(black_box(0.5)), f32x4_splat(black_box(1.0)));
        let mut sums: [v128; CHAINS] =
            std::array::from_fn(|number| f32x4_splat(black_box(number as f32)));
        for _ in 0..steps {
            for sum in &mut sums {
                #[cfg(feature = "relaxed-simd")]
                let next = f32x4_relaxed_madd(*sum, factor, addend);
                #[cfg(not(feature = "relaxed-simd"))]
                let next = f32x4_add(f32x4_mul(*sum, factor), addend);
                *sum = next;
            }
        }
        black_box(sums);
    }
    // SAFETY: a module with these instructions was validated as a whole.
    unsafe { compiled(steps) }
}

#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "wasm32"
)))]
fn native(_lanes: usize, steps: u64) {
    arrays::<1>(steps);
}

#[cfg(not(target_arch = "wasm32"))]
fn arrays<const LANES: usize>(steps: u64) {
    let (factor, addend) = (black_box(0.5_f32), black_box(1.0_f32));
    let mut sums: [[f32; LANES]; CHAINS] =
        std::array::from_fn(|number| black_box([number as f32; LANES]));
    for _ in 0..steps {
        for sum in sums.as_flattened_mut() {
            *sum = if cfg!(target_arch = "aarch64") {
                sum.mul_add(factor, addend)
            } else {
                // Where nothing says that there is such an instruction, `mul_add` is a function call.
                *sum * factor + addend
            };
        }
    }
    black_box(sums);
}
