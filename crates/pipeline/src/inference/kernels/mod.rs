//! The arithmetic of the models: matrix products, depthwise convolutions, pooling and resizing on NHWC `f32`.
//!
//! - `scalar` is the specification: plain loops.
//! - `generic` holds the fast kernels once, over a vector type; `vector` says what such a type can do.
//! - `colours`: where a picture is read, and what with; the arithmetic of it is each processor's own.
//! - `x86`, `wasm`, `neon` are the vector types of each processor and the entry points compiled for them; `portable`
//!   serves all others by the specification.
//!
//! **Every kernel gives the same bits as the specification.** Each output value is one chain of multiply-adds that
//! starts from the bias and takes its inputs in a fixed order, then residual and activation; vectors only compute several
//! outputs side by side. The order is that of XNNPACK, which MediaPipe's models run on, so the bits are MediaPipe's too. So
//! AVX2, AVX-512, NEON and WebAssembly with relaxed SIMD (all with fused multiply-add) agree with each other to the
//! last bit. Plain wasm SIMD has no fused multiply-add and rounds twice: `FUSED` is false there. It equals the
//! specification that rounds twice, on every browser; from the others it differs by no more than sums of that depth are
//! rounded by anyway (`tests/rounding`). Relaxed SIMD fuses where the processor does, which all that browsers run on can.

#![expect(
    unsafe_code,
    reason = "SIMD intrinsics and raw pointers live here and nowhere else"
)]

use std::cell::RefCell;

mod colours;
mod generic;
mod panels;
#[cfg(feature = "kernel-bench")]
pub(crate) mod peak;
#[cfg(any(test, not(any(target_arch = "aarch64", target_arch = "wasm32"))))]
mod scalar;
mod shape;
mod taps;
#[cfg(feature = "inference")]
mod values;
mod vector;
#[cfg(feature = "inference")]
mod warm_up;

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(not(any(
    target_arch = "aarch64",
    target_arch = "wasm32",
    target_arch = "x86_64"
)))]
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
use neon as native;
#[cfg(not(any(
    target_arch = "aarch64",
    target_arch = "wasm32",
    target_arch = "x86_64"
)))]
use portable as native;
#[cfg(target_arch = "wasm32")]
use wasm as native;
#[cfg(target_arch = "x86_64")]
use x86 as native;

pub(crate) use colours::{Pixels, Positions, RUN, RowMap};
pub(crate) use panels::Panels;
pub(crate) use shape::{Activation, Epilogue, Rows, Shape, Window};
pub(crate) use taps::Taps;
#[cfg(feature = "inference")]
pub(crate) use values::{combine, permute, sum};
#[cfg(feature = "inference")]
pub use warm_up::warm_up;

/// Whether a multiply-add rounds once.
#[cfg(test)]
pub(crate) const FUSED: bool = cfg!(not(target_arch = "wasm32")) || cfg!(feature = "relaxed-simd");

/// Floats a vector holds on this machine: the width that [`Panels`] are packed for.
pub(crate) fn lanes() -> usize {
    native::lanes()
}

/// `out = activation(a · weights + bias + residual)`: the rows of `a` have `weights.depth()` values, those of `out`
/// `weights.columns()`.
pub(crate) fn matrix_product(
    a: &Rows<'_>,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    a.check(weights.depth());
    assert_eq!(out.len(), a.count * weights.columns());
    epilogue.check(a.count, weights.columns());
    native::matrix_product(a, weights, epilogue, out);
}

