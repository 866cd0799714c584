//! How a frame is answered: with what number of the client's, in which form, with which points.

use std::sync::Arc;

use live_keypoints_pipeline::signs::Needs;
use live_keypoints_pipeline::{FacePoints, FailedFrame, FrameKeypoints};
use live_keypoints_protocol::binary_result::{Version, encode};
use live_keypoints_protocol::{
    Configure, Contents, Format, InvalidPoints, Keypoints, ServerMessage,
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
    binary_version: Version,
    /// Points of a face, once the client has said how many.
    face: Option<FacePoints>,
    contents: Contents,
    /// Where signs are told, what they need.
    pub(super) signs: Option<Needs>,
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
    ///
    /// # Errors
    /// [`InvalidPoints`] where points are selected that a face does not have.
    pub(super) fn apply(&mut self, configure: &Configure) -> Result<(), InvalidPoints> {
        self.format = configure.format.unwrap_or(self.format);
        self.binary_version = configure.binary_version.unwrap_or(self.binary_version);
        self.face = configure.face.or(self.face);
        if let Some(hand_world) = configure.hand_world {
            self.contents.hand_world = hand_world.into();
        }
        if let Some(points) = &configure.points {
            self.contents.points = points.clone();
        }
        self.contents.points.check_face(self.face_points())
    }

    /// How many points a face has.
    pub(super) fn face_points(&self) -> FacePoints {
        // Version 1 of binary results is older than faces of any other number.
        let unasked = match (self.format, self.binary_version) {
            (Format::Binary, Version::One) => FacePoints::Mesh468,
            _ => FacePoints::default(),
        };
        let needed = self.signs.filter(|needs| needs.parts.face);
        let needed = needed.map(|needs| needs.face_points);
        self.face.or(needed).unwrap_or(unasked)
    }
}

impl Answering {
    /// The message of a frame with keypoints.
    pub(super) fn keypoints(&self, keypoints: &FrameKeypoints) -> Sendable {
        let Style {
            format,
            binary_version,
            contents,
            ..
        } = &*self.style;
        if *format == Format::Binary {
            let hand_world = contents.hand_world;
            let encoded = encode(keypoints, self.frame_id, hand_world, *binary_version);
            if let Ok(bytes) = encoded {
                return Sendable::Binary(bytes);
            }
        }
        let message = Keypoints::new(keypoints, self.frame_id, contents);
        Sendable::Text(ServerMessage::Keypoints(Box::new(message)).to_json())
    }

    /// The message of a frame that failed.
    pub(super) fn error(&self, failed: FailedFrame) -> Sendable {
        Sendable::Text(ServerMessage::of_failed(failed, self.frame_id).to_json())
    }
}
