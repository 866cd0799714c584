//! What the page is told of signs, by the client of a relay and by its own module of signs.

use std::fmt::Display;

use live_keypoints_pipeline::signs;
#[cfg(any(feature = "signs", test))]
use live_keypoints_pipeline::{Graph, Parts};
use wasm_bindgen::JsValue;

#[cfg(any(feature = "signs", test))]
use crate::declared::Maybe;
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

#[cfg(any(feature = "signs", test))]
object! {
    /// How a stream must be computed for its signs.
    pub(crate) struct SignNeeds {
        /// How the parts are found.
        graph: Graph,
        /// The parts that must be among those found.
        parts: Parts,
        /// Points of the face, where there must be one.
        face: Maybe<u32>,
        /// Whether hands in metres must be among the results.
        hand_world: Maybe<bool>,
        /// How much may change in a frame without motion, 0 to 255.
        still_threshold: f32,
    }
}

#[cfg(any(feature = "signs", test))]
impl ToJs for Graph {
    fn to_js(&self) -> JsValue {
        match self {
            Graph::Holistic => "holistic".into(),
            Graph::Landmarkers => "landmarkers".into(),
        }
    }

    #[cfg(test)]
    fn type_name() -> String {
        "Graph".to_owned()
    }
}

#[cfg(any(feature = "signs", test))]
impl ToJs for Parts {
    fn to_js(&self) -> JsValue {
        let names = [
            (self.pose, "pose"),
            (self.hands, "hands"),
            (self.face, "face"),
        ];
        let asked = names.into_iter().filter(|(is_asked, _)| *is_asked);
        let names = asked.map(|(_, name)| JsValue::from(name));
        names.collect::<js_sys::Array>().into()
    }

    #[cfg(test)]
    fn type_name() -> String {
        "readonly Part[]".to_owned()
    }
}

#[cfg(feature = "signs")]
impl SignNeeds {
    pub(crate) fn of(needs: signs::Needs) -> Self {
        Self {
            graph: needs.graph,
            parts: needs.parts,
            face: Maybe(needs.parts.face.then(|| needs.face_points.count() as u32)),
            hand_world: Maybe(needs.hand_world.then_some(true)),
            still_threshold: needs.still_threshold,
        }
    }
}

impl Sign {
    pub(crate) fn of<L: Display>(sign: signs::Sign<L>) -> Self {
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
