//! Signs: from keypoints to what they mean, by the user's own model or by a few examples.
//!
//! ```text
//! FrameKeypoints ─► Features ─► Window ─► Classifier | Taught ─► Vote ─► SignEvent
//! ```
//!
//! A [`Manifest`], `signs.json`, says all of it; each part works alone, too. [`SignRecognizer`] holds them together, without
//! clock or thread: it says which window to classify, the caller does so wherever it likes, and tells the answer.
//!
//! - `manifest`: the file, with every index, name and number checked when it is read.
//! - `features`: one frame as a row of numbers. `window`: the newest rows.
//! - `classifier`: the user's ONNX model (feature `signs-model`). `taught`: the nearest of a few examples.
//! - `vote`: from answers that flicker to a sign that is told once.
//! - `recognizer`: the state machine over all of them.

#[cfg(feature = "signs-model")]
mod classifier;
mod error;
mod event;
mod features;
mod manifest;
mod recognizer;
mod taught;
#[cfg(test)]
mod test_frames;
mod vote;
mod window;

#[cfg(feature = "signs-model")]
pub use classifier::{Classifier, MAX_MODEL_BYTES};
pub use error::SignsError;
pub use event::{Candidate, MAX_CANDIDATES, Sign, SignEvent};
pub use features::{Features, Side};
pub use manifest::{
    Acceptance, ExamplesRule, IdleRule, Layout, MAX_FEATURES, MAX_MANIFEST_BYTES, MAX_WINDOW,
    Manifest, Needs, Padding, StillFrames, WindowRule,
};
pub use recognizer::SignRecognizer;
pub use taught::{MAX_EXAMPLES, MAX_EXAMPLES_BYTES, Taught};
pub use vote::Vote;
pub use window::{Window, WindowInput};
