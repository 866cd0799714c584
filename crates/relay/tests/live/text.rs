//! Text messages: `configure`, `reset`, `bye`, and what is none of them.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Server, clip_frame, config, framed};

async fn configure(client: &mut Client, fields: &str) -> Value {
    client
        .send_text(&format!(r#"{{"type":"configure",{fields}}}"#))
        .await;
    client.json().await
}

#[tokio::test]
async fn options_hold_for_the_frames_that_come_after_them() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client.send_frame(clip_frame(0)).await;
    client
        .send_text(r#"{"type":"configure","parts":["hands"],"points":{"hands":[8,4]}}"#)
        .await;
    client.send_frame(clip_frame(1)).await;
    // Replies overtake frames that are computed.
    let mut answers = [
        client.json().await,
        client.json().await,
        client.json().await,
    ];
    answers.sort_by_key(|answer| answer.get("index").map(|index| index.as_u64()));
    let [configured, before, after] = answers;
    assert_eq!(configured, json!({"type":"configured","next_index":1}));
    assert_eq!(before["pose"].as_array().unwrap().len(), 33);
    assert_eq!(before["left_hand"].as_array().unwrap().len(), 21);
    assert!(after.get("pose").is_none() && after.get("face").is_none());
    let hands = ["left_hand", "right_hand"].map(|name| after[name].as_array());
    assert!(hands.iter().flatten().all(|hand| hand.len() == 2));
    assert!(hands.iter().flatten().count() > 0);
}

#[tokio::test]
async fn quality_and_mirroring_change_in_mid_stream() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let still = || framed(0, 1, 1, &clip_frame(0));
    let mut nose = async |fields: &str| {
        assert_eq!(configure(&mut client, fields).await["type"], "configured");
        client.send_frame(still()).await;
        client.json().await["pose"][0][0].as_f64().unwrap()
    };
    let full = nose(r#""quality":"full""#).await;
    let lite = nose(r#""quality":"lite""#).await;
    let mirrored = nose(r#""quality":"full","mirrored":true"#).await;
    assert!(full != lite && (full - lite).abs() < 0.05, "{full} {lite}");
    assert!((full + mirrored - 1.0).abs() < 1e-6, "{full} {mirrored}");
}

#[tokio::test]
async fn binary_results_hold_the_same_numbers() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    configure(&mut client, r#""face":468"#).await;
    let still = framed(77, 123_456, 1, &clip_frame(0));
    client.send_frame(still.clone()).await;
    let json = client.json().await;
    configure(&mut client, r#""format":"binary""#).await;
    client.send_frame(still).await;
    let Message::Binary(bytes) = client.message().await else {
        panic!("no binary result");
    };
    assert_eq!(&bytes[..3], b"LK\x01");
    assert_same_numbers(&bytes, &json);
    assert_eq!(bytes[4..8], 77_u32.to_le_bytes());
    assert_eq!(bytes[8..16], 123_456_u64.to_le_bytes());
    assert_eq!(bytes[16..24], 1_u64.to_le_bytes());
    // Errors are text in any format.
    client.send_frame(b"no JPEG".to_vec()).await;
    assert_eq!(client.json().await["code"], "not-a-jpeg");
}

/// The blocks of a binary result are the parts of a JSON one.
fn assert_same_numbers(bytes: &[u8], json: &Value) {
    let parts = [
        "pose",
        "pose_world",
        "left_hand",
        "right_hand",
        "face",
        "left_hand_world",
        "right_hand_world",
    ];
    let mut floats = bytes[32..]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b));
    for (bit, part) in parts.iter().enumerate() {
        let points = json.get(part).and_then(Value::as_array);
        assert_eq!(bytes[3] >> bit & 1, u8::from(points.is_some()), "{part}");
        for number in points
            .into_iter()
            .flatten()
            .flat_map(|p| p.as_array().unwrap())
        {
            assert_eq!(floats.next(), Some(number.as_f64().unwrap() as f32));
        }
    }
    assert_eq!(floats.next(), None);
}

#[tokio::test]
async fn hands_come_in_metres_where_that_is_asked_for() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let still = framed(1, 1, 1, &clip_frame(0));
    client.send_frame(still.clone()).await;
    assert!(client.json().await.get("left_hand_world").is_none());
    configure(&mut client, r#""hand_world":true,"face":468"#).await;
    client.send_frame(still.clone()).await;
    let json = client.json().await;
    assert_eq!(json["left_hand_world"].as_array().unwrap().len(), 21);
    assert!(json["right_hand_world"].is_null());
    configure(&mut client, r#""format":"binary""#).await;
    client.send_frame(still.clone()).await;
    let Message::Binary(bytes) = client.message().await else {
        panic!("no binary result");
    };
    assert_eq!(bytes[3] >> 5, 0b01);
    assert_same_numbers(&bytes, &json);
    // Hands that were not asked for are not there in any unit.
    configure(&mut client, r#""format":"json","parts":["pose"]"#).await;
    client.send_frame(still).await;
    assert!(client.json().await.get("left_hand_world").is_none());
}

#[tokio::test]
async fn a_wrong_message_is_answered_and_changes_nothing() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for (text, code, named) in [
        (r#"{"type":"hello"}"#, "invalid-message", "hello"),
        (r#"["configure"]"#, "invalid-message", "object"),
        (r#"{"type":"reset","hard":true}"#, "invalid-message", "hard"),
        (
            r#"{"type":"configure","part":["pose"]}"#,
            "invalid-option",
            "part",
        ),
        (
            r#"{"type":"configure","parts":[]}"#,
            "invalid-option",
            "parts",
        ),
        (
            r#"{"type":"configure","buffer_size":0}"#,
            "invalid-option",
            "buffer_size",
        ),
        (
            r#"{"type":"configure","buffer_size":1001}"#,
            "invalid-option",
            "buffer_size",
        ),
        (
            r#"{"type":"configure","mirrored":true,"quality":"best"}"#,
            "invalid-option",
            "best",
        ),
        (
            r#"{"type":"configure","hand_world":"yes"}"#,
            "invalid-option",
            "yes",
        ),
        (
            r#"{"type":"configure","points":{"face":[478]}}"#,
            "invalid-option",
            "0 to 477, not 478",
        ),
    ] {
        client.send_text(text).await;
        let error = client.json().await;
        assert_eq!(error["type"], "error", "{text}");
        assert_eq!(error["code"], code, "{text}");
        assert!(
            error["message"].as_str().unwrap().contains(named),
            "{error}"
        );
        assert!(error.get("index").is_none());
    }
    let still = framed(0, 1, 1, &clip_frame(0));
    client.send_frame(still.clone()).await;
    let mut undisturbed = server.welcomed().await;
    undisturbed.send_frame(still).await;
    assert_eq!(
        client.json().await["pose"],
        undisturbed.json().await["pose"]
    );
}

#[tokio::test]
async fn a_reset_starts_tracking_from_scratch() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let frame = |number: usize| framed(0, 33_333 * (number as i64 + 1), 0, &clip_frame(number));
    client.send_frame(frame(9)).await;
    let first = client.json().await;
    for number in [20, 30] {
        client.send_frame(frame(number)).await;
        client.json().await;
    }
    client.send_text(r#"{"type":"reset"}"#).await;
    assert_eq!(client.json().await, json!({"type":"reset","next_index":3}));
    client.send_frame(frame(9)).await;
    let again = client.json().await;
    assert_eq!(again["index"], 3);
    assert_eq!(
        (&again["pose"], &again["face"]),
        (&first["pose"], &first["face"])
    );
}

#[tokio::test]
async fn what_is_no_json_ends_the_session() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client.send_text("{type:bye}").await;
    let (answers, code) = client.rest().await;
    assert_eq!(code, 1007);
    assert_eq!(answers[0]["code"], "invalid-message");
    assert_eq!(answers[1]["type"], "stats");
}

/// Writes bytes below the WebSocket layer.
async fn write_raw(client: &mut Client, bytes: &[u8]) {
    client.0.get_mut().write_all(bytes).await.unwrap();
}

#[tokio::test]
async fn what_is_no_utf8_or_no_websocket_ends_the_session() {
    let server = Server::start(config()).await;
    for (bytes, expected) in [
        // A text frame of one byte 0xFF, masked with zeros.
        (&[0x81, 0x81, 0, 0, 0, 0, 0xFF][..], 1007),
        // A reserved opcode.
        (&[0x83, 0x80, 0, 0, 0, 0][..], 1002),
        // Not masked.
        (&[0x82, 0x01, 0xFF][..], 1002),
    ] {
        let mut client = server.welcomed().await;
        write_raw(&mut client, bytes).await;
        let (_, code) = client.rest().await;
        assert_eq!(code, expected, "{bytes:02X?}");
    }
}

#[tokio::test]
async fn a_text_message_that_is_too_long_ends_the_session() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client.send_text(&" ".repeat(20_000)).await;
    let (answers, code) = client.rest().await;
    assert_eq!(code, 1009);
    assert_eq!(answers[0]["code"], "too-many-bytes");
}

#[tokio::test]
async fn who_lets_replies_lie_is_answered_when_it_reads() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for _ in 0..500 {
        client.send_text(r#"{"type":"reset"}"#).await;
    }
    let (answers, _) = client.bye().await;
    assert_eq!(answers.len(), 500);
}
