//! tract's own way from a file to its typed graph, with a limit on what it computes on that way.

use std::io::Cursor;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

/// Elements of all tensors together that are computed from constants: tract does so while it reads, whatever it takes, and a few
/// bytes may ask for all memory.
const MAX_COMPUTED_ELEMENTS: usize = 1 << 24;

/// The graph of a file of any operators that tract reads. `declare` may say more of its inputs than the file does.
///
/// # Errors
/// What tract and `declare` say, and more than [`MAX_COMPUTED_ELEMENTS`].
pub(crate) fn typed_by_tract(
    onnx_bytes: &[u8],
    declare: impl FnOnce(&mut InferenceModel) -> TractResult<()>,
) -> TractResult<TypedModel> {
    let mut graph = onnx().model_for_read(&mut Cursor::new(onnx_bytes))?;
    declare(&mut graph)?;
    let needed = graph.eval_order()?;
    let others: Vec<usize> = (0..graph.nodes().len())
        .filter(|node| !needed.contains(node))
        .collect();
    let mut elements: usize = 0;
    for node in needed.into_iter().chain(others) {
        elements = elements.saturating_add(elements_of_constant(&mut graph, node)?);
        ensure!(
            elements <= MAX_COMPUTED_ELEMENTS,
            "{elements} elements are computed from constants, more than {MAX_COMPUTED_ELEMENTS}"
        );
        infer(&mut graph, node, true)?;
    }
    graph.into_typed()
}

/// The elements that a node gives, if all that it reads is known.
fn elements_of_constant(graph: &mut InferenceModel, node: usize) -> TractResult<usize> {
    let inputs = &graph.node(node).inputs;
    let mut facts = inputs.iter().map(|outlet| graph.outlet_fact(*outlet));
    let is_constant = facts.try_fold(!inputs.is_empty(), |is_constant, fact| {
        let fact = TypedFact::try_from(fact?);
        TractResult::Ok(is_constant && fact.is_ok_and(|fact| fact.konst.is_some()))
    })?;
    if !is_constant {
        return Ok(0);
    }
    infer(graph, node, false)?;
    let facts = graph.node_output_facts(node)?;
    let shapes = facts.into_iter().filter_map(|fact| {
        let fact = TypedFact::try_from(fact).ok()?;
        let shape = fact.shape.as_concrete()?;
        Some(shape.iter().copied().fold(1, usize::saturating_mul))
    });
    Ok(shapes.fold(0, usize::saturating_add))
}

/// Notes what a node gives: its type and shape, and if `compute`, its values where all that it reads is known.
fn infer(graph: &mut InferenceModel, node: usize, compute: bool) -> TractResult<()> {
    let (inputs, outputs) = graph.node_facts(node)?;
    let cloned = |facts: TVec<&InferenceFact>| -> TVec<InferenceFact> {
        facts.into_iter().cloned().collect()
    };
    let (inputs, outputs) = (cloned(inputs), cloned(outputs));
    let observed = {
        let of_node = graph.node(node);
        let outlets = of_node.op.observe_outlets(graph, of_node)?;
        let facts = outlets.into_iter().map(|outlet| graph.outlet_fact(outlet));
        cloned(facts.collect::<TractResult<_>>()?)
    };
    let [inputs, outputs, observed] =
        [&inputs, &outputs, &observed].map(|facts| facts.iter().collect());
    let op = &mut graph.node_mut(node).op;
    let (_, outputs, _) = match compute {
        true => op.infer(inputs, outputs, observed)?,
        false => op.infer_facts(inputs, outputs, observed)?,
    };
    for (slot, fact) in outputs.into_iter().enumerate() {
        graph.set_outlet_fact(OutletId::new(node, slot), fact)?;
    }
    Ok(())
}
