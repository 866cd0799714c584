//! One place for a worker, in which one follows the other.

use live_keypoints_pipeline::{ErrorCode, FrameError, Step, Steps, TaskId};

use super::deadline::Deadline;
use crate::worker_id::WorkerId;

/// A worker that dies this often without finishing a step in between is not replaced any more.
const MAX_DEATHS_IN_A_ROW: u32 = 3;

/// What a worker is at.
#[derive(Debug)]
pub(super) enum State {
    Starting(Start),
    Idle,
    Busy(Running),
    /// There will be no worker here any more.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Its script is on its way.
    Script,
    /// It compiles the module for all, the second time past the HTTP cache.
    Compiling { is_retry: bool },
    /// The page owes it the module or models.
    Waiting,
    /// It loads the last of them.
    Loading,
}

/// A step under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: TaskId,
    pub(super) started_ms: f64,
    /// Whether the page has sent it; before, its frame is being prepared.
    pub(super) is_sent: bool,
    /// Who was asked for the frame's pixels.
    pub(super) pixels_from: Option<WorkerId>,
    /// Who is sent the pixels that are read.
    pub(super) copies: Vec<WorkerId>,
    /// Told to the worker with this step.
    pub(super) released: Vec<u64>,
}

/// A place without a worker, whose steps another one is to take over.
#[derive(Debug)]
pub(super) struct Loss {
    /// Those that may still be able to.
    pub(super) heirs: Vec<usize>,
    /// Until all are asked again.
    pub(super) pause_ms: f64,
    pub(super) retry_at_ms: Option<f64>,
}

/// What becomes of a worker's end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Another is made.
    Replaced,
    /// There will be none.
    Closed,
}

#[derive(Debug)]
pub(crate) struct Place {
    number: usize,
    generation: u32,
    /// What it serves: more than at first where another one is lost, nothing where it is lost itself.
    pub(super) steps: Steps,
    pub(super) state: State,
    pub(super) deadline: Option<Deadline>,
    pub(super) loss: Option<Loss>,
    deaths_in_a_row: u32,
    pub(super) replaced: u32,
    pub(super) busy_ms: f64,
    pub(super) memory_bytes: u64,
}

impl Place {
    pub(super) fn new(number: usize, steps: Steps) -> Self {
        Self {
            number,
            generation: 0,
            steps,
            state: State::Starting(Start::Script),
            deadline: None,
            loss: None,
            deaths_in_a_row: 0,
            replaced: 0,
            busy_ms: 0.0,
            memory_bytes: 0,
        }
    }

    pub(super) fn worker(&self) -> WorkerId {
        WorkerId {
            place: self.number,
            generation: self.generation,
        }
    }

    /// A worker that has models and takes steps, now or soon.
    pub(super) fn is_at_work(&self) -> bool {
        matches!(self.state, State::Idle | State::Busy(_))
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, State::Busy(_))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub(super) fn has_branches(&self) -> bool {
        self.steps.without(Step::Decode) != Steps::NONE
    }

    /// Whether a worker here serves the step, now or soon.
    pub(super) fn serves(&self, step: Step) -> bool {
        !self.is_closed() && self.steps.contains(step)
    }

    pub(super) fn waits_for_pixels_of(&self, frame: u64) -> bool {
        matches!(&self.state, State::Busy(running)
            if running.id.frame == frame && running.pixels_from.is_some())
    }

    /// The step under way, if it has this ticket.
    pub(super) fn running(&mut self, ticket: u64) -> Option<&mut Running> {
        match &mut self.state {
            State::Busy(running) if running.id.ticket == ticket => Some(running),
            _ => None,
        }
    }

    /// The worker is free again; the step that it was at.
    pub(super) fn finish(&mut self, ticket: u64, now_ms: f64) -> Option<Running> {
        self.running(ticket)?;
        let running = self.take_running()?;
        self.busy_ms += now_ms - running.started_ms;
        self.deaths_in_a_row = 0;
        Some(running)
    }

    /// The step under way, which no answer ends any more.
    pub(super) fn take_running(&mut self) -> Option<Running> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Busy(running) => {
                self.deadline = None;
                Some(running)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The worker is of no more use. `is_first_start`: nobody has ever worked here.
    pub(super) fn fail(&mut self, is_first_start: bool) -> Fate {
        let was_starting = matches!(self.state, State::Starting(_));
        self.generation += 1;
        self.deadline = None;
        self.deaths_in_a_row += 1;
        if is_first_start || was_starting || self.deaths_in_a_row > MAX_DEATHS_IN_A_ROW {
            self.state = State::Closed;
            return Fate::Closed;
        }
        self.state = State::Starting(Start::Script);
        self.replaced += 1;
        Fate::Replaced
    }

    /// Says what has happened to the worker, for its reason.
    pub(super) fn describe(&self, reason: &str) -> FrameError {
        if !matches!(self.state, State::Starting(_)) {
            let reason = if reason.is_empty() {
                "no reason is known"
            } else {
                reason
            };
            return FrameError::new(ErrorCode::WorkerDied, format!("A worker died: {reason}"));
        }
        let hint = "its script may be missing, not served as JavaScript, or forbidden by the page's worker-src policy";
        let reason = if reason.is_empty() { hint } else { reason };
        let message = format!("A worker could not be started: {reason}");
        FrameError::new(ErrorCode::WorkerFailed, message)
    }
}
