//! The end of the server.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use live_keypoints_relay::live::Limits;
use live_keypoints_relay::serve::{ServeConfig, bind};
use tokio::net::TcpStream;

use crate::health::status;
use crate::support::{Server, assert_accounted, clip_frame, config, config_with, impatient};

#[tokio::test]
async fn what_is_in_flight_is_answered_before_the_close() {
    let mut server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for number in 0..10 {
        client.send_frame(clip_frame(number)).await;
    }
    server
        .wait_for_metric("live_keypoints_frames_received_total", 10.0)
        .await;
    server.begin_end();
    let (mut answers, code) = client.rest().await;
    assert_eq!(code, 1001);
    let stats = answers.pop().unwrap();
    assert_accounted(10, &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    assert_eq!(answers.last().unwrap()["index"], 9);
    server.ended().await;
}

#[tokio::test]
async fn a_close_by_either_side_is_answered_at_once() {
    let server = Server::start(config()).await;
    let began = Instant::now();
    for _ in 0..5 {
        let mut client = server.welcomed().await;
        client.0.close(None).await.unwrap();
        while client.0.next().await.is_some() {}
        let mut client = server.welcomed().await;
        client.bye().await;
        while client.0.next().await.is_some() {}
    }
    let closed = "live_keypoints_sessions_closed_total";
    server
        .wait_for_metric(&format!("{closed}{{end=\"closed-by-client\"}}"), 5.0)
        .await;
    server
        .wait_for_metric(&format!("{closed}{{end=\"bye\"}}"), 5.0)
        .await;
    // One that waited for the other would take five seconds each time.
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn it_is_not_ready_any_more_and_takes_nobody() {
    let metrics_listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let metrics_address = metrics_listener.local_addr().unwrap();
    let mut server = Server::start(ServeConfig {
        metrics_listener: Some(metrics_listener),
        ..config()
    })
    .await;
    let address = server.address;
    // It does not answer the close frame, so that the end takes a while.
    let _deaf = server.welcomed().await;
    assert_eq!(status(metrics_address, "/readyz").await, "200");
    server.begin_end();
    while status(metrics_address, "/readyz").await != "503" {}
    assert_eq!(status(metrics_address, "/healthz").await, "200");
    assert!(TcpStream::connect(address).await.is_err());
    server.ended().await;
}

#[tokio::test]
async fn who_does_not_read_or_never_stops_holds_the_end_up_to_the_deadline_only() {
    let limits = Limits {
        drain: Duration::from_millis(200),
        ..impatient()
    };
    let mut server = Server::start(config_with(limits)).await;
    let mut deaf = server.connect().await;
    for number in 0..43 {
        deaf.send_frame(clip_frame(number)).await;
    }
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let mut flooding = server.welcomed().await;
    let flood = tokio::spawn(async move {
        use futures_util::SinkExt;
        use tokio_tungstenite::tungstenite::Message;
        while flooding
            .0
            .send(Message::binary(clip_frame(0)))
            .await
            .is_ok()
        {}
    });
    server
        .wait_for_metric("live_keypoints_results_sent_total", 1.0)
        .await;
    server.begin_end();
    tokio::time::timeout(Duration::from_secs(8), server.ended())
        .await
        .unwrap();
    flood.await.unwrap();
}

#[tokio::test]
async fn who_is_gone_is_not_worked_for() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for number in 0..43 {
        client.send_frame(clip_frame(number)).await;
    }
    client.send_text(r#"{"type":"bye"}"#).await;
    drop(client);
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"bye\"}", 1.0)
        .await;
    assert!(server.metric("live_keypoints_frames_decoded_total").await < 43.0);
}
