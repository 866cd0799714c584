//! The new graph, wired backwards from the outputs: only what they need, each value in the layouts that are asked for.

use std::collections::HashMap;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::source::TypedSource;

use super::by_value::ByValue;
use super::recognize::{Plan, nchw_shape};

/// Channels last, and back: of a tensor of four axes.
const TO_NHWC: AxisOp = AxisOp::Move(1, 3);
const TO_NCHW: AxisOp = AxisOp::Move(3, 1);

pub(super) fn wire(source: &TypedModel, plan: &Plan) -> TractResult<TypedModel> {
    let mut wiring = Wiring {
        source,
        plan,
        target: TypedModel::default(),
        plain: HashMap::new(),
        nhwc: HashMap::new(),
        permuted: Vec::new(),
    };
    for input in source.input_outlets()? {
        wiring.plain(*input)?;
    }
    // In evaluation order, so that no value waits for a deep chain of others on the call stack.
    let needed = needed(source, plan)?;
    for id in source.eval_order()? {
        let outlet = OutletId::new(id, 0);
        if plan.by_output.contains_key(&outlet) {
            wiring.step(outlet)?;
        } else if needed[id] {
            wiring.plain(outlet)?;
        }
    }
    let outputs: Vec<OutletId> = source
        .output_outlets()?
        .iter()
        .map(|outlet| wiring.plain(*outlet))
        .collect::<TractResult<_>>()?;
    wiring.target.select_output_outlets(&outputs)?;
    Ok(wiring.target)
}

/// The nodes that outputs and operators need, not counting those inside of an operator.
fn needed(source: &TypedModel, plan: &Plan) -> TractResult<Vec<bool>> {
    let mut needed = vec![false; source.nodes().len()];
    let mut pending = source.output_outlets()?.to_vec();
    while let Some(outlet) = pending.pop() {
        if !std::mem::replace(&mut needed[outlet.node], true) {
            let step = plan.by_output.get(&outlet);
            pending.extend_from_slice(match step {
                Some(index) => &plan.steps[*index].inputs[..],
                None => &source.node(outlet.node).inputs,
            });
        }
    }
    Ok(needed)
}

struct Wiring<'a> {
    source: &'a TypedModel,
    plan: &'a Plan,
    target: TypedModel,
    /// Source outlets as they are.
    plain: HashMap<OutletId, OutletId>,
    /// Source outlets of four axes with the channels last.
    nhwc: HashMap<OutletId, OutletId>,
    /// Outlets of the new graph with their axes in another order, and what they were made from.
    permuted: Vec<(OutletId, Permuted)>,
}

/// An outlet, and which of its axes comes first, second and so on.
type Permuted = (OutletId, Order);

type Order = TVec<usize>;

