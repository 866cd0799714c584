//! WebAssembly bindings of the live-keypoints pipeline, thin by design: every rule is in `live-keypoints-pipeline`.
//!
//! Two modules are built from this crate, and the npm package uses both:
//!
//! - feature `session`: the scheduler that runs on the page's thread, and the `.pose` format. Small, no decoder, no models,
//!   no pixels.
//! - feature `inference`: decoder and models, what each worker loads.
//!
//! Errors cross as JavaScript `Error`s with a `code`, one of `ErrorCode`'s words.

mod error;
#[cfg(feature = "session")]
mod options;
#[cfg(feature = "session")]
mod pose_file;
#[cfg(feature = "session")]
mod result_object;
#[cfg(feature = "inference")]
mod runner;
#[cfg(feature = "session")]
mod session;
mod start;

#[cfg(feature = "session")]
pub use pose_file::WebPoseFile;
#[cfg(feature = "inference")]
pub use runner::Runner;
#[cfg(feature = "session")]
pub use session::{WebSession, models_for_steps};

use wasm_bindgen::prelude::*;

/// The version of this module; page and worker must have the same.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
