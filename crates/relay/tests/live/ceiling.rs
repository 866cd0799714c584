//! The ceiling on what all sessions take together.

use std::num::NonZeroUsize;

use futures_util::future::select_all;
use live_keypoints_relay::live::Limits;
use live_keypoints_relay::serve::ServeConfig;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::MaybeTlsStream;

use crate::support::{Client, Server, assert_accounted, clip_frame, config_with};

const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// The messages of all sessions take four of the longest here, however many sessions there are.
async fn small_server() -> Server {
    let limits = Limits {
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_memory: 1,
        ..Limits::default()
    };
    Server::start(ServeConfig {
        workers: NonZeroUsize::MIN,
        ..config_with(limits)
    })
    .await
}

/// A frame of the clip with as many bytes as it may have; what follows a picture's end is not looked at.
fn long_frame(number: usize) -> Vec<u8> {
    let mut frame = clip_frame(number);
    frame.resize(MAX_MESSAGE_BYTES, 0);
    frame
}

#[tokio::test]
async fn what_waits_beyond_the_ceiling_is_dropped_and_counted_and_nobody_is_closed() {
    const FRAMES: usize = 8;
    let server = small_server().await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(server.welcomed().await);
    }
    for number in 0..FRAMES {
        for client in &mut clients {
            client.send_frame(long_frame(number)).await;
        }
    }
    for client in &mut clients {
        let (answers, stats) = client.bye().await;
        assert_accounted(FRAMES as u64, &answers, &stats);
    }
    let dropped = r#"live_keypoints_frames_dropped_total{reason="memory"}"#;
    assert!(server.metric(dropped).await > 0.0);
}

/// Sends all of a message but its end.
async fn send_unfinished(client: &mut Client) {
    let mut message = vec![0x82, 0xFF];
    message.extend((MAX_MESSAGE_BYTES as u64).to_be_bytes());
    message.resize(MAX_MESSAGE_BYTES - 1000, 0);
    let MaybeTlsStream::Plain(stream) = client.0.get_mut() else {
        unreachable!("no TLS here");
    };
    // The relay may close in the middle of it.
    let _ = stream.write_all(&message).await;
}

#[tokio::test]
async fn unfinished_messages_beyond_the_ceiling_cost_their_sessions_and_no_other() {
    let server = small_server().await;
    let mut honest = server.welcomed().await;
    let mut hoarders = Vec::new();
    for _ in 0..5 {
        let mut hoarder = server.welcomed().await;
        send_unfinished(&mut hoarder).await;
        hoarders.push(hoarder);
    }
    let closed = r#"live_keypoints_sessions_closed_total{end="short-of-memory"}"#;
    server.wait_for_metric(closed, 2.0).await;
    for number in 0..5 {
        honest.send_frame(clip_frame(number)).await;
        assert_eq!(honest.json().await["type"], "keypoints");
    }
    let ends = hoarders.iter_mut().map(|hoarder| Box::pin(hoarder.rest()));
    let ((_, code), ..) = select_all(ends).await;
    assert_eq!(code, 1013);
}
