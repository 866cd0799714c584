//! Text messages to the client, but for those of single frames, which the pipeline writes.

use live_keypoints_pipeline::{FrameError, Quality};
use serde::Serialize;

/// A text message.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ServerMessage {
    /// The first message.
    Welcome(Box<WelcomeMessage>),
    /// The options hold from this index on.
    Configured {
        /// Index of the next frame received.
        next_index: u64,
    },
    /// Tracking starts from scratch at this index.
    Reset {
        /// Index of the next frame received.
        next_index: u64,
    },
    /// Something is wrong with a text message.
    Error(FrameError),
    /// The last message: what became of all frames.
    Stats(StatsMessage),
}

/// Who serves, and within which limits.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WelcomeMessage {
    /// Name of the protocol with its version.
    pub(crate) protocol: &'static str,
    /// Program and version.
    pub(crate) server: &'static str,
    /// What is more is refused or dropped.
    pub(crate) limits: WelcomeLimits,
    /// Names of the models that may run.
    pub(crate) models: Vec<&'static str>,
    /// The quality that holds until `configure`.
    pub(crate) quality: Quality,
}

/// The limits that a client may want to know; `null` where there is none.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WelcomeLimits {
    pub(crate) max_message_bytes: usize,
    pub(crate) max_text_bytes: usize,
    pub(crate) max_pixels: u64,
    pub(crate) max_fps: Option<u32>,
    pub(crate) max_buffer_size: usize,
    pub(crate) max_consecutive_bad: u32,
    pub(crate) idle_timeout_secs: u64,
    pub(crate) max_session_secs: Option<u64>,
}

/// What became of the frames: `received` is the sum of `keypoints`, `errors`, `dropped` and `left_over`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StatsMessage {
    /// Binary messages.
    pub(crate) received: u64,
    /// Answers with keypoints.
    pub(crate) keypoints: u64,
    /// Errors of single frames.
    pub(crate) errors: u64,
    /// The sum of all `dropped`.
    pub(crate) dropped: u64,
    /// Frames that no message tells of.
    pub(crate) left_over: u64,
}

impl ServerMessage {
    /// As JSON.
    pub(crate) fn to_json(&self) -> String {
        // Strings, numbers and structs of them always have a JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
impl WelcomeMessage {
    /// One whose contents matter to nobody.
    pub(crate) fn for_tests() -> Self {
        Self {
            protocol: "",
            server: "",
            limits: WelcomeLimits {
                max_message_bytes: 0,
                max_text_bytes: 0,
                max_pixels: 0,
                max_fps: None,
                max_buffer_size: 0,
                max_consecutive_bad: 0,
                idle_timeout_secs: 0,
                max_session_secs: None,
            },
            models: Vec::new(),
            quality: Quality::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use live_keypoints_pipeline::ErrorCode;

    use super::*;

    #[test]
    fn messages_have_their_types() {
        let error = FrameError::new(ErrorCode::InvalidMessage, "it is a GIF");
        assert_eq!(
            ServerMessage::Error(error).to_json(),
            r#"{"type":"error","code":"invalid-message","message":"it is a GIF"}"#
        );
        assert_eq!(
            ServerMessage::Configured { next_index: 4 }.to_json(),
            r#"{"type":"configured","next_index":4}"#
        );
        assert_eq!(
            ServerMessage::Stats(StatsMessage::default()).to_json(),
            r#"{"type":"stats","received":0,"keypoints":0,"errors":0,"dropped":0,"left_over":0}"#
        );
    }
}
