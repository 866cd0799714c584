//! Frames in, keypoints out.

use serde_json::{Value, json};

use crate::support::{Server, clip_frame, config, framed};

#[tokio::test]
async fn bare_jpegs_get_json_results_in_order() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    let welcome = client.json().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["protocol"], "live-keypoints.v1");
    for number in 0..5 {
        client.send_frame(clip_frame(number)).await;
        let keypoints = client.json().await;
        assert_eq!(keypoints["type"], "keypoints", "{keypoints}");
        assert_eq!(keypoints["index"], number);
        assert_eq!(keypoints["frame_id"], Value::Null);
        assert_eq!(keypoints["dropped"], 0);
        assert_eq!(keypoints["pose"].as_array().unwrap().len(), 33);
        assert_eq!(keypoints["width"], 320);
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
    client
        .send_frame(framed(4_000_000_000, 1 << 60, 0, &clip_frame(0)))
        .await;
    let keypoints = client.json().await;
    assert_eq!(keypoints["frame_id"], 4_000_000_000_u64);
    assert_eq!(keypoints["timestamp_us"], 1_u64 << 60);
}
