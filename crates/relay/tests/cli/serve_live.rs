//! `serve` as its operator runs it: options, what is logged, how it ends.

use std::io::{Read, Write};
use std::process::Stdio;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::program::{Relay, clip_bytes, relay};

/// Its status and what it logged.
fn end(mut relay: Relay) -> (Option<i32>, String) {
    let mut log = String::new();
    let mut stderr = relay.child.stderr.take().unwrap();
    stderr.read_to_string(&mut log).unwrap();
    (relay.child.wait().unwrap().code(), log)
}

/// The next message as JSON, or the code of the close frame.
async fn next(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Value {
    match socket.next().await.unwrap().unwrap() {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        Message::Close(frame) => Value::from(u16::from(frame.unwrap().code)),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_termination_answers_what_is_in_flight_and_no_secret_is_ever_logged() {
    let mut tokens = tempfile::NamedTempFile::new().unwrap();
    tokens.write_all(b"open-sesame-7153\n").unwrap();
    let relay = Relay::start(
        relay()
            .env("RUST_LOG", "trace")
            .env("LIVE_KEYPOINTS_LOG_FORMAT", "json")
            .env("LIVE_KEYPOINTS_TOKEN_FILE", tokens.path())
            .stderr(Stdio::piped()),
        &[],
    );
    let mut request = format!("ws://{}/live-signs", relay.address)
        .into_client_request()
        .unwrap();
    let refused = connect_async(request.clone()).await;
    assert!(refused.is_err());
    let headers = request.headers_mut();
    headers.insert("authorization", "Bearer open-sesame-7153".parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "welcome");
    socket.send(Message::binary(clip_bytes(0))).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "keypoints");
    relay.signal("-TERM");
    assert_eq!(next(&mut socket).await["type"], "stats");
    assert_eq!(next(&mut socket).await, 1001);
    let (status, log) = end(relay);
    assert_eq!(status, Some(0), "{log}");
    let lines: Vec<Value> = log
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let message = |line: &Value| {
        line["fields"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let closed = lines
        .iter()
        .find(|line| message(line) == "session closed")
        .unwrap();
    assert_eq!(closed["fields"]["end"], "shutting-down");
    assert_eq!(closed["fields"]["keypoints"], 1);
    assert_eq!(closed["span"]["id"], 0);
    assert!(
        closed["span"]["peer"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:")
    );
    assert!(
        lines
            .iter()
            .any(|line| message(line) == "connection refused")
    );
    assert!(!log.contains("sesame"), "{log}");
    // No pixel either: the log is short.
    assert!(log.len() < 20_000, "{}", log.len());
}

#[test]
fn options_outside_their_range_and_half_of_a_pair_are_refused() {
    for arguments in [
        &["--tls-cert", "cert.pem"][..],
        &["--tls-key", "key.pem"],
        &["--workers", "5"],
        &["--workers", "0"],
        &["--max-message-bytes", "0"],
        &["--max-pixels", "0"],
        &["--max-fps", "0"],
        &["--max-sessions", "0"],
        &["--max-consecutive-bad", "0"],
        &["--idle-timeout-secs", "0"],
        &["--allow-origin", "*"],
        &["--allow-origin", "https://a.example/path"],
        &["--log-format", "xml"],
    ] {
        let output = relay().arg("serve").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    for (arguments, named) in [
        (["--token-file", "no/such/file"], "no/such/file"),
        (["--models", "no/such/folder"], "no/such/folder"),
    ] {
        let output = relay().arg("serve").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(named), "{stderr}");
    }
}

#[test]
fn the_readme_lists_every_option() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.unwrap();
    let help = relay().args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--")?.split(' ').next())
        .collect();
    assert!(options.len() >= 20, "{options:?}");
    for option in options {
        assert!(readme.contains(&format!("`--{option}`")), "--{option}");
        let variable = option.replace('-', "_").to_uppercase();
        let has_variable = help.contains(&format!("LIVE_KEYPOINTS_{variable}="));
        assert!(has_variable, "{option}");
    }
    for line in help.lines().filter(|line| line.contains("[default: ")) {
        let (_, default) = line.split_once("[default: ").unwrap();
        let default = default.split_once(']').unwrap().0;
        let is_told = ["any", "never", "as many as in all"].contains(&default)
            || readme.contains(&format!("| {default} |"))
            || readme.contains(&format!("| `{default}` |"));
        assert!(is_told, "{default}");
    }
}
