//! The wire of `live-keypoints.v1`, the protocol of a relay on [`PATH`]: every word and every byte of it, for both ends.
//! `PROTOCOL.md` of the relay is its description; nothing in here does I/O.
//!
//! - [`FrameMessage`], [`FrameHeader`]: binary messages to the relay, each one frame.
//! - [`ClientMessage`], [`Configure`], [`PointSelection`]: its text messages.
//! - [`ServerMessage`], [`Welcome`], [`Keypoints`], [`Hand`], [`Label`], [`FrameFailure`], [`Stats`]: what the relay answers.
//! - [`binary_result`]: keypoints as binary messages, about a third of the bytes.
//! - [`ERROR_CODES`], [`CloseCode`], [`subprotocol`]: the words of errors, ends and beginnings.
//!
//! A relay reads strictly: what it does not know is an error that names it. A client passes over what it does not know, for
//! relays of later versions say more.
//!
//! ```
//! use live_keypoints_protocol::{ClientMessage, Configure, ServerMessage};
//!
//! let configure = Configure { buffer_size: Some(4), ..Configure::default() };
//! let text = ClientMessage::from(configure).to_json();
//! assert_eq!(text, r#"{"type":"configure","buffer_size":4}"#);
//! assert!(ClientMessage::read(&text).is_ok());
//!
//! let answer = ServerMessage::read(r#"{"type":"reset","next_index":7,"why":"asked"}"#)?;
//! assert_eq!(answer, Some(ServerMessage::Reset { next_index: 7 }));
//! assert_eq!(ServerMessage::read(r#"{"type":"of a later version"}"#)?, None);
//! # Ok::<(), live_keypoints_protocol::InvalidServerMessage>(())
//! ```

pub mod binary_result;
mod client_message;
mod close_code;
mod configure;
mod error_code;
mod frame_message;
mod hand;
mod keypoints;
mod label;
mod points;
mod server_message;
pub mod subprotocol;
mod welcome;

pub use client_message::{ClientMessage, InvalidClientMessage};
pub use close_code::CloseCode;
pub use configure::{Configure, Format};
pub use error_code::{BadFrame, ERROR_CODES, is_bad_frame};
pub use frame_message::{FrameHeader, FrameMessage, check_jpeg};
pub use hand::Hand;
pub use keypoints::{Contents, Keypoints, Part, PartScores};
pub use label::Label;
pub use points::{IncompletePart, InvalidPoints, PointLists, PointSelection, Points};
pub use server_message::{FrameFailure, InvalidServerMessage, ServerMessage, Stats};
pub use welcome::{Welcome, WelcomeLimits, WelcomeSigns};

/// The protocol's name with its version: the subprotocol that a client may offer, and what `welcome` says.
pub const PROTOCOL: &str = "live-keypoints.v1";
/// Where a relay speaks it.
pub const PATH: &str = "/live-signs";
/// Bytes of a text message to the relay at most: it is parsed where sockets are served, and no honest one comes near.
pub const MAX_TEXT_BYTES: usize = 16 << 10;
/// Frames that a client may let wait, at most.
pub const MAX_BUFFER_SIZE: usize = 1000;
