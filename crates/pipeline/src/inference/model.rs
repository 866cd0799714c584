//! One model: read from ONNX, checked against its kind, optimised and run by tract.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::ensure;

#[cfg(feature = "any-operator")]
use super::lowering::is_complete;
use super::lowering::lower;
use super::{ModelInput, ModelKind, reader};
use crate::crop::Crop;
use crate::error::ModelError;
use crate::picture::RgbImage;
use crate::rect::NormalizedRect;

/// A model that is ready to run. It holds no state between runs and can be shared by threads.
#[derive(Debug)]
pub struct Model {
    kind: ModelKind,
    plan: Arc<TypedRunnableModel>,
    /// Inputs of runs that are over, to be filled again: as many as there were runs at once.
    spare_inputs: Mutex<Vec<Arc<Tensor>>>,
}

impl Model {
    /// Reads and optimises an ONNX file. Bytes that are given away are dropped as soon as they are read.
    ///
    /// # Errors
    /// [`ModelError::Malformed`] if the bytes are not ONNX that tract reads, or a graph of far more nodes or elements than
    /// any of these models has; [`ModelError::Mismatch`] if input or
    /// outputs are not those of `kind`.
    pub fn load<'a>(kind: ModelKind, onnx: impl Into<Cow<'a, [u8]>>) -> Result<Self, ModelError> {
        let malformed = |error: TractError| ModelError::Malformed {
            model: kind.name(),
            reason: format!("{error:#}"),
        };
        let graph = read(onnx.into()).map_err(malformed)?;
        check_size(&graph).map_err(malformed)?;
        let graph = with_outputs_of(kind, graph)?;
        check_shapes(kind, &graph)?;
        let plan = lowered(graph)
            .and_then(IntoRunnable::into_runnable)
            .map_err(malformed)?;
        Ok(Self {
            kind,
            plan,
            spare_inputs: Mutex::default(),
        })
    }

    /// Which model it is.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        self.kind
    }

    /// Crops a region of the picture (or all of it) into the input and runs the model.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if the runtime fails, or the model does not look at pictures.
    pub fn run(
        &self,
        image: &RgbImage,
        roi: Option<&NormalizedRect>,
    ) -> Result<(Crop, ModelOutputs), ModelError> {
        let ModelInput::Picture(spec) = self.kind.input() else {
            return Err(self.failed("its input is not a picture"));
        };
        self.run_filled(|input| spec.crop(image, roi, input))
    }

    /// Runs the model on points, in pixels of the picture.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if the runtime fails, or the model does not look at points.
    pub fn run_on_points(
        &self,
        points: impl IntoIterator<Item = [f32; 2]>,
    ) -> Result<ModelOutputs, ModelError> {
        if !matches!(self.kind.input(), ModelInput::Points(_)) {
            return Err(self.failed("its input is a picture"));
        }
        let fill = |input: &mut [f32]| {
            for (to, point) in input.as_chunks_mut::<2>().0.iter_mut().zip(points) {
                *to = point;
            }
        };
        self.run_filled(fill).map(|((), outputs)| outputs)
    }

    /// Runs the model on what `fill` makes of an input.
    fn run_filled<T>(
        &self,
        fill: impl FnOnce(&mut [f32]) -> T,
    ) -> Result<(T, ModelOutputs), ModelError> {
        let failed = |error: TractError| self.failed(format_args!("{error:#}"));
        let mut input = self.take_input().map_err(failed)?;
        let filled = {
            // The only handle to it, so nothing is copied.
            let tensor = Arc::make_mut(&mut input);
            let mut plain = tensor.try_as_plain_ram_mut().map_err(failed)?;
            fill(plain.as_slice_mut().map_err(failed)?)
        };
        let outputs = self.run_tensor(Arc::clone(&input))?;
        self.keep_input(input);
        Ok((filled, outputs))
    }

    /// Runs the model on an input of zeros, for the sake of later runs.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if the runtime fails.
    pub fn warm_up(&self) -> Result<(), ModelError> {
        let input = self
            .take_input()
            .map_err(|error| self.failed(format_args!("{error:#}")))?;
        self.run_tensor(Arc::clone(&input))?;
        self.keep_input(input);
        Ok(())
    }

    /// Whether a run is over: it has left its input behind.
    pub(super) fn has_run(&self) -> bool {
        !self.lock_spare_inputs().is_empty()
    }

    /// An input to be filled: one that was kept, or a new one.
    fn take_input(&self) -> TractResult<Arc<Tensor>> {
        let kept = self.lock_spare_inputs().pop();
        kept.map_or_else(
            || Tensor::zero::<f32>(&self.kind.input().shape()).map(Arc::new),
            Ok,
        )
    }

    fn keep_input(&self, input: Arc<Tensor>) {
        if Arc::strong_count(&input) == 1 {
            self.lock_spare_inputs().push(input);
        }
    }

    /// Whoever panicked while it was locked left it whole: it is only pushed to and popped from.
    fn lock_spare_inputs(&self) -> MutexGuard<'_, Vec<Arc<Tensor>>> {
        self.spare_inputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run_tensor(&self, input: Arc<Tensor>) -> Result<ModelOutputs, ModelError> {
        let outputs = self
            .plan
            .run(tvec!(TValue::from_const(input)))
            .map_err(|error| self.failed(format_args!("{error:#}")))?;
        Ok(ModelOutputs {
            kind: self.kind,
            values: outputs,
        })
    }

    fn failed(&self, reason: impl ToString) -> ModelError {
        ModelError::Failed {
            model: self.kind.name(),
            reason: reason.to_string(),
        }
    }
}