/// A convolution over all channels: `weights` has the depth kernel height · kernel width · input channels, in this
/// order.
pub(crate) fn convolution(
    window: &Window,
    input: &[f32],
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    window.check(input, out);
    let depth = window.kernel[0] * window.kernel[1] * window.input.channels;
    assert_eq!(
        (weights.depth(), weights.columns()),
        (depth, window.output.channels)
    );
    epilogue.check(window.output.pixels(), window.output.channels);
    let row_len = window.output.width * window.output.channels;
    GATHERED.with_borrow_mut(|gathered| {
        gathered.resize(window.kernel[0] * window.gathered_len(), 0.0);
        for (y, out_row) in out.chunks_exact_mut(row_len).enumerate() {
            window.gather_rows(input, y, gathered);
            let rows = Rows {
                values: gathered,
                count: window.output.width,
                stride: window.stride[1] * window.input.channels,
                parts: window.kernel[0],
                part_stride: window.gathered_len(),
                part_len: window.kernel[1] * window.input.channels,
            };
            let epilogue = epilogue.rows(y * row_len..(y + 1) * row_len);
            matrix_product(&rows, weights, &epilogue, out_row);
        }
    });
}

thread_local! {
    /// The inputs of one row of a convolution's outputs. What a thread needed most stays with it, some ten kilobytes.
    static GATHERED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// A convolution of each channel with its own kernel.
pub(crate) fn depthwise(
    window: &Window,
    input: &[f32],
    taps: &Taps,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    window.check(input, out);
    let channels = window.input.channels;
    assert_eq!(window.output.channels, channels);
    assert_eq!((taps.kernel(), taps.channels()), (window.kernel, channels));
    epilogue.check(window.output.pixels(), channels);
    assert!(
        epilogue.residual.is_none(),
        "no model adds to a depthwise convolution"
    );
    native::depthwise(window, input, taps, epilogue, out);
}

/// The greatest value in each window, by channel.
pub(crate) fn max_pool(window: &Window, input: &[f32], out: &mut [f32]) {
    window.check(input, out);
    assert_eq!(window.output.channels, window.input.channels);
    native::max_pool(window, input, out);
}

/// `out = activation(a + b)`, or of `a` alone.
pub(crate) fn add(
    a: &[f32],
    b: Option<&[f32]>,
    channels: usize,
    activation: &Activation,
    out: &mut [f32],
) {
    assert_eq!(a.len(), out.len());
    assert!(b.is_none_or(|b| b.len() == out.len()));
    assert_eq!(out.len() % channels, 0);
    activation.check(channels);
    native::add(a, b, channels, activation, out);
}

/// Twice the height and width, bilinear, half-pixel centres.
pub(crate) fn upsample_2x(input_shape: Shape, input: &[f32], out: &mut [f32]) {
    assert_eq!(input.len(), input_shape.len());
    assert_eq!(out.len(), 4 * input_shape.len());
    native::upsample_2x(input_shape, input, out);
}

/// Where a run of a row's pixels, from `first` on, lies in the picture.
pub(crate) fn positions(map: &RowMap, first: usize) -> Positions {
    // Only there does the width of vectors depend on the machine that runs it.
    #[cfg(target_arch = "x86_64")]
    return x86::positions(map, first);
    #[cfg(not(target_arch = "x86_64"))]
    return map.positions(first);
}

/// The colours at the first of `at`, as many as `out` has room for: each of the four pixels around it weighted in integers of
/// 1/1024, rounded to 8 bits, then `byte · scale + black`, rounded once. False, and nothing done, where one of the positions
/// lies too near to the border or outside, and where this processor has no such vectors.
pub(crate) fn blend(
    pixels: Pixels<'_>,
    at: &Positions,
    [scale, black]: [f32; 2],
    out: &mut [[f32; 3]],
) -> bool {
    assert_eq!(pixels.bytes.len(), pixels.width * pixels.height * 3);
    assert!(out.len() <= RUN);
    pixels.surround(at) && native::blend(pixels, at, [scale, black], out)
}

/// A tensor's memory, to be written by one of the kernels above, each of which writes every value.
#[cfg(feature = "inference")]
pub(crate) fn output(
    shape: &[usize],
) -> tract_onnx::prelude::TractResult<tract_onnx::prelude::Tensor> {
    // SAFETY: every bit pattern is an f32, and the caller's kernel writes all of them before anything reads them.
    unsafe { tract_onnx::prelude::Tensor::uninitialized::<f32>(shape) }
}

#[cfg(test)]
pub(crate) mod tests;
