//! Frames in, keypoints out.

use serde_json::{Value, json};

use crate::support::{
    Client, Server, assert_accounted, clip_frame, config, framed, one_pixel_jpeg,
};

#[tokio::test]
async fn bare_jpegs_get_json_results_in_order() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    let welcome = client.json().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["protocol"], "live-keypoints.v1");
    assert_eq!(welcome["quality"], "full");
    assert_eq!(welcome["limits"]["max_message_bytes"], 8 << 20);
    assert_eq!(welcome["limits"]["max_fps"], Value::Null);
    assert_eq!(welcome["models"].as_array().unwrap().len(), 11);
    assert_eq!(welcome["graphs"], json!(["holistic", "landmarkers"]));
    for number in 0..5 {
        client.send_frame(clip_frame(number)).await;
        let keypoints = client.json().await;
        assert_eq!(keypoints["type"], "keypoints", "{keypoints}");
        assert_eq!(keypoints["index"], number);
        assert_eq!(keypoints["frame_id"], Value::Null);
        assert_eq!(keypoints["dropped"], 0);
        assert_eq!(keypoints["pose"].as_array().unwrap().len(), 33);
        assert_eq!(keypoints["width"], 320);
        assert!(keypoints["timings_us"]["pose"].as_u64().unwrap() > 0);
    }
    let (rest, stats) = client.bye().await;
    assert_eq!(rest, Vec::<Value>::new());
    assert_eq!(
        stats,
        json!({"type":"stats","received":5,"keypoints":5,"errors":0,"dropped":0,"left_over":0})
    );
}

#[tokio::test]
async fn a_framed_message_keeps_its_id_and_capture_time() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let message = framed(4_000_000_000, 1 << 60, 0, &clip_frame(0));
    client.send_frame(message).await;
    let keypoints = client.json().await;
    assert_eq!(keypoints["frame_id"], 4_000_000_000_u64);
    assert_eq!(keypoints["timestamp_us"], 1_i64 << 60);
}

#[tokio::test]
async fn the_capture_time_of_a_bare_jpeg_is_its_arrival() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let now_us = || {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        i64::try_from(since.as_micros()).unwrap()
    };
    let mut before = now_us();
    for number in 0..2 {
        client.send_frame(clip_frame(number)).await;
        let keypoints = client.json().await;
        let timestamp_us = keypoints["timestamp_us"].as_i64().unwrap();
        let after = now_us();
        // The clock of the day may be set while the other runs on; a second is far more than that.
        assert!((before - 1_000_000..=after + 1_000_000).contains(&timestamp_us));
        before = after;
    }
}

/// The code of each answer, `None` for keypoints.
async fn codes(client: &mut Client, frames: &[&[u8]]) -> Vec<Option<String>> {
    let mut codes = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        client.send_frame(frame.to_vec()).await;
        let answer = client.json().await;
        assert_eq!(answer["index"], index, "{answer}");
        let code = answer
            .get("code")
            .map(|code| code.as_str().unwrap().to_owned());
        assert_eq!(code.is_none(), answer["type"] == "keypoints");
        codes.push(code);
    }
    codes
}

#[tokio::test]
async fn a_bad_frame_gets_its_error_and_the_session_goes_on() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let good = clip_frame(0);
    let frames: [&[u8]; 9] = [
        &good,
        b"",
        b"GIF89a",
        &good[..good.len() / 8],
        &framed(1, 1, 2, &good),
        &framed(1, 1, 0, b""),
        b"LK",
        b"\xFF\xD8",
        &good,
    ];
    let codes = codes(&mut client, &frames).await;
    let codes: Vec<_> = codes.iter().map(Option::as_deref).collect();
    assert_eq!(
        codes,
        [
            None,
            Some("empty-frame"),
            Some("not-a-jpeg"),
            Some("malformed-picture"),
            Some("invalid-message"),
            Some("empty-frame"),
            Some("invalid-message"),
            Some("malformed-picture"),
            None
        ]
    );
}

