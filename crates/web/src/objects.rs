//! Results and counters as plain JavaScript objects with `Float32Array`s; times in milliseconds.

use js_sys::Float32Array;
use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::{
    ErrorCode, FrameResult, HandSource, Handedness, Landmarks, MissingReason, Step,
};
use wasm_bindgen::JsValue;

use crate::declared::{Maybe, ToJs, object};
use crate::link_state::LinkState;
use crate::stage_times::StageStats;

object! {
    /// Milliseconds spent on a frame, with fractions; 0 for what did not run. Of a relay's binary results only the total is
    /// known; it counts the way there and back.
    pub(crate) struct Timings {
        /// From `push()` to the start of the first step.
        queue: f64,
        /// JPEG or picture to pixels.
        decode: f64,
        /// The body's models.
        pose: f64,
        /// The left hand's models.
        left_hand: f64,
        /// The right hand's models.
        right_hand: f64,
        /// The face's models.
        face: f64,
        /// The detector of palms, of hands that are found without the body.
        palm: f64,
        /// From `push()` to the end of the last step, or to the relay's answer.
        total: f64,
    }

    /// Presence of each part as its model says, 0 to 1; `null` where the model did not run.
    pub(crate) struct Scores {
        /// Of the body.
        pose: Option<f32>,
        /// Of the left hand.
        left_hand: Option<f32>,
        /// Of the right hand.
        right_hand: Option<f32>,
        /// Of the face.
        face: Option<f32>,
    }

    /// Why each absent part is absent.
    pub(crate) struct MissingParts {
        /// Why there is no body.
        pose: Maybe<MissingReason>,
        /// Why there is no left hand.
        left_hand: Maybe<MissingReason>,
        /// Why there is no right hand.
        right_hand: Maybe<MissingReason>,
        /// Why there is no face.
        face: Maybe<MissingReason>,
    }

    /// Where each hand comes from; `null` where it is absent. `body`: from the pose's wrist and fingers, or the frame before where
    /// they agree with it. `tracked`: from the frame before. `palm`: from the detector of palms.
    pub(crate) struct HandSources {
        /// Of the subject's left hand.
        left_hand: Option<HandSource>,
        /// Of the subject's right hand.
        right_hand: Option<HandSource>,
    }

    /// A hand of any side, found without a body.
    pub(crate) struct TrackedHand {
        /// The subject's own side, as the model of hands has it: two hands may both be left ones.
        handedness: Handedness,
        /// How sure the model is of the side, 0.5 to 1.
        score: f32,
        /// 21 × (x, y, z) in the picture.
        points: Float32Array,
        /// 21 × (x, y, z) in metres, origin about the hand's middle.
        world: Float32Array,
    }

    /// Landmarks of one frame, as flat arrays: point i of a hand is at `[3 * i]`, `[3 * i + 1]`, `[3 * i + 2]`.
    ///
    /// x and y are fractions of the picture, 0 to 1 inside it; values outside are kept. z is in picture widths, smaller is
    /// nearer. World landmarks are in metres. Sides are the subject's own. A part that was asked for and is absent is
    /// `null`, one that was not asked for is no key.
    pub(crate) struct Keypoints {
        /// What `push()` returned for the frame.
        index: u64,
        /// Capture time in milliseconds, as given with the frame.
        timestamp_ms: f64,
        /// Width of the picture in pixels, after Exif orientation.
        width: u32,
        /// Height of the picture in pixels, after Exif orientation.
        height: u32,
        /// Body: 33 × (x, y, z, visibility), visibility 0 to 1.
        pose: Maybe<Option<Float32Array>>,
        /// Body: 33 × (x, y, z, visibility) in metres, origin between the hips.
        pose_world: Maybe<Option<Float32Array>>,
        /// The subject's left hand: 21 × (x, y, z).
        left_hand: Maybe<Option<Float32Array>>,
        /// The subject's right hand: 21 × (x, y, z).
        right_hand: Maybe<Option<Float32Array>>,
        /// Left hand in metres: 21 × (x, y, z), where option `handWorld` asks for it.
        left_hand_world: Maybe<Option<Float32Array>>,
        /// Right hand in metres, likewise.
        right_hand_world: Maybe<Option<Float32Array>>,
        /// Where each hand comes from, where option `hands` is `recover`.
        hand_sources: Maybe<HandSources>,
        /// In the graph `landmarkers`, and without `pose`, all hands, those of the frame before first. `leftHand` and
        /// `rightHand` are those of them that are surest of their side.
        hands: Maybe<Vec<TrackedHand>>,
        /// Face mesh: 478 × (x, y, z) with the irises, or 468 as option `face` asks for.
        face: Maybe<Option<Float32Array>>,
        /// How strong 52 expressions of the face are, 0 to 1, where option `blendshapes` asks for it: in the order of
        /// `BLENDSHAPE_NAMES`.
        blendshapes: Maybe<Option<Float32Array>>,
        /// Presence of each part. A relay's binary results say neither scores nor reasons.
        scores: Scores,
        /// Why each absent part is absent.
        missing: MissingParts,
        /// Whether nothing moved, and what was found is repeated from an earlier frame. Only with option `skipStill`.
        still: bool,
        /// Frames since the previous result or frame error that get no message of their own.
        dropped: u64,
        /// Where the time went.
        timings: Timings,
    }

