//! The command line, as clap reads it.

mod serve_args;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use live_keypoints_pipeline::motion::STILL_THRESHOLD;
use live_keypoints_pipeline::picture::DecodeLimits;
use live_keypoints_pipeline::signs::Needs;
use live_keypoints_pipeline::{
    FacePoints, Graph, Hands, MAX_HANDS, Options, Quality, SessionError,
};
use live_keypoints_relay::extract::{FrameRate, Mode};
use live_keypoints_relay::model_loading::ModelSource;
use live_keypoints_relay::pool::MAX_WORKERS;

/// Body, hand and face keypoints from video.
#[derive(Debug, Parser)]
#[command(name = "live-keypoints-relay", version, after_help = EXIT_STATUS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(crate) use serve_args::{LogFormatArg, ServeArgs};

const EXIT_STATUS: &str = "\
Exit status:
  0  success
  1  a failure: of a picture (its line says why), a model, the output or the address
  2  an error in the command line";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Extract keypoints from pictures or the frames of a video: one JSON object a frame, or a .pose file
    Extract(ExtractArgs),
    /// Serve live keypoints over a WebSocket at /live-signs, and optionally the files of a page
    Serve(Box<ServeArgs>),
    /// Print a completion script for a shell
    Completions {
        /// Shell to complete in
        shell: Shell,
    },
    /// Print the manual page, for man(1)
    Man {
        /// Command to describe [default: the program itself]
        page: Option<ManPage>,
    },
    /// Print the licences of this program, its models and the libraries in it
    #[command(alias = "licenses")]
    Licences,
}

/// A command that has a manual page of its own.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ManPage {
    Extract,
    Serve,
}

