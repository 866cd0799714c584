//! From an ONNX file to tract's typed graph.
//!
//! tract-onnx reads the format: messages, attributes, tensors. Its own way on to a typed graph carries all of ONNX, a
//! hundred and fifty operators with rules that infer shapes in any direction, which is 2 MB of the browser's module and
//! more than half of the time that a model loads. The models here are made of twenty-three operators and every input has a
//! known shape, so each node can be wired at once, as tract wires it (a test holds the two equal). Any other operator or
//! attribute is refused by name; with the feature `any-operator`, tract's own way is taken then.
//!
//! - `operators`: each operator, from its node to the typed operators that it stands for; `arithmetic`: some of them.
//! - `half_float`: weights of 16 bits to 32.
//! - `any_operator`: tract's own way.

#[cfg(feature = "any-operator")]
mod any_operator;
mod arithmetic;
mod half_float;
mod operators;
#[cfg(all(test, feature = "embedded-models"))]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;

#[cfg(feature = "any-operator")]
pub(crate) use any_operator::typed_by_tract;
use operators::Operator;
use prost::Message;
use tract_onnx::Onnx;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, tensor_proto};
use tract_onnx::prelude::*;
use tract_onnx::tensor::load_tensor;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::konst::Const;

/// The operator sets whose meaning of these operators is the one implemented.
const OPERATOR_SETS: std::ops::Range<i64> = 13..18;

/// The package's own models have up to 400 nodes. tract takes time by the square of their number.
const MAX_NODES: usize = 4000;

/// Reads a file as it is written.
///
/// # Errors
/// What the format says, and more than [`MAX_NODES`].
pub(crate) fn decode(onnx: Cow<'_, [u8]>) -> TractResult<ModelProto> {
    let proto = ModelProto::decode(&*onnx)?;
    // WebAssembly never gives memory back: what is not needed any more goes at once.
    drop(onnx);
    let nodes = proto.graph.as_ref().map_or(0, nodes_of);
    ensure!(
        nodes <= MAX_NODES,
        "{nodes} nodes are more than {MAX_NODES}"
    );
    Ok(proto)
}

/// The nodes of a graph and of those inside it.
fn nodes_of(graph: &GraphProto) -> usize {
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let inner = attributes.flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
    graph.node.len() + inner.map(nodes_of).sum::<usize>()
}