    /// Why one frame has no keypoints.
    pub(crate) struct FailedFrame {
        /// What `push()` returned for the frame.
        index: u64,
        /// Capture time in milliseconds, as given with the frame.
        timestamp_ms: f64,
        /// What went wrong.
        code: ErrorCode,
        /// The same for people.
        message: String,
        /// Frames since the previous result or frame error that get no message of their own.
        dropped: u64,
    }

    /// What one worker does.
    pub(crate) struct WorkerStats {
        /// The steps it is there for: none once another worker has taken them over. One that is idle may run another's,
        /// where it has the models.
        steps: Vec<Step>,
        /// Milliseconds spent on steps so far.
        busy_ms: f64,
        /// Times it died and was replaced.
        replaced: u32,
        /// Bytes of its WebAssembly memory, as of its last step. It grows to what the frames need, and never shrinks.
        memory_bytes: u64,
    }

    /// How the connection to a relay does.
    pub(crate) struct ConnectionStats {
        /// What it is at.
        state: LinkState,
        /// Connections that were lost so far.
        lost: u64,
        /// Bytes of frames that the browser has not sent yet.
        buffered_bytes: u64,
    }

    /// Counters since the stream began, and where the time and the memory went. Frames received = dropped + completed + failed + buffered + inFlight.
    pub(crate) struct Stats {
        /// Frames pushed: stills, failed and dropped ones included.
        received: u64,
        /// Frames that were pushed out of the buffer or thrown away by `reset()`, and results that were never read.
        dropped: u64,
        /// Frames whose keypoints were computed.
        completed: u64,
        /// Frames that showed no motion, with option `skipStill`: their keypoints were repeated.
        still: u64,
        /// Frames that failed, each with an error.
        failed: u64,
        /// Frames that wait.
        buffered: usize,
        /// Frames in work.
        in_flight: usize,
        /// Results that wait to be read by an iterator.
        unread: usize,
        /// One entry a worker; there may be fewer than asked for where the parts give them nothing to do. None for a relay.
        workers: Vec<WorkerStats>,
        /// The connection, where a relay computes.
        connection: Maybe<ConnectionStats>,
        /// How long each stage of a frame took.
        stages: StageStats,
    }
}

/// The words of a type that JavaScript knows by its words.
macro_rules! words {
    ($($Word:ty, $name:literal, $word:expr;)+) => {$(
        impl ToJs for $Word {
            fn to_js(&self) -> JsValue {
                let word: fn(Self) -> &'static str = $word;
                word(*self).into()
            }

            #[cfg(test)]
            fn type_name() -> String {
                $name.to_owned()
            }
        }
    )+};
}
words! {
    MissingReason, "MissingReason", MissingReason::as_str;
    ErrorCode, "ErrorCode", ErrorCode::as_str;
    LinkState, "ConnectionWord", LinkState::as_str;
    Step, "Step", step_word;
    HandSource, "HandSource", HandSource::as_str;
    Handedness, "Handedness", |side| match side {
        Handedness::Left => "Left",
        Handedness::Right => "Right",
    };
}

