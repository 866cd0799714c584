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
  0  all went well
  1  something failed: a picture (its line says why), the models, the output, the address
  2  the command line is wrong";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the keypoints of pictures or of a video's frames, one JSON object a frame
    Extract(ExtractArgs),
    /// Serve live keypoints over WebSocket at /live-signs, and a page's files, until an interrupt
    Serve(Box<ServeArgs>),
    /// Print what lets a shell complete this command line
    Completions {
        /// The shell that will read it
        shell: Shell,
    },
    /// Print the manual page, for man(1)
    Man {
        /// The command that the page is about; the program itself if not given
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
    /// Frames of one video, tracked and smoothed, or images, each from scratch
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArg,
    #[command(flatten)]
    pub(crate) models: ModelArgs,
    /// How hands and face are found: near the pose, or each by itself, as MediaPipe's landmarkers do [default: holistic, or
    /// what --signs needs]
    #[arg(long, value_enum)]
    graph: Option<GraphArg>,
    /// Points of a face: with the irises 478, or 468 as MediaPipe Holistic of old has them [default: 478, or what --signs
    /// needs]
    #[arg(long, value_enum)]
    face: Option<FaceArg>,
    /// Tell the face's expressions, too, 52 scores. Needs --face 478
    #[arg(long)]
    blendshapes: bool,
    /// Hands to look for, 1 to 4. Other than 2 with --graph landmarkers only
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=MAX_HANDS as i64))]
    num_hands: u8,
    /// How hands are looked for: near the pose's wrists, or where that gives none also where the hand was and by its palm; lines
    /// say which in hand_sources. With --graph holistic only
    #[arg(long, value_enum, default_value_t)]
    hands: HandsArg,
    /// Folder with a manifest signs.json and the model that it names, or examples.json, to recognise signs by: lines
    /// {"type":"sign",…} and {"type":"idle"} follow those of the frames. The parts are those that the manifest needs
    #[arg(long, value_name = "DIR")]
    pub(crate) signs: Option<PathBuf>,
    /// Frames a second: frame number n gets the capture time (n + 1) · floor(10⁶ / fps) µs
    #[arg(long, value_name = "N", default_value = "30")]
    pub(crate) fps: FrameRate,
    /// Leave the pose as the model gives it
    #[arg(long)]
    no_smoothing: bool,
    /// Let a frame without motion repeat the keypoints of an earlier one, which costs its decoding only; its line says
    /// "still":true. With --mode video only
    #[arg(long)]
    pub(crate) skip_still: bool,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: FormatArg,
    /// Threads that compute, 1 to 4; as many as there are cores if not given
    #[arg(long, value_name = "N", value_parser = worker_count)]
    workers: Option<NonZeroUsize>,
    /// Width times height of a picture; a larger one fails. A file may have four bytes for each, and 32 MiB in any case
    /// [default: 33554432]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pixels: Option<u64>,
    /// Where to write, instead of standard output. A file is written beside and takes its place once it is whole
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
    /// Which landmark models: full for accuracy, lite for about two thirds of the work
    #[arg(long, value_enum, default_value_t, env = "LIVE_KEYPOINTS_QUALITY")]
    quality: QualityArg,
    /// Folder with the model files NAME.onnx, instead of those in the program
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