/// The graph of a file. Its outputs carry their names as labels.
pub(super) fn typed(model: ModelProto) -> TractResult<TypedModel> {
    let mut sets = model.opset_import.iter();
    let version = sets
        .find(|set| set.domain.is_empty() || set.domain == "ai.onnx")
        .map_or(0, |set| set.version);
    ensure!(
        OPERATOR_SETS.contains(&version),
        "operator set {version} is not one of {OPERATOR_SETS:?}"
    );
    let proto = model.graph.context("the file holds no graph")?;
    let mut wiring = Wiring::of(proto.initializer);
    for node in &proto.node {
        wiring.expect_readings(&node.input);
    }
    for input in &proto.input {
        if !wiring.initializers.contains_key(&input.name) {
            wiring.add_input(&input.name, input.r#type.as_ref())?;
        }
    }
    for node in &proto.node {
        wiring
            .add_node(node)
            .with_context(|| format!("node {:?} ({})", node.name, node.op_type))?;
    }
    wiring.finish(proto.output.into_iter().map(|output| output.name))
}

/// A typed graph that grows node by node.
struct Wiring {
    graph: TypedModel,
    outlets: HashMap<String, OutletId>,
    /// Constants of the file that no node has read yet, with the number of those that will.
    initializers: HashMap<String, (TensorProto, usize)>,
}

impl Wiring {
    fn of(initializers: Vec<TensorProto>) -> Self {
        let initializers = initializers.into_iter();
        Self {
            graph: TypedModel::default(),
            outlets: HashMap::new(),
            initializers: initializers.map(|it| (it.name.clone(), (it, 0))).collect(),
        }
    }

    fn expect_readings(&mut self, inputs: &[String]) {
        for name in inputs {
            if let Some((_, readings)) = self.initializers.get_mut(name) {
                *readings += 1;
            }
        }
    }

    fn add_input(&mut self, name: &str, of: Option<&TypeProto>) -> TractResult<()> {
        let Some(TensorType(tensor)) = of.and_then(|of| of.value.as_ref()) else {
            bail!("input {name:?} is not a tensor");
        };
        let is_f32 = tensor.elem_type == tensor_proto::DataType::Float as i32;
        ensure!(is_f32, "input {name:?} is not of f32");
        let shape = tensor.shape.as_ref().context("an input without a shape")?;
        let dims = shape.dim.iter().map(|dim| match dim.value {
            Some(DimValue(size)) => usize::try_from(size).ok(),
            _ => None,
        });
        let dims: Option<TVec<usize>> = dims.collect();
        let dims = dims.with_context(|| format!("input {name:?} has an open shape"))?;
        let outlet = self.graph.add_source(name, f32::fact(&dims))?;
        self.outlets.insert(name.to_owned(), outlet);
        Ok(())
    }

    fn add_node(&mut self, node: &NodeProto) -> TractResult<()> {
        let [output] = &node.output[..] else {
            bail!("{} outputs", node.output.len());
        };
        let operator = Operator::find(&node.op_type).context("the operator is not known here")?;
        let outlet = match self.widened(node)? {
            Some(outlet) => outlet,
            None => {
                let mut inputs = TVec::new();
                for name in &node.input {
                    inputs.push(self.outlet(name)?);
                }
                // The output's name, unlike the node's, is unique.
                operator.wire(node, output, &mut self.graph, &inputs)?
            }
        };
        self.outlets.insert(output.clone(), outlet);
        Ok(())
    }

    /// The outlet of a value that was computed before, or is a constant of the file.
    fn outlet(&mut self, name: &str) -> TractResult<OutletId> {
        if let Some(outlet) = self.outlets.get(name) {
            return Ok(*outlet);
        }
        let (initializer, _) = self
            .initializers
            .remove(name)
            .with_context(|| format!("no node before it has the output {name:?}"))?;
        let outlet = self.add_constant(name, tensor(&initializer)?)?;
        self.outlets.insert(name.to_owned(), outlet);
        Ok(outlet)
    }

    fn add_constant(&mut self, name: &str, tensor: Tensor) -> TractResult<OutletId> {
        let constant = Const::new(tensor.into_arc_tensor())?;
        Ok(self.graph.wire_node(name, constant, &[])?[0])
    }

    /// A cast of weights from 16 to 32 bits, done here and now: the narrow ones never enter the graph.
    fn widened(&mut self, node: &NodeProto) -> TractResult<Option<OutletId>> {
        if node.op_type != "Cast" || node.get_attr::<DatumType>("to")? != DatumType::F32 {
            return Ok(None);
        }
        let name = node.input.first().context("no input")?;
        let is_narrow = self.initializers.get(name).is_some_and(|(it, readings)| {
            *readings == 1 && it.data_type == tensor_proto::DataType::Float16 as i32
        });
        if !is_narrow {
            return Ok(None);
        }
        let Some((narrow, _)) = self.initializers.remove(name) else {
            return Ok(None);
        };
        let wide = half_float::widen(&tensor(&narrow)?)?;
        self.add_constant(&node.output[0], wide).map(Some)
    }

    fn finish(mut self, outputs: impl Iterator<Item = String>) -> TractResult<TypedModel> {
        let mut outlets = Vec::new();
        for name in outputs {
            let outlet = self.outlet(&name)?;
            self.graph.set_outlet_label(outlet, name)?;
            outlets.push(outlet);
        }
        self.graph.select_output_outlets(&outlets)?;
        Ok(self.graph)
    }
}

fn tensor(proto: &TensorProto) -> TractResult<Tensor> {
    load_tensor(&*Onnx::default().provider, proto, None)
}