impl Wiring<'_> {
    /// An outlet in the layout of the source graph.
    fn plain(&mut self, outlet: OutletId) -> TractResult<OutletId> {
        if let Some(wired) = self.plain.get(&outlet) {
            return Ok(*wired);
        }
        let wired = self.wire_plain(outlet)?;
        self.plain.insert(outlet, wired);
        Ok(wired)
    }

    fn wire_plain(&mut self, outlet: OutletId) -> TractResult<OutletId> {
        if let Some(tensor) = self.source.outlet_fact(outlet)?.konst.clone() {
            return self
                .target
                .add_const(format!("constant.{}.{}", outlet.node, outlet.slot), tensor);
        }
        if let Some(&index) = self.plan.by_output.get(&outlet) {
            let wired = self.step(outlet)?;
            if !self.plan.steps[index].moves_channels {
                return Ok(wired);
            }
            let name = format!("nchw.{}.{}", outlet.node, outlet.slot);
            return self.moved(wired, &TO_NCHW, &name);
        }
        let node = self.source.node(outlet.node);
        if node.op_is::<TypedSource>() {
            return self
                .target
                .add_source(node.name.clone(), node.outputs[0].fact.clone());
        }
        if let Some(op @ AxisOp::Move(..)) = node.op_as::<AxisOp>() {
            let wired = self.plain(node.inputs[0])?;
            return self.moved(wired, op, &node.name);
        }
        let inputs: TVec<OutletId> = node
            .inputs
            .iter()
            .map(|input| self.plain(*input))
            .collect::<TractResult<_>>()?;
        let op = match ByValue::of(self.source, node)? {
            Some(own) => own.into(),
            None => node.op.clone(),
        };
        let wired = self.target.wire_node(node.name.clone(), op, &inputs)?;
        for (slot, wired) in wired.iter().enumerate() {
            self.plain.insert(OutletId::new(node.id, slot), *wired);
        }
        Ok(wired[outlet.slot])
    }

    /// An outlet of four axes with the channels last.
    fn nhwc(&mut self, outlet: OutletId) -> TractResult<OutletId> {
        if let Some(wired) = self.nhwc.get(&outlet) {
            return Ok(*wired);
        }
        ensure!(
            nchw_shape(self.source, outlet)?.is_some(),
            "{outlet:?} has no channels"
        );
        let is_step = self
            .plan
            .by_output
            .get(&outlet)
            .is_some_and(|index| self.plan.steps[*index].moves_channels);
        let wired = if is_step {
            self.step(outlet)?
        } else {
            let plain = self.plain(outlet)?;
            let name = format!("nhwc.{}.{}", outlet.node, outlet.slot);
            self.moved(plain, &TO_NHWC, &name)?
        };
        self.nhwc.insert(outlet, wired);
        Ok(wired)
    }

    /// An outlet of the new graph with an axis moved. Of several moves one is made, or none where they end where they began.
    fn moved(&mut self, wired: OutletId, op: &AxisOp, name: &str) -> TractResult<OutletId> {
        let fact = self.target.outlet_fact(wired)?;
        let rank = fact.rank();
        let AxisOp::Move(from, to) = *op else {
            bail!("{op:?} moves no axis");
        };
        if fact.datum_type != f32::datum_type() || rank > 4 || fact.konst.is_some() {
            let op: Box<dyn TypedOp> = op.clone().into();
            return Ok(self.target.wire_node(name.to_owned(), op, &[wired])?[0]);
        }
        let before = self.permuted.iter().find(|(made, _)| *made == wired);
        let (base, mut order) = match before {
            Some((_, before)) => before.clone(),
            None => (wired, Order::from_slice(&[0, 1, 2, 3][..rank])),
        };
        let axis = order.remove(from);
        order.insert(to, axis);
        if order[..] == [0, 1, 2, 3][..rank] {
            return Ok(base);
        }
        let wanted = (base, order);
        if let Some((made, _)) = self.permuted.iter().find(|(_, of)| *of == wanted) {
            return Ok(*made);
        }
        let permutation: Box<dyn TypedOp> = ByValue::Permute(wanted.1.clone()).into();
        let made = self
            .target
            .wire_node(name.to_owned(), permutation, &[base])?[0];
        self.permuted.push((made, wanted));
        Ok(made)
    }

    /// The operator that computes an outlet, in its own layout.
    fn step(&mut self, outlet: OutletId) -> TractResult<OutletId> {
        let step = &self.plan.steps[self.plan.by_output[&outlet]];
        let wired = if step.moves_channels {
            &self.nhwc
        } else {
            &self.plain
        };
        if let Some(wired) = wired.get(&outlet) {
            return Ok(*wired);
        }
        let mut inputs: TVec<OutletId> = tvec!();
        for input in &step.inputs {
            inputs.push(if step.moves_channels {
                self.nhwc(*input)?
            } else {
                self.plain(*input)?
            });
        }
        let name = self.source.node(outlet.node).name.clone();
        let wired =
            self.target
                .wire_node(format!("{name}.nhwc"), step.operator.clone(), &inputs)?[0];
        if step.moves_channels {
            self.nhwc.insert(outlet, wired);
        } else {
            self.plain.insert(outlet, wired);
        }
        Ok(wired)
    }
}