#[tokio::test]
async fn answers_keep_the_order_of_frames_when_good_and_bad_come_at_once() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for number in 0..30_u32 {
        let jpeg = match number % 3 {
            0 => clip_frame(number as usize),
            1 => b"no JPEG".to_vec(),
            _ => one_pixel_jpeg(),
        };
        client
            .send_frame(framed(number, i64::from(number), 0, &jpeg))
            .await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(30, &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    let indices: Vec<_> = answers
        .iter()
        .map(|a| a["index"].as_u64().unwrap())
        .collect();
    assert!(indices.is_sorted(), "{indices:?}");
    assert_eq!(indices.last(), Some(&29));
    assert!(
        answers
            .iter()
            .all(|answer| answer["frame_id"] == answer["index"])
    );
    // No error is ever replaced by keypoints.
    assert_eq!(stats["errors"], 10);
}

#[tokio::test]
async fn what_is_pushed_out_of_the_buffer_is_counted() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client
        .send_text(r#"{"type":"configure","buffer_size":1}"#)
        .await;
    assert_eq!(client.json().await["type"], "configured");
    for number in 0..43 {
        client.send_frame(clip_frame(number)).await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(43, &answers, &stats);
    assert_eq!(answers.last().unwrap()["index"], 42);
    assert_eq!(stats["left_over"], 0);
}

#[tokio::test]
async fn frames_that_wait_are_bounded_by_their_bytes_too() {
    let limits = live_keypoints_relay::live::Limits {
        max_message_bytes: 1 << 20,
        ..Default::default()
    };
    let server = Server::start(crate::support::config_with(limits)).await;
    let mut client = server.welcomed().await;
    // What follows the picture's end is ignored by the decoder.
    let mut large = clip_frame(0);
    large.resize(1 << 20, 0);
    for _ in 0..20 {
        client.send_frame(large.clone()).await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(20, &answers, &stats);
    assert_eq!(answers.last().unwrap()["index"], 19);
}

#[tokio::test]
async fn any_capture_time_is_taken() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for timestamp_us in [0, i64::MAX, 1, 1, -1, i64::MIN] {
        client
            .send_frame(framed(0, timestamp_us, 0, &clip_frame(0)))
            .await;
        let keypoints = client.json().await;
        assert_eq!(keypoints["timestamp_us"], timestamp_us);
        assert!(keypoints["pose"][0][0].as_f64().unwrap().is_finite());
    }
}

/// Numbers without a pattern (Marsaglia's xorshift).
fn noise() -> impl Iterator<Item = u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
}

#[tokio::test]
async fn broken_frames_of_every_kind_are_answered_and_do_no_harm() {
    let limits = live_keypoints_relay::live::Limits {
        max_consecutive_bad: 1000.try_into().unwrap(),
        ..Default::default()
    };
    let server = Server::start(crate::support::config_with(limits)).await;
    let mut client = server.welcomed().await;
    let mut noise = noise();
    for number in 0..200_u32 {
        let mut frame = framed(number, 1, 0, &clip_frame(0));
        match number % 4 {
            0 => frame = noise.by_ref().take(100).collect(),
            1 => frame.truncate(usize::from(noise.next().unwrap()) * 20),
            2 => {
                for _ in 0..20 {
                    let place = usize::from(noise.next().unwrap()) * 50 + 18;
                    let length = frame.len();
                    frame[place % length] = noise.next().unwrap();
                }
            }
            _ => frame[usize::from(noise.next().unwrap()) % 18] ^= noise.next().unwrap(),
        }
        client.send_frame(frame).await;
        assert_eq!(client.json().await["index"], number);
    }
    client.send_frame(framed(7, 1, 1, &clip_frame(0))).await;
    let after = client.json().await;
    let mut fresh = server.welcomed().await;
    fresh.send_frame(framed(7, 1, 1, &clip_frame(0))).await;
    assert_eq!(after["pose"], fresh.json().await["pose"]);
}
