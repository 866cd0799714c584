//! Body, hand and face keypoints from video frames, with the MediaPipe Holistic models: pure and synchronous.
//!
//! Frames go into a [`Session`], which says what to do next; an executor does it, decoding with `picture::decode_jpeg`
//! and running models with `branch::run`, and hands the outcome back; [`FrameKeypoints`] come out in frame order. There
//! is no clock, thread, socket or file in here, so that a browser and a server run the very same code.
//!
//! # Example
//!
//! Keypoints of one picture, on this thread:
//!
//! ```no_run
//! use live_keypoints_pipeline::inference::Models;
//! use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg};
//! use live_keypoints_pipeline::{FrameResult, InlineExecutor, Options, Quality, Session};
//!
//! let models = Models::embedded(Quality::Full)?;
//! let mut session = Session::new(Options::default())?;
//! session.add_still(std::fs::read("person.jpg")?, 0, 0)?;
//! InlineExecutor::new(&models, DecodeLimits::default()).run_until_idle(&mut session);
//! if let Some(FrameResult::Keypoints(keypoints)) = session.next_result() {
//!     println!("the nose is at {:?}", keypoints.pose.map(|pose| pose[0]));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Spaces
//!
//! | space | unit | where |
//! |---|---|---|
//! | image | fraction of the picture's width and height, y down | [`rect::NormalizedRect`], all landmarks |
//! | pixels | pixels of the picture after Exif orientation | [`rect::ImageSize`], filters, `crop::PixelRoi` |
//! | region (roi) | fraction of a rotated region's sides | [`rect::NormalizedRect::image_from_roi`] |
//! | input | fraction of a model's square input, padding included | `crop::Letterbox::roi_from_input` |
//! | world | metres, origin mid-hips (pose) or the hand's own | [`FrameKeypoints::pose_world`] |
//!
//! Rotations are in radians, positive is clockwise on the screen.
//!
//! # Features
//!
//! - `inference` (default): decoding and models. Without it the crate is small: session, results, formats.
//! - `pictures` (with `inference`): decoding alone.
//! - `embedded-models` (default): the model files in the binary, `Models::embedded`.
//! - `signs` (default): signs from keypoints, taught by example.
//! - `signs-model`: signs by an ONNX model of any operators.
//!
//! Facts about the models are cited as HOLISTIC_SPEC with a section; the sections are listed in `ARCHITECTURE.md` with
//! MediaPipe's own files, which they describe.

pub mod branch;
#[cfg(any(feature = "inference", test))]
pub mod crop;
pub mod detector;
pub mod error;
pub mod format;
mod frame_buffer;
#[cfg(any(feature = "inference", feature = "kernel-bench", test))]
pub mod inference;
#[cfg(feature = "inference")]
mod inline_executor;
pub mod keypoints;
pub mod landmarks;
pub mod motion;
pub mod numeric;
pub mod options;
pub mod picture;
pub mod rect;
pub mod roi;
mod session;
#[cfg(feature = "signs")]
pub mod signs;
pub mod smoothing;
pub mod topology;
pub mod tracking;

pub use error::{ErrorCode, FrameError, ModelError, PictureError, SessionError};
pub use frame_buffer::FrameBuffer;
#[cfg(feature = "inference")]
pub use inline_executor::{InlineExecutor, decode};
pub use keypoints::{
    FailedFrame, FrameKeypoints, FrameResult, HandSource, HandSources, Handedness, MissingParts,
    MissingReason, Scores, Timings, TrackedHand,
};
pub use landmarks::{
    Blendshapes, FaceLandmarks, HandLandmarks, HandWorldLandmarks, Landmarks, PoseLandmarks,
    PoseWorldLandmarks,
};
pub use options::{FacePoints, Graph, Hands, MAX_HANDS, Options, Parts, Quality};
pub use session::{
    Admission, Boundary, Decoded, MAX_STILLS, Outcome, Session, Stats, Step, Steps, Task, TaskId,
    Work,
};
