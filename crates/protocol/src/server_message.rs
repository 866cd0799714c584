//! Text messages from the relay.

use std::borrow::Cow;

use live_keypoints_pipeline::signs::{Sign, SignEvent};
use live_keypoints_pipeline::{ErrorCode, FailedFrame, FrameError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::keypoints::Keypoints;
use crate::label::Label;
use crate::welcome::Welcome;
use crate::{PROTOCOL, error_code};

/// A text message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerMessage {
    /// The first message.
    Welcome(Box<Welcome>),
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
    /// Keypoints of a frame.
    Keypoints(Box<Keypoints>),
    /// A sign was recognised.
    Sign(Box<Sign<Label>>),
    /// Nothing has moved for a while.
    Idle,
    /// Something is wrong with a text message.
    Error(FrameError),
    /// A frame has no keypoints. On the wire an `error`, too.
    #[serde(rename = "error")]
    Failed(FrameFailure),
    /// The last message: what became of all frames.
    Stats(Stats),
}

/// Why a frame has no keypoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameFailure {
    /// The stable word.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// Running number of the frame within its connection.
    pub index: u64,
    /// As it came with the frame; `None` for a frame that came without one.
    pub frame_id: Option<u32>,
    /// Frames since the previous answer that get none of their own.
    pub dropped: u64,
}

/// What became of the frames: `received` is the sum of `keypoints`, `errors`, `dropped` and `left_over`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Binary messages.
    pub received: u64,
    /// Answers with keypoints.
    pub keypoints: u64,
    /// Errors of single frames.
    pub errors: u64,
    /// The sum of all `dropped`.
    pub dropped: u64,
    /// Frames that no message tells of.
    pub left_over: u64,
}

/// A message from something that is no relay of this version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidServerMessage {
    /// It welcomes to another protocol.
    #[error("it speaks {protocol}, not {PROTOCOL}")]
    OtherProtocol {
        /// The protocol's name.
        protocol: String,
    },
    /// It is none of the protocol.
    #[error("{reason}")]
    NotAMessage {
        /// What is wrong with it.
        reason: String,
    },
}

impl InvalidServerMessage {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::OtherProtocol { .. } => ErrorCode::VersionMismatch,
            Self::NotAMessage { .. } => ErrorCode::InvalidMessage,
        }
    }
}

const WELCOME: &str = "welcome";
const CONFIGURED: &str = "configured";
const RESET: &str = "reset";
const KEYPOINTS: &str = "keypoints";
const SIGN: &str = "sign";
const IDLE: &str = "idle";
const ERROR: &str = "error";
const STATS: &str = "stats";

/// What tells messages apart.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    message_type: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Version {
    protocol: String,
}

#[derive(Deserialize)]
struct Boundary {
    next_index: u64,
}

/// An `error`, be it of a frame or not.
#[derive(Deserialize)]
struct Complaint {
    #[serde(deserialize_with = "known_code")]
    code: ErrorCode,
    message: String,
    index: Option<u64>,
    frame_id: Option<u32>,
    #[serde(default)]
    dropped: u64,
}

fn known_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorCode, D::Error> {
    let word = String::deserialize(deserializer)?;
    Ok(word.parse().unwrap_or(ErrorCode::Internal))
}

impl ServerMessage {
    /// Every type of message.
    pub const TYPES: [&str; 8] = [
        WELCOME, CONFIGURED, RESET, KEYPOINTS, SIGN, IDLE, ERROR, STATS,
    ];

    /// The message about an error that is of no single frame.
    #[must_use]
    pub fn of_error(error: FrameError) -> Self {
        Self::Error(FrameError {
            code: error_code::sent(error.code),
            ..error
        })
    }

    /// The message about a frame that failed.
    #[must_use]
    pub fn of_failed(failed: FailedFrame, frame_id: Option<u32>) -> Self {
        Self::Failed(FrameFailure {
            code: error_code::sent(failed.error.code),
            message: failed.error.message,
            index: failed.index,
            frame_id,
            dropped: failed.dropped,
        })
    }

