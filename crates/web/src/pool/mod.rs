//! The workers of one stream and what they do, without any of the browser's: which is idle, starting or dead, who holds
//! whose pixels, what starts next.
//!
//! [`Pool`] drives the pipeline's session. What happens comes in by its methods; what is to be done is asked of
//! `poll_command`, `poll_event` and `next_result` until they give nothing. It has no clock and no timers: every method takes
//! the time, and `next_deadline_ms` says when `timeout` wants to be called.
//!
//! - `layout`: which worker serves which steps; `place`: one worker after the other in one place.
//! - `later`: models that need not be there at the start.
//! - `start`: from a worker's script to its last model; `losses`: what becomes of one that dies.
//! - `dispatch`: the next step for a worker; `step_times`: how long steps take; `holdings`: whose pixels are where.

mod deadline;
mod dispatch;
mod holdings;
mod later;
mod layout;
mod losses;
mod place;
mod start;
mod step_times;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::rc::Rc;

use live_keypoints_pipeline::branch::{Branch, BranchJob, BranchOutcome};
use live_keypoints_pipeline::motion::SmallGrey;
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameResult, Options, Outcome, Session, SessionError, Stats,
    Step, Steps,
};

pub(crate) use deadline::Deadline;
use holdings::{FramePixels, Holdings};
use later::Later;
pub(crate) use layout::{MAX_WORKERS, Served};
use place::{Place, State};
pub(crate) use start::version_mismatch;
use step_times::StepTimes;

use crate::worker_id::WorkerId;

/// What is to be done.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: a face's job is rarely worth an allocation for every step"
)]
pub(crate) enum Command<F> {
    /// Make a worker; the one before it in this place is ended.
    Spawn { worker: WorkerId },
    /// Have it compile the module for all, once past the HTTP cache.
    Compile { worker: WorkerId, is_retry: bool },
    /// Send it the module and the models of these steps, then call `assets_sent`.
    Init { worker: WorkerId, steps: Steps },
    /// Send it the models of these steps as well, then call `adopted`.
    Adopt {
        worker: WorkerId,
        steps: Steps,
        served: Steps,
        lost: usize,
    },
    /// Have it read a frame's pixels, and send them to these other workers.
    Decode {
        worker: WorkerId,
        ticket: u64,
        index: u64,
        frame: F,
        copies: Vec<WorkerId>,
        /// Whether the picture is also wanted in small.
        wants_grey: bool,
        released: Vec<u64>,
    },
    /// Have it run a branch; the worker `pixels_from` is to send it the frame's pixels.
    Run {
        worker: WorkerId,
        ticket: u64,
        index: u64,
        job: BranchJob,
        pixels_from: Option<WorkerId>,
        released: Vec<u64>,
    },
    /// Tell it that pixels which it waits for will not come.
    PixelsLost { worker: WorkerId, index: u64 },
    /// End the worker in this place.
    End { place: usize },
}

/// What the pool's owner is told.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// All workers have started.
    Ready,
    /// The stream cannot start, or cannot go on. `is_silence`: a worker's script may still be on its way.
    Fatal { error: FrameError, is_silence: bool },
}

/// What a step has come to.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: a face's outcome is rarely worth an allocation for every step"
)]
pub(crate) enum Answer {
    /// The picture's size; its pixels may be fewer.
    Decoded {
        size: ImageSize,
        /// The picture in small, where it is wanted.
        grey: Option<SmallGrey>,
        elapsed_us: u64,
    },
    Outcome {
        outcome: BranchOutcome,
        elapsed_us: u64,
    },
    /// This step failed; the worker goes on.
    Failed(FrameError),
}

/// How long workers may be silent, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// While they start, unless the network is busy with other files.
    pub(crate) start_ms: f64,
    /// On one step.
    pub(crate) step_ms: f64,
    /// While one compiles the module as it downloads, before it is asked for past the HTTP cache.
    pub(crate) compile_ms: f64,
    /// And from then on.
    pub(crate) compile_retry_ms: f64,
}

/// What one worker does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WorkerStats {
    /// What it is there for: each step is one worker's, whoever else can take it.
    pub(crate) steps: Steps,
    pub(crate) busy_ms: f64,
    pub(crate) replaced: u32,
    pub(crate) memory_bytes: u64,
}

