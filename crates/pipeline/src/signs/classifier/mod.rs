//! The user's own model, run by tract with every operator that it has.
//!
//! - `input`: how rows become the tensor that the model takes.

mod input;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use input::InputPlan;
use tract_onnx::onnx;
use tract_onnx::pb::GraphProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

use super::manifest::Manifest;
use super::{SignsError, WindowInput};
use crate::inference::{decode, typed_by_tract};

/// Longest model file, in bytes.
pub const MAX_MODEL_BYTES: usize = 256 << 20;

/// Elements of all tensors of a run together.
const MAX_ELEMENTS: usize = 1 << 27;

/// How far from 0..=1 a confidence may be, by rounding.
const ROUNDING: f32 = 1e-3;

/// A model that fits its manifest: from the rows of a window to a confidence for each label.
///
/// It takes one input of f32, whose shape is that of the manifest's [`Layout`](super::Layout) with a fixed or an open number of
/// frames and a batch of 1 or open, and its first output has one number for each label. It holds no state between runs and can be
/// shared by threads.
#[derive(Debug)]
pub struct Classifier {
    plan: Arc<TypedRunnableModel>,
    input: InputPlan,
    labels: usize,
    softmax: bool,
}

impl Classifier {
    /// Reads a model, compares it with the manifest and runs it once on zeros for its least and its most frames.
    ///
    /// # Errors
    /// [`SignsError::Model`]: the bytes are not ONNX, an operator is not one of tract's, input or output do not fit, or the run
    /// fails or gives what is not a confidence.
    pub fn load(onnx_bytes: &[u8], manifest: &Manifest) -> Result<Self, SignsError> {
        let unusable = |error: TractError| SignsError::Model {
            reason: format!("{error:#}"),
        };
        if onnx_bytes.len() > MAX_MODEL_BYTES {
            let reason = format!(
                "it has {} bytes, more than {MAX_MODEL_BYTES}",
                onnx_bytes.len()
            );
            return Err(SignsError::Model { reason });
        }
        let classifier = Self::read(onnx_bytes, manifest).map_err(unusable)?;
        let window = manifest.window();
        for frames in [window.least, window.most] {
            let zeros = vec![0.0; frames * manifest.features_per_frame()];
            let outputs = classifier.run_rows(frames, &zeros).map_err(unusable)?;
            classifier
                .confidences(outputs)
                .map_err(|reason| SignsError::Model { reason })?;
        }
        Ok(classifier)
    }

    fn read(onnx_bytes: &[u8], manifest: &Manifest) -> TractResult<Self> {
        let proto = decode(Cow::Borrowed(onnx_bytes))?;
        let proto = proto.graph.as_ref().context("the file holds no graph")?;
        check_operators(proto)?;
        let mut input = InputPlan::new(proto, manifest)?;
        let mut graph = typed_by_tract(onnx_bytes, |graph| input.declare(graph))?;
        let output = *graph
            .output_outlets()?
            .first()
            .context("it has no output")?;
        graph.select_output_outlets(&[output])?;
        let labels = manifest.labels().len();
        check_output(&graph, &input, labels)?;
        check_size(&graph, &input)?;
        Ok(Self {
            plan: graph.into_optimized()?.into_runnable()?,
            input,
            labels,
            softmax: manifest.softmax(),
        })
    }

    /// A confidence for each label, in the order of the manifest's: the model's outputs, or their softmax.
    ///
    /// # Errors
    /// [`SignsError::ModelFailed`]: the runtime fails, the window is not one of this manifest's, or an answer is not a confidence.
    pub fn run(&self, window: &WindowInput) -> Result<Vec<f32>, SignsError> {
        let outputs = self.outputs(window)?;
        self.confidences(outputs)
            .map_err(|reason| SignsError::ModelFailed { reason })
    }

