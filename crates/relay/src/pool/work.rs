//! What a worker does with one task, and what that is reckoned to take.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use live_keypoints_pipeline::picture::{DecodeLimits, estimate_jpeg};
use live_keypoints_pipeline::{ErrorCode, FrameError, Outcome, Work, branch};

use super::fair_queue::Estimate;
use super::{Finished, FrameOutcome, FrameWork, Task, microseconds_since};
use crate::frame::Frame;
use crate::memory::Held;
use crate::model_sets::ModelSets;

/// What a task of a branch is reckoned to take, in microseconds: its models, and for each million pixels the search for
/// a person in all of them.
const BRANCH_US: u64 = 8_000;
const BRANCH_US_A_MEGAPIXEL: u64 = 2_000;
/// Processor time that any decoding may take.
const LEAST_LIMIT: Duration = Duration::from_millis(300);
/// It may take so many times what it is reckoned to take beyond that, for slower machines and odder pictures.
const LIMIT_TO_ESTIMATE: u32 = 4;

/// What a task may use.
pub(super) struct Means<'a> {
    pub(super) held: Option<Held>,
    /// Whether to go on, asked now and then while a picture is decoded.
    pub(super) keep_going: &'a dyn Fn() -> bool,
}

pub(super) fn finish(
    task: Task,
    means: Means<'_>,
    run: &impl Fn(FrameWork, Means<'_>) -> FrameOutcome,
) -> Finished {
    let started = Instant::now();
    // A task owns all it changes and the models hold no state: nothing half-changed outlives a panic.
    let outcome = catch_unwind(AssertUnwindSafe(|| run(task.work, means)))
        .unwrap_or_else(|panic| Outcome::Failed(internal_error(panic.as_ref())));
    Finished {
        id: task.id,
        outcome,
        elapsed_us: microseconds_since(started),
    }
}

/// Does a task's work.
pub(super) fn run(
    models: &ModelSets,
    limits: DecodeLimits,
    work: FrameWork,
    means: Means<'_>,
) -> FrameOutcome {
    match work {
        Work::Decode { frame, wants_grey } => {
            frame.decode_within(limits, wants_grey, means.held, means.keep_going)
        }
        Work::Branch(pixels, job) => match branch::run(models.of_job(&job), &pixels, &job) {
            Ok(outcome) => Outcome::Branch(outcome),
            Err(error) => Outcome::Failed(error.into()),
        },
    }
}

/// What a task will take: processor time and memory, and the most that it may take of the first.
pub(super) fn reckon(work: &FrameWork) -> (Estimate, u64, Duration) {
    let (processor_us, memory_bytes) = match work {
        Work::Branch(pixels, _) => {
            let pixels = pixels.pixels().len() as u64 / 3;
            (BRANCH_US + BRANCH_US_A_MEGAPIXEL * pixels / 1_000_000, 0)
        }
        Work::Decode {
            frame: Frame::Jpeg(bytes),
            ..
        } => {
            let estimate = estimate_jpeg(bytes);
            (estimate.work_ns / 1000, estimate.memory_bytes)
        }
        Work::Decode { .. } => (BRANCH_US, 0),
    };
    let estimate = Estimate {
        is_decoding: matches!(work, Work::Decode { .. }),
        processor_us,
    };
    let limit = LEAST_LIMIT + LIMIT_TO_ESTIMATE * Duration::from_micros(processor_us);
    (estimate, memory_bytes, limit)
}

fn internal_error(panic: &(dyn Any + Send)) -> FrameError {
    let reason = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    FrameError::new(ErrorCode::Internal, format!("the task panicked: {reason}"))
}
