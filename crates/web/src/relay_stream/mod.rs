//! A stream that a relay computes. The rules are in `relay`, which knows no browser; here it is driven.
//!
//! - `stream`: what JavaScript calls; `connection_state`: what it is told of the connection.
//! - `socket`: one connection's; `encoder`: makes a JPEG of every frame.

pub(crate) mod connection_state;
mod encoder;
mod socket;
mod stream;

pub use stream::RelayStream;
