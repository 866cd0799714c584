//! The messages of the system that this one re-implements, for clients that were written for it: bare JPEGs come, or one byte,
//! 0 or 1, and a JPEG; what goes is signs and idleness alone.

use axum::body::Bytes;
use live_keypoints_pipeline::signs::SignEvent;
use serde::Serialize;
use serde_json::Value;

/// Whose messages clients are sent that do not offer the subprotocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replies {
    /// Those of `live-keypoints.v1`.
    #[default]
    V1,
    /// The original's.
    Original,
}

const JPEG_START: [u8; 2] = [0xFF, 0xD8];

#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    Sign {
        detected_sign: &'a Value,
        confidence: f32,
    },
    Status {
        status: &'static str,
    },
}

/// A message as the frame that it holds: without the byte before the JPEG, which means nothing here.
pub(super) fn frame_of(message: &Bytes) -> Bytes {
    match message.split_first() {
        Some((0 | 1, jpeg)) if jpeg.starts_with(&JPEG_START) => message.slice(1..),
        _ => message.clone(),
    }
}

/// What is said of an event.
pub(super) fn text_of(event: &SignEvent) -> String {
    let message = match event {
        SignEvent::Sign(sign) => Message::Sign {
            detected_sign: &sign.label,
            confidence: sign.confidence,
        },
        SignEvent::Idle => Message::Status { status: "idle" },
    };
    // Strings, numbers and JSON always have a JSON.
    serde_json::to_string(&message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use live_keypoints_pipeline::signs::Sign;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_byte_before_a_jpeg_is_taken_off() {
        for (message, frame) in [
            (&[0, 0xFF, 0xD8, 7][..], &[0xFF, 0xD8, 7][..]),
            (&[1, 0xFF, 0xD8], &[0xFF, 0xD8]),
            (&[2, 0xFF, 0xD8], &[2, 0xFF, 0xD8]),
            (&[0xFF, 0xD8, 1], &[0xFF, 0xD8, 1]),
            (&[0, 1, 0xFF, 0xD8], &[0, 1, 0xFF, 0xD8]),
            (&[1], &[1]),
            (&[], &[]),
        ] {
            assert_eq!(frame_of(&Bytes::copy_from_slice(message)), frame);
        }
    }

    #[test]
    fn the_messages_are_the_originals() {
        assert_eq!(text_of(&SignEvent::Idle), r#"{"status":"idle"}"#);
        let sign = |label| {
            SignEvent::Sign(Sign {
                label,
                confidence: 0.75,
                start_us: 0,
                end_us: 1,
                top: Vec::new(),
            })
        };
        assert_eq!(
            text_of(&sign(json!("hello"))),
            r#"{"detected_sign":"hello","confidence":0.75}"#
        );
    }
}
