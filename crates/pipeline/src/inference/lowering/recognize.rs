//! Which nodes become which operator.

use std::collections::HashMap;
use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::{Pad, PadMode};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PoolSpec};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::resize::{CoordTransformer, Interpolator};
use tract_onnx::tract_core::ops::nn::{DataFormat, Reduce, Reducer, Sigmoid};
use tract_onnx::tract_core::ops::source::TypedSource;
use tract_onnx_opl::resize::{CoordTransform, Resize};

use super::fuse;
use super::operator::{Kind, Operator};
use crate::inference::kernels::{Activation, Panels, Shape, Taps, Window};

/// An operator, the source graph's outlets that it reads, and the one that it computes.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) operator: Operator,
    pub(super) inputs: TVec<OutletId>,
    pub(super) output: OutletId,
    /// Whether inputs and output are NHWC where the source graph has NCHW.
    pub(super) moves_channels: bool,
}

/// The operators, by the outlet that each computes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) by_output: HashMap<OutletId, usize>,
}

impl Plan {
    pub(super) fn push(&mut self, step: Step) {
        self.by_output.insert(step.output, self.steps.len());
        self.steps.push(step);
    }
}

/// Finds the operators. Weights that one of them has packed leave the graph.
pub(super) fn plan(graph: &mut TypedModel) -> TractResult<Plan> {
    let mut plan = Plan::default();
    for id in graph.eval_order()? {
        let node = graph.node(id);
        let output = OutletId::new(id, 0);
        if graph.outlet_fact(output)?.konst.is_some() || node.outputs.len() != 1 {
            continue;
        }
        if fuse::join(graph, &mut plan, node)? {
            continue;
        }
        if let Some(step) = step(graph, &plan, node)? {
            plan.push(step);
            let constants = node.inputs[1..].to_vec();
            release(graph, &constants)?;
        }
    }
    Ok(plan)
}

/// Drops the values of constants that one node alone has read: loading a model needs its weights twice only bit by bit.
fn release(graph: &mut TypedModel, outlets: &[OutletId]) -> TractResult<()> {
    for outlet in outlets {
        let fact = graph.outlet_fact(*outlet)?;
        if fact.konst.is_none() || graph.outlet_successors(*outlet).len() != 1 {
            continue;
        }
        let fact = fact.without_value();
        let node = graph.node_mut(outlet.node);
        node.op = Box::new(TypedSource::new(fact.clone()));
        node.outputs[outlet.slot].fact = fact;
    }
    Ok(())
}

/// The operator of a node that is known in every respect.
fn step(graph: &TypedModel, plan: &Plan, node: &TypedNode) -> TractResult<Option<Step>> {
    if let Some(op) = node.op_as::<Conv>() {
        return convolution(graph, node, op);
    }
    if let Some(op) = node.op_as::<MaxPool>() {
        return max_pool(graph, node, op);
    }
    if let Some(op) = node.op_as::<Pad>() {
        return pad_channels(graph, node, op);
    }
    if let Some(op) = node.op_as::<Resize>() {
        return upsample(graph, node, op);
    }
    if let Some(op) = node.op_as::<Reduce>() {
        return sum_pixels(graph, node, op);
    }
    if let Some(op) = node.op_as::<EinSum>() {
        return fully_connected(graph, node, op);
    }
    if let Some(op) = node.op_as::<TypedBinOp>()
        && op.0.is::<math::Add>()
    {
        return addition(graph, plan, node);
    }
    if let Some(op) = node.op_as::<ElementWiseOp>()
        && op.0.is::<Sigmoid>()
    {
        return flat_sigmoid(graph, node);
    }
    Ok(None)
}

/// Height, width and channels of an outlet that is `[1, channels, height, width]` of f32.
pub(super) fn nchw_shape(graph: &TypedModel, outlet: OutletId) -> TractResult<Option<Shape>> {
    Ok(match f32_dims(graph, outlet)?.as_deref() {
        Some([1, channels, height, width]) => Some(Shape {
            height: *height,
            width: *width,
            channels: *channels,
        }),
        _ => None,
    })
}

fn f32_dims(graph: &TypedModel, outlet: OutletId) -> TractResult<Option<TVec<usize>>> {
    let fact = graph.outlet_fact(outlet)?;
    let dims = fact
        .shape
        .as_concrete()
        .filter(|_| fact.datum_type == f32::datum_type());
    Ok(dims.map(TVec::from_slice))
}

