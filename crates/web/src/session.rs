//! The page's scheduler: the pipeline's session, with frames and pixels named by their index only.

use js_sys::{Float64Array, Uint8Array};
use live_keypoints_pipeline::branch::{Branch, BranchOutcome};
use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, Outcome, Session, Step, Steps, TaskId, Work,
};
use wasm_bindgen::prelude::*;

use crate::error::{js_error, unreadable};
use crate::options::{self, PageOptions};
use crate::result_object::{object, result_object};

/// The scheduler of one stream. Times are in milliseconds, `nowMs` of any clock the page keeps to.
#[wasm_bindgen(js_name = Session)]
pub struct WebSession {
    session: Session<(), ()>,
    hand_world: HandWorld,
    running: Vec<TaskId>,
}

#[wasm_bindgen(js_class = Session)]
impl WebSession {
    /// Options as a plain object in camelCase; code `invalid-option` names the first that is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<WebSession, JsValue> {
        let PageOptions {
            session,
            hand_world,
        } = options::read(options)?;
        Ok(Self {
            session: Session::new(session).map_err(js_error)?,
            hand_world,
            running: Vec::new(),
        })
    }

    /// Adds a frame: `{ index, evicted }`, the latter the index of the frame that was pushed out, if any.
    #[wasm_bindgen(js_name = addFrame)]
    pub fn add_frame(&mut self, timestamp_ms: f64, now_ms: f64) -> JsValue {
        let added = self
            .session
            .add_frame((), capture_time_us(timestamp_ms), microseconds(now_ms));
        let evicted = added
            .evicted
            .map_or(JsValue::UNDEFINED, |(index, ())| (index as f64).into());
        object(&[("index", (added.index as f64).into()), ("evicted", evicted)])
    }

    /// Adds a stateless picture; code `busy` where there is no room.
    #[wasm_bindgen(js_name = addStill)]
    pub fn add_still(&mut self, now_ms: f64) -> Result<f64, JsValue> {
        let index = self
            .session
            .add_still((), capture_time_us(now_ms), microseconds(now_ms))
            .map_err(js_error)?;
        Ok(index as f64)
    }

    /// The next task among the steps of this bit set: `{ ticket, frame, step, job }`.
    #[wasm_bindgen(js_name = nextTask)]
    pub fn next_task(&mut self, steps: u8, now_ms: f64) -> Result<JsValue, JsValue> {
        let steps = Steps::from_bits(steps);
        let Some(task) = self.session.next_task(steps, microseconds(now_ms)) else {
            return Ok(JsValue::UNDEFINED);
        };
        let job = match &task.work {
            Work::Decode(()) => JsValue::UNDEFINED,
            Work::Branch((), job) => {
                let bytes = postcard::to_allocvec(job).map_err(|_| unreadable("a job"))?;
                Uint8Array::from(&bytes[..]).into()
            }
        };
        self.running.push(task.id);
        Ok(object(&[
            ("ticket", (task.id.ticket as f64).into()),
            ("frame", (task.id.frame as f64).into()),
            ("step", task.id.step.bit().into()),
            ("job", job),
        ]))
    }

    /// A frame was decoded. True if it needs its pixels no more.
    #[wasm_bindgen(js_name = completeDecode)]
    pub fn complete_decode(
        &mut self,
        ticket: f64,
        width: u32,
        height: u32,
        elapsed_us: f64,
        now_ms: f64,
    ) -> bool {
        let size = ImageSize { width, height };
        let decoded = Outcome::Decoded(Decoded { pixels: (), size });
        self.complete(ticket, decoded, elapsed_us, now_ms)
    }

    /// A branch was run; `outcome` is what `Runner.run` gave. True if the frame needs its pixels no more.
    #[wasm_bindgen(js_name = completeBranch)]
    pub fn complete_branch(
        &mut self,
        ticket: f64,
        outcome: &[u8],
        elapsed_us: f64,
        now_ms: f64,
    ) -> Result<bool, JsValue> {
        let outcome: BranchOutcome =
            postcard::from_bytes(outcome).map_err(|_| unreadable("an outcome"))?;
        Ok(self.complete(ticket, Outcome::Branch(outcome), elapsed_us, now_ms))
    }

    /// A task failed. True if the frame needs its pixels no more.
    pub fn fail(&mut self, ticket: f64, code: &str, message: &str, now_ms: f64) -> bool {
        let code = code.parse().unwrap_or(ErrorCode::Internal);
        let error = FrameError::new(code, message);
        self.complete(ticket, Outcome::Failed(error), 0.0, now_ms)
    }

    fn complete(
        &mut self,
        ticket: f64,
        outcome: Outcome<()>,
        elapsed_us: f64,
        now_ms: f64,
    ) -> bool {
        let Some(position) = self
            .running
            .iter()
            .position(|id| id.ticket as f64 == ticket)
        else {
            return false;
        };
        let id = self.running.swap_remove(position);
        self.session
            .complete(id, outcome, elapsed_us as u64, microseconds(now_ms))
    }

    /// The next result: stills as they are done, frames in order.
    #[wasm_bindgen(js_name = nextResult)]
    pub fn next_result(&mut self) -> JsValue {
        let result = self.session.next_result();
        result.map_or(JsValue::UNDEFINED, |result| {
            result_object(&result, self.hand_world)
        })
    }

    /// Starts tracking from scratch and throws the buffered frames away: their indices.
    pub fn reset(&mut self) -> Float64Array {
        let discarded = self.session.reset().discarded;
        let indices: Vec<f64> = discarded.iter().map(|(index, ())| *index as f64).collect();
        Float64Array::from(&indices[..])
    }

    /// Counts: `{ received, dropped, completed, failed, buffered, inFlight, unread }`.
    pub fn stats(&self) -> JsValue {
        let stats = self.session.stats();
        object(&[
            ("received", (stats.received as f64).into()),
            ("dropped", (stats.dropped as f64).into()),
            ("completed", (stats.completed as f64).into()),
            ("failed", (stats.failed as f64).into()),
            ("buffered", (stats.buffered as f64).into()),
            ("inFlight", (stats.in_work as f64).into()),
            ("unread", (stats.unread as f64).into()),
        ])
    }
}

