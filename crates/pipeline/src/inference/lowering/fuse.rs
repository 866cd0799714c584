//! Activations and residuals that join the operator before them.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::logic::{CompGT, Iff};
use tract_onnx::tract_core::ops::math;

use super::operator::Kind;
use super::recognize::{Plan, constant, nchw_shape, nhwc_step};
use crate::inference::kernels::Activation;

/// Takes over a node that is the activation or the residual of an operator in the plan: true if it did. An activation
/// that cannot join becomes an operator of its own.
pub(super) fn join(graph: &TypedModel, plan: &mut Plan, node: &TypedNode) -> TractResult<bool> {
    if let Some((input, readers, activation)) = activation_of(graph, node)? {
        return activate(graph, plan, node, input, &readers, activation);
    }
    let Some(op) = node.op_as::<TypedBinOp>() else {
        return Ok(false);
    };
    if op.0.is::<math::Add>() {
        return Ok(add_residual(graph, plan, node)? || add_bias(graph, plan, node)?);
    }
    if op.0.is::<math::Div>() {
        return divide_sum(graph, plan, node);
    }
    Ok(false)
}

/// The tensor that a node activates, the nodes that read it for that purpose, and the activation.
type Found = (OutletId, TVec<usize>, Activation);

fn activation_of(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<Found>> {
    if node.op_is::<Iff>() {
        return prelu(graph, node);
    }
    let Some(op) = node.op_as::<TypedBinOp>() else {
        return Ok(None);
    };
    let (is_max, is_min) = (op.0.is::<math::Max>(), op.0.is::<math::Min>());
    if !is_max && !is_min {
        return Ok(None);
    }
    for (input, other) in [
        (node.inputs[0], node.inputs[1]),
        (node.inputs[1], node.inputs[0]),
    ] {
        if let Some((_, values)) = constant(graph, other)?
            && let [bound] = values[..]
        {
            let activation = if is_max {
                Activation::Clamp(bound, f32::INFINITY)
            } else {
                Activation::Clamp(f32::NEG_INFINITY, bound)
            };
            return Ok(Some((input, tvec!(node.id), activation)));
        }
    }
    Ok(None)
}

/// ONNX's PRelu as tract spells it: `if 0 > x { x · slope } else { x }`.
fn prelu(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<Found>> {
    let (condition, scaled, input) = (node.inputs[0], node.inputs[1], node.inputs[2]);
    let (comparison, product) = (graph.node(condition.node), graph.node(scaled.node));
    let is_binary = |node: &TypedNode, test: fn(&TypedBinOp) -> bool| {
        node.op_as::<TypedBinOp>().is_some_and(test)
    };
    let is_negative = is_binary(comparison, |op| op.0.is::<CompGT>())
        && comparison.inputs[1] == input
        && constant(graph, comparison.inputs[0])?.is_some_and(|(_, values)| values == [0.0]);
    if !is_negative || !is_binary(product, |op| op.0.is::<math::Mul>()) {
        return Ok(None);
    }
    let slopes = match (product.inputs[0] == input, product.inputs[1] == input) {
        (true, false) => constant(graph, product.inputs[1])?,
        (false, true) => constant(graph, product.inputs[0])?,
        _ => None,
    };
    let (Some((dims, slopes)), Some(shape)) = (slopes, nchw_shape(graph, input)?) else {
        return Ok(None);
    };
    let slopes = match dims[..] {
        // Slopes lie along the channels, or there is one for all of them.
        [1, channels, 1, 1] if channels == shape.channels => slopes.to_vec(),
        _ if slopes.len() == 1 => vec![slopes[0]; shape.channels],
        _ => return Ok(None),
    };
    Ok(Some((
        input,
        tvec!(comparison.id, product.id, node.id),
        Activation::PRelu(slopes.into()),
    )))
}

fn activate(
    graph: &TypedModel,
    plan: &mut Plan,
    node: &TypedNode,
    input: OutletId,
    readers: &[usize],
    activation: Activation,
) -> TractResult<bool> {
    if let Some(&index) = plan.by_output.get(&input)
        && is_only_read_by(graph, input, readers)?
        && let Some(joined) = joined(&plan.steps[index].operator.activation, &activation)
        && takes_activation(&plan.steps[index].operator.kind)
    {
        plan.steps[index].operator.activation = joined;
        extend(plan, index, node);
        return Ok(true);
    }
    let Some(shape) = nchw_shape(graph, input)? else {
        return Ok(false);
    };
    let mut step = nhwc_step(Kind::Add, [shape, shape], node, tvec!(input));
    step.operator.activation = activation;
    plan.push(step);
    Ok(true)
}

fn takes_activation(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Pointwise(_) | Kind::Convolution(..) | Kind::Depthwise(..) | Kind::Add
    )
}

/// One activation after another, where one can say both: a lower bound, then an upper one.
fn joined(first: &Activation, second: &Activation) -> Option<Activation> {
    match (first, second) {
        (Activation::Identity, second) => Some(second.clone()),
        (Activation::Clamp(low, f32::INFINITY), Activation::Clamp(f32::NEG_INFINITY, high)) => {
            Some(Activation::Clamp(*low, *high))
        }
        _ => None,
    }
}

/// The sum of a convolution and another tensor: the convolution adds it, if nobody else wants its bare result.
fn add_residual(graph: &TypedModel, plan: &mut Plan, node: &TypedNode) -> TractResult<bool> {
    let output = nchw_shape(graph, node.id.into())?;
    if output.is_none() || node.inputs[0] == node.inputs[1] {
        return Ok(false);
    }
    // The later one, so that the other is there when it runs.
    let mut candidates: TVec<(usize, OutletId, OutletId)> = tvec!();
    for (own, other) in [
        (node.inputs[0], node.inputs[1]),
        (node.inputs[1], node.inputs[0]),
    ] {
        let is_alike =
            nchw_shape(graph, other)? == output && graph.outlet_fact(other)?.konst.is_none();
        if let Some(&index) = plan.by_output.get(&own)
            && is_alike
        {
            candidates.push((index, own, other));
        }
    }
    candidates.sort_by_key(|(index, ..)| std::cmp::Reverse(*index));
    for (index, own, other) in candidates {
        let step = &plan.steps[index];
        let takes_residual = matches!(
            step.operator.kind,
            Kind::Pointwise(_) | Kind::Convolution(..)
        ) && step.operator.activation == Activation::Identity
            && step.inputs.len() == 1
            && step.moves_channels;
        if takes_residual
            && is_only_read_by(graph, own, &[node.id])?
            && !depends_on(graph, other, own)?
        {
            plan.steps[index].inputs.push(other);
            extend(plan, index, node);
            return Ok(true);
        }
    }
    Ok(false)
}

/// The bias of a fully connected layer, which ONNX spells as an addition.
fn add_bias(graph: &TypedModel, plan: &mut Plan, node: &TypedNode) -> TractResult<bool> {
    for (own, other) in [
        (node.inputs[0], node.inputs[1]),
        (node.inputs[1], node.inputs[0]),
    ] {
        let (Some(&index), Some((_, bias))) = (plan.by_output.get(&own), constant(graph, other)?)
        else {
            continue;
        };
        let operator = &plan.steps[index].operator;
        let takes_bias = matches!(operator.kind, Kind::Pointwise(_))
            && !plan.steps[index].moves_channels
            && operator.activation == Activation::Identity
            && operator.bias.iter().all(|value| *value == 0.0)
            && bias.len() == operator.output.channels
            && graph.outlet_fact(node.id.into())?.shape.as_concrete()
                == Some(&operator.output_shape[..]);
        if takes_bias && is_only_read_by(graph, own, &[node.id])? {
            plan.steps[index].operator.bias = bias.into();
            extend(plan, index, node);
            return Ok(true);
        }
    }
    Ok(false)
}

/// A sum over pixels by their number. The mean is the sum times one over it, as TensorFlow Lite computes it.
fn divide_sum(graph: &TypedModel, plan: &mut Plan, node: &TypedNode) -> TractResult<bool> {
    let [sum, divisor] = [node.inputs[0], node.inputs[1]];
    if let Some(&index) = plan.by_output.get(&sum)
        && let Kind::SumPixels(factor) = &mut plan.steps[index].operator.kind
        && *factor == 1.0
        && let Some((_, &[divisor])) = constant(graph, divisor)?
        && is_only_read_by(graph, sum, &[node.id])?
    {
        *factor = divisor.recip();
        extend(plan, index, node);
        return Ok(true);
    }
    Ok(false)
}

/// Lets a step compute what `node` computes.
fn extend(plan: &mut Plan, index: usize, node: &TypedNode) {
    plan.by_output.remove(&plan.steps[index].output);
    plan.steps[index].output = node.id.into();
    plan.by_output.insert(node.id.into(), index);
}

fn is_only_read_by(graph: &TypedModel, outlet: OutletId, readers: &[usize]) -> TractResult<bool> {
    let successors = &graph.node(outlet.node).outputs[outlet.slot].successors;
    let is_output = graph.output_outlets()?.contains(&outlet);
    Ok(!is_output && successors.iter().all(|inlet| readers.contains(&inlet.node)))
}

/// Whether computing `outlet` needs `source`.
fn depends_on(graph: &TypedModel, outlet: OutletId, source: OutletId) -> TractResult<bool> {
    let mut pending = vec![outlet.node];
    let mut seen = std::collections::HashSet::new();
    while let Some(id) = pending.pop() {
        if id == source.node {
            return Ok(true);
        }
        if seen.insert(id) {
            pending.extend(graph.node(id).inputs.iter().map(|input| input.node));
        }
    }
    Ok(false)
}
