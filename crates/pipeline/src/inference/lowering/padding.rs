//! Zeros around a picture, which the convolution after them reads as well without anybody writing them.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::{Pad, PadMode};
use tract_onnx::tract_core::ops::cnn::{Conv, PaddingSpec};

/// Has convolutions pad their pictures themselves.
pub(super) fn fold(graph: &mut TypedModel) -> TractResult<()> {
    for id in graph.eval_order()? {
        if let Some(patch) = folded(graph, graph.node(id))? {
            patch.apply(graph)?;
        }
    }
    Ok(())
}

/// A convolution of a picture that was given in NHWC, padded and then moved to NCHW.
fn folded(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    let Some(conv) = node.op_as::<Conv>() else {
        return Ok(None);
    };
    let moved = graph.node(node.inputs[0].node);
    let Some(to_nchw @ AxisOp::Move(3, 1)) = moved.op_as::<AxisOp>() else {
        return Ok(None);
    };
    let Some(pad) = graph.node(moved.inputs[0].node).op_as::<Pad>() else {
        return Ok(None);
    };
    let is_zero = match &pad.mode {
        PadMode::Constant(value) => value.cast_to_scalar::<f32>()? == 0.0,
        _ => false,
    };
    let (true, [(0, 0), rows, columns, (0, 0)]) = (is_zero, &pad.pads[..]) else {
        return Ok(None);
    };
    let padded = graph.outlet_fact(node.inputs[0])?;
    let Some([_, _, height, width]) = padded.shape.as_concrete() else {
        return Ok(None);
    };
    let own = conv.pool_spec.computed_padding(&[*height, *width]);
    let before = tvec!(own[0].pad_before + rows.0, own[1].pad_before + columns.0);
    let after = tvec!(own[0].pad_after + rows.1, own[1].pad_after + columns.1);
    let mut conv = conv.clone();
    conv.pool_spec.padding = PaddingSpec::Explicit(before, after);

    let mut patch = TypedModelPatch::default();
    let picture = graph.node(moved.inputs[0].node).inputs[0];
    let mut inputs = patch.taps(graph, &node.inputs)?;
    let picture = patch.tap_model(graph, picture)?;
    let name = format!("{}.unpadded", moved.name);
    inputs[0] = patch.wire_node(name, to_nchw.clone(), &[picture])?[0];
    let output = patch.wire_node(node.name.clone(), conv, &inputs)?[0];
    patch.shunt_outside(graph, node.id.into(), output)?;
    Ok(Some(patch))
}
