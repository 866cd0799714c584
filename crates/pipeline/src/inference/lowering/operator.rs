//! The own operators, as tract sees them: one picture, NHWC, f32.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;

use crate::inference::kernels::{self, Activation, Epilogue, Panels, Rows, Shape, Taps, Window};
use crate::numeric::sigmoid;

/// What an operator computes. Inputs are its tensor and, where it has one, the residual.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// 1×1 convolution, or a fully connected layer: a matrix product over all pixels.
    Pointwise(Arc<Panels>),
    /// Convolution over all channels.
    Convolution(Window, Arc<Panels>),
    /// Convolution of each channel by itself.
    Depthwise(Window, Arc<Taps>),
    /// Greatest value in each window.
    MaxPool(Window),
    /// More channels, filled with zeros.
    PadChannels,
    /// Sum of two tensors, or of one tensor and nothing.
    Add,
    /// Twice the height and width.
    Upsample2x,
    /// Sum over all pixels, times a number: their mean, where that is one over how many they are.
    SumPixels(f32),
    /// 1 / (1 + e^−x).
    Sigmoid,
}

/// An operator with what is fused into it.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    pub(super) kind: Kind,
    pub(super) input: Shape,
    pub(super) output: Shape,
    /// One value an output channel, for the convolutions.
    pub(super) bias: Arc<[f32]>,
    pub(super) activation: Activation,
    /// Shape of the output as the graph sees it: `[1, height, width, channels]`, or `[1, channels]`.
    pub(super) output_shape: TVec<usize>,
}

// Two operators are the same only if they are one: weights are not compared.
impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Operator {}

impl Op for Operator {
    fn name(&self) -> StaticName {
        match self.kind {
            Kind::Pointwise(_) => "Nhwc.Pointwise",
            Kind::Convolution(..) => "Nhwc.Convolution",
            Kind::Depthwise(..) => "Nhwc.Depthwise",
            Kind::MaxPool(_) => "Nhwc.MaxPool",
            Kind::PadChannels => "Nhwc.PadChannels",
            Kind::Add => "Nhwc.Add",
            Kind::Upsample2x => "Nhwc.Upsample2x",
            Kind::SumPixels(_) => "Nhwc.SumPixels",
            Kind::Sigmoid => "Nhwc.Sigmoid",
        }
        .into()
    }

    op_as_typed_op!();
}

impl TypedOp for Operator {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(f32::fact(&self.output_shape)))
    }

    as_op!();
}

impl EvalOp for Operator {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let plain = inputs[0].try_as_plain_ram()?;
        let input = plain.as_slice::<f32>()?;
        let residual = inputs
            .get(1)
            .map(|tensor| tensor.try_as_plain_ram())
            .transpose()?;
        let residual = residual
            .as_ref()
            .map(|plain| plain.as_slice::<f32>())
            .transpose()?;
        ensure!(
            input.len() == self.input.len(),
            "{} gets {} values",
            self.name(),
            input.len()
        );
        ensure!(
            residual.is_none_or(|r| r.len() == self.output.len()),
            "{}: residual",
            self.name()
        );

        let mut output = kernels::output(&self.output_shape)?;
        let mut plain = output.try_as_plain_ram_mut()?;
        self.compute(input, residual, plain.as_slice_mut::<f32>()?);
        Ok(tvec!(output.into()))
    }
}

impl Operator {
    fn compute(&self, input: &[f32], residual: Option<&[f32]>, out: &mut [f32]) {
        let epilogue = Epilogue {
            bias: &self.bias,
            residual,
            activation: &self.activation,
        };
        match &self.kind {
            Kind::Pointwise(weights) => {
                let rows = Rows::dense(input, self.input.pixels());
                kernels::matrix_product(&rows, weights, &epilogue, out);
            }
            Kind::Convolution(window, weights) => {
                kernels::convolution(window, input, weights, &epilogue, out);
            }
            Kind::Depthwise(window, taps) => {
                kernels::depthwise(window, input, taps, &epilogue, out);
            }
            Kind::MaxPool(window) => kernels::max_pool(window, input, out),
            Kind::PadChannels => {
                let pixels = input.chunks_exact(self.input.channels);
                for (to, from) in out.chunks_exact_mut(self.output.channels).zip(pixels) {
                    let (copied, filled) = to.split_at_mut(from.len());
                    copied.copy_from_slice(from);
                    filled.fill(0.0);
                }
            }
            Kind::Add => kernels::add(input, residual, self.output.channels, &self.activation, out),
            Kind::Upsample2x => kernels::upsample_2x(self.input, input, out),
            Kind::SumPixels(factor) => {
                out.fill(0.0);
                for pixel in input.chunks_exact(self.input.channels) {
                    for (sum, value) in out.iter_mut().zip(pixel) {
                        *sum += value;
                    }
                }
                for sum in out.iter_mut() {
                    *sum *= factor;
                }
            }
            Kind::Sigmoid => {
                for (value, x) in out.iter_mut().zip(input) {
                    *value = sigmoid(*x);
                }
            }
        }
    }
}