/// What a run gave, in the order of [`ModelKind::outputs`].
pub struct ModelOutputs {
    kind: ModelKind,
    values: TVec<TValue>,
}

impl ModelOutputs {
    /// The values of output number `index`, as many as its shape says.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if the runtime gave another type or number of values.
    pub fn values(&self, index: usize) -> Result<&[f32], ModelError> {
        let failed = |reason: String| ModelError::Failed {
            model: self.kind.name(),
            reason,
        };
        let value = self
            .values
            .get(index)
            .ok_or_else(|| failed(format!("no output {index}")))?;
        let plain = value
            .try_as_plain_ram()
            .map_err(|e| failed(format!("{e:#}")))?;
        let values = plain
            .as_slice::<f32>()
            .map_err(|e| failed(format!("{e:#}")))?;
        let expected: usize = self.kind.outputs()[index].shape.iter().product();
        if values.len() != expected {
            return Err(failed(format!(
                "output {index} has {} values",
                values.len()
            )));
        }
        Ok(values)
    }
}

/// The typed graph of a file. With the feature `any-operator`, tract reads what the package's own reader does not know.
pub(super) fn read(onnx_bytes: Cow<'_, [u8]>) -> TractResult<TypedModel> {
    #[cfg(feature = "any-operator")]
    {
        let proto = reader::decode(Cow::Borrowed(&*onnx_bytes))?;
        reader::typed(proto).or_else(|_| reader::typed_by_tract(&onnx_bytes, |_| Ok(())))
    }
    #[cfg(not(feature = "any-operator"))]
    reader::typed(reader::decode(onnx_bytes)?)
}

/// The graph with the pipeline's own operators. Where they are not all of it, as in another model of the same shapes, tract
/// optimises the rest; without the feature `any-operator` it runs as it is.
fn lowered(graph: TypedModel) -> TractResult<TypedModel> {
    let graph = lower(graph)?;
    #[cfg(feature = "any-operator")]
    if !is_complete(&graph) {
        return graph.into_optimized();
    }
    Ok(graph)
}

/// Elements of all tensors of a graph together: the package's own models have up to 30 million.
const MAX_ELEMENTS: usize = 1 << 28;

/// Against graphs whose tensors would take all memory, or hours.
fn check_size(graph: &TypedModel) -> TractResult<()> {
    let outlets = graph.nodes().iter().flat_map(|node| &node.outputs);
    let mut elements: usize = 0;
    for shape in outlets.filter_map(|outlet| outlet.fact.shape.as_concrete()) {
        let of_outlet = shape.iter().copied().fold(1, usize::saturating_mul);
        elements = elements.saturating_add(of_outlet);
    }
    ensure!(
        elements <= MAX_ELEMENTS,
        "its tensors have {elements} elements, more than {MAX_ELEMENTS}"
    );
    Ok(())
}

/// The graph with exactly the outputs of its kind, in their order.
fn with_outputs_of(kind: ModelKind, graph: TypedModel) -> Result<TypedModel, ModelError> {
    let names: Vec<&str> = kind.outputs().iter().map(|output| output.name).collect();
    graph
        .with_outputs_by_name(&names)
        .map_err(|_| ModelError::Mismatch {
            model: kind.name(),
            reason: format!("it lacks the outputs {}", names.join(", ")),
        })
}

fn check_shapes(kind: ModelKind, graph: &TypedModel) -> Result<(), ModelError> {
    let mismatch = |reason: String| ModelError::Mismatch {
        model: kind.name(),
        reason,
    };
    let check = |what: &str, fact: TractResult<&TypedFact>, expected: &[usize]| {
        let fact = fact.map_err(|error| mismatch(format!("{error:#}")))?;
        let is_expected =
            fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(expected);
        if is_expected {
            return Ok(());
        }
        Err(mismatch(format!(
            "{what} is {fact:?}, not {expected:?} of f32"
        )))
    };
    check("its input", graph.input_fact(0), &kind.input().shape())?;
    for (index, output) in kind.outputs().iter().enumerate() {
        check(output.name, graph.output_fact(index), output.shape)?;
    }
    Ok(())
}