impl ManPage {
    /// The command's name on the command line.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Serve => "serve",
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ExtractArgs {
    /// JPEG or PNG files, folders (their regular files *.jpg, *.jpeg, *.png in bytewise order), or - for concatenated
    /// JPEGs on standard input, as `ffmpeg -f mjpeg -` writes them
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Whether the pictures are frames of one video, tracked and smoothed, or independent images
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArg,
    #[command(flatten)]
    pub(crate) models: ModelArgs,
    /// How to find hands and face: near the pose, or independently, as MediaPipe's landmarkers do [default: holistic, or what
    /// --signs needs]
    #[arg(long, value_enum)]
    graph: Option<GraphArg>,
    /// Number of face points: 478 with the irises, or 468 as in the legacy MediaPipe Holistic [default: 478, or what --signs
    /// needs]
    #[arg(long, value_enum)]
    face: Option<FaceArg>,
    /// Add 52 scores of facial expressions. Needs --face 478
    #[arg(long)]
    blendshapes: bool,
    /// Number of hands to look for, 1 to 4. Values other than 2 need --graph landmarkers
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=MAX_HANDS as i64))]
    num_hands: u8,
    /// Where --graph holistic looks for hands: near the wrists of the pose, or also where the hand was in the frame before and by
    /// its palm. hand_sources then says how each hand was found
    #[arg(long, value_enum, default_value_t)]
    hands: HandsArg,
    /// Folder with the manifest signs.json and its model, or with examples.json. Recognised signs are written as lines
    /// {"type":"sign",…} and {"type":"idle"} after those of their frames. The manifest determines the parts
    #[arg(long, value_name = "DIR")]
    pub(crate) signs: Option<PathBuf>,
    /// Frames a second. Frame n gets the capture time (n + 1) · floor(10⁶ / fps) µs
    #[arg(long, value_name = "N", default_value = "30")]
    pub(crate) fps: FrameRate,
    /// Do not smooth the pose
    #[arg(long)]
    no_smoothing: bool,
    /// Do not compute frames without motion: they repeat the last keypoints, with "still":true. With --mode video only
    #[arg(long)]
    pub(crate) skip_still: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: FormatArg,
    /// Number of threads, 1 to 4 [default: number of cores, up to 4]
    #[arg(long, value_name = "N", value_parser = worker_count)]
    workers: Option<NonZeroUsize>,
    /// Maximum width times height of a picture; larger ones fail. Files may have four bytes a pixel, and always 32 MiB
    /// [default: 33554432]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pixels: Option<u64>,
    /// Output file, instead of standard output. It appears once it is complete
    #[arg(short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl ExtractArgs {
    pub(crate) fn mode(&self) -> Mode {
        match self.mode {
            ModeArg::Video => Mode::Video,
            ModeArg::Image => Mode::Image,
        }
    }

    /// The options of the session; `needs` are those of the manifest of signs, if there is one.
    ///
    /// # Errors
    /// An option outside its range, or one that contradicts another or the manifest.
    pub(crate) fn options(&self, needs: Option<Needs>) -> Result<Options, SessionError> {
        let default =
            needs.map_or_else(Options::default, |needs| needs.options(Options::default()));
        let options = Options {
            graph: self.graph.map_or(default.graph, Into::into),
            quality: self.models.quality(),
            face_points: self.face.map_or(default.face_points, Into::into),
            blendshapes: self.blendshapes,
            num_hands: self.num_hands.into(),
            hands: match self.hands {
                HandsArg::Body => Hands::Body,
                HandsArg::Recover => Hands::Recover,
            },
            smoothing: !self.no_smoothing,
            skip_still: default
                .skip_still
                .or_else(|| self.skip_still.then_some(STILL_THRESHOLD)),
            ..default
        };
        options.validate()?;
        if let Some(needs) = needs {
            self.check_against(needs, &options)?;
        }
        Ok(options)
    }

    /// What was asked for beside `--signs` must not be another thing than its manifest says.
    fn check_against(&self, needs: Needs, options: &Options) -> Result<(), SessionError> {
        let invalid = |option, expected, value: &str| {
            let value = value.to_owned();
            Err(SessionError::InvalidOption {
                option,
                expected,
                value,
            })
        };
        match (needs.graph, options.graph) {
            (Graph::Holistic, Graph::Landmarkers) => {
                return invalid("graph", "holistic, as --signs needs it", "landmarkers");
            }
            (Graph::Landmarkers, Graph::Holistic) => {
                return invalid("graph", "landmarkers, as --signs needs it", "holistic");
            }
            _ => {}
        }
        match (needs.face_points, options.face_points) {
            (FacePoints::Mesh468, FacePoints::WithIrises478) => {
                return invalid("face", "468, as --signs needs it", "478");
            }
            (FacePoints::WithIrises478, FacePoints::Mesh468) => {
                return invalid("face", "478, as --signs needs it", "468");
            }
            _ => {}
        }
        if self.format == FormatArg::Pose {
            return invalid("format", "jsonl where there are --signs", "pose");
        }
        if self.mode() == Mode::Image {
            return invalid("mode", "video where there are --signs", "image");
        }
        Ok(())
    }

    pub(crate) fn workers(&self) -> NonZeroUsize {
        self.workers
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }

    pub(crate) fn limits(&self) -> DecodeLimits {
        let default = DecodeLimits::default();
        self.max_pixels.map_or(default, |max_pixels| DecodeLimits {
            max_pixels,
            max_bytes: usize::try_from(max_pixels.saturating_mul(4))
                .unwrap_or(usize::MAX - 1)
                .max(default.max_bytes),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Landmark models: full is more accurate, lite takes about two thirds of the time
    #[arg(long, value_enum, default_value_t, env = "LIVE_KEYPOINTS_QUALITY")]
    quality: QualityArg,
    /// Folder with model files NAME.onnx, instead of the built-in ones
    #[arg(long, value_name = "DIR", env = "LIVE_KEYPOINTS_MODELS")]
    models: Option<PathBuf>,
}

impl ModelArgs {
    pub(crate) fn quality(&self) -> Quality {
        match self.quality {
            QualityArg::Full => Quality::Full,
            QualityArg::Lite => Quality::Lite,
        }
    }

    pub(crate) fn source(&self) -> ModelSource {
        self.models
            .clone()
            .map_or(ModelSource::Embedded, ModelSource::Folder)
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ModeArg {
    #[default]
    Video,
    Image,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum GraphArg {
    Holistic,
    Landmarkers,
}

impl From<GraphArg> for Graph {
    fn from(graph: GraphArg) -> Self {
        match graph {
            GraphArg::Holistic => Self::Holistic,
            GraphArg::Landmarkers => Self::Landmarkers,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum HandsArg {
    #[default]
    Body,
    Recover,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FaceArg {
    #[value(name = "468")]
    Mesh468,
    #[value(name = "478")]
    WithIrises478,
}

impl From<FaceArg> for FacePoints {
    fn from(face: FaceArg) -> Self {
        match face {
            FaceArg::Mesh468 => Self::Mesh468,
            FaceArg::WithIrises478 => Self::WithIrises478,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum QualityArg {
    #[default]
    Full,
    Lite,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// One JSON object a frame
    #[default]
    Jsonl,
    /// A file for Python's pose-format, as its load_holistic makes it. All hands and expressions are not in it
    Pose,
}

fn worker_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .ok()
        .filter(|count: &NonZeroUsize| count.get() <= MAX_WORKERS)
        .ok_or_else(|| format!("a number from 1 to {MAX_WORKERS}"))
}
