//! What a stream of the page is started with.

use js_sys::Function;
use live_keypoints_pipeline::motion::STILL_THRESHOLD;
use live_keypoints_pipeline::{FacePoints, Graph, Hands, MAX_HANDS, Options, Parts, Quality};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};

use super::assets::AssetOptions;
use super::downloads::{RETRY_MS, SILENCE_MS};
use crate::declared::{Check, options, words};
use crate::error::{in_camel_case, js_error};
use crate::object::property;
use crate::panics::Panics;
use crate::pool::{MAX_WORKERS, Patience};

/// A worker that is silent for longer while it starts has failed, unless the network is busy with other files.
const START_TIMEOUT_MS: f64 = 60_000.0;

options! {
    /// The options of `LiveKeypoints.create` about computing frames. All are optional.
    pub(crate) struct StreamOptions {
        /// Number of Web Workers for the stream, 1 to 4. Results do not depend on it.
        workers: usize = MAX_WORKERS, Check::Whole(1..=MAX_WORKERS as u32);
        /// How to find the parts. `holistic` looks for hands and face near the wrists and head of the pose, as MediaPipe Holistic
        /// does. `landmarkers` finds each part independently, as MediaPipe's PoseLandmarker, HandLandmarker and FaceLandmarker do,
        /// so that hands or a face may fill the picture. Without `pose` in `parts`, `landmarkers` is always used.
        graph: Graph = Graph::Holistic, Check::Word(Some("Graph"), &["holistic", "landmarkers"]);
        /// The parts to report, at least one. Only the models that they need are fetched and run.
        parts: Parts = Parts::ALL, Check::Parts;
        /// Landmark models of body and hands: `full` is more accurate, `lite` takes about two thirds of the time.
        quality: Quality = Options::default().quality, Check::Word(Some("Quality"), &["full", "lite"]);
        /// Number of face points: 478 with the irises, as in MediaPipe Tasks, or 468 from a smaller model, as in the legacy
        /// MediaPipe Holistic.
        face: FacePoints = FacePoints::default(), Check::OneOf(&[468, 478]);
        /// Whether to report 52 facial expressions. Needs `face` among `parts`, with 478 points.
        blendshapes: bool = false, Check::Boolean;
        /// Number of hands to look for, 1 to 4. With `pose` in the graph `holistic` it must be 2, a left and a right one.
        num_hands: usize = Options::default().num_hands, Check::Whole(1..=MAX_HANDS as u32);
        /// Number of frames that may wait before the oldest is dropped, and of results that may wait to be read. 1 keeps the newest
        /// only.
        buffer_size: usize = Options::default().buffer_size, Check::COUNT;
        /// Temporal smoothing of the pose.
        smoothing: bool = Options::default().smoothing, Check::Boolean;
        /// Temporal smoothing of the hands, which MediaPipe does not have. It does not affect tracking.
        hand_smoothing: bool = Options::default().hand_smoothing, Check::Boolean;
        /// Temporal smoothing of the face, which `landmarkers` always has. It does not affect tracking.
        face_smoothing: bool = Options::default().face_smoothing, Check::Boolean;
        /// Whether results have 1 − x instead of x, for a picture that is shown mirrored. Sides stay the subject's own.
        mirrored: bool = Options::default().mirrored, Check::Boolean;
        /// Whether to save power in still scenes: a frame without motion is decoded but not computed, and repeats the last
        /// keypoints, with `still: true`. The first few frames after a motion are still computed. If the face is smaller than about
        /// a third of the picture, a blink does not count as motion.
        skip_still: bool = false, Check::Boolean;
        /// Whether to report hands in metres, too: `leftHandWorld` and `rightHandWorld`.
        hand_world: bool = false, Check::Boolean;
        /// Maximum number of frames in work, 1 to 16.
        max_frames_in_flight: usize = Options::default().max_frames_in_flight, Check::Whole(1..=16);
        /// Minimum score of a detected person, 0 to 1.
        min_pose_detection_confidence: f32 = Options::default().min_pose_detection_confidence, Check::FRACTION;
        /// Minimum presence of a tracked pose, 0 to 1.
        min_pose_presence_confidence: f32 = Options::default().min_pose_presence_confidence, Check::FRACTION;
        /// Minimum presence of a hand, 0 to 1.
        min_hand_landmarks_confidence: f32 = Options::default().min_hand_landmarks_confidence, Check::FRACTION;
        /// Where the graph `holistic` with `pose` looks for hands. `body` looks near the wrists of the pose, as MediaPipe does.
        /// `recover` also looks where the hand was in the frame before and, in at most every third frame, with the palm detector:
        /// for hands without a body, with a hidden wrist, or behind a turned back. `handSources` says how each hand was found.
        hands: Hands = Hands::Body, Check::Word(None, &["body", "recover"]);
        /// Minimum score of a detected palm, 0 to 1, for hands that are found without the body.
        min_palm_detection_confidence: f32 = Options::default().min_palm_detection_confidence, Check::FRACTION;
        /// Minimum score of a detected face, 0 to 1.
        min_face_detection_confidence: f32 = Options::default().min_face_detection_confidence, Check::FRACTION;
        /// Minimum presence of a face, 0 to 1.
        min_face_presence_confidence: f32 = Options::default().min_face_presence_confidence, Check::FRACTION;
        /// `fast` decodes JPEGs at 1/2, 1/4 or 1/8 of their size if the longer side keeps at least 960 pixels. Results have the size
        /// of the whole picture. On the test clip enlarged to 1920 × 1440, points moved on average by 0.04 % of the width (face),
        /// 0.14 % (hand) and 1 % (pose), the same as with a picture of half the size.
        decode: Decode = Decode::Exact, Check::Word(None, &["exact", "fast"]);
        /// Maximum number of pixels (width times height) of a frame. Larger ones fail with `too-many-pixels`.
        max_pixels: u32 = 1 << 24, Check::COUNT;
        /// Whether to keep the package's own models in the browser's Cache Storage, checked by SHA-256, so that they are fetched
        /// once. Only on secure pages (https, localhost).
        cache: bool = true, Check::Boolean;
        /// Milliseconds after which a worker that does not finish a step is replaced.
        worker_timeout_ms: u32 = 10_000, Check::COUNT;
    }
}

