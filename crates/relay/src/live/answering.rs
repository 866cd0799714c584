//! How a frame is answered: with what number of the client's, in which form, with which points.

use std::sync::Arc;

use live_keypoints_pipeline::format::binary;
use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::format::message::{self, Contents};
use live_keypoints_pipeline::{FailedFrame, FrameKeypoints};

use super::protocol::{Configure, Format};

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
        self.contents.hand_world = configure
            .hand_world
            .map_or(self.contents.hand_world, hand_world);
        if let Some(points) = &configure.points {
            self.contents.points = points.clone();
        }
    }
}

fn hand_world(is_included: bool) -> HandWorld {
    if is_included {
        HandWorld::Included
    } else {
        HandWorld::Omitted
    }
}

impl Answering {
    /// The message of a frame with keypoints.
    pub(super) fn keypoints(&self, keypoints: &FrameKeypoints) -> Sendable {
        if self.style.format == Format::Binary
            && let Ok(bytes) =
                binary::encode(keypoints, self.frame_id, self.style.contents.hand_world)
        {
            return Sendable::Binary(bytes);
        }
        let mut json = Vec::new();
        // A vector takes all that is written.
        let _ = message::write_keypoints(&mut json, keypoints, self.frame_id, &self.style.contents);
        text(json)
    }

    /// The message of a frame that failed.
    pub(super) fn error(&self, failed: &FailedFrame) -> Sendable {
        let mut json = Vec::new();
        // A vector takes all that is written.
        let _ = message::write_error(&mut json, failed, self.frame_id);
        text(json)
    }
}

/// What writes JSON writes UTF-8.
fn text(json: Vec<u8>) -> Sendable {
    Sendable::Text(String::from_utf8(json).unwrap_or_default())
}
