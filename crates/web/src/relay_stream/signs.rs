//! What the page is told of signs.

use std::fmt::Display;

use live_keypoints_pipeline::signs;
use wasm_bindgen::JsValue;

use crate::declared::{ToJs, object};

/// A label, as the manifest has it: the text of its JSON.
pub(crate) struct Label(String);

impl ToJs for Label {
    fn to_js(&self) -> JsValue {
        js_sys::JSON::parse(&self.0).unwrap_or_default()
    }

    #[cfg(test)]
    fn type_name() -> String {
        "string | { readonly [key: string]: unknown }".to_owned()
    }
}

object! {
    /// A label and how sure the classifier is of it.
    pub(crate) struct SignCandidate {
        /// As the manifest of the signs has it.
        label: Label,
        /// 0 to 1.
        confidence: f32,
    }

    /// A sign that was recognised.
    pub(crate) struct Sign {
        /// As the manifest of the signs has it.
        label: Label,
        /// Of the answer that decided, 0 to 1.
        confidence: f32,
        /// Capture time of the first frame of the window that decided, in milliseconds, as given with the frame.
        start_ms: f64,
        /// Capture time of its last frame, likewise.
        end_ms: f64,
        /// The best answers for that window, five at most, this sign first.
        top: Vec<SignCandidate>,
    }
}

impl Sign {
    pub(super) fn of<L: Display>(sign: signs::Sign<L>) -> Self {
        let candidate = |candidate: signs::Candidate<L>| SignCandidate {
            label: Label(candidate.label.to_string()),
            confidence: candidate.confidence,
        };
        Self {
            label: Label(sign.label.to_string()),
            confidence: sign.confidence,
            start_ms: sign.start_us as f64 / 1000.0,
            end_ms: sign.end_us as f64 / 1000.0,
            top: sign.top.into_iter().map(candidate).collect(),
        }
    }
}