/// The workers of one stream, and its frames of type `F`.
pub(crate) struct Pool<F> {
    session: Session<F, Rc<FramePixels>>,
    places: Vec<Place>,
    later: Option<Later>,
    holdings: Rc<Holdings>,
    step_times: StepTimes,
    patience: Patience,
    /// How many workers the machine can run at once.
    cores: usize,
    /// By index, capture times as they were given, in milliseconds; the session's are whole microseconds.
    timestamps_ms: VecDeque<(u64, f64)>,
    commands: VecDeque<Command<F>>,
    events: VecDeque<Event>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Some worker is missing for the first time.
    Starting {
        is_compiled: bool,
    },
    Working,
    Closed,
}

impl<F> Pool<F> {
    /// A pool of so many workers at most, on so many cores; commands to make them wait.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub(crate) fn new(
        options: Options,
        workers: usize,
        cores: usize,
        patience: Patience,
        now_ms: f64,
    ) -> Result<Self, SessionError> {
        let layout = layout::layout(workers, &options);
        let places = layout.iter().enumerate();
        let mut pool = Self {
            session: Session::new(options)?,
            places: places
                .map(|(number, served)| Place::new(number, served.first, patience.step_ms))
                .collect(),
            later: Later::of(&layout),
            holdings: Rc::default(),
            step_times: StepTimes::default(),
            patience,
            cores,
            timestamps_ms: VecDeque::new(),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            phase: Phase::Starting { is_compiled: false },
        };
        for place in 0..pool.places.len() {
            pool.spawn(place, now_ms);
        }
        Ok(pool)
    }

    /// What each worker serves, before any of them has started.
    pub(crate) fn layout(&self) -> impl Iterator<Item = Served> {
        let later = |number| {
            self.later
                .as_ref()
                .map_or(Steps::NONE, |l| l.of_place(number))
        };
        let places = self.places.iter().enumerate();
        places.map(move |(number, place)| Served {
            first: place.steps,
            later: later(number),
        })
    }

    /// Whether the worker has the last place. If there are several workers, it is not the one that finds the pose.
    pub(crate) fn is_last(&self, worker: WorkerId) -> bool {
        worker.place + 1 == self.places.len()
    }

    /// Takes a frame of the stream; a full buffer drops its oldest. Returns the frame's index.
    pub(crate) fn add_frame(&mut self, frame: F, timestamp_ms: f64, now_ms: f64) -> u64 {
        let timestamp_us = (timestamp_ms * 1000.0).round() as i64;
        let added = self.session.add_frame(frame, timestamp_us, micros(now_ms));
        self.timestamps_ms.push_back((added.index, timestamp_ms));
        if let Some((index, _frame)) = added.evicted {
            self.take_timestamp(index);
        }
        added.index
    }

    /// Takes a stateless picture.
    ///
    /// # Errors
    /// [`SessionError::Busy`] where there is no room.
    pub(crate) fn add_still(&mut self, frame: F, now_ms: f64) -> Result<u64, SessionError> {
        let timestamp_us = (now_ms * 1000.0).round() as i64;
        let index = self
            .session
            .add_still(frame, timestamp_us, micros(now_ms))?;
        self.timestamps_ms.push_back((index, now_ms));
        Ok(index)
    }

    /// Whether there is room for a stateless picture.
    pub(crate) fn has_room_for_still(&self) -> Result<(), SessionError> {
        self.session.check_room_for_still()
    }

    /// Throws away the waiting frames and the tracking state.
    pub(crate) fn reset(&mut self) {
        for (index, _frame) in self.session.reset().discarded {
            self.take_timestamp(index);
        }
    }

    /// The next result and its capture time as it was given: stills as they are done, frames in order.
    pub(crate) fn next_result(&mut self) -> Option<(FrameResult, f64)> {
        let result = self.session.next_result()?;
        let given = self.take_timestamp(result.index());
        let timestamp_ms = given.unwrap_or(result.timestamp_us() as f64 / 1000.0);
        Some((result, timestamp_ms))
    }

    fn take_timestamp(&mut self, index: u64) -> Option<f64> {
        let timestamps = &mut self.timestamps_ms;
        let found = timestamps.binary_search_by_key(&index, |(index, _)| *index);
        let (_, timestamp_ms) = timestamps.remove(found.ok()?)?;
        Some(timestamp_ms)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.session.stats()
    }

    pub(crate) fn worker_stats(&self) -> impl Iterator<Item = WorkerStats> {
        self.places.iter().map(|place| WorkerStats {
            steps: place
                .steps
                .iter()
                .filter(|step| self.is_there_for(place, *step))
                .collect(),
            busy_ms: place.busy_ms,
            replaced: place.replaced,
            memory_bytes: place.memory_bytes,
        })
    }

    /// Of several workers that serve a step, one is there for it: for reading pixels who runs the pose, for the right hand
    /// the last, else the first.
    fn is_there_for(&self, place: &Place, step: Step) -> bool {
        let mut serving = self.places.iter().filter(|other| match step {
            Step::Decode => other.steps.contains(Step::Branch(Branch::Pose)),
            _ => other.steps.contains(step),
        });
        let meant = match step {
            Step::Branch(Branch::RightHand) => serving.next_back(),
            _ => serving.next(),
        };
        meant.is_none_or(|meant| meant.worker().place == place.worker().place)
    }

    /// A worker's step is over. What an earlier worker of its place says, or one that was not given the step, is ignored.
    pub(crate) fn answered(
        &mut self,
        worker: WorkerId,
        ticket: u64,
        answer: Answer,
        memory_bytes: Option<u64>,
        now_ms: f64,
    ) {
        let Some(place) = self.current(worker) else {
            return;
        };
        if let Some(bytes) = memory_bytes {
            place.memory_bytes = bytes;
        }
        let Some(step) = place.finish(ticket, now_ms) else {
            return;
        };
        let (outcome, elapsed_us) = match answer {
            Answer::Decoded {
                size,
                grey,
                elapsed_us,
            } => {
                self.holdings.add(worker.place, step.id.frame);
                for copy in &step.copies {
                    if self.current(*copy).is_some() {
                        self.holdings.add(copy.place, step.id.frame);
                    }
                }
                let pixels = Rc::new(FramePixels::new(step.id.frame, &self.holdings));
                let decoded = Decoded { pixels, size, grey };
                (Outcome::Decoded(decoded), elapsed_us)
            }
            Answer::Outcome {
                outcome,
                elapsed_us,
            } => (Outcome::Branch(outcome), elapsed_us),
            Answer::Failed(error) => (Outcome::Failed(error), 0),
        };
        if !matches!(outcome, Outcome::Failed(_)) {
            self.step_times
                .note(step.id.step, step.is_early, elapsed_us);
        }
        let now_us = micros(now_ms);
        self.session.complete(step.id, outcome, elapsed_us, now_us);
    }

    /// Calls `timeout` for, at the latest.
    pub(crate) fn next_deadline_ms(&self) -> Option<f64> {
        let deadlines = self.places.iter().flat_map(|place| {
            let retry = place.loss.as_ref().and_then(|loss| loss.retry_at_ms);
            [place.deadline.as_ref().map(Deadline::next_ms), retry]
        });
        let later = self.later.as_ref().and_then(Later::at_ms);
        deadlines.flatten().chain(later).min_by(f64::total_cmp)
    }

    /// Ends all workers, and lets every frame go.
    pub(crate) fn close(&mut self) {
        if self.phase == Phase::Closed {
            return;
        }
        self.phase = Phase::Closed;
        self.commands.clear();
        // Lets every frame go. The options were taken before.
        if let Ok(empty) = Session::new(self.session.options().clone()) {
            self.session = empty;
        }
        self.timestamps_ms.clear();
        self.later = None;
        for (number, place) in self.places.iter_mut().enumerate() {
            place.deadline = None;
            place.loss = None;
            place.state = State::Closed;
            self.commands.push_back(Command::End { place: number });
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn poll_command(&mut self, now_ms: f64) -> Option<Command<F>> {
        if let Some(command) = self.commands.pop_front() {
            return Some(command);
        }
        if self.phase == Phase::Working {
            self.have_later();
            self.dispatch(now_ms);
        }
        self.commands.pop_front()
    }

    /// The place of a worker that is still there.
    fn current(&mut self, worker: WorkerId) -> Option<&mut Place> {
        let place = self.places.get_mut(worker.place)?;
        (place.worker() == worker && !place.is_closed()).then_some(place)
    }

    fn end_with(&mut self, error: FrameError, is_silence: bool) {
        self.events.push_back(Event::Fatal { error, is_silence });
        self.close();
    }
}

fn worker_failed(message: impl Into<String>) -> FrameError {
    FrameError::new(ErrorCode::WorkerFailed, message)
}

/// Whole microseconds of a time in milliseconds; what is negative or no number is 0.
fn micros(milliseconds: f64) -> u64 {
    (milliseconds * 1000.0).round() as u64
}
