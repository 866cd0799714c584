//! The models: which there are, what goes in and comes out, and running them by tract.
//!
//! - `kind`: the table of models, with the shapes that a file is checked against.
//! - `model`: one loaded model.
//! - `models`: the set that an executor holds.
//! - `reader`: from a file to tract's graph.
//! - `lowering`: the pass that puts own operators in place of tract's, once at load.
//! - `kernels`: what these compute, for each processor.

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod kernels;
mod kind;
mod lowering;
mod model;
mod models;
#[cfg(any(test, not(feature = "any-operator")))]
mod reader;
#[cfg(test)]
mod tflite_tests;

pub use kind::{ModelKind, OutputSpec};
pub use model::Model;
pub use models::Models;
