//! What a vector of floats can do.

/// A vector of `LANES` floats.
///
/// # Safety
/// Every method may only be called where the processor has the instructions of the type. Pointers must be valid for
/// `LANES` floats, or `count` where one is given; they need no alignment.
pub(super) trait Vector: Copy {
    const LANES: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    /// The first `count` (1 to `LANES` − 1) floats; the others are 0.
    unsafe fn load_first(from: *const f32, count: usize) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// Only the first `count` (1 to `LANES` − 1) floats.
    unsafe fn store_first(self, to: *mut f32, count: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    unsafe fn multiply(self, other: Self) -> Self;
    /// `self · factor + sum`: rounded once, or twice where there is no such instruction.
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self;
    /// The greater; `other` where one is no number.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller; `other` where one is no number.
    unsafe fn min(self, other: Self) -> Self;
}
