//! Executes the examples of `PROTOCOL.md`, each as a session of its own. Its tables are held by the crate of the protocol.

use live_keypoints_pipeline::Parts;
use live_keypoints_protocol::{ServerMessage, binary_result};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Server, clip_frame, config_with_signs};

const DOCUMENT: &str = include_str!("../../PROTOCOL.md");
/// Stands for anything: a value, the rest of a list, or the other fields of an object.
const ANYTHING: &str = "…";

fn transcripts() -> Vec<Vec<&'static str>> {
    let blocks = DOCUMENT.split("\n```transcript\n").skip(1);
    blocks
        .map(|block| block.split_once("\n```").unwrap().0.lines().collect())
        .collect()
}

/// Hexadecimal bytes, then perhaps a frame of the clip; `None` for a text message.
fn binary(line: &str) -> Option<Vec<u8>> {
    let (hex, mut end) = match line.split_once("clip ") {
        Some((hex, number)) => (hex, clip_frame(number.parse().ok()?)),
        None => (line, Vec::new()),
    };
    let bytes = hex
        .split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16));
    let mut message = bytes.collect::<Result<Vec<u8>, _>>().ok()?;
    message.append(&mut end);
    Some(message)
}

async fn send(client: &mut Client, line: &str) {
    match binary(line) {
        Some(bytes) => client.send_frame(bytes).await,
        None => client.send_text(line).await,
    }
}

async fn expect(client: &mut Client, line: &str) {
    match client.message().await {
        Message::Text(text) => {
            let pattern: Value = serde_json::from_str(line).unwrap();
            let value = serde_json::from_str(&text).unwrap();
            assert!(is_like(&value, &pattern), "{text}\nis not like\n{line}");
            let message = ServerMessage::read(&text).unwrap().unwrap();
            let said_again: Value = serde_json::from_str(&message.to_json()).unwrap();
            assert_eq!(said_again, value, "{line}");
        }
        Message::Binary(bytes) => {
            let expected = binary(line.strip_suffix(ANYTHING).unwrap()).unwrap();
            assert_eq!(bytes[..expected.len()], expected);
            binary_result::decode(&bytes, Parts::ALL).unwrap();
        }
        Message::Close(frame) => {
            let code = u16::from(frame.unwrap().code);
            assert_eq!(format!("close {code}"), line);
        }
        other => panic!("{other:?}"),
    }
}

fn is_like(value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (_, Value::String(text)) if text == ANYTHING => true,
        (Value::Array(values), Value::Array(patterns)) => {
            let has_more = patterns.last().is_some_and(|last| last == ANYTHING);
            let is_length_right =
                values.len() == patterns.len() || has_more && values.len() > patterns.len();
            is_length_right && values.iter().zip(patterns).all(|(v, p)| is_like(v, p))
        }
        (Value::Object(values), Value::Object(patterns)) => {
            let named = || patterns.iter().filter(|(name, _)| *name != ANYTHING);
            let has_others = patterns.contains_key(ANYTHING);
            (has_others || values.len() == patterns.len())
                && named().all(|(name, p)| values.get(name).is_some_and(|v| is_like(v, p)))
        }
        _ => value == pattern,
    }
}

#[tokio::test]
async fn every_example_of_the_protocol_document_is_true() {
    let server = Server::start(config_with_signs()).await;
    let transcripts = transcripts();
    assert_eq!(transcripts.len(), 13);
    for lines in transcripts {
        let mut client = server.connect().await;
        for line in lines {
            match line.split_at(2) {
                ("> ", line) => send(&mut client, line).await,
                ("< ", line) => expect(&mut client, line).await,
                _ => panic!("neither sent nor received: {line}"),
            }
        }
    }
}

#[test]
fn a_pattern_tells_things_apart() {
    let like = |value: &str, pattern: &str| {
        let parse = |text| serde_json::from_str::<Value>(text).unwrap();
        is_like(&parse(value), &parse(pattern))
    };
    assert!(like(r#"{"a":1,"b":[1,2,3]}"#, r#"{"a":1,"b":[1,"…"]}"#));
    assert!(like(r#"{"a":1,"b":2}"#, r#"{"a":1,"…":"…"}"#));
    assert!(!like(r#"{"a":1,"b":2}"#, r#"{"a":1}"#));
    assert!(!like(r#"{"a":1}"#, r#"{"a":1,"b":"…"}"#));
    assert!(!like("[1,2,3]", "[1,2]"));
    assert!(!like("[1]", r#"[1,2,"…"]"#));
    assert!(!like("1", "2"));
}
