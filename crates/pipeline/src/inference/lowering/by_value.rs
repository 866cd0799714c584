//! Arithmetic value by value, for layers that normalise, in the layout that the graph has; and the way from one layout to
//! another.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};

use crate::inference::kernels;

/// An operator on tensors of up to four axes. Of two, one may have a single value along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inference) enum ByValue {
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
            if !is_taken(graph.outlet_fact(*input)?) {
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

/// Floats along up to four axes, none of which is empty.
fn is_taken(fact: &TypedFact) -> bool {
    let axes = fact.shape.as_concrete();
    fact.datum_type == f32::datum_type()
        && axes.is_some_and(|axes| axes.len() <= 4 && !axes.contains(&0))
}

/// A tensor's axes, after as many of length 1 as are missing of four.
fn four_axes(axes: &[usize]) -> [usize; 4] {
    let mut four = [1; 4];
    four[4 - axes.len()..].copy_from_slice(axes);
    four
}

impl ByValue {
    /// The axes of what comes of inputs with these; of one input, that twice. `missing` of them are not the tensors' own.
    fn output_axes(&self, [a, b]: [[usize; 4]; 2], missing: usize) -> [usize; 4] {
        let mut axes = std::array::from_fn(|axis| a[axis].max(b[axis]));
        match self {
            Self::Sum(axis) => axes[axis + missing] = 1,
            Self::Permute(order) => axes = four_of(order, missing).map(|axis| a[axis]),
            _ => {}
        }
        axes
    }
}

/// An order of all four axes, of which the missing ones stay where they are.
fn four_of(order: &[usize], missing: usize) -> [usize; 4] {
    let mut four = [0, 1, 2, 3];
    for (axis, of) in order.iter().enumerate() {
        four[axis + missing] = of + missing;
    }
    four
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
        for fact in inputs {
            ensure!(is_taken(fact), "an input of {fact:?}");
        }
        let axes = |fact: &TypedFact| fact.shape.as_concrete().map_or([1; 4], four_axes);
        let (first, last) = (inputs[0], inputs[inputs.len() - 1]);
        let of = [axes(first), axes(last)];
        let rank = first.rank();
        let fits = (0..4).all(|axis| {
            let [a, b] = of.map(|axes| axes[axis]);
            a == b || a == 1 || b == 1
        });
        ensure!(
            fits && last.rank() == rank,
            "inputs of {first:?} and {last:?}"
        );
        let missing = 4 - rank;
        let axes = self.output_axes(of, missing);
        Ok(tvec!(f32::fact(&axes[missing..])))
    }

    as_op!();
}

impl EvalOp for ByValue {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (first, last) = (&inputs[0], &inputs[inputs.len() - 1]);
        let missing = 4 - first.rank();
        let plain = [first.try_as_plain_ram()?, last.try_as_plain_ram()?];
        let a = (plain[0].as_slice::<f32>()?, four_axes(first.shape()));
        let b = (plain[1].as_slice::<f32>()?, four_axes(last.shape()));
        let axes = self.output_axes([a.1, b.1], missing);
        let mut output = kernels::output(&axes[missing..])?;
        let mut plain = output.try_as_plain_ram_mut()?;
        let out = plain.as_slice_mut::<f32>()?;
        match self {
            Self::Add => kernels::combine(|a, b| a + b, a, b, out),
            Self::Subtract => kernels::combine(|a, b| a - b, a, b, out),
            Self::Multiply => kernels::combine(|a, b| a * b, a, b, out),
            Self::Divide => kernels::combine(|a, b| a / b, a, b, out),
            Self::SquareRoot => {
                for (out, value) in out.iter_mut().zip(a.0) {
                    *out = value.sqrt();
                }
            }
            Self::Sum(axis) => {
                let (before, rest) = a.1.split_at(axis + missing);
                let product = |axes: &[usize]| axes.iter().product();
                let around = [product(before), rest[0], product(&rest[1..])];
                kernels::sum(a.0, around, out);
            }
            Self::Permute(order) => kernels::permute(a, four_of(order, missing), out),
        }
        Ok(tvec!(output.into()))
    }
}
