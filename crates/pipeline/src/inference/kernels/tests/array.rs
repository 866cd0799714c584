//! A vector of any width in plain Rust. It runs the fast kernels at the widths of every processor on any of them, and
//! under Miri, which follows each of their pointers.

use super::super::FUSED;
use super::super::vector::Vector;

/// `N` floats.
#[derive(Clone, Copy)]
pub(super) struct Array<const N: usize>([f32; N]);

impl<const N: usize> Array<N> {
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl<const N: usize> Vector for Array<N> {
    const LANES: usize = N;

    unsafe fn splat(value: f32) -> Self {
        Self([value; N])
    }

    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the trait, `LANES` floats lie there.
        Self(unsafe { from.cast::<[f32; N]>().read() })
    }

    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        assert!((1..N).contains(&count));
        let mut values = [0.0; N];
        // SAFETY: by the trait, `count` floats lie there.
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count) };
        Self(values)
    }

    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the trait, `LANES` floats lie there.
        unsafe { to.cast::<[f32; N]>().write(self.0) }
    }

    unsafe fn store_first(self, to: *mut f32, count: usize) {
        assert!((1..N).contains(&count));
        // SAFETY: by the trait, `count` floats lie there.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, count) }
    }

    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    unsafe fn subtract(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    unsafe fn multiply(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if FUSED {
                self.0[lane].mul_add(factor.0[lane], sum.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + sum.0[lane]
            }
        }))
    }

    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
}
