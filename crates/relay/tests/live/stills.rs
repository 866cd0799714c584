//! Stateless frames.

use serde_json::Value;

use crate::support::{Server, assert_accounted, clip_frame, config, framed};

const STATELESS: u8 = 1;

fn without_times(mut answer: Value) -> Value {
    for name in ["timings_us", "index", "frame_id", "dropped", "timestamp_us"] {
        answer[name].take();
    }
    answer
}

#[tokio::test]
async fn a_still_uses_and_changes_no_tracking() {
    let server = Server::start(config()).await;
    let mut fresh = server.welcomed().await;
    fresh
        .send_frame(framed(0, 1, STATELESS, &clip_frame(9)))
        .await;
    let alone = without_times(fresh.json().await);

    let mut client = server.welcomed().await;
    let mut undisturbed = server.welcomed().await;
    for number in 0..4 {
        let frame = framed(0, 33_333 * (number as i64 + 1), 0, &clip_frame(number));
        client.send_frame(frame.clone()).await;
        undisturbed.send_frame(frame).await;
        let tracked = without_times(client.json().await);
        assert_eq!(tracked, without_times(undisturbed.json().await));
        client
            .send_frame(framed(7, 1, STATELESS, &clip_frame(9)))
            .await;
        let still = client.json().await;
        assert_eq!(still["frame_id"], 7);
        assert_eq!(without_times(still), alone);
    }
}

#[tokio::test]
async fn stills_are_not_dropped_for_newer_frames_and_say_busy_where_there_is_no_room() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client
        .send_text(r#"{"type":"configure","buffer_size":1}"#)
        .await;
    assert_eq!(client.json().await["type"], "configured");
    for number in 0..40_u32 {
        let flags = u8::from(number % 2 == 0);
        client
            .send_frame(framed(number, 1, flags, &clip_frame(0)))
            .await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(40, &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    let of_stills: Vec<_> = answers
        .iter()
        .filter(|answer| answer["frame_id"].as_u64().unwrap() % 2 == 0)
        .collect();
    let busy = of_stills.iter().filter(|answer| answer["type"] == "error");
    assert!(busy.clone().all(|answer| answer["code"] == "busy"));
    // Eight are taken however slow the relay is; whatever is not taken is told.
    assert!(of_stills.len() - busy.clone().count() >= 8);
    assert_eq!(of_stills.len(), 20);
}
