//! Whether anything is left to tract.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::AxisOp;
use tract_onnx::tract_core::ops::array::{Slice, StridedSlice, TypedConcat};
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::source::TypedSource;

use super::by_value::ByValue;
use super::operator::Operator;

/// Whether a lowered graph leaves nothing to tract but to move values. Then tract's optimiser, which takes longer than
/// much else that loads a model, has nothing to gain.
pub(in crate::inference) fn is_complete(graph: &TypedModel) -> bool {
    graph.nodes().iter().all(is_own_or_moves)
}

fn is_own_or_moves(node: &TypedNode) -> bool {
    node.op_is::<Operator>()
        || node.op_is::<ByValue>()
        || node.op_is::<TypedSource>()
        || node.op_is::<Const>()
        || node.op_is::<AxisOp>()
        || node.op_is::<TypedConcat>()
        || node.op_is::<Slice>()
        || node.op_is::<StridedSlice>()
}
