//! From the rows of a window to the tensor that a model takes.

use std::collections::HashSet;

use tract_onnx::pb::tensor_shape_proto::dimension::Value::{DimParam, DimValue};
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ValueInfoProto, tensor_proto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

use crate::signs::manifest::{Layout, Manifest, Padding, WindowRule};

/// What an axis of the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InputAxis {
    /// Of length 1.
    Batch,
    /// One for each frame.
    Frames,
    /// This many.
    Size(usize),
}

/// How rows become the input.
#[derive(Clone, Debug)]
pub(super) struct InputPlan {
    axes: Vec<InputAxis>,
    layout: Layout,
    window: WindowRule,
    features: usize,
    values_per_point: Option<usize>,
    /// The open number of frames, where it is open.
    open_frames: Option<Symbol>,
    /// What the open number of frames is called in the file, if it has a name there.
    frames_name: String,
}

/// The length of an axis as a file declares it.
#[derive(Clone, Debug)]
enum Length {
    Fixed(i64),
    Named(String),
    Open,
}

impl InputPlan {
    /// Compares the input that a file declares with the manifest.
    pub(super) fn new(graph: &GraphProto, manifest: &Manifest) -> TractResult<Self> {
        let constants: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
        let inputs = graph.input.iter();
        let inputs: Vec<_> = inputs
            .filter(|input| !constants.contains(&*input.name))
            .collect();
        let [input] = inputs[..] else {
            let names: Vec<&str> = inputs.iter().map(|input| &*input.name).collect();
            bail!("it has {} inputs, {names:?}, not one", names.len());
        };
        let declared = declared_shape(input)?;
        let mut plan = Self {
            axes: Vec::new(),
            layout: manifest.layout(),
            window: manifest.window(),
            features: manifest.features_per_frame(),
            values_per_point: manifest.values_per_point(),
            open_frames: None,
            frames_name: "frames".to_owned(),
        };
        let axes = plan.axes_of_rank(declared.as_ref().map(Vec::len));
        let axes = axes.filter(|axes| {
            let lengths = declared.iter().flatten();
            axes.iter()
                .zip(lengths)
                .all(|(axis, length)| plan.fits(*axis, length))
        });
        let Some(axes) = axes else {
            bail!(
                "input {:?} is {}, the features give {}",
                input.name,
                in_words(&declared.unwrap_or_default()),
                plan.described()
            );
        };
        let frames = axes.iter().position(|axis| *axis == InputAxis::Frames);
        if let Some(Length::Named(name)) = frames.and_then(|at| declared.as_ref()?.get(at)) {
            plan.frames_name.clone_from(name);
        }
        plan.axes = axes;
        Ok(plan)
    }

