//! How a frame is answered: with what number of the client's, in which form, with which points.

use std::sync::Arc;

use live_keypoints_pipeline::{FailedFrame, FrameKeypoints};
use live_keypoints_protocol::{
    Configure, Contents, Format, Keypoints, ServerMessage, binary_result,
};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sendable {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping of the WebSocket protocol.
    Ping,
}

/// What keypoints look like.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    format: Format,
    contents: Contents,
}

/// How one frame is answered.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    /// The client's number of the frame.
    pub(super) frame_id: Option<u32>,
    /// What held when the frame came.
    pub(super) style: Arc<Style>,
}

impl Style {
    /// Writes what was given over what held before.
    pub(super) fn apply(&mut self, configure: &Configure) {
        self.format = configure.format.unwrap_or(self.format);
        if let Some(hand_world) = configure.hand_world {
            self.contents.hand_world = hand_world.into();
        }
        if let Some(points) = &configure.points {
            self.contents.points = points.clone();
        }
    }
}

impl Answering {
    /// The message of a frame with keypoints.
    pub(super) fn keypoints(&self, keypoints: &FrameKeypoints) -> Sendable {
        if self.style.format == Format::Binary
            && let Ok(bytes) =
                binary_result::encode(keypoints, self.frame_id, self.style.contents.hand_world)
        {
            return Sendable::Binary(bytes);
        }
        let message = Keypoints::new(keypoints, self.frame_id, &self.style.contents);
        Sendable::Text(ServerMessage::Keypoints(Box::new(message)).to_json())
    }

    /// The message of a frame that failed.
    pub(super) fn error(&self, failed: FailedFrame) -> Sendable {
        Sendable::Text(ServerMessage::of_failed(failed, self.frame_id).to_json())
    }
}
