//! Promises of `PROTOCOL.md` and of the relay's README that no other test holds, and where the others are held.
//!
//! | promise | held by |
//! |---|---|
//! | every example; every type, field, error code and close code | `protocol_document`; the tests of `crates/protocol` |
//! | who may connect: origins, tokens, what is echoed | `access`; [`the_subprotocol_is_echoed_to_whoever_offers_it`] |
//! | no compression | [`compression_is_not_negotiated`] |
//! | 1013 and nothing before it; sessions of one address | `limits::a_session_too_many_…`, `an_address_may_have_fewer_…` |
//! | `welcome` tells the limits | [`welcome_tells_the_limits_that_hold`] |
//! | header, frame id, capture times | `frames::a_framed_message_…`, `the_capture_time_of_…`, `any_capture_time_…` |
//! | stills: no tracking, never dropped, eight, `busy` | `stills` |
//! | the buffer drops its oldest frame, by number and bytes | `frames::what_is_pushed_out_…`, `frames_that_wait_…` |
//! | `max_fps` | `limits::of_frames_over_the_rate_…`, `who_waits_for_each_answer_…` |
//! | a bad frame is answered, so many in a row end the session (1008) | `frames::a_bad_frame_…`, `limits::bad_frames_in_a_row_…` |
//! | fields of `keypoints` | `frames::bare_jpegs_…`, [`a_part_that_is_not_there_is_null_and_says_why`], [`the_size_is_that_of_the_upright_picture`] |
//! | all sessions' memory; 1013 for a message left off | `ceiling` |
//! | 500 messages a second | [`who_sends_too_fast_is_read_later_and_answered`] |
//! | order of the answers | `frames::answers_keep_the_order_…` |
//! | one unsent result, thirty errors | `peers::for_a_reader_that_stops_…`, `of_the_errors_that_wait_…` |
//! | received = keypoints + errors + dropped + left over | `support::assert_accounted` in nearly all, `cargo xtask soak relay` |
//! | `configure`, `reset`, `bye`, what is neither | `text`; [`a_reset_counts_what_waited_in_the_next_answer`] |
//! | replies do not wait for frames; fewer than 30 unsent | [`a_reply_waits_for_no_frame`], `text::who_lets_replies_lie_…` |
//! | binary results | `text::binary_results_…`, `hands_come_in_metres_…`, `landmarkers::binary_results_…`, `version_one_gives_…` |
//! | graphs, irises, expressions, hands alone; what there is no model for | `landmarkers` |
//! | close codes: 1000, 1001 | `limits::an_idle_session_…`, `a_session_ends_at_its_greatest_age`, `shutdown` |
//! | 1002, 1007, 1009 | `text::what_is_no_…`, `limits::a_message_of_the_limit_…`, `the_close_frame_is_read_…` |
//! | 1008 without `stats` for who is gone; pings | [`a_peer_that_answers_no_ping_is_told_so_and_gets_no_stats`], `peers` |
//! | 1011 costs one session | `ws_live_signs::tests` in `src/live` |
//! | a new connection starts from scratch | [`a_new_connection_starts_from_scratch`] |
//! | results equal those of `extract` | `equality` |
//! | a flood gets what others leave | `fairness`, `attacks`, `cargo xtask soak attack` |
//! | memory of a session; memory goes back | `tests/memory.rs`; `tests/cli/bounds.rs` |
//! | options, environment, log, status, no secret logged | `tests/cli/serve_live.rs`, `tests/cli/serve.rs` |
//! | health, readiness, metrics, dashboard | `health`, `shutdown::it_is_not_ready_…` |
//! | the end, by its deadline | `shutdown`, `tests/cli/bounds.rs` |
//! | nothing on disk | `tests/cli/bounds.rs` |

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use live_keypoints_relay::live::Limits;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{
    Client, Server, assert_accounted, clip_frame, config, config_with, framed, impatient, jpeg,
};

