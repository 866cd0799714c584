//! What recognition costs beside a frame of some 25 ms.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use live_keypoints_pipeline::Options;
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer};
use serde_json::json;

use crate::clips::{files, keypoints};

const ROUNDS: usize = 200;

pub(crate) fn run(clip: &Path) -> Result<()> {
    let frames = keypoints(&files(clip)?, &Options::default())?;
    let original = Manifest::from_json(include_str!("../../signs/original.json"))?;
    for (name, manifest) in [
        ("original", original),
        ("by example", Manifest::by_example()),
    ] {
        let mut recognizer = SignRecognizer::new(manifest);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            for frame in &frames {
                let start = Instant::now();
                recognizer.push(frame);
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        println!(
            "{name}: a frame without an answer {:.2} µs",
            median(&mut times)
        );
    }
    by_examples(&frames)
}

fn by_examples(frames: &[live_keypoints_pipeline::FrameKeypoints]) -> Result<()> {
    let mut recognizer = SignRecognizer::new(Manifest::by_example());
    let window = recognizer.window_of(frames).context("no frames")?;
    for examples in [10, 100, 300] {
        while recognizer.taught().len() < examples {
            let label = json!((recognizer.taught().len() / 3).to_string());
            recognizer.teach(label, &window)?;
        }
        let mut times = Vec::new();
        for _ in 0..20 {
            let start = Instant::now();
            std::hint::black_box(recognizer.taught().run(&window)?);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "an answer by {examples} examples of {} frames: {:.2} ms",
            window.frames,
            median(&mut times)
        );
    }
    Ok(())
}

pub(crate) fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
