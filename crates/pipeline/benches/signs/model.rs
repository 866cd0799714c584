//! A model's time and outputs.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use live_keypoints_pipeline::signs::{Classifier, Manifest, WindowInput};
use serde_json::{Value, json};

use crate::cost::median;

const ROUNDS: usize = 20;

/// Prints a JSON line for the load, and one for each number of frames.
pub(crate) fn run(manifest: &Path, model: &Path, rows: &Path, frames: &[usize]) -> Result<()> {
    let manifest = Manifest::from_json(&fs::read_to_string(manifest)?)?;
    let onnx = fs::read(model)?;
    let start = Instant::now();
    let classifier = Classifier::load(&onnx, &manifest)?;
    println!(
        "{}",
        json!({ "load_ms": start.elapsed().as_secs_f64() * 1e3 })
    );
    let rows: Value = serde_json::from_slice(&fs::read(rows)?)?;
    let values: Vec<f32> = serde_json::from_value(rows["values"].clone())?;
    for frames in frames.iter().copied() {
        let values = values
            .get(..frames * manifest.features_per_frame())
            .context("too few rows")?;
        let window = WindowInput {
            id: 0,
            frames,
            present: frames,
            values: values.to_vec(),
            mirrored: Vec::new(),
            start_us: 0,
            end_us: 0,
        };
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            std::hint::black_box(classifier.outputs(&window)?);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let outputs = classifier.outputs(&window)?;
        println!(
            "{}",
            json!({ "frames": frames, "run_ms": median(&mut times), "outputs": outputs })
        );
    }
    Ok(())
}
