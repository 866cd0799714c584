//! The relay's results are those of `extract`, bit for bit.

use std::num::NonZeroUsize;
use std::sync::Arc;

use live_keypoints_pipeline::picture::DecodeLimits;
use live_keypoints_pipeline::{Graph, Options};
use live_keypoints_relay::extract::{ExtractConfig, JsonLines, extract};
use live_keypoints_relay::frame::Frame;
use live_keypoints_relay::live::Limits;
use live_keypoints_relay::pool::WorkerPool;
use serde_json::Value;

use crate::support::{SOON, Server, assert_accounted, clip_frame, config, config_with, framed};

const FRAMES: usize = 43;

/// What `extract` says of the clip at 30 frames a second.
fn extracted(options: Options) -> Vec<Value> {
    let models = Arc::clone(&config().models);
    let workers = NonZeroUsize::new(2).unwrap();
    let pool = WorkerPool::start(models, DecodeLimits::default(), workers, u64::MAX).unwrap();
    let frames = (0..FRAMES).map(|number| Frame::from_file_bytes(clip_frame(number)));
    let mut lines = JsonLines(Vec::new());
    let config = ExtractConfig {
        options,
        ..ExtractConfig::default()
    };
    extract(&pool, frames, &config, &mut lines, &mut || {}).unwrap();
    let text = String::from_utf8(lines.0).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn framed_clip_frame(number: usize) -> Vec<u8> {
    let id = u32::try_from(number).unwrap();
    framed(id, (number as i64 + 1) * 33_333, 0, &clip_frame(number))
}

/// Every field of a line has the same value in the message.
fn assert_same(message: &Value, line: &Value) {
    for (name, value) in line.as_object().unwrap() {
        assert_eq!(&message[name], value, "{name} of {}", line["index"]);
    }
    assert_eq!(message["frame_id"], line["index"]);
}

#[tokio::test]
async fn results_equal_those_of_extract() {
    let extracted = || extracted(Options::default());
    let lines = tokio::task::spawn_blocking(extracted).await.unwrap();
    // However slow the machine, what is received is answered.
    let server = Server::start(config_with(Limits {
        drain: SOON,
        ..Limits::default()
    }))
    .await;
    let mut client = server.welcomed().await;
    for (number, line) in lines.iter().enumerate() {
        client.send_frame(framed_clip_frame(number)).await;
        assert_same(&client.json().await, line);
    }
    // All at once: results may be replaced by newer ones, and those that come are the same.
    let mut client = server.welcomed().await;
    for number in 0..FRAMES {
        client.send_frame(framed_clip_frame(number)).await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(FRAMES as u64, &answers, &stats);
    assert_eq!(stats["left_over"], 0);
    for answer in &answers {
        let index = usize::try_from(answer["index"].as_u64().unwrap()).unwrap();
        assert_same(answer, &lines[index]);
    }
    assert_eq!(answers.last().unwrap()["index"], FRAMES - 1);
}

#[tokio::test]
async fn so_they_do_with_the_landmarkers() {
    let options = Options {
        graph: Graph::Landmarkers,
        blendshapes: true,
        num_hands: 3,
        ..Options::default()
    };
    let lines = tokio::task::spawn_blocking(|| extracted(options));
    let lines = lines.await.unwrap();
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let configure =
        r#"{"type":"configure","graph":"landmarkers","blendshapes":true,"num_hands":3}"#;
    client.send_text(configure).await;
    assert_eq!(client.json().await["type"], "configured");
    for (number, line) in lines.iter().enumerate() {
        client.send_frame(framed_clip_frame(number)).await;
        assert_same(&client.json().await, line);
    }
}