    /// Declares the input as it will be fed.
    pub(super) fn declare(&mut self, graph: &mut InferenceModel) -> TractResult<()> {
        let frames = match self.fixed_frames() {
            Some(frames) => frames.to_dim(),
            None => {
                // By its own name, which the rest of the file may use as well.
                let symbol = graph.symbols.sym(&self.frames_name);
                self.open_frames = Some(symbol.clone());
                symbol.to_dim()
            }
        };
        let dims: TVec<TDim> = self
            .axes
            .iter()
            .map(|axis| match axis {
                InputAxis::Batch => 1.to_dim(),
                InputAxis::Frames => frames.clone(),
                InputAxis::Size(size) => size.to_dim(),
            })
            .collect();
        graph.set_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), dims))
    }

    /// Whether an axis may be of a declared length.
    fn fits(&self, axis: InputAxis, declared: &Length) -> bool {
        let Length::Fixed(declared) = declared else {
            return true;
        };
        let length = match axis {
            InputAxis::Batch => Some(1),
            InputAxis::Frames => self.fixed_frames(),
            InputAxis::Size(size) => Some(size),
        };
        usize::try_from(*declared).is_ok_and(|declared| Some(declared) == length)
    }

    /// The axes that the layout gives an input of this rank.
    fn axes_of_rank(&self, rank: Option<usize>) -> Option<Vec<InputAxis>> {
        use InputAxis::{Batch, Frames, Size};
        let features = Size(self.features);
        let by_point = self
            .values_per_point
            .map(|values| (Size(self.features / values), Size(values)));
        match (self.layout, rank) {
            (Layout::FramesPointsValues, None | Some(3)) => Some(vec![Batch, Frames, features]),
            (Layout::FramesPointsValues, Some(4)) => {
                by_point.map(|(points, values)| vec![Batch, Frames, points, values])
            }
            (Layout::FramesPointsValues, Some(2)) if self.window.most == 1 => {
                Some(vec![Batch, features])
            }
            (Layout::PointsValuesFrames, None | Some(3)) => Some(vec![Batch, features, Frames]),
            (Layout::ValuesFramesPoints, None | Some(4)) => {
                by_point.map(|(points, values)| vec![Batch, values, Frames, points])
            }
            _ => None,
        }
    }

    /// The number of frames, where it is always the same.
    fn fixed_frames(&self) -> Option<usize> {
        let most = self.window.padded(self.window.most);
        (most == self.window.padded(self.window.least)).then_some(most)
    }

    /// The input that the features give, in words.
    fn described(&self) -> String {
        let frames = match self.fixed_frames() {
            Some(frames) => format!("{frames}"),
            None => format!("{} to {}", self.window.least, self.window.most),
        };
        let axes = self.axes_of_rank(None).unwrap_or_default();
        let axes: Vec<String> = axes
            .iter()
            .map(|axis| match axis {
                InputAxis::Batch => "1".to_owned(),
                InputAxis::Frames => frames.clone(),
                InputAxis::Size(size) => size.to_string(),
            })
            .collect();
        format!(
            "[{}], as features.layout, window and its padding say",
            axes.join(", ")
        )
    }

    pub(super) fn most_frames(&self) -> usize {
        self.window.most
    }

    /// The lengths of what is open, for so many frames.
    pub(super) fn symbols(&self, frames: usize) -> SymbolValues {
        let symbols = SymbolValues::default();
        match &self.open_frames {
            Some(open) => symbols.with(open, i64::try_from(frames).unwrap_or(i64::MAX)),
            None => symbols,
        }
    }

    /// The input for these rows, `[frames, features]`.
    pub(super) fn tensor(&self, frames: usize, rows: &[f32]) -> TractResult<Tensor> {
        let window = self.window;
        ensure!(
            rows.len() == frames * self.features && (window.least..=window.most).contains(&frames),
            "the window has {frames} frames and {} numbers, not {} to {} frames of {} each",
            rows.len(),
            window.least,
            window.most,
            self.features
        );
        if let Some(value) = rows.iter().find(|value| !value.is_finite()) {
            bail!("the window has a number that is {value}");
        }
        let padded = self.padded(frames, rows);
        let frames = window.padded(frames);
        let values = self.permuted(frames, padded);
        let lengths = self.axes.iter().map(|axis| match axis {
            InputAxis::Batch => 1,
            InputAxis::Frames => frames,
            InputAxis::Size(size) => *size,
        });
        Tensor::from_shape(&lengths.collect::<TVec<usize>>(), &values)
    }

    fn padded(&self, frames: usize, rows: &[f32]) -> Vec<f32> {
        let mut padded = Vec::with_capacity(self.window.padded(frames) * self.features);
        padded.extend_from_slice(rows);
        let last = &rows[(frames - 1) * self.features..];
        for _ in frames..self.window.padded(frames) {
            match self.window.padding {
                Padding::Last => padded.extend_from_slice(last),
                Padding::Zero | Padding::None => padded.resize(padded.len() + self.features, 0.0),
            }
        }
        padded
    }

    /// Rows in the order of the layout.
    fn permuted(&self, frames: usize, rows: Vec<f32>) -> Vec<f32> {
        let features = self.features;
        let at = |frame: usize, feature: usize| rows[frame * features + feature];
        let each = |range: usize| 0..range;
        match self.layout {
            Layout::FramesPointsValues => rows,
            Layout::PointsValuesFrames => each(features)
                .flat_map(|feature| each(frames).map(move |frame| (frame, feature)))
                .map(|(frame, feature)| at(frame, feature))
                .collect(),
            Layout::ValuesFramesPoints => {
                let values = self.values_per_point.unwrap_or(features);
                each(values)
                    .flat_map(|value| each(frames).map(move |frame| (frame, value)))
                    .flat_map(|(frame, value)| {
                        each(features / values).map(move |point| (frame, point * values + value))
                    })
                    .map(|(frame, feature)| at(frame, feature))
                    .collect()
            }
        }
    }
}

/// The shape of an input of f32; `None` where the file does not say it.
fn declared_shape(input: &ValueInfoProto) -> TractResult<Option<Vec<Length>>> {
    let kind = input.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let Some(TensorType(tensor)) = kind else {
        bail!("input {:?} is not a tensor", input.name);
    };
    ensure!(
        tensor.elem_type == tensor_proto::DataType::Float as i32,
        "input {:?} has elements of type {}, not of f32",
        input.name,
        tensor_proto::DataType::try_from(tensor.elem_type).map_or("unknown", |it| it.as_str_name())
    );
    let Some(shape) = &tensor.shape else {
        return Ok(None);
    };
    let length = |dim: &tract_onnx::pb::tensor_shape_proto::Dimension| match &dim.value {
        Some(DimValue(length)) => Length::Fixed(*length),
        Some(DimParam(name)) if is_name(name) => Length::Named(name.clone()),
        _ => Length::Open,
    };
    Ok(Some(shape.dim.iter().map(length).collect()))
}

/// Whether the length of an axis has a name, and is not computed from others.
fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(is_letter)
        && !text.starts_with("unk__")
}

fn in_words(shape: &[Length]) -> String {
    let lengths: Vec<String> = shape
        .iter()
        .map(|length| match length {
            Length::Fixed(length) => length.to_string(),
            Length::Named(name) => name.clone(),
            Length::Open => "?".to_owned(),
        })
        .collect();
    format!("[{}]", lengths.join(", "))
}