pub(crate) fn step_word(step: Step) -> &'static str {
    match step {
        Step::Decode => "decode",
        Step::Branch(Branch::Pose) => "pose",
        Step::Branch(Branch::LeftHand) => "leftHand",
        Step::Branch(Branch::RightHand) => "rightHand",
        Step::Branch(Branch::Face) => "face",
        Step::Branch(Branch::Palm) => "palm",
    }
}

/// A frame's result. `timestamp_ms` is the capture time as it was given.
pub(crate) fn result_object(
    result: &FrameResult,
    timestamp_ms: f64,
    has_hand_world: bool,
) -> JsValue {
    let k = match result {
        FrameResult::Keypoints(keypoints) => keypoints,
        FrameResult::Failed(failed) => {
            return FailedFrame {
                index: failed.index,
                timestamp_ms,
                code: failed.error.code,
                message: failed.error.message.clone(),
                dropped: failed.dropped,
            }
            .to_js();
        }
    };
    let has_hands_world = k.parts.hands && has_hand_world;
    let milliseconds = |microseconds: u64| microseconds as f64 / 1000.0;
    Keypoints {
        index: k.index,
        timestamp_ms,
        width: k.width,
        height: k.height,
        pose: points(k.parts.pose, k.pose.as_ref()),
        pose_world: points(k.parts.pose, k.pose_world.as_ref()),
        left_hand: points(k.parts.hands, k.left_hand.as_ref()),
        right_hand: points(k.parts.hands, k.right_hand.as_ref()),
        left_hand_world: points(has_hands_world, k.left_hand_world.as_ref()),
        right_hand_world: points(has_hands_world, k.right_hand_world.as_ref()),
        hand_sources: Maybe(k.hand_sources.map(|sources| HandSources {
            left_hand: sources.left_hand,
            right_hand: sources.right_hand,
        })),
        hands: Maybe(k.hands.as_deref().map(hands)),
        face: flat(k.parts.face, k.face.as_ref().map(|face| face.as_flat())),
        blendshapes: Maybe(k.blendshapes.as_ref().map(|scores| {
            let scores = scores.as_ref();
            scores.map(|scores| Float32Array::from(scores.as_slice()))
        })),
        scores: Scores {
            pose: k.scores.pose,
            left_hand: k.scores.left_hand,
            right_hand: k.scores.right_hand,
            face: k.scores.face,
        },
        missing: MissingParts {
            pose: Maybe(k.missing.pose),
            left_hand: Maybe(k.missing.left_hand),
            right_hand: Maybe(k.missing.right_hand),
            face: Maybe(k.missing.face),
        },
        still: k.still,
        dropped: k.dropped,
        timings: Timings {
            queue: milliseconds(k.timings.queue),
            decode: milliseconds(k.timings.decode),
            pose: milliseconds(k.timings.pose),
            left_hand: milliseconds(k.timings.left_hand),
            right_hand: milliseconds(k.timings.right_hand),
            face: milliseconds(k.timings.face),
            palm: milliseconds(k.timings.palm),
            total: milliseconds(k.timings.total),
        },
    }
    .to_js()
}

/// The points of a part that was asked for.
fn points<const N: usize, const D: usize>(
    is_asked: bool,
    landmarks: Option<&Landmarks<N, D>>,
) -> Maybe<Option<Float32Array>> {
    flat(is_asked, landmarks.map(Landmarks::as_flat))
}

fn flat(is_asked: bool, values: Option<&[f32]>) -> Maybe<Option<Float32Array>> {
    Maybe(is_asked.then(|| values.map(Float32Array::from)))
}

fn hands(hands: &[live_keypoints_pipeline::TrackedHand]) -> Vec<TrackedHand> {
    let hands = hands.iter().map(|hand| TrackedHand {
        handedness: hand.handedness,
        score: hand.score,
        points: hand.points.as_flat().into(),
        world: hand.world.as_flat().into(),
    });
    hands.collect()
}