/// Names of the model files that a worker needs which serves these steps; `quality` is `full` or `lite`. Of each branch the
/// largest comes first, so that what loading it leaves free serves the next.
#[wasm_bindgen(js_name = modelsForSteps)]
pub fn models_for_steps(steps: u8, quality: &str) -> Result<Vec<String>, JsValue> {
    let landmarks = match quality {
        "full" | "lite" => quality,
        other => {
            let message = format!("option quality must be \"full\" or \"lite\", not {other:?}");
            return Err(js_error(FrameError::new(ErrorCode::InvalidOption, message)));
        }
    };
    let steps = Steps::from_bits(steps);
    let serves = |branch| steps.contains(Step::Branch(branch));
    let mut names = Vec::new();
    if serves(Branch::Pose) {
        names.push(format!("pose_landmark_{landmarks}"));
        names.push("pose_detection".to_owned());
    }
    if serves(Branch::LeftHand) || serves(Branch::RightHand) {
        names.push(format!("hand_landmark_{landmarks}"));
        names.push("hand_recrop".to_owned());
    }
    if serves(Branch::Face) {
        names.push("face_landmark".to_owned());
        names.push("face_detection_short_range".to_owned());
    }
    Ok(names)
}

/// Whole microseconds of a capture time in milliseconds.
fn capture_time_us(milliseconds: f64) -> i64 {
    (milliseconds * 1000.0).round() as i64
}

/// Whole microseconds of a time in milliseconds; what is negative or no number is 0.
pub(crate) fn microseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1000.0).round() as u64
}
