//! A stream that a relay computes. The rules are in `relay`, which knows no browser; here it is driven.
//!
//! - `stream`: what JavaScript calls.
//! - `socket`: one connection's; `encoder`: makes a JPEG of every frame.

mod encoder;
mod socket;
mod stream;

pub use stream::RelayStream;