async fn connect_with(server: &Server, name: &'static str, value: &'static str) -> Option<String> {
    let mut request = server.request();
    let headers = request.headers_mut();
    headers.insert(name, HeaderValue::from_static(value));
    let (mut client, response) = Client::connect(request).await;
    assert_eq!(client.json().await["type"], "welcome");
    let echoed = response.headers().get(name)?;
    Some(echoed.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn compression_is_not_negotiated() {
    let server = Server::start(config()).await;
    let name = "sec-websocket-extensions";
    let echoed = connect_with(&server, name, "permessage-deflate").await;
    assert_eq!(echoed, None);
}

#[tokio::test]
async fn the_subprotocol_is_echoed_to_whoever_offers_it() {
    let server = Server::start(config()).await;
    let name = "sec-websocket-protocol";
    let echoed = connect_with(&server, name, "other, live-keypoints.v1").await;
    assert_eq!(echoed.as_deref(), Some("live-keypoints.v1"));
}

#[tokio::test]
async fn who_sends_too_fast_is_read_later_and_answered() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let began = Instant::now();
    for _ in 0..150 {
        for _ in 0..10 {
            client.send_text(r#"{"type":"reset"}"#).await;
        }
        for _ in 0..10 {
            assert_eq!(client.json().await["type"], "reset");
        }
    }
    // 500 at once, and 1,000 at 500 a second.
    assert!(began.elapsed() > Duration::from_millis(1900));
}

#[tokio::test]
async fn welcome_tells_the_limits_that_hold() {
    let server = Server::start(config_with(Limits {
        max_message_bytes: 200_000,
        max_pixels: 90_000,
        max_fps: NonZeroU32::new(7),
        max_consecutive_bad: NonZeroU32::new(5).unwrap(),
        idle_timeout: Duration::from_secs(60),
        max_session: Some(Duration::from_secs(120)),
        ..Limits::default()
    }))
    .await;
    let limits = json!({
        "max_message_bytes": 200_000,
        "max_text_bytes": 16_384,
        "max_pixels": 90_000,
        "max_fps": 7,
        "max_buffer_size": 1000,
        "max_consecutive_bad": 5,
        "idle_timeout_secs": 60,
        "max_session_secs": 120,
    });
    assert_eq!(server.connect().await.json().await["limits"], limits);
}

/// Marks a JPEG as lying on its side.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    // One entry: orientation, 6.
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = u16::try_from(2 + 6 + tiff.len()).unwrap().to_be_bytes();
    let exif = [b"\xFF\xE1", &length[..], b"Exif\0\0", tiff].concat();
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

#[tokio::test]
async fn the_size_is_that_of_the_upright_picture() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for (frame, size) in [
        (clip_frame(0), [320, 240]),
        (turned(&clip_frame(0)), [240, 320]),
    ] {
        client.send_frame(framed(0, 0, 1, &frame)).await;
        let keypoints = client.json().await;
        assert_eq!([&keypoints["width"], &keypoints["height"]], size);
    }
}

#[tokio::test]
async fn a_part_that_is_not_there_is_null_and_says_why() {
    const PARTS: [&str; 4] = ["pose", "left_hand", "right_hand", "face"];
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client.send_frame(jpeg(64, 64)).await;
    let nobody = client.json().await;
    assert_eq!(nobody["missing"]["pose"], "no-pose");
    client.send_frame(clip_frame(0)).await;
    let somebody = client.json().await;
    for keypoints in [&nobody, &somebody] {
        for part in PARTS {
            let reason = &keypoints["missing"][part];
            let is_reason = ["no-pose", "out-of-view", "low-presence"]
                .iter()
                .any(|known| reason == known);
            assert_eq!(keypoints[part].is_null(), is_reason, "{part}: {reason}");
            assert!(keypoints["scores"].get(part).is_some(), "{part}");
        }
        let stages = PARTS.iter().chain(&["queue", "decode", "total"]);
        for stage in stages {
            assert!(keypoints["timings_us"][stage].is_u64(), "{stage}");
        }
    }
    assert!(somebody["pose"].is_array());
    client
        .send_text(r#"{"type":"configure","parts":["pose"]}"#)
        .await;
    assert_eq!(client.json().await["type"], "configured");
    client.send_frame(jpeg(64, 64)).await;
    let keypoints = client.json().await;
    assert_eq!(keypoints.get("pose"), Some(&Value::Null));
    for part in &PARTS[1..] {
        assert_eq!(keypoints.get(part), None);
    }
}

#[tokio::test]
async fn a_reset_counts_what_waited_in_the_next_answer() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for number in 0..20 {
        client.send_frame(clip_frame(number)).await;
    }
    client.send_text(r#"{"type":"reset"}"#).await;
    client.send_frame(clip_frame(20)).await;
    let (answers, stats) = client.bye().await;
    let reset = json!({"type": "reset", "next_index": 20});
    assert!(answers.contains(&reset), "{answers:?}");
    assert_accounted(21, &answers, &stats);
    // The next answer may be that of a frame that was in work.
    assert!(stats["dropped"].as_u64().unwrap() > 0, "nothing waited");
    assert_eq!(stats["left_over"], 0);
}

#[tokio::test]
async fn a_reply_waits_for_no_frame() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for number in 0..40 {
        client.send_frame(clip_frame(number)).await;
    }
    client
        .send_text(r#"{"type":"configure","mirrored":false}"#)
        .await;
    let (answers, _) = client.bye().await;
    let place = |kind: &str| answers.iter().rposition(|answer| answer["type"] == kind);
    assert!(place("configured") < place("keypoints"));
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_told_so_and_gets_no_stats() {
    let server = Server::start(config_with(impatient())).await;
    let mut gone = server.connect().await;
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"silent\"}", 1.0)
        .await;
    let (said, code) = gone.rest().await;
    assert_eq!(code, 1008);
    let types: Vec<&Value> = said.iter().map(|message| &message["type"]).collect();
    assert_eq!(types, ["welcome"]);
}

#[tokio::test]
async fn a_new_connection_starts_from_scratch() {
    let server = Server::start(config()).await;
    let frame = |number: usize| framed(0, 33_333 * (number as i64 + 1), 0, &clip_frame(number));
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut client = server.welcomed().await;
        client.send_frame(frame(9)).await;
        let mut first = client.json().await;
        assert_eq!(first["index"], 0);
        first["timings_us"].take();
        answers.push(first);
        client.send_frame(frame(20)).await;
        assert_eq!(client.json().await["index"], 1);
    }
    assert_eq!(answers[0], answers[1]);
}
