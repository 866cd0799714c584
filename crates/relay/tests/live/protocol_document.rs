//! Executes the examples of `PROTOCOL.md`, each as a session of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use live_keypoints_pipeline::ErrorCode;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Server, clip_frame, config};

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
        }
        Message::Binary(bytes) => {
            let expected = binary(line.strip_suffix(ANYTHING).unwrap()).unwrap();
            assert_eq!(bytes[..expected.len()], expected);
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
    let server = Server::start(config()).await;
    let transcripts = transcripts();
    assert_eq!(transcripts.len(), 9);
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

/// Codes that stages of the pipeline have for what a relay does before it serves: loading its models.
const BEFORE_SERVING: [ErrorCode; 2] = [ErrorCode::ModelMalformed, ErrorCode::ModelMismatch];

/// The Rust files of a folder, and of those inside.
fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources_in(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.file_name().is_some_and(|name| name != "tests.rs"))
        .collect()
}

/// The codes that these files name outside their tests.
fn codes_named_in(files: &[PathBuf]) -> BTreeSet<&'static str> {
    let sources: Vec<String> = files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    let is_named = |code: &ErrorCode| {
        let name = format!("ErrorCode::{code:?}");
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        sources
            .iter()
            .any(|text| text.split(&name).skip(1).any(ends))
    };
    let named = ErrorCode::ALL.iter().filter(|code| is_named(code));
    named.map(|code| code.as_str()).collect()
}

#[test]
fn the_document_lists_exactly_the_codes_that_the_relay_sends() {
    let relay = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = sources_in(&relay.join("live"));
    files.push(relay.join("pool/mod.rs"));
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/src");
    // Every stage's `code()`.
    files.push(pipeline.join("error.rs"));
    files.extend(sources_in(&pipeline.join("session")));
    let mut sent = codes_named_in(&files);
    for code in BEFORE_SERVING {
        assert!(sent.remove(code.as_str()), "{code}");
    }
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    let codes = rows.filter_map(|row| row.split('`').nth(1)?.parse::<ErrorCode>().ok());
    let listed: BTreeSet<_> = codes.map(|code| code.as_str()).collect();
    assert_eq!(listed, sent);
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
