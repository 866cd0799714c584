//! The ceiling on what all sessions take together, in two halves.
//!
//! - `messages`: what is received and what waits for decoding. Over it, the largest session's oldest waiting frame goes.
//! - `pictures`: what is decoded and what decoding takes. Over it, decoding waits.

mod messages;
mod pictures;

pub(crate) use messages::{Holds, MessageMemory, Partial, Share};
pub use pictures::Pixels;
pub(crate) use pictures::{Held, PictureMemory};
