//! A stream that a relay computes. The rules are in `relay`, which knows no browser; here it is driven.
//!
//! - `stream`: what JavaScript calls; `options`: as JavaScript gives them.
//! - `socket`: one connection's; `encoder`: makes a JPEG of every frame.

mod encoder;
mod options;
mod socket;
mod stream;

pub use stream::RelayStream;
