//! Text messages to the relay.

use live_keypoints_pipeline::{ErrorCode, FrameError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::configure::Configure;
use crate::{MAX_TEXT_BYTES, error_code};

/// A text message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage {
    /// Sets options for the frames to come.
    Configure(Box<Configure>),
    /// Lets tracking start from scratch.
    Reset,
    /// Ends the session once its frames are answered.
    Bye,
}

/// What is wrong with a text message to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidClientMessage {
    /// It is too long, which ends the session.
    #[error("a text message has {MAX_TEXT_BYTES} bytes at most, not {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is not JSON, which ends the session.
    #[error("a text message is JSON: {reason}")]
    NotJson {
        /// What the reader says.
        reason: String,
    },
    /// It is JSON, but no object.
    #[error("a message is a JSON object")]
    NotAnObject,
    /// Its type is missing, or no text.
    #[error("{problem}")]
    NoType {
        /// Which of the two.
        problem: String,
    },
    /// There is no such type.
    #[error("the type {given:?} is not known, only configure, reset and bye are")]
    UnknownType {
        /// The type given.
        given: String,
    },
    /// A field is not known, or has a wrong value.
    #[error("{message_type}: {reason}")]
    WrongField {
        /// The message's type.
        message_type: &'static str,
        /// What the reader says; it names the field or the value.
        reason: String,
    },
}

impl InvalidClientMessage {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLong { .. } => ErrorCode::TooManyBytes,
            Self::WrongField { message_type, .. } if *message_type == CONFIGURE => {
                ErrorCode::InvalidOption
            }
            _ => ErrorCode::InvalidMessage,
        }
    }
}

impl From<InvalidClientMessage> for FrameError {
    fn from(error: InvalidClientMessage) -> Self {
        Self::new(error_code::sent(error.code()), error.to_string())
    }
}

const CONFIGURE: &str = "configure";
const RESET: &str = "reset";
const BYE: &str = "bye";

/// A message without fields of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bare {}

impl ClientMessage {
    /// Every type of message.
    pub const TYPES: [&str; 3] = [CONFIGURE, RESET, BYE];

    /// Reads a text message.
    ///
    /// # Errors
    /// [`InvalidClientMessage`], which names the type or field that is not known.
    pub fn read(text: &str) -> Result<Self, InvalidClientMessage> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(InvalidClientMessage::TooLong { bytes: text.len() });
        }
        let message: Value =
            serde_json::from_str(text).map_err(|error| InvalidClientMessage::NotJson {
                reason: error.to_string(),
            })?;
        let Value::Object(mut fields) = message else {
            return Err(InvalidClientMessage::NotAnObject);
        };
        let no_type = |problem| Err(InvalidClientMessage::NoType { problem });
        let given = match fields.remove("type") {
            Some(Value::String(name)) => name,
            Some(other) => return no_type(format!("type must be a string, not {other}")),
            None => return no_type("a message has a type".to_owned()),
        };
        let fields = Value::Object(fields);
        let bare = |message_type, fields, message| {
            serde_json::from_value(fields)
                .map(|Bare {}| message)
                .map_err(|error| wrong_field(message_type, &error))
        };
        match given.as_str() {
            CONFIGURE => serde_json::from_value(fields)
                .map(Self::Configure)
                .map_err(|error| wrong_field(CONFIGURE, &error)),
            RESET => bare(RESET, fields, Self::Reset),
            BYE => bare(BYE, fields, Self::Bye),
            _ => Err(InvalidClientMessage::UnknownType { given }),
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and structs of them always have a JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<Configure> for ClientMessage {
    fn from(configure: Configure) -> Self {
        Self::Configure(Box::new(configure))
    }
}

fn wrong_field(message_type: &'static str, error: &serde_json::Error) -> InvalidClientMessage {
    InvalidClientMessage::WrongField {
        message_type,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use live_keypoints_pipeline::{Options, Parts, Quality};

    use super::*;

    fn error(text: &str) -> FrameError {
        ClientMessage::read(text).expect_err(text).into()
    }

    #[test]
    fn each_message_is_read() {
        assert_eq!(
            ClientMessage::read(r#"{"type":"reset"}"#),
            Ok(ClientMessage::Reset)
        );
        assert_eq!(
            ClientMessage::read(r#"{"type":"bye"}"#),
            Ok(ClientMessage::Bye)
        );
        let text = r#"{"type":"configure","parts":["face","hands"],"quality":"lite","smoothing":false,"buffer_size":1}"#;
        let Ok(ClientMessage::Configure(configure)) = ClientMessage::read(text) else {
            panic!("{text}");
        };
        let mut options = Options::default();
        configure.apply(&mut options);
        let parts = Parts {
            pose: false,
            hands: true,
            face: true,
        };
        let expected = Options {
            parts,
            quality: Quality::Lite,
            smoothing: false,
            buffer_size: 1,
            ..Options::default()
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (text, code, named) in [
            (
                r#"{"type":"start"}"#,
                ErrorCode::InvalidMessage,
                "\"start\"",
            ),
            (r#"{"type":7}"#, ErrorCode::InvalidMessage, "not 7"),
            (r#"{}"#, ErrorCode::InvalidMessage, "type"),
            ("[]", ErrorCode::InvalidMessage, "object"),
            ("null", ErrorCode::InvalidMessage, "object"),
            (
                r#"{"type":"bye","now":1}"#,
                ErrorCode::InvalidMessage,
                "`now`",
            ),
            (
                r#"{"type":"configure","colour":1}"#,
                ErrorCode::InvalidOption,
                "`colour`",
            ),
            (
                r#"{"type":"configure","parts":["foot"]}"#,
                ErrorCode::InvalidOption,
                "`foot`",
            ),
            (
                r#"{"type":"configure","buffer_size":-1}"#,
                ErrorCode::InvalidOption,
                "-1",
            ),
        ] {
            let error = error(text);
            assert_eq!(error.code, code, "{text}");
            assert!(error.message.contains(named), "{text}: {}", error.message);
        }
    }

    #[test]
    fn what_is_not_json_and_what_is_too_long_are_told_apart() {
        for text in ["", "{", "{type:bye}", "\u{0}"] {
            assert!(matches!(
                ClientMessage::read(text),
                Err(InvalidClientMessage::NotJson { .. })
            ));
        }
        let deep = "[".repeat(MAX_TEXT_BYTES);
        assert!(matches!(
            ClientMessage::read(&deep),
            Err(InvalidClientMessage::NotJson { .. })
        ));
        let long = error(&" ".repeat(MAX_TEXT_BYTES + 1));
        assert_eq!(long.code, ErrorCode::TooManyBytes);
        assert_eq!(
            long.message,
            "a text message has 16384 bytes at most, not 16385"
        );
    }

    #[test]
    fn types_are_those_of_the_messages() {
        let messages = [
            Configure::default().into(),
            ClientMessage::Reset,
            ClientMessage::Bye,
        ];
        let types = messages.map(|message| message.to_json());
        assert_eq!(
            types,
            ClientMessage::TYPES.map(|name| format!(r#"{{"type":"{name}"}}"#))
        );
    }
}
