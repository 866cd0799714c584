//! A session that sends as much as it can does not starve one that sends a frame now and then.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Server, clip_frame, config};

/// Frames of one flooding session that may be done while a frame of another is: those that are under way when it comes
/// (three), and for each of its three rounds (decode; pose; hands and face) those in front of it.
const FLOOD_FRAMES_A_POLITE_ONE: f64 = 9.0;

#[tokio::test]
async fn a_polite_session_is_answered_after_a_few_frames_of_each_flood() {
    let server = Server::start(config()).await;
    let mut floods = Vec::new();
    const FLOODS: usize = 3;
    for _ in 0..FLOODS {
        let client = server.welcomed().await;
        let (mut sink, mut stream) = client.0.split();
        floods.push(tokio::spawn(async move {
            while stream.next().await.is_some() {}
        }));
        floods.push(tokio::spawn(async move {
            let frame = Message::binary(clip_frame(0));
            while sink.send(frame.clone()).await.is_ok() {
                tokio::task::yield_now().await;
            }
        }));
    }
    let decoded = "live_keypoints_frames_decoded_total";
    server.wait_for_metric(decoded, 50.0).await;
    let mut polite = server.welcomed().await;
    let mut most = 0.0_f64;
    for number in 0..10 {
        let before = server.metric(decoded).await;
        polite.send_frame(clip_frame(number)).await;
        assert_eq!(polite.json().await["index"], number);
        most = most.max(server.metric(decoded).await - before);
    }
    for flood in floods {
        flood.abort();
    }
    println!("at most {most} frames of the floods were decoded meanwhile");
    assert!(most <= FLOOD_FRAMES_A_POLITE_ONE * FLOODS as f64, "{most}");
}
