//! Sums, products and the like. But for sums they are own operators from the start: tract's, for numbers of every type, would
//! be a hundred kilobytes of the browser's module.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::*;

use super::operators::{Wires, axis_of, ensure_only};
use crate::inference::lowering::ByValue;

pub(super) fn add(name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    wire_with_rank_broadcast(name, graph, math::add(), inputs)
}

/// An operator on floats. Inputs get as many axes as the other has.
pub(super) fn by_value(
    name: &str,
    graph: &mut TypedModel,
    operator: ByValue,
    inputs: &[OutletId],
) -> Wires {
    let inputs = wire_rank_broadcast(name, graph, inputs)?;
    let operator: Box<dyn TypedOp> = operator.into();
    graph.wire_node(name.to_owned(), operator, &inputs)
}

/// The mean along one axis, which stays.
pub(super) fn reduce_mean(
    node: &NodeProto,
    name: &str,
    graph: &mut TypedModel,
    inputs: &[OutletId],
) -> Wires {
    ensure_only(node, &["axes", "keepdims"])?;
    let axes: TVec<i64> = node.get_attr_tvec("axes")?;
    let keeps_axes: bool = node.get_attr_opt("keepdims")?.unwrap_or(true);
    let [axis] = axes[..] else {
        bail!("ReduceMean over axes {axes:?}");
    };
    ensure!(keeps_axes, "ReduceMean that drops its axis");
    let shape = graph.outlet_fact(inputs[0])?.shape.to_tvec();
    let axis = axis_of(axis, shape.len())?;
    let sum = by_value(&format!("{name}.sum"), graph, ByValue::Sum(axis), inputs)?[0];
    let count = tensor0(shape[axis].to_usize()? as f32);
    let count = graph.add_const(format!("{name}.count"), count)?;
    by_value(name, graph, ByValue::Divide, &[sum, count])
}
