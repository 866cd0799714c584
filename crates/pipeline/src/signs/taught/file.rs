//! Examples as JSON, to be kept and given away.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::warping::Rows;
use super::{MAX_ROWS, Taught};
use crate::signs::SignsError;
use crate::signs::error::read_json;
use crate::signs::manifest::{FeaturesFile, Manifest};

/// Longest file of examples, in bytes.
pub const MAX_EXAMPLES_BYTES: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExamplesFile {
    /// 1.
    version: u32,
    /// Those of the manifest that they were taught with.
    features: FeaturesFile,
    /// Frames that are put together in a row.
    step: usize,
    examples: Vec<ExampleFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    label: Value,
    /// The rows, one after the other.
    values: Vec<f32>,
}

impl Taught {
    /// All examples as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let examples = self.examples.iter().map(|example| ExampleFile {
            label: self.labels[example.label].clone(),
            values: example.rows.values().to_vec(),
        });
        let file = ExamplesFile {
            version: 1,
            features: self.features.clone(),
            step: self.step(),
            examples: examples.collect(),
        };
        // All keys are texts and all numbers finite.
        serde_json::to_string(&file).unwrap_or_default()
    }

    /// Reads examples that were taught with the same features and window.
    ///
    /// # Errors
    /// [`SignsError::Examples`] with the first field that is wrong and its value.
    pub fn from_json(manifest: &Manifest, json: &str) -> Result<Self, SignsError> {
        let wrong = |field: &str, problem: String| Err(SignsError::examples(field, problem));
        if json.len() > MAX_EXAMPLES_BYTES {
            let problem = format!("has {} bytes, more than {MAX_EXAMPLES_BYTES}", json.len());
            return wrong("the file", problem);
        }
        let file: ExamplesFile =
            read_json(json).map_err(|(field, problem)| SignsError::examples(field, problem))?;
        let mut taught = Self::new(manifest);
        if taught.has_model {
            return wrong(
                "examples",
                "must not be taken where the manifest has a model".to_owned(),
            );
        }
        if file.version != 1 {
            return wrong("version", format!("must be 1, not {}", file.version));
        }
        if file.features != taught.features {
            return wrong(
                "features",
                "must be those of the manifest, and are others".to_owned(),
            );
        }
        if file.step != taught.step() {
            let expected = taught.step();
            let problem = format!(
                "must be {expected}, as the manifest's window.most has it, not {}",
                file.step
            );
            return wrong("step", problem);
        }
        for (index, example) in file.examples.into_iter().enumerate() {
            let field = |name: &str| format!("examples[{index}].{name}");
            let features = taught.features_per_frame;
            let numbers = example.values.len();
            if let Some(value) = example.values.iter().find(|value| !value.is_finite()) {
                return wrong(&field("values"), format!("must be finite, not {value}"));
            }
            let rows = Rows::from_values(example.values, features);
            let rows = rows.filter(|_| numbers <= MAX_ROWS * features);
            let Some(rows) = rows else {
                let problem =
                    format!("must be 1 to {MAX_ROWS} times {features} numbers, not {numbers}");
                return wrong(&field("values"), problem);
            };
            taught.add(example.label, rows, &field("label"))?;
        }
        Ok(taught)
    }
}
