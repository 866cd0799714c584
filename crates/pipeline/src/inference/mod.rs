//! The models: which there are, what goes in and comes out, and running them by tract.
//!
//! - `kind`: the table of models, with the shapes that a file is checked against.
//! - `model`: one loaded model.
//! - `models`: the set that an executor holds.
//! - `reader`: from a file to tract's graph.
//! - `lowering`: the pass that puts own operators in place of tract's, once at load.
//! - `kernels`: what these compute, for each processor.
//!
//! The kernels need none of the others, nor tract: without the feature `inference` they are there alone, for their tests
//! and their benchmark on processors and runtimes that tract would take long to be compiled for.

#[cfg(feature = "kernel-bench")]
#[doc(hidden)]
pub mod bench;
pub(crate) mod kernels;
#[cfg(feature = "inference")]
mod kind;
#[cfg(feature = "inference")]
mod lowering;
#[cfg(feature = "inference")]
mod model;
#[cfg(feature = "inference")]
mod models;
#[cfg(feature = "inference")]
mod reader;
// Apart, for clippy to see that these are tests.
#[cfg(test)]
#[cfg(feature = "inference")]
mod tflite_tests;

#[cfg(test)]
pub(crate) use kernels::tests::guarded;

#[cfg(feature = "inference")]
pub use kernels::warm_up as warm_up_kernels;
#[cfg(feature = "inference")]
pub use kind::{ModelInput, ModelKind, OutputSpec};
#[cfg(feature = "inference")]
pub use model::Model;
#[cfg(feature = "inference")]
pub use models::Models;
#[cfg(feature = "signs-model")]
pub(crate) use reader::{decode, typed_by_tract};
