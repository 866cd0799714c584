//! How well and how fast signs are recognised. Run by hand: `cargo bench -p live-keypoints-pipeline --features signs-model
//! --bench signs -- letters FOLDER`, and so on. Prints one line a figure.
//!
//! - `letters`: real letters of the fingerspelling lexicon in PyPI's spoken-to-signed, one language left out. FOLDER is its
//!   `spoken_to_signed/assets/fingerspelling_lexicon`.
//! - `clips`: windows of clips and their copies, one copy left out; nothing must be seen on stills.
//! - `cost`: time of a frame without an answer, and of an answer by examples.
//! - `model`: time and outputs of a model, with a manifest, on rows.
#![expect(clippy::print_stdout, reason = "figures are what the program is for")]

mod clips;
mod cost;
mod letters;
mod model;
mod pose_file;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures the recognition of signs")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// What cargo adds
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Real letters by example, one language left out
    Letters {
        /// With index.csv and the .pose files that it names
        folder: PathBuf,
    },
    /// Windows of clips by example, one copy left out
    Clips {
        /// Folders of numbered JPEGs
        #[arg(required = true)]
        clips: Vec<PathBuf>,
        /// JPEGs on which nothing must be seen
        #[arg(long, num_args = 1..)]
        stills: Vec<PathBuf>,
    },
    /// Times on the frames of a clip
    Cost {
        /// A folder of numbered JPEGs
        clip: PathBuf,
    },
    /// A model's outputs for rows
    Model {
        /// The manifest
        manifest: PathBuf,
        /// The model
        model: PathBuf,
        /// JSON with "values": the rows' numbers
        rows: PathBuf,
        /// Frames of each run
        #[arg(required = true)]
        frames: Vec<usize>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Letters { folder } => letters::run(&folder),
        Command::Clips { clips, stills } => clips::run(&clips, &stills),
        Command::Cost { clip } => cost::run(&clip),
        Command::Model {
            manifest,
            model,
            rows,
            frames,
        } => model::run(&manifest, &model, &rows, &frames),
    }
}