    /// Reads a text message; `None` for one of a later version. Fields that are not known are passed over.
    ///
    /// # Errors
    /// [`InvalidServerMessage`] says what is wrong with it.
    pub fn read(text: &str) -> Result<Option<Self>, InvalidServerMessage> {
        if !text.trim_start().starts_with('{') {
            return Err(not_a_message("it is not a JSON object"));
        }
        let head: Head<'_> = serde_json::from_str(text).map_err(not_a_message)?;
        Ok(Some(match &*head.message_type {
            WELCOME => {
                let Version { protocol } = parse(text)?;
                if protocol != PROTOCOL {
                    return Err(InvalidServerMessage::OtherProtocol { protocol });
                }
                Self::Welcome(parse(text)?)
            }
            CONFIGURED => {
                let Boundary { next_index } = parse(text)?;
                Self::Configured { next_index }
            }
            RESET => {
                let Boundary { next_index } = parse(text)?;
                Self::Reset { next_index }
            }
            KEYPOINTS => Self::Keypoints(parse(text)?),
            SIGN => Self::Sign(read_sign(text)?),
            IDLE => Self::Idle,
            ERROR => {
                let complaint: Complaint = parse(text)?;
                let Complaint { code, message, .. } = complaint;
                match complaint.index {
                    None => Self::Error(FrameError { code, message }),
                    Some(index) => Self::Failed(FrameFailure {
                        code,
                        message,
                        index,
                        frame_id: complaint.frame_id,
                        dropped: complaint.dropped,
                    }),
                }
            }
            STATS => Self::Stats(parse(text)?),
            _ => return Ok(None),
        }))
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and structs of them always have a JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<SignEvent> for ServerMessage {
    fn from(event: SignEvent) -> Self {
        match event {
            SignEvent::Sign(sign) => {
                Self::Sign(Box::new(sign.with_labels(|label| Label::from(&label))))
            }
            SignEvent::Idle => Self::Idle,
        }
    }
}

fn read_sign(text: &str) -> Result<Box<Sign<Label>>, InvalidServerMessage> {
    let sign: Box<Sign<Label>> = parse(text)?;
    let others = sign.top.iter().map(|candidate| candidate.confidence);
    let mut confidences = others.chain([sign.confidence]);
    match confidences.all(f32::is_finite) {
        true => Ok(sign),
        false => Err(not_a_message("a confidence is not finite")),
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, InvalidServerMessage> {
    serde_json::from_str(text).map_err(not_a_message)
}

fn not_a_message(reason: impl ToString) -> InvalidServerMessage {
    InvalidServerMessage::NotAMessage {
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: ErrorCode) -> FailedFrame {
        FailedFrame {
            index: 2,
            timestamp_us: 99,
            error: FrameError::new(code, "it starts with \"GIF\""),
            dropped: 4,
        }
    }

    #[test]
    fn messages_have_their_types() {
        let error = FrameError::new(ErrorCode::InvalidMessage, "it is a GIF");
        assert_eq!(
            ServerMessage::of_error(error).to_json(),
            r#"{"type":"error","code":"invalid-message","message":"it is a GIF"}"#
        );
        assert_eq!(
            ServerMessage::Configured { next_index: 4 }.to_json(),
            r#"{"type":"configured","next_index":4}"#
        );
        assert_eq!(
            ServerMessage::Stats(Stats::default()).to_json(),
            r#"{"type":"stats","received":0,"keypoints":0,"errors":0,"dropped":0,"left_over":0}"#
        );
    }

    #[test]
    fn a_frame_error_names_frame_and_code() {
        let text =
            |frame_id| ServerMessage::of_failed(failed(ErrorCode::NotAJpeg), frame_id).to_json();
        assert_eq!(
            text(Some(8)),
            r#"{"type":"error","code":"not-a-jpeg","message":"it starts with \"GIF\"","index":2,"frame_id":8,"dropped":4}"#
        );
        assert!(text(None).contains(r#""frame_id":null"#));
        let unheard_of = ServerMessage::of_failed(failed(ErrorCode::WorkerDied), None);
        assert!(unheard_of.to_json().contains(r#""code":"internal""#));
    }

    #[test]
    fn a_later_relay_is_understood_as_far_as_it_goes() {
        let read = |text| ServerMessage::read(text).unwrap();
        assert_eq!(read(r#"{"type":"news","code":[1,{}]}"#), None);
        let Some(ServerMessage::Failed(failure)) = read(
            r#"{"hint":{},"index":3,"type":"error","code":"too-blue","message":"m","frame_id":null,"dropped":0}"#,
        ) else {
            panic!("not of a frame");
        };
        assert_eq!((failure.code, failure.index), (ErrorCode::Internal, 3));
        let Some(ServerMessage::Welcome(welcome)) = read(
            r#"{"type":"welcome","protocol":"live-keypoints.v1","limits":{"max_fps":9,"max_moons":2},"quality":"best"}"#,
        ) else {
            panic!("no welcome");
        };
        assert_eq!((welcome.limits.max_fps, welcome.quality), (Some(9), None));
    }

    #[test]
    fn another_version_is_told_whatever_else_it_says() {
        let error = ServerMessage::read(
            r#"{"type":"welcome","protocol":"live-keypoints.v7","limits":"none"}"#,
        )
        .unwrap_err();
        assert_eq!(error.code(), ErrorCode::VersionMismatch);
        assert_eq!(
            error.to_string(),
            "it speaks live-keypoints.v7, not live-keypoints.v1"
        );
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let deep = format!(r#"{{"type":"news","a":{}}}"#, "[".repeat(100_000));
        for text in [
            "",
            "<!doctype html>",
            "null",
            "3",
            r#"["stats",1,2,3,4,5]"#,
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"reset"}"#,
            r#"{"type":"stats","received":-1}"#,
            r#"{"type":"keypoints","index":0}"#,
            r#"{"type":"welcome"}"#,
            r#"{"type":"error","code":"busy"}"#,
            &deep,
        ] {
            let error = ServerMessage::read(text).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidMessage, "{text:.40}");
        }
    }
}