    /// What the model itself gives for a window, one number for each label.
    ///
    /// # Errors
    /// [`SignsError::ModelFailed`]: the runtime fails, or the window is not one of this manifest's.
    pub fn outputs(&self, window: &WindowInput) -> Result<Vec<f32>, SignsError> {
        self.run_rows(window.frames, &window.values)
            .map_err(|error| SignsError::ModelFailed {
                reason: format!("{error:#}"),
            })
    }

    fn run_rows(&self, frames: usize, rows: &[f32]) -> TractResult<Vec<f32>> {
        let input = self.input.tensor(frames, rows)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        let output = outputs.first().context("no output")?.cast_to::<f32>()?;
        let values = output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        ensure!(
            values.len() == self.labels,
            "its output has {} numbers, labels has {}",
            values.len(),
            self.labels
        );
        Ok(values)
    }

    /// Confidences from outputs; else what is wrong with them.
    fn confidences(&self, mut outputs: Vec<f32>) -> Result<Vec<f32>, String> {
        if let Some(at) = outputs.iter().position(|value| !value.is_finite()) {
            return Err(format!("output {at} is {}", outputs[at]));
        }
        if self.softmax {
            softmax(&mut outputs);
            return Ok(outputs);
        }
        let range = -ROUNDING..=1.0 + ROUNDING;
        if let Some(at) = outputs.iter().position(|value| !range.contains(value)) {
            return Err(format!(
                "output {at} is {}, no confidence of 0 to 1; softmax is false in the manifest, and must be true where the model \
                 gives logits",
                outputs[at]
            ));
        }
        for value in &mut outputs {
            *value = value.clamp(0.0, 1.0);
        }
        Ok(outputs)
    }
}

/// Each to e to its power, divided by the sum of all.
fn softmax(values: &mut [f32]) {
    let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = libm::expf(*value - greatest);
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

/// tract's own error for an operator that it does not have comes late and says little.
fn check_operators(graph: &GraphProto) -> TractResult<()> {
    let known = onnx().op_register.0;
    let unknown = first_in(graph, &|operator| !known.contains_key(operator));
    match unknown {
        Some((node, operator)) => bail!("node {node:?}: tract has no operator {operator:?}"),
        None => Ok(()),
    }
}

/// The first node, by name and operator, of a graph and those inside it whose operator is so.
fn first_in(graph: &GraphProto, is_so: &dyn Fn(&str) -> bool) -> Option<(String, String)> {
    graph.node.iter().find_map(|node| {
        if is_so(&node.op_type) {
            return Some((node.name.clone(), node.op_type.clone()));
        }
        let inner = node.attribute.iter();
        let mut inner = inner.flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
        inner.find_map(|graph| first_in(graph, is_so))
    })
}

/// Where the output's shape is known before a run, it must have a number for each label.
fn check_output(graph: &TypedModel, input: &InputPlan, labels: usize) -> TractResult<()> {
    let fact = graph.output_fact(0)?;
    let Ok(numbers) = volume(fact, &input.symbols(1)) else {
        return Ok(());
    };
    ensure!(
        numbers == labels,
        "its output has {numbers} numbers ({:?}), labels has {labels}",
        fact.shape
    );
    Ok(())
}

/// Against graphs whose tensors would take all memory.
fn check_size(graph: &TypedModel, input: &InputPlan) -> TractResult<()> {
    let symbols = input.symbols(input.most_frames());
    let outlets = graph.nodes().iter().flat_map(|node| &node.outputs);
    let elements = outlets
        .filter_map(|outlet| volume(&outlet.fact, &symbols).ok())
        .fold(0, usize::saturating_add);
    ensure!(
        elements <= MAX_ELEMENTS,
        "its tensors have {elements} elements, more than {MAX_ELEMENTS}"
    );
    Ok(())
}

/// The number of elements for given lengths of the open axes.
fn volume(fact: &TypedFact, symbols: &SymbolValues) -> TractResult<usize> {
    let mut volume = 1_usize;
    for dim in fact.shape.iter() {
        volume = volume.saturating_mul(dim.eval_to_i64(symbols)?.try_into()?);
    }
    Ok(volume)
}
