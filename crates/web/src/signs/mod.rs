//! The recogniser of signs as JavaScript has it, on the thread that calls it: in a page, or in a worker beside inference.
//!
//! - `read`: labels, frames and results that are given.

mod read;

use js_sys::Array;
use live_keypoints_pipeline::FrameError;
use live_keypoints_pipeline::signs::{Classifier, Manifest, SignEvent, SignRecognizer, SignsError};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use crate::declared::ToJs;
use crate::error::js_error;
use crate::sign_objects::{Sign, SignNeeds};

/// Recognises signs by a manifest, and by a model or examples.
#[wasm_bindgen]
pub struct Recognizer {
    recognizer: SignRecognizer,
    classifier: Option<Classifier>,
}

#[wasm_bindgen]
impl Recognizer {
    /// Reads the manifest, JSON, or has the one for signs by example; the model, ONNX, where the manifest names one; and examples
    /// that were exported. Codes `signs-manifest-invalid`, `signs-model-invalid`, `signs-examples-invalid`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        manifest: Option<String>,
        model: Option<Vec<u8>>,
        examples: Option<String>,
    ) -> Result<Self, JsValue> {
        let new = || {
            let manifest = match manifest {
                Some(json) => Manifest::from_json(&json)?,
                None => Manifest::by_example(),
            };
            let classifier = load(&manifest, model.as_deref())?;
            let mut recognizer = SignRecognizer::new(manifest);
            if let Some(examples) = examples {
                recognizer.import(&examples)?;
            }
            Ok(Self {
                recognizer,
                classifier,
            })
        };
        new().map_err(coded)
    }

    /// How a stream must be computed for these signs.
    #[wasm_bindgen(unchecked_return_type = "SignNeeds")]
    pub fn needs(&self) -> JsValue {
        SignNeeds::of(self.recognizer.manifest().needs()).to_js()
    }

    /// Takes the next result. Returns whether it makes the scene idle. Code `invalid-option` for what is no result.
    pub fn push(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Keypoints")] keypoints: &JsValue,
    ) -> Result<bool, JsValue> {
        let keypoints = read::keypoints(keypoints)?;
        Ok(self.recognizer.push(&keypoints).is_some())
    }

    /// Classifies the newest window, where one is due. Returns the sign that is told by it. Code `inference-failed`.
    #[wasm_bindgen(unchecked_return_type = "Sign | undefined")]
    pub fn answer(&mut self) -> Result<JsValue, JsValue> {
        let Some(window) = self.recognizer.take_window() else {
            return Ok(JsValue::UNDEFINED);
        };
        let told = match &self.classifier {
            Some(classifier) => match classifier.run(&window) {
                Ok(confidences) => self.recognizer.answer(window.id, &confidences),
                Err(error) => {
                    self.recognizer.abandon(window.id);
                    Err(error)
                }
            },
            None => self.recognizer.answer_by_examples(&window),
        };
        Ok(match told.map_err(coded)? {
            Some(SignEvent::Sign(sign)) => Sign::of(sign).to_js(),
            Some(SignEvent::Idle) | None => JsValue::UNDEFINED,
        })
    }

    /// Teaches a sign by one example of it: results, or the newest so many frames, or all that are there where nothing is said.
    /// Codes `signs-examples-invalid`, `invalid-option`.
    pub fn teach(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Sign[\"label\"]")] label: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "readonly Keypoints[] | number | undefined")]
        frames: &JsValue,
    ) -> Result<(), JsValue> {
        let label = read::label(label)?;
        let window = read::window(&self.recognizer, frames)?;
        self.recognizer.teach(label, &window).map_err(coded)
    }

    /// Forgets all examples of a sign. Returns how many there were.
    pub fn forget(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Sign[\"label\"]")] label: &JsValue,
    ) -> Result<usize, JsValue> {
        Ok(self.recognizer.forget(&read::label(label)?))
    }

    /// The signs: those of the manifest where it names a model, else those that were taught.
    #[wasm_bindgen(unchecked_return_type = "Sign[\"label\"][]")]
    pub fn labels(&self) -> Array {
        let manifest = self.recognizer.manifest();
        let labels: &[Value] = match manifest.model() {
            Some(_) => manifest.labels(),
            None => self.recognizer.taught().labels(),
        };
        let labels = labels.iter().map(Value::to_string);
        labels
            .map(|json| js_sys::JSON::parse(&json).unwrap_or_default())
            .collect()
    }

    /// All examples as JSON.
    #[wasm_bindgen(js_name = exportExamples)]
    pub fn export_examples(&self) -> String {
        self.recognizer.taught().to_json()
    }

    /// Takes examples over that were exported, instead of those that are there. Code `signs-examples-invalid`.
    #[wasm_bindgen(js_name = importExamples)]
    pub fn import_examples(&mut self, json: &str) -> Result<(), JsValue> {
        self.recognizer.import(json).map_err(coded)
    }

    /// Forgets all frames and answers; not what was taught.
    pub fn reset(&mut self) {
        self.recognizer.reset();
    }
}

/// The model that the manifest names.
fn load(manifest: &Manifest, model: Option<&[u8]>) -> Result<Option<Classifier>, SignsError> {
    let reason = match (manifest.model(), model) {
        (Some(_), Some(bytes)) => return Classifier::load(bytes, manifest).map(Some),
        (None, None) => return Ok(None),
        (Some(name), None) => format!("the manifest names {name:?}, and option model is not set"),
        (None, Some(_)) => "option model is set, and the manifest names none".to_owned(),
    };
    Err(SignsError::Model { reason })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "as map_err gives it, everywhere above"
)]
fn coded(error: SignsError) -> JsValue {
    js_error(FrameError::new(error.code(), error.to_string()))
}
