//! Arithmetic value by value, for layers that normalise, in the layout that the graph has; and the way from one layout to
//! another.

use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};

use crate::inference::kernels;

/// An operator on tensors of up to four axes. Of two, one may have a single value along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ByValue {
    Add,
    Subtract,
    Multiply,
    Divide,
    SquareRoot,
    /// Along this axis, which stays with a single value.
    Sum(usize),
    /// The axes in this order.
    Permute(TVec<usize>),
}

impl ByValue {
    /// The operator of a node, if there is one.
    pub(super) fn of(graph: &TypedModel, node: &TypedNode) -> TractResult<Option<Self>> {
        for input in &node.inputs {
            let fact = graph.outlet_fact(*input)?;
            let axes = fact.shape.as_concrete();
            let is_known = fact.datum_type == f32::datum_type()
                && axes.is_some_and(|axes| axes.len() <= 4 && !axes.contains(&0));
            if !is_known {
                return Ok(None);
            }
        }
        if let Some(TypedBinOp(op, None)) = node.op_as::<TypedBinOp>() {
            let operators: [(bool, Self); 4] = [
                (op.is::<math::Add>(), Self::Add),
                (op.is::<math::Sub>(), Self::Subtract),
                (op.is::<math::Mul>(), Self::Multiply),
                (op.is::<math::Div>(), Self::Divide),
            ];
            return Ok(operators.into_iter().find_map(|(is, op)| is.then_some(op)));
        }
        if let Some(op) = node.op_as::<ElementWiseOp>() {
            return Ok(op.0.is::<math::Sqrt>().then_some(Self::SquareRoot));
        }
        Ok(match node.op_as::<Reduce>() {
            Some(Reduce {
                axes,
                reducer: Reducer::Sum,
            }) if axes.len() == 1 => Some(Self::Sum(axes[0])),
            _ => None,
        })
    }
}

impl Op for ByValue {
    fn name(&self) -> StaticName {
        match self {
            Self::Add => "ByValue.Add",
            Self::Subtract => "ByValue.Subtract",
            Self::Multiply => "ByValue.Multiply",
            Self::Divide => "ByValue.Divide",
            Self::SquareRoot => "ByValue.SquareRoot",
            Self::Sum(_) => "ByValue.Sum",
            Self::Permute(_) => "ByValue.Permute",
        }
        .into()
    }

    op_as_typed_op!();
}

impl TypedOp for ByValue {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let shapes: TVec<&[TDim]> = inputs.iter().map(|fact| &*fact.shape).collect();
        let mut shape = multi_broadcast(&shapes)?;
        match self {
            Self::Sum(axis) => shape[*axis] = 1.to_dim(),
            Self::Permute(order) => shape = order.iter().map(|axis| shape[*axis].clone()).collect(),
            _ => {}
        }
        Ok(tvec!(f32::fact(shape)))
    }

    as_op!();
}

impl EvalOp for ByValue {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let plain = inputs.iter().map(|input| input.try_as_plain_ram());
        let plain: TVec<_> = plain.collect::<TractResult<_>>()?;
        let values = plain.iter().map(|plain| plain.as_slice::<f32>());
        let values: TVec<&[f32]> = values.collect::<TractResult<_>>()?;
        let shapes: TVec<&[usize]> = inputs.iter().map(|input| input.shape()).collect();
        let mut shape = multi_broadcast(&shapes)?;
        match self {
            Self::Sum(axis) => shape[*axis] = 1,
            Self::Permute(order) => shape = order.iter().map(|axis| shape[*axis]).collect(),
            _ => {}
        }
        let mut output = kernels::output(&shape)?;
        let mut plain = output.try_as_plain_ram_mut()?;
        let out = plain.as_slice_mut::<f32>()?;
        let of = |input: usize| (values[input], four_axes(shapes[input]));
        match self {
            Self::Add => kernels::combine(|a, b| a + b, of(0), of(1), out),
            Self::Subtract => kernels::combine(|a, b| a - b, of(0), of(1), out),
            Self::Multiply => kernels::combine(|a, b| a * b, of(0), of(1), out),
            Self::Divide => kernels::combine(|a, b| a / b, of(0), of(1), out),
            Self::SquareRoot => {
                for (out, value) in out.iter_mut().zip(values[0]) {
                    *out = value.sqrt();
                }
            }
            Self::Sum(axis) => {
                let [before, after] = [&shapes[0][..*axis], &shapes[0][axis + 1..]];
                let axes = [before, &shapes[0][*axis..=*axis], after];
                kernels::sum(values[0], axes.map(|axes| axes.iter().product()), out);
            }
            Self::Permute(order) => {
                let missing = 4 - order.len();
                let order = std::array::from_fn(|axis| {
                    axis.checked_sub(missing)
                        .map_or(axis, |axis| order[axis] + missing)
                });
                kernels::permute(of(0), order, out);
            }
        }
        Ok(tvec!(output.into()))
    }
}

/// The same axes after as many of length 1 as are missing.
fn four_axes(axes: &[usize]) -> [usize; 4] {
    let missing = 4 - axes.len();
    std::array::from_fn(|axis| axis.checked_sub(missing).map_or(1, |axis| axes[axis]))
}
