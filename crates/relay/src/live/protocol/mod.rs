//! The messages of `live-keypoints.v1`, as `PROTOCOL.md` describes them. Nothing in here does I/O.
//!
//! - `frame_header`: binary messages from the client, each one frame.
//! - `client_message`: its text messages.
//! - `server_message`: what the relay answers.

mod client_message;
mod frame_header;
mod server_message;

use live_keypoints_pipeline::Options;

pub(crate) use client_message::{ClientMessage, Configure, Format, MessageError};
pub(crate) use frame_header::{FrameHeader, FrameMessage};
pub(crate) use server_message::{ServerMessage, StatsMessage, WelcomeLimits, WelcomeMessage};

/// Reads bytes as each kind of message that a client can send. For the fuzzer; not part of the API.
#[doc(hidden)]
pub fn read_message(bytes: &[u8]) {
    let _ = FrameMessage::read(&bytes.to_vec().into());
    let text = str::from_utf8(bytes).unwrap_or_default();
    if let Ok(ClientMessage::Configure(configure)) = ClientMessage::read(text) {
        configure.apply(&mut Options::default());
    }
}

/// The subprotocol that a client may offer, and the protocol's name in `welcome`.
pub const PROTOCOL: &str = "live-keypoints.v1";
