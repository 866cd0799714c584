//! Pictures on their way from the caller to whoever reads their pixels: a worker, or the encoder of a relay's client.
//!
//! - `intake`: what can be pushed; `buffers`: of pixels, that go round; `to_picture`: what of the browser it takes.
//! - `source_kind`, `size`, `canvas`: what is given to be read, how large it may be, and what it is drawn on.

#[cfg(any(feature = "session", feature = "relay"))]
mod buffers;
#[cfg(any(feature = "relay", feature = "inference"))]
mod canvas;
#[cfg(any(feature = "session", feature = "relay"))]
mod intake;
#[cfg(any(feature = "relay", feature = "inference"))]
mod size;
mod source_kind;
#[cfg(any(feature = "session", feature = "relay"))]
mod to_picture;

#[cfg(any(feature = "relay", feature = "inference"))]
pub(crate) use canvas::Canvas;
#[cfg(feature = "session")]
pub(crate) use intake::Source;
#[cfg(any(feature = "session", feature = "relay"))]
pub(crate) use intake::{Intake, PreparedFrame};
#[cfg(any(feature = "relay", feature = "inference"))]
pub(crate) use size::check_size;
pub(crate) use source_kind::SourceKind;
