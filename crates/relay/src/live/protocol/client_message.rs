//! Text messages from the client.

use live_keypoints_pipeline::format::points::PointSelection;
use live_keypoints_pipeline::{ErrorCode, FrameError, Options, Parts, Quality};
use serde::Deserialize;
use serde_json::Value;

/// A text message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClientMessage {
    /// Sets options for the frames to come.
    Configure(Box<Configure>),
    /// Lets tracking start from scratch.
    Reset,
    /// Ends the session once its frames are answered.
    Bye,
}

/// What is wrong with a text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageError {
    /// It is not JSON, which ends the session.
    NotJson(String),
    /// It is JSON, but no message; it is answered with this and changes nothing.
    Invalid(FrameError),
}

/// The fields of `configure`; what is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configure {
    parts: Option<Vec<Part>>,
    quality: Option<Quality>,
    pub(crate) format: Option<Format>,
    smoothing: Option<bool>,
    hand_smoothing: Option<bool>,
    face_smoothing: Option<bool>,
    mirrored: Option<bool>,
    buffer_size: Option<usize>,
    pub(crate) hand_world: Option<bool>,
    pub(crate) points: Option<PointSelection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Pose,
    Hands,
    Face,
}

/// How keypoints are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// As text messages.
    #[default]
    Json,
    /// As binary messages of about a third of the bytes.
    Binary,
}

/// A message without fields of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bare {}

impl ClientMessage {
    /// Reads a text message.
    ///
    /// # Errors
    /// [`MessageError`], which names the type or field that is not known.
    pub(crate) fn read(text: &str) -> Result<Self, MessageError> {
        let message: Value =
            serde_json::from_str(text).map_err(|error| MessageError::NotJson(error.to_string()))?;
        let invalid = |message: String| {
            MessageError::Invalid(FrameError::new(ErrorCode::InvalidMessage, message))
        };
        let Value::Object(mut fields) = message else {
            return Err(invalid("a message is a JSON object".to_owned()));
        };
        let message_type = match fields.remove("type") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(invalid(format!("type must be a string, not {other}"))),
            None => return Err(invalid("a message has a type".to_owned())),
        };
        let fields = Value::Object(fields);
        let bare = |fields, message| {
            serde_json::from_value(fields)
                .map(|Bare {}| message)
                .map_err(|error| invalid(format!("{message_type}: {error}")))
        };
        match message_type.as_str() {
            "configure" => serde_json::from_value(fields)
                .map(|configure| Self::Configure(Box::new(configure)))
                .map_err(|error| {
                    let message = format!("configure: {error}");
                    MessageError::Invalid(FrameError::new(ErrorCode::InvalidOption, message))
                }),
            "reset" => bare(fields, Self::Reset),
            "bye" => bare(fields, Self::Bye),
            unknown => Err(invalid(format!(
                "the type {unknown:?} is not known, only configure, reset and bye are"
            ))),
        }
    }
}

impl Configure {
    /// Writes what was given over what held before; `format`, `hand_world` and `points` are of
    /// answers, not of the session.
    pub(crate) fn apply(&self, options: &mut Options) {
        let Self {
            parts,
            quality,
            format: _,
            hand_world: _,
            points: _,
            smoothing,
            hand_smoothing,
            face_smoothing,
            mirrored,
            buffer_size,
        } = self;
        if let Some(parts) = parts {
            options.parts = Parts {
                pose: parts.contains(&Part::Pose),
                hands: parts.contains(&Part::Hands),
                face: parts.contains(&Part::Face),
            };
        }
        set(&mut options.quality, *quality);
        set(&mut options.smoothing, *smoothing);
        set(&mut options.hand_smoothing, *hand_smoothing);
        set(&mut options.face_smoothing, *face_smoothing);
        set(&mut options.mirrored, *mirrored);
        set(&mut options.buffer_size, *buffer_size);
    }
}

fn set<T>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> FrameError {
        match ClientMessage::read(text) {
            Err(MessageError::Invalid(error)) => error,
            other => panic!("{text}: {other:?}"),
        }
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
    fn what_is_not_json_is_told_apart() {
        for text in ["", "{", "{type:bye}", "\u{0}"] {
            assert!(matches!(
                ClientMessage::read(text),
                Err(MessageError::NotJson(_))
            ));
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(
            ClientMessage::read(&deep),
            Err(MessageError::NotJson(_))
        ));
    }
}
