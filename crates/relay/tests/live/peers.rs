//! Peers that do not behave: each costs only itself.

use std::time::Duration;

use futures_util::SinkExt;
use live_keypoints_relay::live::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, client_async};

use crate::support::{
    Client, SOON, Server, assert_accounted, clip_frame, config, config_with, impatient,
    one_pixel_jpeg,
};

/// A client whose system takes little that it does not read.
async fn client_with_small_buffer(server: &Server) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let stream = MaybeTlsStream::Plain(stream);
    let (socket, _) = client_async(server.request(), stream).await.unwrap();
    Client(socket)
}

fn raw(client: &mut Client) -> &mut TcpStream {
    match client.0.get_mut() {
        MaybeTlsStream::Plain(stream) => stream,
        _ => unreachable!("no TLS in these tests"),
    }
}

async fn assert_serves_others(server: &Server) {
    let mut polite = server.welcomed().await;
    for number in 0..3 {
        polite.send_frame(clip_frame(number)).await;
        assert_eq!(polite.json().await["index"], number);
    }
    polite.bye().await;
}

#[tokio::test]
async fn for_a_reader_that_stops_the_newest_result_waits_and_older_ones_are_counted() {
    let server = Server::start(config()).await;
    let mut deaf = client_with_small_buffer(&server).await;
    let mut sent = 0_u32;
    let replaced = "live_keypoints_frames_dropped_total{reason=\"unsent\"}";
    while server.metric(replaced).await < 20.0 {
        for number in 0..10 {
            deaf.send_frame(clip_frame(number)).await;
            sent += 1;
        }
        // No buffer overflows: what is dropped are results.
        server
            .wait_for_metric("live_keypoints_frames_decoded_total", f64::from(sent))
            .await;
        assert!(sent < 1000, "results are never replaced");
    }
    assert_serves_others(&server).await;
    assert_eq!(deaf.json().await["type"], "welcome");
    let (answers, stats) = deaf.bye().await;
    assert_accounted(u64::from(sent), &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    assert_eq!(answers.last().unwrap()["index"], sent - 1);
}

#[tokio::test]
async fn of_the_errors_that_wait_there_are_thirty_and_the_others_are_counted() {
    let server = Server::start(config_with(Limits {
        max_consecutive_bad: 100_000.try_into().unwrap(),
        ..Limits::default()
    }))
    .await;
    let mut deaf = client_with_small_buffer(&server).await;
    let mut sent = 0;
    let replaced = "live_keypoints_frames_dropped_total{reason=\"unsent\"}";
    while server.metric(replaced).await < 100.0 {
        for _ in 0..1000 {
            deaf.send_frame(b"no JPEG".to_vec()).await;
            sent += 1;
        }
        assert!(sent < 90_000, "errors are never replaced");
    }
    assert_eq!(deaf.json().await["type"], "welcome");
    let (answers, stats) = deaf.bye().await;
    assert_accounted(sent, &answers, &stats);
    assert!(answers.iter().all(|answer| answer["code"] == "not-a-jpeg"));
    assert_eq!(answers.last().unwrap()["index"], sent - 1);
}

#[tokio::test]
async fn who_takes_nothing_at_all_is_let_go() {
    let server = Server::start(config_with(impatient())).await;
    let mut deaf = client_with_small_buffer(&server).await;
    let flood =
        tokio::spawn(
            async move { while deaf.0.send(Message::binary(clip_frame(0))).await.is_ok() {} },
        );
    let ended = "live_keypoints_sessions_closed_total{end=\"not-reading\"}";
    server.wait_for_metric(ended, 1.0).await;
    flood.await.unwrap();
    assert_serves_others(&server).await;
}

#[tokio::test]
async fn a_half_open_connection_is_noticed_by_its_silence_and_a_quiet_client_is_kept() {
    let server = Server::start(config_with(impatient())).await;
    // It never reads, so that no ping is answered: as if its machine were gone.
    let _gone = server.connect().await;
    let mut quiet = server.welcomed().await;
    // Who reads answers pings.
    let kept = tokio::spawn(async move {
        let silence = tokio::time::timeout(Duration::from_secs(3), quiet.json()).await;
        assert!(silence.is_err(), "{silence:?}");
        quiet.bye().await
    });
    let ended = "live_keypoints_sessions_closed_total{end=\"silent\"}";
    server.wait_for_metric(ended, 1.0).await;
    kept.await.unwrap();
    assert_eq!(server.metric(ended).await, 1.0);
}

#[tokio::test]
async fn a_sender_of_one_byte_now_and_then_never_completes_and_is_idle() {
    let server = Server::start(config_with(Limits {
        idle_timeout: Duration::from_secs(1),
        ..Limits::default()
    }))
    .await;
    let mut slow = server.welcomed().await;
    // A binary frame of 1,000 bytes is announced.
    raw(&mut slow)
        .write_all(&[0x82, 0xFE, 0x03, 0xE8, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut written = 0;
    while raw(&mut slow).write_all(&[0xFF]).await.is_ok() {
        written += 1;
        assert!(written < 900, "it is never closed");
        if written == 3 {
            assert_serves_others(&server).await;
        }
        if server
            .metric("live_keypoints_sessions_closed_total{end=\"idle\"}")
            .await
            == 1.0
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(slow.rest().await.1, 1000);
}

#[tokio::test]
async fn the_head_of_a_request_has_its_time() {
    let server = Server::start(config_with(impatient())).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /live-signs HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let mut rest = Vec::new();
    // It is closed, whatever it is told.
    let closed = tokio::time::timeout(SOON, slow.read_to_end(&mut rest)).await;
    closed.unwrap().unwrap();
    assert_serves_others(&server).await;
}

#[tokio::test]
async fn a_flood_is_answered_by_counting() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for _ in 0..3000 {
        client.send_frame(one_pixel_jpeg()).await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(3000, &answers, &stats);
    assert_eq!(answers.last().unwrap()["index"], 2999);
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_nothing_behind() {
    let server = Server::start(config()).await;
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.send_frame(clip_frame(0)).await;
        drop(client);
    }
    server
        .wait_for_metric("live_keypoints_sessions_opened_total", 20.0)
        .await;
    let gone = async {
        while server.metric("live_keypoints_sessions").await > 0.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
    assert_serves_others(&server).await;
}

#[tokio::test]
async fn pings_without_end_keep_no_session_open() {
    let server = Server::start(config_with(Limits {
        idle_timeout: Duration::from_secs(1),
        ..impatient()
    }))
    .await;
    let mut deaf = client_with_small_buffer(&server).await;
    let flood = tokio::spawn(async move {
        let ping = Message::Ping(vec![0; 125].into());
        while deaf.0.send(ping.clone()).await.is_ok() {}
    });
    assert_serves_others(&server).await;
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"idle\"}", 1.0)
        .await;
    flood.await.unwrap();
}
