//! JPEG decoders on the frames of a folder, in turns: `jpeg-bench FOLDER FRAMES`. `cargo xtask bench --only jpeg` runs
//! it, natively and in WebAssembly.
//!
//! Every frame is decoded to RGB by each decoder before the next frame comes, so that a busy moment falls on all. Prints
//! the median time of a frame by the clock and by the processors of all threads, and by how much the pixels differ from the first decoder's, one JSON object a line.

#[cfg(not(target_os = "wasi"))]
use cpu_time::ProcessTime;
use std::path::{Path, PathBuf};
use std::time::Instant;
/// WASI tells no processor time, and has one thread: the clock's stands in for it.
#[cfg(target_os = "wasi")]
use std::time::Instant as ProcessTime;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

/// Times each frame is decoded; the quickest counts, since what else the machine does only adds.
const TURNS: usize = 5;

struct Decoder {
    name: &'static str,
    decode: fn(&[u8]) -> Result<Vec<u8>>,
}

const DECODERS: &[Decoder] = &[
    Decoder {
        name: "jpeg-decoder",
        decode: by_jpeg_decoder,
    },
    Decoder {
        name: "zune-jpeg",
        decode: by_zune_jpeg,
    },
    #[cfg(feature = "turbo")]
    Decoder {
        name: "libjpeg-turbo",
        decode: by_libjpeg_turbo,
    },
];

fn by_jpeg_decoder(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok(jpeg_decoder::Decoder::new(bytes).decode()?)
}

fn by_zune_jpeg(bytes: &[u8]) -> Result<Vec<u8>> {
    use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode().context("zune-jpeg")
}

#[cfg(feature = "turbo")]
fn by_libjpeg_turbo(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok(turbojpeg::decompress(bytes, turbojpeg::PixelFormat::RGB)?.pixels)
}

#[derive(Serialize)]
struct Sample<'a> {
    suite: &'static str,
    subject: &'a str,
    case: &'a str,
    metric: &'static str,
    value: f64,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: jpeg-bench FOLDER FRAMES";
    let folder = PathBuf::from(arguments.next().context(usage)?);
    let count: usize = arguments.next().context(usage)?.parse().context(usage)?;
    let frames = read(&folder, count)?;
    let case = if cfg!(target_arch = "wasm32") {
        "in WebAssembly"
    } else {
        "natively"
    };
    let mut times = vec![Vec::with_capacity(frames.len()); DECODERS.len()];
    let mut processor_times = times.clone();
    let mut differences = vec![0.0_f64; DECODERS.len()];
    for frame in &frames {
        let mut quickest = vec![f64::INFINITY; DECODERS.len()];
        let mut least = quickest.clone();
        let mut pixels = vec![Vec::new(); DECODERS.len()];
        for _ in 0..TURNS {
            for (number, decoder) in DECODERS.iter().enumerate() {
                let (started, processor) = (Instant::now(), ProcessTime::now());
                let decoded = (decoder.decode)(frame)?;
                quickest[number] = quickest[number].min(started.elapsed().as_secs_f64() * 1e3);
                least[number] = least[number].min(processor.elapsed().as_secs_f64() * 1e3);
                pixels[number] = decoded;
            }
        }
        for number in 0..DECODERS.len() {
            times[number].push(quickest[number]);
            processor_times[number].push(least[number]);
            differences[number] += mean_difference(&pixels[number], &pixels[0])?;
        }
    }
    for (number, decoder) in DECODERS.iter().enumerate() {
        let (wall, processor) = (
            median(&mut times[number]),
            median(&mut processor_times[number]),
        );
        let difference = differences[number] / frames.len() as f64;
        for (metric, value) in [
            ("wall_ms", wall),
            ("cpu_ms", processor),
            ("grey_levels_from_first", difference),
        ] {
            let sample = Sample {
                suite: "jpeg",
                subject: decoder.name,
                case,
                metric,
                value,
            };
            println!("{}", serde_json::to_string(&sample)?);
        }
    }
    Ok(())
}

/// The first `count` JPEGs of a folder by name.
fn read(folder: &Path, count: usize) -> Result<Vec<Vec<u8>>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jpg"));
    paths.sort();
    ensure!(
        count > 0 && paths.len() >= count,
        "{} pictures in {}",
        paths.len(),
        folder.display()
    );
    paths
        .iter()
        .take(count)
        .map(|path| Ok(std::fs::read(path)?))
        .collect()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn mean_difference(a: &[u8], b: &[u8]) -> Result<f64> {
    ensure!(
        a.len() == b.len(),
        "pictures of {} and {} bytes",
        a.len(),
        b.len()
    );
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    Ok(sum as f64 / a.len() as f64)
}
