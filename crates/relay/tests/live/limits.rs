//! What is more than a limit, and what a limit never touches.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, Instant};

use live_keypoints_relay::live::Limits;
use serde_json::Value;

use crate::support::{
    Server, assert_accounted, clip_frame, config_with, impatient, jpeg, one_pixel_jpeg,
};

async fn server(limits: Limits) -> Server {
    Server::start(config_with(limits)).await
}

#[tokio::test]
async fn a_message_of_the_limit_passes_and_a_longer_one_ends_the_session() {
    let server = server(Limits {
        max_message_bytes: 100_000,
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    let mut frame = clip_frame(0);
    frame.resize(100_000, 0);
    client.send_frame(frame.clone()).await;
    assert_eq!(client.json().await["type"], "keypoints");
    frame.push(0);
    client.send_frame(frame).await;
    let (answers, code) = client.rest().await;
    assert_eq!(code, 1009);
    assert_eq!(answers.last().unwrap()["type"], "stats");
}

#[tokio::test]
async fn the_close_frame_is_read_by_who_is_still_sending() {
    let server = server(Limits {
        max_message_bytes: 100_000,
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    client.send_frame(vec![0xFF; 20 << 20]).await;
    assert_eq!(client.rest().await.1, 1009);
}

#[tokio::test]
async fn a_picture_of_more_pixels_than_the_limit_is_a_bad_frame() {
    let server = server(Limits {
        max_pixels: 320 * 240,
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    client.send_frame(jpeg(320, 241)).await;
    assert_eq!(client.json().await["code"], "too-many-pixels");
    client.send_frame(clip_frame(0)).await;
    assert_eq!(client.json().await["type"], "keypoints");
}

#[tokio::test]
async fn of_frames_over_the_rate_the_newest_is_answered_the_others_are_counted_and_nobody_is_closed()
 {
    let server = server(Limits {
        max_fps: NonZeroU32::new(5),
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    for number in 0..40 {
        client.send_frame(clip_frame(number)).await;
    }
    let mut answers = vec![client.json().await];
    while answers.last().unwrap()["index"] != 39 {
        answers.push(client.json().await);
    }
    let (rest, stats) = client.bye().await;
    assert_eq!(rest, Vec::<Value>::new());
    assert_accounted(40, &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    let dropped = server
        .metric("live_keypoints_frames_dropped_total{reason=\"rate\"}")
        .await;
    assert!(dropped >= 25.0, "{dropped}");
}

#[tokio::test]
async fn who_waits_for_each_answer_before_the_next_frame_is_slowed_down_and_loses_none() {
    let server = server(Limits {
        max_fps: NonZeroU32::new(10),
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    let began = Instant::now();
    for number in 0..25 {
        client.send_frame(one_pixel_jpeg()).await;
        let answer = client.json().await;
        assert_eq!(answer["index"], number);
        assert_eq!(answer["dropped"], 0);
    }
    // Ten at once, then ten a second.
    let elapsed = began.elapsed();
    assert!(elapsed >= Duration::from_millis(1500), "{elapsed:?}");
}

#[tokio::test]
async fn a_session_too_many_is_told_after_the_upgrade_and_may_come_when_one_is_gone() {
    let server = server(Limits {
        max_sessions: NonZeroUsize::new(2).unwrap(),
        ..Limits::default()
    })
    .await;
    let mut first = server.welcomed().await;
    let _second = server.welcomed().await;
    assert_eq!(server.connect().await.rest().await, (vec![], 1013));
    first.bye().await;
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"bye\"}", 1.0)
        .await;
    server.welcomed().await;
    let refused = "live_keypoints_sessions_refused_total{reason=\"sessions\"}";
    assert_eq!(server.metric(refused).await, 1.0);
}

#[tokio::test]
async fn an_address_may_have_fewer_sessions_than_all() {
    let server = server(Limits {
        max_sessions_per_address: NonZeroUsize::new(1),
        ..Limits::default()
    })
    .await;
    let _first = server.welcomed().await;
    assert_eq!(server.connect().await.rest().await.1, 1013);
}

#[tokio::test]
async fn an_idle_session_is_closed_and_a_busy_one_is_not() {
    let idle_timeout = Duration::from_millis(600);
    let server = server(Limits {
        idle_timeout,
        ..Limits::default()
    })
    .await;
    let mut idle = server.welcomed().await;
    let mut busy = server.welcomed().await;
    let closed = tokio::spawn(async move { idle.rest().await });
    for _ in 0..8 {
        tokio::time::sleep(idle_timeout / 4).await;
        busy.send_frame(one_pixel_jpeg()).await;
        assert!(busy.json().await.get("index").is_some());
    }
    let (answers, code) = closed.await.unwrap();
    assert_eq!(code, 1000);
    assert_eq!(answers[0]["type"], "stats");
    busy.bye().await;
}

#[tokio::test]
async fn a_session_ends_at_its_greatest_age() {
    let server = server(Limits {
        max_session: Some(Duration::from_millis(300)),
        ..impatient()
    })
    .await;
    let mut client = server.welcomed().await;
    client.send_frame(clip_frame(0)).await;
    let (answers, code) = client.rest().await;
    // As at a shutdown: the client may come again.
    assert_eq!(code, 1001);
    assert_accounted(1, &answers[..1], &answers[1]);
    server.welcomed().await;
}

#[tokio::test]
async fn bad_frames_in_a_row_end_the_session_and_a_good_one_resets_the_count() {
    let server = server(Limits {
        max_consecutive_bad: NonZeroU32::new(3).unwrap(),
        ..Limits::default()
    })
    .await;
    let mut client = server.welcomed().await;
    let bad = || b"no JPEG".to_vec();
    for frame in [bad(), bad(), clip_frame(0), bad(), bad(), clip_frame(1)] {
        client.send_frame(frame).await;
        client.json().await;
    }
    for _ in 0..3 {
        client.send_frame(bad()).await;
    }
    let (answers, code) = client.rest().await;
    assert_eq!(code, 1008);
    let types: Vec<&Value> = answers.iter().map(|answer| &answer["type"]).collect();
    assert_eq!(types, ["error", "error", "error", "stats"]);
    assert_eq!(answers[3]["errors"], 7);
}
