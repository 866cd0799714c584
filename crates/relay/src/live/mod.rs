//! Live keypoints over WebSocket: `GET /live-signs`, the protocol `live-keypoints.v1`.
//!
//! Who may connect, and how many:
//! - `endpoint`: the request and its upgrade; `access`: hosts, `origin`s and `tokens`; `registry`: room for sessions.
//! - `limits`: what a client may ask; `rate`: frames a second; `pace`: how fast a session is read; `frame_count`: what is read.
//!
//! One session:
//! - `ws_live_signs`: from `welcome` to the closing handshake; `end`: how it ends.
//! - `producer_handler` receives, `get_frame_kps` computes, and what they share is a `live_session`.
//! - `conversation`: what a message does and what is answered, without I/O; `unanswered`: the frames that wait for an
//!   answer, `answering`: what it looks like, `outbox`: the answers that wait to be sent.
//! - `signing`: its signs; `asked`: what they and the client want of the session; `original`: the messages of the system that
//!   this one re-implements.
//! - `watch`: its clocks; `closing`: its last words.
//! - `meter`: bytes and silence of a connection.
//!
//! The messages themselves are in the crate `live-keypoints-protocol`.
//!
//! `metrics` counts all of it, `sign_metrics` what is of signs. `echo` is for tests of the WebSocket layer alone.

mod access;
mod answering;
mod asked;
mod closing;
mod conversation;
#[cfg(feature = "echo")]
mod echo;
mod end;
mod endpoint;
mod frame_count;
mod get_frame_kps;
mod limits;
mod live_session;
mod meter;
mod metrics;
mod origin;
mod original;
mod outbox;
mod pace;
mod producer_handler;
mod rate;
mod read_message;
mod registry;
mod sign_metrics;
mod signing;
mod tokens;
mod unanswered;
mod watch;
mod ws_live_signs;

pub use access::Access;
#[cfg(feature = "echo")]
pub(crate) use echo::echo;
pub(crate) use endpoint::{Endpoint, live_signs};
pub use limits::{Limits, Patience};
pub(crate) use metrics::Metrics;
pub use origin::{HostName, InvalidHostName, InvalidOrigin, Origin};
pub use original::Replies;
pub use read_message::read_message;
pub(crate) use registry::SessionRegistry;
pub use tokens::{Tokens, TokensError};
pub(crate) use ws_live_signs::Common;
