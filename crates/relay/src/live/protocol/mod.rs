//! The messages of `live-keypoints.v1`, as `PROTOCOL.md` describes them. Nothing in here does I/O.
//!
//! - `frame_header`: binary messages from the client, each one frame.
//! - `client_message`: its text messages.
//! - `server_message`: what the relay answers.

mod client_message;
mod frame_header;
mod server_message;

pub(crate) use client_message::{ClientMessage, Configure, Format, MessageError};
pub(crate) use frame_header::{FrameHeader, FrameMessage};
pub(crate) use server_message::{ServerMessage, StatsMessage, WelcomeLimits, WelcomeMessage};

/// The subprotocol that a client may offer, and the protocol's name in `welcome`.
pub const PROTOCOL: &str = "live-keypoints.v1";