/// The dimensions of an outlet that is a constant of f32, and its values.
pub(super) fn constant(
    graph: &TypedModel,
    outlet: OutletId,
) -> TractResult<Option<(&[usize], &[f32])>> {
    let Some(tensor) = &graph.outlet_fact(outlet)?.konst else {
        return Ok(None);
    };
    if tensor.datum_type() != f32::datum_type() {
        return Ok(None);
    }
    let values = tensor.try_as_plain_ram()?.as_slice::<f32>()?;
    Ok(Some((tensor.shape(), values)))
}

/// A step with neither bias nor activation between two NHWC tensors.
pub(super) fn nhwc_step(
    kind: Kind,
    [input, output]: [Shape; 2],
    node: &TypedNode,
    inputs: TVec<OutletId>,
) -> Step {
    Step {
        operator: Operator {
            kind,
            input,
            output,
            bias: Arc::new([]),
            activation: Activation::Identity,
            output_shape: tvec!(1, output.height, output.width, output.channels),
        },
        inputs,
        output: node.id.into(),
        moves_channels: true,
    }
}

fn shapes(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<[Shape; 2]>> {
    let input = nchw_shape(graph, node.inputs[0])?;
    let output = nchw_shape(graph, node.id.into())?;
    Ok(input.zip(output).map(|(input, output)| [input, output]))
}

/// The window of a plain two-dimensional pool or convolution.
fn window(spec: &PoolSpec, [input, output]: [Shape; 2]) -> Option<Window> {
    let is_plain = spec.data_format == DataFormat::NCHW
        && spec.kernel_shape.len() == 2
        && spec.dilations().iter().all(|dilation| *dilation == 1);
    if !is_plain {
        return None;
    }
    let padding = spec.computed_padding(&[input.height, input.width]);
    let is_expected =
        padding[0].convoluted == output.height && padding[1].convoluted == output.width;
    is_expected.then(|| Window {
        input,
        output,
        kernel: [spec.kernel_shape[0], spec.kernel_shape[1]],
        stride: [spec.stride(0), spec.stride(1)],
        pad: [padding[0].pad_before, padding[1].pad_before],
    })
}

fn convolution(graph: &TypedModel, node: &TypedNode, op: &Conv) -> TractResult<Option<Step>> {
    let Some(shapes) = shapes(graph, node)? else {
        return Ok(None);
    };
    let Some(window) = window(&op.pool_spec, shapes) else {
        return Ok(None);
    };
    if op.q_params.is_some() || op.kernel_fmt != KernelFormat::OIHW || node.inputs.len() != 3 {
        return Ok(None);
    }
    let (Some((dims, weights)), Some((_, bias))) = (
        constant(graph, node.inputs[1])?,
        constant(graph, node.inputs[2])?,
    ) else {
        return Ok(None);
    };
    let [input, output] = shapes;
    let [rows, columns] = window.kernel;
    let bias: Arc<[f32]> = match bias.len() {
        1 => vec![bias[0]; output.channels].into(),
        length if length == output.channels => bias.into(),
        _ => return Ok(None),
    };
    let taps = rows * columns;
    let kind = if op.group == 1 && dims[..] == [output.channels, input.channels, rows, columns] {
        // The matrix has a row for each (ky, kx, input channel), in this order.
        let depth = [taps, input.channels];
        let panels = Panels::pack(depth, output.channels, |tap, channel, column| {
            weights[(column * input.channels + channel) * taps + tap]
        });
        let is_pointwise = taps == 1
            && window.stride == [1, 1]
            && window.pad == [0, 0]
            && input.pixels() == output.pixels();
        if is_pointwise {
            Kind::Pointwise(Arc::new(panels))
        } else {
            Kind::Convolution(window, Arc::new(panels))
        }
    } else if op.group == input.channels
        && input.channels == output.channels
        && dims[..] == [output.channels, 1, rows, columns]
    {
        let packed = Taps::pack(window.kernel, input.channels, |ky, kx, channel| {
            weights[channel * taps + ky * columns + kx]
        });
        Kind::Depthwise(window, Arc::new(packed))
    } else {
        return Ok(None);
    };
    let mut step = nhwc_step(kind, shapes, node, tvec!(node.inputs[0]));
    step.operator.bias = bias;
    Ok(Some(step))
}

fn max_pool(graph: &TypedModel, node: &TypedNode, op: &MaxPool) -> TractResult<Option<Step>> {
    let window =
        shapes(graph, node)?.and_then(|shapes| Some((window(&op.pool_spec, shapes)?, shapes)));
    let Some((window, shapes)) = window.filter(|_| op.with_index_outputs.is_none()) else {
        return Ok(None);
    };
    Ok(Some(nhwc_step(
        Kind::MaxPool(window),
        shapes,
        node,
        tvec!(node.inputs[0]),
    )))
}

fn pad_channels(graph: &TypedModel, node: &TypedNode, op: &Pad) -> TractResult<Option<Step>> {
    let is_zero = match &op.mode {
        PadMode::Constant(value) => value.cast_to_scalar::<f32>()? == 0.0,
        _ => false,
    };
    let only_channels_after = matches!(op.pads[..], [(0, 0), (0, _), (0, 0), (0, 0)]);
    let shapes = shapes(graph, node)?.filter(|_| is_zero && only_channels_after);
    Ok(shapes.map(|shapes| nhwc_step(Kind::PadChannels, shapes, node, tvec!(node.inputs[0]))))
}

fn upsample(graph: &TypedModel, node: &TypedNode, op: &Resize) -> TractResult<Option<Step>> {
    let is_bilinear = op.axes.is_none()
        && op.coord_transformer == CoordTransform::Plain(CoordTransformer::HalfPixel)
        && op.interpolator == Interpolator::Linear
        && !op.antialias;
    let doubles = |[input, output]: &[Shape; 2]| {
        output.height == 2 * input.height
            && output.width == 2 * input.width
            && output.channels == input.channels
    };
    let shapes = shapes(graph, node)?.filter(|shapes| is_bilinear && doubles(shapes));
    Ok(shapes.map(|shapes| nhwc_step(Kind::Upsample2x, shapes, node, tvec!(node.inputs[0]))))
}

fn sum_pixels(graph: &TypedModel, node: &TypedNode, op: &Reduce) -> TractResult<Option<Step>> {
    let is_sum = op.reducer == Reducer::Sum && op.axes[..] == [2, 3];
    let shapes = shapes(graph, node)?.filter(|[_, output]| is_sum && output.pixels() == 1);
    Ok(shapes.map(|shapes| nhwc_step(Kind::SumPixels(1.0), shapes, node, tvec!(node.inputs[0]))))
}

/// An addition beside other operators, whose layout it then has.
fn addition(graph: &TypedModel, plan: &Plan, node: &TypedNode) -> TractResult<Option<Step>> {
    let moves_channels = |input| {
        let index = plan.by_output.get(input);
        index.is_some_and(|index| plan.steps[*index].moves_channels)
    };
    if !node.inputs.iter().any(moves_channels) {
        return Ok(None);
    }
    let mut all = [
        nchw_shape(graph, node.inputs[0])?,
        nchw_shape(graph, node.inputs[1])?,
    ]
    .into_iter();
    let output = nchw_shape(graph, node.id.into())?;
    let (Some(output), true) = (output, all.all(|shape| shape == output)) else {
        return Ok(None);
    };
    for input in &node.inputs {
        if graph.outlet_fact(*input)?.konst.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(nhwc_step(
        Kind::Add,
        [output, output],
        node,
        node.inputs.iter().copied().collect(),
    )))
}

/// A matrix product of one row with a constant: `[1, depth]` by `[depth, columns]`.
fn fully_connected(graph: &TypedModel, node: &TypedNode, op: &EinSum) -> TractResult<Option<Step>> {
    if op.q_params.is_some() || op.axes.to_string() != "mk,kn->mn" {
        return Ok(None);
    }
    let (Some(dims), Some((matrix_dims, matrix))) = (
        f32_dims(graph, node.inputs[0])?,
        constant(graph, node.inputs[1])?,
    ) else {
        return Ok(None);
    };
    let ([1, depth], [matrix_depth, columns]) = (&dims[..], matrix_dims) else {
        return Ok(None);
    };
    let (depth, columns) = (*depth, *columns);
    if *matrix_depth != depth {
        return Ok(None);
    }
    let panels = Panels::pack([1, depth], columns, |_, d, c| matrix[d * columns + c]);
    let mut step = flat_step(Kind::Pointwise(Arc::new(panels)), [depth, columns], node);
    step.operator.bias = vec![0.0; columns].into();
    Ok(Some(step))
}

fn flat_sigmoid(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<Step>> {
    let dims = f32_dims(graph, node.inputs[0])?;
    Ok(dims.map(|dims| {
        let length = dims.iter().product();
        let mut step = flat_step(Kind::Sigmoid, [length, length], node);
        step.operator.output_shape = dims;
        step
    }))
}

/// A step between two tensors without a picture's axes.
fn flat_step(kind: Kind, [input, output]: [usize; 2], node: &TypedNode) -> Step {
    let row = |channels| Shape {
        height: 1,
        width: 1,
        channels,
    };
    let mut step = nhwc_step(kind, [row(input), row(output)], node, tvec!(node.inputs[0]));
    step.operator.output_shape = tvec!(1, output);
    step.moves_channels = false;
    step
}
