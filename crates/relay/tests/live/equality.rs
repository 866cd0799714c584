//! The relay's results are those of `extract`, bit for bit.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jpeg_encoder::{ColorType, Encoder};
use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg};
use live_keypoints_pipeline::{Graph, Hands, Options};
use live_keypoints_relay::extract::{ExtractConfig, JsonLines, extract};
use live_keypoints_relay::frame::Frame;
use live_keypoints_relay::live::Limits;
use live_keypoints_relay::pool::WorkerPool;
use serde_json::Value;

use crate::support::{SOON, Server, assert_accounted, clip_frame, config, config_with, framed};

const FRAMES: usize = 43;

fn clip() -> Vec<Vec<u8>> {
    (0..FRAMES).map(clip_frame).collect()
}

/// The hand of the clip so near that next to nothing of the body is in the picture.
fn close_ups() -> Vec<Vec<u8>> {
    const SIDE: usize = 120;
    const CORNER: [usize; 2] = [190, 80];
    let close_up = |number| {
        let whole = decode_jpeg(&clip_frame(number), DecodeLimits::default()).unwrap();
        let rows = whole.pixels().chunks(3 * whole.width() as usize);
        let pixels: Vec<u8> = rows
            .skip(CORNER[1])
            .take(SIDE)
            .flat_map(|row| &row[3 * CORNER[0]..][..3 * SIDE])
            .copied()
            .collect();
        let mut jpeg = Vec::new();
        Encoder::new(&mut jpeg, 100)
            .encode(&pixels, SIDE as u16, SIDE as u16, ColorType::Rgb)
            .unwrap();
        jpeg
    };
    (6..18).map(close_up).collect()
}

/// What `extract` says of these pictures at 30 frames a second.
async fn extracted(options: Options, pictures: Vec<Vec<u8>>) -> Vec<Value> {
    let extracted = move || {
        let models = Arc::clone(&config().models);
        let workers = NonZeroUsize::new(2).unwrap();
        let pool = WorkerPool::start(models, DecodeLimits::default(), workers, u64::MAX).unwrap();
        let frames = pictures.into_iter().map(Frame::from_file_bytes);
        let mut lines = JsonLines(Vec::new());
        let config = ExtractConfig {
            options,
            ..ExtractConfig::default()
        };
        extract(&pool, frames, &config, &mut lines, &mut || {}).unwrap();
        String::from_utf8(lines.0).unwrap()
    };
    let text = tokio::task::spawn_blocking(extracted).await.unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn framed_picture(number: usize, jpeg: &[u8]) -> Vec<u8> {
    let id = u32::try_from(number).unwrap();
    framed(id, (number as i64 + 1) * 33_333, 0, jpeg)
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
    let lines = extracted(Options::default(), clip()).await;
    // However slow the machine, what is received is answered.
    let server = Server::start(config_with(Limits {
        drain: SOON,
        ..Limits::default()
    }))
    .await;
    let mut client = server.welcomed().await;
    for (number, line) in lines.iter().enumerate() {
        client
            .send_frame(framed_picture(number, &clip_frame(number)))
            .await;
        assert_same(&client.json().await, line);
    }
    // All at once: results may be replaced by newer ones, and those that come are the same.
    let mut client = server.welcomed().await;
    for number in 0..FRAMES {
        client
            .send_frame(framed_picture(number, &clip_frame(number)))
            .await;
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
    let fields = r#""graph":"landmarkers","face":478,"blendshapes":true,"num_hands":3"#;
    assert_results_are_extracted_ones(options, fields, clip()).await;
}

#[tokio::test]
async fn so_they_do_where_hands_are_recovered() {
    let options = Options {
        hands: Hands::Recover,
        ..Options::default()
    };
    let lines =
        assert_results_are_extracted_ones(options, r#""hands":"recover""#, close_ups()).await;
    let sources: Vec<_> = lines
        .iter()
        .map(|line| &line["hand_sources"]["left_hand"])
        .collect();
    assert_eq!(sources[0], "palm");
    assert!(
        sources[1..].iter().all(|source| *source == "tracked"),
        "{sources:?}"
    );
}

/// Gives the lines of `extract`.
async fn assert_results_are_extracted_ones(
    options: Options,
    fields: &str,
    pictures: Vec<Vec<u8>>,
) -> Vec<Value> {
    let lines = extracted(options, pictures.clone()).await;
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    client
        .send_text(&format!(r#"{{"type":"configure",{fields}}}"#))
        .await;
    assert_eq!(client.json().await["type"], "configured");
    for (number, (line, jpeg)) in lines.iter().zip(&pictures).enumerate() {
        client.send_frame(framed_picture(number, jpeg)).await;
        assert_same(&client.json().await, line);
    }
    assert_eq!(lines.len(), pictures.len());
    lines
}
