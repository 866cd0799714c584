//! The pipeline measured natively: `cargo xtask bench` runs it, once a round for each subject.
//!
//! Prints one JSON object a line, a [`sample::Sample`]. Rounds, medians and comparison with others are xtask's. Without
//! the feature `inference` there are the kernels alone, for WebAssembly under Node.js.
//!
//! - `kernels`: each kernel on shapes of the models, beside a loop of multiply-adds in registers.
//! - `stages`: decoding, crops, models and what follows them, on the frames of a clip.
//! - `clip`: whole frames on 1 to 4 threads.
#![expect(
    clippy::print_stdout,
    reason = "the samples are what the program is for"
)]

#[cfg(feature = "inference")]
mod clip;
mod kernels;
#[cfg(feature = "inference")]
mod pictures;
mod sample;
#[cfg(feature = "inference")]
mod stages;
mod stopwatch;
#[cfg(feature = "inference")]
mod threads;

#[cfg(feature = "inference")]
use std::num::NonZeroUsize;
#[cfg(feature = "inference")]
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures the pipeline natively, one round a run")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// What cargo adds
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Kernels on shapes of the models
    Kernels,
    /// The stages of a frame
    #[cfg(feature = "inference")]
    Stages(Clip),
    /// Whole frames
    #[cfg(feature = "inference")]
    Clip {
        #[command(flatten)]
        clip: Clip,
        /// Threads that the steps are spread over
        #[arg(long)]
        threads: NonZeroUsize,
        /// Let idle threads begin hands and face before the pose is known
        #[arg(long)]
        early: bool,
    },
}

/// Frames that are shown there and back, so that tracking never jumps.
#[cfg(feature = "inference")]
#[derive(clap::Args)]
struct Clip {
    /// Folder of JPEGs
    #[arg(long, value_name = "FOLDER")]
    clip: PathBuf,
    /// The first so many frames
    #[arg(long)]
    frames: NonZeroUsize,
}

fn main() -> anyhow::Result<()> {
    let samples = match Arguments::parse().command {
        Command::Kernels => kernels::measure(),
        #[cfg(feature = "inference")]
        Command::Stages(clip) => stages::measure(&pictures::read(&clip.clip, clip.frames.get())?)?,
        #[cfg(feature = "inference")]
        Command::Clip {
            clip,
            threads,
            early,
        } => {
            let pictures = pictures::read(&clip.clip, clip.frames.get())?;
            clip::measure(&pictures, threads, early)?
        }
    };
    for sample in samples {
        println!("{}", serde_json::to_string(&sample)?);
    }
    Ok(())
}
