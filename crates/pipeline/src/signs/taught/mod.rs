//! Signs by a few examples: the nearest ones by dynamic time warping.
//!
//! - `answer`: how far a window is from all examples, and what that says.
//! - `warping`: how far a window is from an example.
//! - `metric`: how much each difference counts in that, by what was taught.
//! - `confidence`: from distances to a confidence for each sign.
//! - `file`: examples as JSON.

mod answer;
mod confidence;
mod file;
mod metric;
#[cfg(test)]
mod tests;
mod warping;

use serde_json::Value;

use super::manifest::{ExamplesRule, FeaturesFile, Manifest};
use super::{SignsError, WindowInput};
use answer::Weighed;
use warping::Rows;

pub use file::MAX_EXAMPLES_BYTES;

/// Most examples of all signs together.
pub const MAX_EXAMPLES: usize = 1024;

/// Most numbers of all examples together: they bound the time of an answer.
const MAX_VALUES: usize = 1 << 21;

/// Longest label, in bytes of JSON.
const MAX_LABEL_BYTES: usize = 4096;

/// Rows that an example has at most: neighbouring frames are put together until there are no more.
const MAX_ROWS: usize = 24;

/// Examples of signs, and what resembles them.
///
/// A window is compared with each example by dynamic time warping. Differences count the less the more the examples of one sign
/// differ in the same way: what is learnt of that is of all signs together, and is worked out anew with the first answer after a
/// change. So that answer takes longer, as do examples of more signs and of more frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Taught {
    rule: ExamplesRule,
    has_model: bool,
    features: FeaturesFile,
    features_per_frame: usize,
    /// Most frames of an example.
    most_frames: usize,
    /// In the order in which they were taught first.
    labels: Vec<Value>,
    examples: Vec<Example>,
    weighed: Weighed,
}

#[derive(Clone, Debug, PartialEq)]
struct Example {
    /// Which of the labels.
    label: usize,
    rows: Rows,
}

impl Taught {
    /// Without examples.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            rule: manifest.examples(),
            has_model: manifest.model().is_some(),
            features: manifest.features_file().clone(),
            features_per_frame: manifest.features_per_frame(),
            most_frames: manifest.window().most,
            labels: Vec::new(),
            examples: Vec::new(),
            weighed: Weighed::default(),
        }
    }

    /// Adds an example of a sign.
    ///
    /// # Errors
    /// [`SignsError::Examples`]: the manifest has a model, the label is neither a text nor an object or is long, the window is not
    /// one of this manifest's or has no hand in half of its frames (where features are of hands), or there is no room.
    pub fn teach(&mut self, label: Value, window: &WindowInput) -> Result<(), SignsError> {
        self.check(window)?;
        if window.present * 2 < window.frames || window.present == 0 {
            let problem = format!(
                "must have something to go by in half of its frames, not in {} of {}",
                window.present, window.frames
            );
            return Err(SignsError::examples("window", problem));
        }
        self.add(label, self.as_others(window), "label")
    }

    /// The rows of a window, or those of its mirror where they resemble any example more: so signs that either hand makes are
    /// examples of one hand.
    fn as_others(&self, window: &WindowInput) -> Rows {
        let rows = self.rows_of(&window.values);
        if !self.wants_mirrored() {
            return rows;
        }
        let mirrored = self.rows_of(&window.mirrored);
        let nearest = |rows: &Rows| {
            let mean = rows.mean();
            let others = self.examples.iter().map(|other| other.rows.mean());
            let squares = others.map(|other| {
                mean.iter()
                    .zip(&other)
                    .map(|(a, b)| (a - b).powi(2))
                    .sum::<f64>()
            });
            squares.fold(f64::INFINITY, f64::min)
        };
        match nearest(&mirrored) < nearest(&rows) {
            true => mirrored,
            false => rows,
        }
    }

    fn add(&mut self, label: Value, rows: Rows, field: &str) -> Result<(), SignsError> {
        check_label(&label, field)?;
        if self.examples.len() >= MAX_EXAMPLES {
            let problem = format!("must be {MAX_EXAMPLES} at most: forget some first");
            return Err(SignsError::examples("examples", problem));
        }
        let values: usize = self.examples.iter().map(|it| it.rows.values().len()).sum();
        if values + rows.values().len() > MAX_VALUES {
            let problem =
                format!("must have {MAX_VALUES} numbers together at most: forget some first");
            return Err(SignsError::examples("examples", problem));
        }
        let known = self.labels.iter().position(|other| *other == label);
        let label = known.unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        self.examples.push(Example { label, rows });
        self.weighed = Weighed::default();
        Ok(())
    }

    /// Forgets all examples of a sign. Returns how many there were.
    pub fn forget(&mut self, label: &Value) -> usize {
        let Some(gone) = self.labels.iter().position(|other| other == label) else {
            return 0;
        };
        self.labels.remove(gone);
        let before = self.examples.len();
        self.examples.retain(|example| example.label != gone);
        for example in &mut self.examples {
            example.label -= usize::from(example.label > gone);
        }
        self.weighed = Weighed::default();
        before - self.examples.len()
    }

    /// The signs, in the order in which they were taught first.
    #[must_use]
    pub fn labels(&self) -> &[Value] {
        &self.labels
    }

    /// Examples of all signs together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there is no example.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    fn rows_of(&self, values: &[f32]) -> Rows {
        Rows::of(values, self.features_per_frame, self.step())
    }

    /// Whether windows must have their rows as in a mirror, too.
    pub(super) fn wants_mirrored(&self) -> bool {
        self.rule.either_hand && !self.has_model
    }

    /// Frames that are put together in one row.
    fn step(&self) -> usize {
        self.most_frames.div_ceil(MAX_ROWS)
    }

    fn check(&self, window: &WindowInput) -> Result<(), SignsError> {
        let wrong = |problem: String| Err(SignsError::examples("window", problem));
        if self.has_model {
            return wrong(
                "must not be compared with examples where the manifest has a model".to_owned(),
            );
        }
        let expected = window.frames.saturating_mul(self.features_per_frame);
        if !(1..=self.most_frames).contains(&window.frames) || window.values.len() != expected {
            return wrong(format!(
                "must have 1 to {} frames of {} numbers, not {} with {} in all",
                self.most_frames,
                self.features_per_frame,
                window.frames,
                window.values.len()
            ));
        }
        if self.wants_mirrored() && window.mirrored.len() != expected {
            return wrong(format!(
                "must have {expected} mirrored numbers, not {}",
                window.mirrored.len()
            ));
        }
        let mut values = window.values.iter().chain(&window.mirrored);
        match values.find(|value| !value.is_finite()) {
            Some(value) => wrong(format!("must have finite numbers, not {value}")),
            None => Ok(()),
        }
    }
}

fn check_label(label: &Value, field: &str) -> Result<(), SignsError> {
    if !matches!(label, Value::String(_) | Value::Object(_)) {
        return Err(SignsError::examples(
            field,
            format!("must be a text or an object, not {label}"),
        ));
    }
    let bytes = label.to_string().len();
    if bytes > MAX_LABEL_BYTES {
        let problem = format!("must have {MAX_LABEL_BYTES} bytes at most, not {bytes}");
        return Err(SignsError::examples(field, problem));
    }
    Ok(())
}
