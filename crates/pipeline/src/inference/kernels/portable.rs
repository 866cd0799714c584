//! Processors whose vectors the kernels do not know: the specification itself, correct and slow.

use super::colours::{Pixels, Positions};
use super::panels::Panels;
use super::scalar;
use super::shape::{Epilogue, Rows, Shape, Window};
use super::taps::Taps;

pub(super) fn lanes() -> usize {
    1
}

pub(super) fn matrix_product(
    a: &Rows<'_>,
    weights: &Panels,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let weight = |depth, column| weights.element(depth, column);
    scalar::matrix_product::<true>(a, weights.depth(), weight, epilogue, out);
}

pub(super) fn depthwise(
    window: &Window,
    input: &[f32],
    taps: &Taps,
    epilogue: &Epilogue<'_>,
    out: &mut [f32],
) {
    let weight = |ky, kx, channel| taps.element(ky, kx, channel);
    scalar::depthwise::<true>(window, input, weight, epilogue, out);
}

pub(super) use scalar::{add, max_pool};

pub(super) fn upsample_2x(shape: Shape, input: &[f32], out: &mut [f32]) {
    scalar::upsample_2x(shape, input, out);
}

pub(super) fn blend(_: Pixels<'_>, _: &Positions, _: [f32; 2], _: &mut [[f32; 3]]) -> bool {
    false
}
