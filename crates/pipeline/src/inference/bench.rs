//! What the benchmark measures of inference one by one: kernels on shapes of the models, a model without its crop.
//! Not part of the API.

use std::fmt;

#[cfg(feature = "inference")]
use tract_onnx::prelude::Tensor;

#[cfg(feature = "inference")]
use super::Model;
use super::kernels::{self, Activation, Epilogue, Panels, Rows, Shape, Taps, Window, peak};
#[cfg(feature = "inference")]
use super::model::ModelOutputs;
#[cfg(feature = "inference")]
use crate::error::ModelError;

/// A kernel on one shape, ready to run again and again.
pub struct KernelCase {
    /// Which kernel.
    pub kernel: &'static str,
    /// The shape in words.
    pub shape: String,
    /// Multiply-adds of a run; 0 for kernels that do others.
    pub multiply_adds: u64,
    run: Box<dyn FnMut()>,
}

impl KernelCase {
    /// Runs the kernel once.
    pub fn run(&mut self) {
        (self.run)();
    }
}

impl fmt::Debug for KernelCase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KernelCase({} {})", self.kernel, self.shape)
    }
}

/// Runs a loop of multiply-adds that touches nothing but registers, and returns how many single ones it did.
pub fn register_multiply_adds(steps: u64) -> u64 {
    peak::multiply_adds(steps)
}

/// Runs a model on values for its input.
///
/// # Errors
/// [`ModelError::Failed`] if the runtime fails, or the values are not as many as the input has.
#[cfg(feature = "inference")]
pub fn run_model(model: &Model, values: &[f32]) -> Result<ModelOutputs, ModelError> {
    let shape = model.kind().input().shape();
    let tensor = Tensor::from_shape(&shape, values).map_err(|error| ModelError::Failed {
        model: model.kind().name(),
        reason: format!("{error:#}"),
    })?;
    model.run_tensor(tensor.into())
}

/// Every kernel, on the shapes that cost most in a tracked frame.
#[must_use]
pub fn kernel_cases() -> Vec<KernelCase> {
    // Rows, depth, columns: the 1×1 convolutions of the hand models (224 pixels) and the pose model (256).
    let products = [
        (196, 112, 672),
        (49, 192, 1152),
        (49, 1152, 192),
        (196, 672, 112),
        (3136, 24, 144),
        (3136, 144, 24),
        (784, 40, 240),
        (256, 88, 528),
        (12544, 16, 64),
    ];
    // Side of the input, channels, kernel, stride.
    let depthwise_windows = [
        (14, 672, 5, 1),
        (28, 240, 5, 1),
        (7, 1152, 5, 1),
        (56, 144, 3, 1),
        (56, 144, 5, 2),
    ];
    let mut cases = Vec::new();
    cases.extend(products.map(|(rows, depth, columns)| matrix_product(rows, depth, columns)));
    cases.push(convolution(224, 3, 24));
    cases.extend(
        depthwise_windows
            .map(|(side, channels, kernel, stride)| depthwise(side, channels, kernel, stride)),
    );
    cases.push(max_pool(64, 64));
    cases.push(add(64, 24));
    cases.push(upsample(32, 32));
    cases
}

fn matrix_product(rows: usize, depth: usize, columns: usize) -> KernelCase {
    let a = values(rows * depth);
    let weights = Panels::pack([1, depth], columns, |_, d, c| value(d * columns + c));
    let bias = values(columns);
    let mut out = vec![0.0; rows * columns];
    KernelCase {
        kernel: "matrix product",
        shape: format!("{rows}×{depth}×{columns}"),
        multiply_adds: (rows * depth * columns) as u64,
        run: Box::new(move || {
            let rows = Rows::dense(&a, rows);
            kernels::matrix_product(&rows, &weights, &clamped(&bias), &mut out);
        }),
    }
}

