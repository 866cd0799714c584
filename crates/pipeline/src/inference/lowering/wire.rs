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
        permuted: HashMap::new(),
        permuted_from: HashMap::new(),
    };
    for input in source.input_outlets()? {
        wiring.plain(*input)?;
    }
    // In evaluation order, so that no value waits for a deep chain of others on the call stack.
    for id in source.eval_order()? {
        let outlet = OutletId::new(id, 0);
        if plan.by_output.contains_key(&outlet) {
            wiring.step(outlet)?;
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

struct Wiring<'a> {
    source: &'a TypedModel,
    plan: &'a Plan,
    target: TypedModel,
    /// Source outlets as they are.
    plain: HashMap<OutletId, OutletId>,
    /// Source outlets of four axes with the channels last.
    nhwc: HashMap<OutletId, OutletId>,
    /// Outlets of the new graph with their axes in another order.
    permuted: HashMap<(OutletId, Order), OutletId>,
    /// What those were made from.
    permuted_from: HashMap<OutletId, (OutletId, Order)>,
}

/// Which axis comes first, second and so on.
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
            Some(own) => Box::new(own),
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
            return Ok(self.target.wire_node(name, op.clone(), &[wired])?[0]);
        }
        let unmoved = || (wired, (0..rank).collect());
        let (base, mut order) = self
            .permuted_from
            .get(&wired)
            .cloned()
            .unwrap_or_else(unmoved);
        let axis = order.remove(from);
        order.insert(to, axis);
        if order.iter().copied().eq(0..rank) {
            return Ok(base);
        }
        let key = (base, order);
        if let Some(known) = self.permuted.get(&key) {
            return Ok(*known);
        }
        let permutation = ByValue::Permute(key.1.clone());
        let wired = self.target.wire_node(name, permutation, &[base])?[0];
        self.permuted.insert(key.clone(), wired);
        self.permuted_from.insert(wired, key);
        Ok(wired)
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