/// How exactly a JPEG is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decode {
    /// At its own size.
    Exact,
    /// At a fraction of it where that is large enough.
    Fast,
}
words!(Decode);

impl StreamOptions {
    /// What the pipeline's session is told.
    pub(super) fn session(&self) -> Options {
        Options {
            graph: self.graph,
            parts: self.parts,
            face_points: self.face,
            blendshapes: self.blendshapes,
            num_hands: self.num_hands,
            hands: self.hands,
            min_palm_detection_confidence: self.min_palm_detection_confidence,
            quality: self.quality,
            buffer_size: self.buffer_size,
            smoothing: self.smoothing,
            hand_smoothing: self.hand_smoothing,
            face_smoothing: self.face_smoothing,
            mirrored: self.mirrored,
            skip_still: self.skip_still.then_some(STILL_THRESHOLD),
            max_frames_in_flight: self.max_frames_in_flight,
            max_unread_results: self.buffer_size,
            min_pose_detection_confidence: self.min_pose_detection_confidence,
            min_pose_presence_confidence: self.min_pose_presence_confidence,
            min_hand_landmarks_confidence: self.min_hand_landmarks_confidence,
            min_face_detection_confidence: self.min_face_detection_confidence,
            min_face_presence_confidence: self.min_face_presence_confidence,
        }
    }
}

/// What a stream is started with.
pub(super) struct StartOptions {
    pub(super) stream: StreamOptions,
    /// What the pipeline's session is told.
    pub(super) session: Options,
    pub(super) patience: Patience,
    /// `() => Worker`
    pub(super) create_worker: Function,
    pub(super) assets: Option<AssetOptions>,
    pub(super) panics: Panics,
}

impl StartOptions {
    /// Reads the keys of `StreamOptions` and `{ createWorker, assets, addressOf, onProgress, stillThreshold, guard, onPanic }`.
    pub(super) fn read(object: &JsValue) -> Result<Self, JsValue> {
        let stream = StreamOptions::read(object).map_err(js_error)?;
        stream.check_ranges("").map_err(js_error)?;
        let mut session = stream.session();
        // Signs have their own.
        if let Some(threshold) = property(object, "stillThreshold").as_f64() {
            session.skip_still = session.skip_still.map(|_| threshold as f32);
        }
        session.validate().map_err(|e| js_error(in_camel_case(e)))?;
        let function = |key: &str| property(object, key).dyn_into::<Function>();
        Ok(Self {
            patience: Patience {
                start_ms: START_TIMEOUT_MS,
                step_ms: stream.worker_timeout_ms.into(),
                compile_ms: RETRY_MS,
                compile_retry_ms: SILENCE_MS,
            },
            create_worker: function("createWorker")?,
            assets: Some(AssetOptions {
                given: property(object, "assets"),
                address_of: function("addressOf")?,
                keeps_models: stream.cache,
                session: session.clone(),
                on_progress: function("onProgress").ok(),
            }),
            stream,
            session,
            panics: Panics::read(object)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_those_of_the_pipeline() {
        let holds = |change: &dyn Fn(&mut StreamOptions)| {
            let mut options = StreamOptions::default();
            change(&mut options);
            let declared = options.check_ranges("").is_ok();
            assert_eq!(options.session().validate().is_ok(), declared);
            declared
        };
        for (frames, is_valid) in [(0, false), (1, true), (16, true), (17, false)] {
            assert_eq!(holds(&|it| it.max_frames_in_flight = frames), is_valid);
        }
        for (frames, is_valid) in [(0, false), (1, true)] {
            assert_eq!(holds(&|it| it.buffer_size = frames), is_valid);
        }
        for (score, is_valid) in [
            (-0.1, false),
            (0.0, true),
            (1.0, true),
            (1.1, false),
            (f32::NAN, false),
        ] {
            assert_eq!(
                holds(&|it| it.min_pose_detection_confidence = score),
                is_valid
            );
            assert_eq!(
                holds(&|it| it.min_pose_presence_confidence = score),
                is_valid
            );
            assert_eq!(
                holds(&|it| it.min_hand_landmarks_confidence = score),
                is_valid
            );
            assert_eq!(
                holds(&|it| it.min_face_detection_confidence = score),
                is_valid
            );
            assert_eq!(
                holds(&|it| it.min_face_presence_confidence = score),
                is_valid
            );
        }
    }
}