fn convolution(side: usize, input_channels: usize, output_channels: usize) -> KernelCase {
    let window = window(side, input_channels, output_channels, 3, 2);
    let depth = 9 * input_channels;
    let input = values(window.input.len());
    let weights = Panels::pack([9, input_channels], output_channels, |tap, channel, c| {
        value((tap * input_channels + channel) * output_channels + c)
    });
    let bias = values(output_channels);
    let mut out = vec![0.0; window.output.len()];
    KernelCase {
        kernel: "convolution",
        shape: format!("{side}²×{input_channels} to {output_channels}, 3×3, stride 2"),
        multiply_adds: (window.output.len() * depth) as u64,
        run: Box::new(move || {
            kernels::convolution(&window, &input, &weights, &clamped(&bias), &mut out);
        }),
    }
}

fn depthwise(side: usize, channels: usize, kernel: usize, stride: usize) -> KernelCase {
    let window = window(side, channels, channels, kernel, stride);
    let input = values(window.input.len());
    let taps = Taps::pack([kernel; 2], channels, |y, x, channel| {
        value((y * kernel + x) * channels + channel)
    });
    let bias = values(channels);
    let mut out = vec![0.0; window.output.len()];
    KernelCase {
        kernel: "depthwise",
        shape: format!("{side}²×{channels}, {kernel}×{kernel}, stride {stride}"),
        multiply_adds: (window.output.len() * kernel * kernel) as u64,
        run: Box::new(move || {
            kernels::depthwise(&window, &input, &taps, &clamped(&bias), &mut out);
        }),
    }
}

fn max_pool(side: usize, channels: usize) -> KernelCase {
    let mut window = window(side, channels, channels, 2, 2);
    window.pad = [0, 0];
    let input = values(window.input.len());
    let mut out = vec![0.0; window.output.len()];
    KernelCase {
        kernel: "max-pool",
        shape: format!("{side}²×{channels}, 2×2, stride 2"),
        multiply_adds: 0,
        run: Box::new(move || kernels::max_pool(&window, &input, &mut out)),
    }
}

fn add(side: usize, channels: usize) -> KernelCase {
    let length = side * side * channels;
    let (a, b) = (values(length), values(length));
    let mut out = vec![0.0; length];
    KernelCase {
        kernel: "add",
        shape: format!("{side}²×{channels}"),
        multiply_adds: 0,
        run: Box::new(move || {
            kernels::add(&a, Some(&b), channels, &Activation::Identity, &mut out);
        }),
    }
}

fn upsample(side: usize, channels: usize) -> KernelCase {
    let shape = Shape {
        height: side,
        width: side,
        channels,
    };
    let input = values(shape.len());
    let mut out = vec![0.0; 4 * shape.len()];
    KernelCase {
        kernel: "upsample 2×",
        shape: format!("{side}²×{channels}"),
        multiply_adds: 0,
        run: Box::new(move || kernels::upsample_2x(shape, &input, &mut out)),
    }
}

/// A square window that halves the input at stride 2 and keeps it at stride 1, padded as TensorFlow's SAME.
fn window(
    side: usize,
    input_channels: usize,
    output_channels: usize,
    kernel: usize,
    stride: usize,
) -> Window {
    let square = |side, channels| Shape {
        height: side,
        width: side,
        channels,
    };
    let output_side = side.div_ceil(stride);
    let total_pad = (output_side - 1) * stride + kernel - side;
    Window {
        input: square(side, input_channels),
        output: square(output_side, output_channels),
        kernel: [kernel; 2],
        stride: [stride; 2],
        pad: [total_pad / 2; 2],
    }
}

fn clamped(bias: &[f32]) -> Epilogue<'_> {
    Epilogue {
        bias,
        residual: None,
        activation: &Activation::Clamp(0.0, 6.0),
    }
}

fn values(length: usize) -> Vec<f32> {
    (0..length).map(value).collect()
}

/// Small numbers of both signs without a pattern that a processor could learn; no subnormals.
fn value(index: usize) -> f32 {
    let mixed = (index as u32).wrapping_mul(0x9E37_79B9);
    (mixed >> 8) as f32 / (1 << 24) as f32 - 0.5
}
