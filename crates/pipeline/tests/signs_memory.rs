//! What a stream's signs take of memory, counted by the allocator: alone in its program, so that nothing else is counted.

#![cfg(feature = "signs")]

use live_keypoints_pipeline::FrameKeypoints;
use live_keypoints_pipeline::landmarks::HandLandmarks;
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer};
use peak_alloc::PeakAlloc;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const STREAMS: usize = 8;
/// The longest window.
const FRAMES: u64 = 512;

/// Every point of both hands, for windows of 512 frames, of either hand.
const MANIFEST: &str = r#"{
    "version": 1,
    "features": { "parts": [
        { "part": "right_hand", "points": "all", "values": ["x", "y", "z"] },
        { "part": "left_hand", "points": "all", "values": ["x", "y", "z"] }
    ] },
    "window": { "least": 1, "most": 512 },
    "acceptance": { "confidence": 0.8, "history": 100, "agreement": 3 },
    "examples": { "either_hand": true }
}"#;

fn frame(index: u64) -> FrameKeypoints {
    let hand = HandLandmarks::from_fn(|point| [0.02 * point as f32, 0.001 * index as f32, 0.1]);
    FrameKeypoints {
        right_hand: Some(hand),
        ..FrameKeypoints::empty(index, 40_000 * index as i64, [640, 480])
    }
}

#[test]
fn a_stream_takes_no_more_than_it_says_and_shares_what_was_taught() {
    let mut taught = SignRecognizer::new(Manifest::from_json(MANIFEST).unwrap());
    let frames: Vec<_> = (0..FRAMES).map(frame).collect();
    let window = taught.window_of(&frames).unwrap();
    let before_teaching = ALLOCATOR.current_usage();
    for number in 0..600 {
        let label = json!({ "gloss": format!("sign {}", number % 200), "note": "x".repeat(200) });
        taught.teach(label, &window).unwrap();
    }
    let examples = ALLOCATOR.current_usage() - before_teaching;
    let allowed = taught.max_stream_bytes();
    assert!(examples > 2 * allowed, "a copy of {examples} bytes is seen");

    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut stream = taught.clone();
        let mut windows = Vec::new();
        for index in 0..2 * FRAMES {
            stream.push(&frame(index));
            // One is classified, a second waits.
            if index >= FRAMES && windows.len() < 2 {
                let window = stream.take_window().unwrap();
                stream.abandon(window.id);
                windows.push(window);
            }
        }
        streams.push((stream, windows));
    }
    let taken = (ALLOCATOR.peak_usage() - before) / STREAMS;
    println!("{taken} bytes a stream, {allowed} are allowed; the examples take {examples}");
    assert!(taken <= allowed, "{taken} of {allowed} bytes");
    assert!(
        taken > allowed / 2,
        "{taken} of {allowed} bytes: it says too much"
    );
}
