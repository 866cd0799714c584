//! Sums, products and the like.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::nn::Reducer;

use super::operators::{Wires, axis_of, ensure_only};

pub(super) fn add(name: &str, graph: &mut TypedModel, inputs: &[OutletId]) -> Wires {
    wire_with_rank_broadcast(name, graph, math::add(), inputs)
}

/// An operator on floats: of whole numbers, tract's would panic where they overflow or are divided by 0.
pub(super) fn of_floats(
    name: &str,
    graph: &mut TypedModel,
    operator: impl Into<Box<dyn TypedOp>>,
    inputs: &[OutletId],
) -> Wires {
    ensure_floats(graph, inputs)?;
    wire_with_rank_broadcast(name, graph, operator, inputs)
}

fn ensure_floats(graph: &TypedModel, inputs: &[OutletId]) -> TractResult<()> {
    for input in inputs {
        let of = graph.outlet_fact(*input)?.datum_type;
        ensure!(of == f32::datum_type(), "an input of {of:?}");
    }
    Ok(())
}

/// The mean along one axis, which stays.
pub(super) fn reduce_mean(
    node: &NodeProto,
    name: &str,
    graph: &mut TypedModel,
    inputs: &[OutletId],
) -> Wires {
    ensure_only(node, &["axes", "keepdims"])?;
    ensure_floats(graph, inputs)?;
    let axes: TVec<i64> = node.get_attr_tvec("axes")?;
    let keeps_axes: bool = node.get_attr_opt("keepdims")?.unwrap_or(true);
    let [axis] = axes[..] else {
        bail!("ReduceMean over axes {axes:?}");
    };
    ensure!(keeps_axes, "ReduceMean that drops its axis");
    let rank = graph.outlet_fact(inputs[0])?.rank();
    let axes = tvec!(axis_of(axis, rank)?);
    let mean = Reducer::Mean.wire(axes, name, graph, inputs[0])?;
    Ok(tvec!(mean))
}
