//! From tract's graph of a model to one of the pipeline's own operators on NHWC tensors.
//!
//! tract reads ONNX and runs the graph; between the two, once at load, this pass takes over the nodes that it knows:
//! convolutions with their bias, residual, clamp or PReLU fused, pooling, channel padding, 2× resizing, fully connected
//! layers. It is quicker than tract's own operators, and gives the same bits on every platform
//! (see [`super::kernels`]).
//!
//! A node is only taken over if everything about it is known: type, layout, constants, strides, padding. All others stay
//! tract's, with moves between the layouts around them.
//!
//! - `operator`: the own operators, as tract sees them.
//! - `recognize`: which nodes become which operator.
//! - `by_value`: sums, products and the like of tensors in any layout.
//! - `fuse`: activations and residuals that join the operator before them.
//! - `padding`: zeros around a picture, left to the convolution after them.
//! - `wire`: the new graph.
//! - `complete`: whether anything is left to tract.

mod by_value;
#[cfg(any(test, feature = "any-operator"))]
mod complete;
mod fuse;
mod operator;
mod padding;
mod recognize;
mod wire;

use tract_onnx::prelude::*;

pub(super) use by_value::ByValue;
#[cfg(any(test, feature = "any-operator"))]
pub(super) use complete::is_complete;

#[cfg(all(test, feature = "embedded-models"))]
mod tests;

/// The same model with own operators wherever a node is known. `graph` must be as it comes from ONNX, not yet decluttered.
pub(super) fn lower(mut graph: TypedModel) -> TractResult<TypedModel> {
    graph.prop_consts()?;
    padding::fold(&mut graph)?;
    let plan = recognize::plan(&mut graph)?;
    wire::wire(&graph, &plan)
}
