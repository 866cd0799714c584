//! The client of a relay, without I/O: no socket, no clock, no timers. Whoever drives it tells it what happened and when,
//! and asks it what to do.
//!
//! Inputs are calls with the time in milliseconds of a clock that never runs backwards. After each of them, until nothing
//! comes any more, the driver asks
//!
//! - [`RelayClient::poll_encode`] for the next frame to make a JPEG of, and answers with [`RelayClient::encoded`],
//! - [`RelayClient::poll_transmit`] for what to do with sockets,
//! - [`RelayClient::poll_event`] for results and what else the stream's owner is told,
//!
//! and calls [`RelayClient::handle_timeout`] at [`RelayClient::next_timeout`].
//!
//! - `client`: the machine. `link`: one connection after the other; `connection`: one of them.
//! - `outbox`: frames that wait, and frames that were sent and have no answer; `pacer`: frames a second.
//! - `back_off`, `watchdog`: how long to wait before an attempt, and for an answer.
//! - `options`: what the stream's owner may ask for.

mod back_off;
mod client;
mod connection;
mod link;
mod options;
mod outbox;
mod pacer;
#[cfg(test)]
mod tests;
mod watchdog;

pub use client::{FrameToEncode, RelayClient, RelayEvent, RelayStats};
pub use link::{ConnectionState, SocketId, Transmit};

pub use crate::link_state::LinkState;
pub use options::{Reconnect, RelayOptions};
