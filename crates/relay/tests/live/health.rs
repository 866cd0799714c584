//! `/healthz`, `/readyz` and `/metrics`.

use std::collections::BTreeSet;

use live_keypoints_relay::serve::{ServeConfig, bind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Server, clip_frame, config};

#[tokio::test]
async fn metrics_tell_of_sessions_frames_stages_and_the_pool() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    assert_eq!(server.metric("live_keypoints_sessions").await, 1.0);
    for frame in [clip_frame(0), b"no JPEG".to_vec(), clip_frame(1)] {
        client.send_frame(frame).await;
        client.json().await;
    }
    client.bye().await;
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"bye\"}", 1.0)
        .await;
    let cores = std::thread::available_parallelism().unwrap().get();
    let workers = cores.min(4) as f64;
    for (name, value) in [
        ("sessions", 0.0),
        ("sessions_opened_total", 1.0),
        ("frames_received_total", 3.0),
        ("frames_decoded_total", 2.0),
        ("frames_failed_total{code=\"not-a-jpeg\"}", 1.0),
        ("results_sent_total", 2.0),
        ("stage_duration_seconds_count{stage=\"pose\"}", 2.0),
        ("stage_duration_seconds_count{stage=\"total\"}", 2.0),
        ("pool_workers", workers),
        ("pool_busy_workers", 0.0),
        ("pool_queued_tasks", 0.0),
    ] {
        let name = format!("live_keypoints_{name}");
        assert_eq!(server.metric(&name).await, value, "{name}");
    }
    for name in [
        "received_bytes_total",
        "sent_bytes_total",
        "pool_busy_seconds_total",
    ] {
        let name = format!("live_keypoints_{name}");
        assert!(server.metric(&name).await > 0.0, "{name}");
    }
}

pub(crate) async fn status(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn they_can_move_to_an_address_of_their_own() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::start(ServeConfig {
        metrics_listener: Some(listener),
        ..config()
    })
    .await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(status(address, path).await, "200", "{path}");
        assert_eq!(status(server.address, path).await, "404", "{path}");
    }
    assert_eq!(status(address, "/live-signs").await, "404");
}

/// Names of metrics in a text: those that begin as ours do.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("live_keypoints_"))
        .collect()
}

#[tokio::test]
async fn the_dashboard_shows_what_there_is_and_all_of_it() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client
        .send_text(r#"{"type":"configure","buffer_size":1}"#)
        .await;
    client.json().await;
    for number in 0..20 {
        client.send_frame(clip_frame(number)).await;
    }
    client.send_frame(b"no JPEG".to_vec()).await;
    client.bye().await;
    let mut foreign = server.request();
    foreign
        .headers_mut()
        .insert("origin", "null".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(foreign).await.is_err());
    server
        .wait_for_metric("live_keypoints_sessions_closed_total{end=\"bye\"}", 1.0)
        .await;
    let metrics = server.get("/metrics").await;
    // A name in a comment has no suffix; a sample's has.
    let samples: String = metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n");
    let exported = metric_names(&samples);
    let dashboard = include_str!("../../deploy/grafana-dashboard.json");
    serde_json::from_str::<serde_json::Value>(dashboard).unwrap();
    let shown = metric_names(dashboard);
    let unknown: Vec<_> = shown.difference(&exported).collect();
    assert!(unknown.is_empty(), "not exported: {unknown:?}");
    let is_needless = |name: &&&str| {
        let (count, sum) = ("duration_seconds_count", "duration_seconds_sum");
        name.ends_with(count) || name.ends_with(sum) || name.ends_with("sessions_opened_total")
    };
    let hidden: Vec<_> = exported
        .difference(&shown)
        .filter(|n| !is_needless(n))
        .collect();
    assert!(hidden.is_empty(), "not shown: {hidden:?}");
}
