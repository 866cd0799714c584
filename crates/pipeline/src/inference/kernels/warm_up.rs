//! The first turns of the kernels, in engines that run code unoptimised until it has run for a while.

use super::{Activation, Epilogue, Panels, Rows, Shape, Taps, Window};

/// Some 5 million multiply-adds each: V8 finds a function worth optimising after some 50,000 turns of such a loop.
const ROWS: usize = 768;
const DEPTH: usize = 96;
const COLUMNS: usize = 64;
const SIDE: usize = 56;

/// Runs the kernels in which a model spends its time, so that an engine has optimised them by the time that the first model is
/// loaded: until then they would take four times as long.
pub fn warm_up() {
    let bias = [0.0; COLUMNS];
    let epilogue = Epilogue {
        bias: &bias,
        residual: None,
        activation: &Activation::Identity,
    };
    let input = vec![0.0; (ROWS * DEPTH).max(SIDE * SIDE * COLUMNS)];
    let mut out = vec![0.0; (ROWS * COLUMNS).max(SIDE * SIDE * COLUMNS)];

    let rows = Rows::dense(&input[..ROWS * DEPTH], ROWS);
    let weights = Panels::pack([1, DEPTH], COLUMNS, |_, _, _| 0.0);
    super::matrix_product(&rows, &weights, &epilogue, &mut out[..ROWS * COLUMNS]);

    let picture = Shape {
        height: SIDE,
        width: SIDE,
        channels: COLUMNS,
    };
    let window = Window {
        input: picture,
        output: picture,
        kernel: [5; 2],
        stride: [1; 2],
        pad: [2; 2],
    };
    let taps = Taps::pack([5; 2], COLUMNS, |_, _, _| 0.0);
    let length = picture.len();
    super::depthwise(
        &window,
        &input[..length],
        &taps,
        &epilogue,
        &mut out[..length],
    );
    std::hint::black_box(out);
}
