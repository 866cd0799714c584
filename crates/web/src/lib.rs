//! WebAssembly bindings of the live-keypoints pipeline, thin by design: every rule is in `live-keypoints-pipeline`.
//!
//! Two modules are built from this crate, and the npm package uses both:
//!
//! - feature `session`: the scheduler that runs on the page's thread, and the `.pose` format. Small, no decoder, no models,
//!   no pixels.
//! - feature `inference`: decoder and models, what each worker loads.
//!
//! Errors cross as JavaScript `Error`s with a `code`, one of `ErrorCode`'s words.

mod browser;
mod error;
mod messages;
#[cfg(feature = "session")]
mod page;
#[cfg(feature = "session")]
mod pool;
#[cfg(feature = "session")]
mod pose_file;
#[cfg(feature = "session")]
pub mod relay;
mod start;
#[cfg(feature = "inference")]
mod worker;
mod worker_id;

#[cfg(feature = "session")]
pub use page::PageStream;
#[cfg(feature = "session")]
pub use pose_file::WebPoseFile;
#[cfg(feature = "inference")]
pub use worker::InferenceWorker;

use wasm_bindgen::prelude::*;

/// The version of this module; page and worker must have the same.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Only in the module that uses relaxed SIMD, which has bindings of its own; a worker knows it by this export.
#[cfg(feature = "relaxed-simd")]
#[wasm_bindgen(js_name = usesRelaxedSimd)]
#[must_use]
pub fn uses_relaxed_simd() -> bool {
    true
}
