//! The models: which there are, what goes in and comes out, and running them by tract.
//!
//! - `kind`: the table of models, with the shapes that a file is checked against.
//! - `model`: one loaded model.
//! - `models`: the set that an executor holds.

mod kind;
mod model;
mod models;

pub use kind::{ModelKind, OutputSpec};
pub use model::Model;
pub use models::Models;
