//! One place for a worker, in which one follows the other.

use std::collections::VecDeque;

use live_keypoints_pipeline::{ErrorCode, FrameError, Step, Steps, TaskId};

use super::deadline::Deadline;
use crate::worker_id::WorkerId;

/// A worker that dies this often without finishing a step in between is not replaced any more.
const MAX_DEATHS_IN_A_ROW: u32 = 3;

/// What a worker is at.
#[derive(Debug)]
pub(super) enum State {
    Starting(Start),
    /// It takes steps; those that it has been given and has not answered.
    Working(VecDeque<Given>),
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

/// A step that a worker has been given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) id: TaskId,
    /// Whether it is done ahead of its pose.
    pub(super) is_early: bool,
    pub(super) expected_ms: f64,
    /// Since when the worker is at it; of one that waits, when it was given.
    pub(super) since_ms: f64,
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
    /// How long a worker here may be silent on one step.
    step_ms: f64,
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
    pub(super) fn new(number: usize, steps: Steps, step_ms: f64) -> Self {
        Self {
            number,
            step_ms,
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
        matches!(self.state, State::Working(_))
    }

    /// The steps that the worker has been given and has not answered. It is at the first.
    pub(super) fn given(&self) -> impl Iterator<Item = &Given> {
        let given = match &self.state {
            State::Working(given) => Some(given),
            _ => None,
        };
        given.into_iter().flatten()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.is_at_work() && !self.is_busy()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.given().next().is_some()
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
        self.given()
            .any(|step| step.id.frame == frame && step.pixels_from.is_some())
    }

    /// When the worker will be through with all that it has been given, by what steps have taken so far.
    pub(super) fn free_at_ms(&self) -> f64 {
        let since_ms = self.given().next().map_or(0.0, |step| step.since_ms);
        since_ms + self.given().map(|step| step.expected_ms).sum::<f64>()
    }

    /// Gives the worker a step, to begin when it is through with the one before.
    pub(super) fn give(&mut self, step: Given) {
        if let State::Working(given) = &mut self.state {
            if given.is_empty() {
                self.deadline = Some(Deadline::new(self.step_ms, step.since_ms));
            }
            given.push_back(step);
        }
    }

    /// The page has sent a step to the worker, which has all of its time from now on if it is at it.
    pub(super) fn sent(&mut self, ticket: u64, now_ms: f64) {
        let State::Working(given) = &mut self.state else {
            return;
        };
        if let Some(position) = position(given, ticket) {
            given[position].is_sent = true;
            given[position].released.clear();
            if position == 0 {
                self.deadline = Some(Deadline::new(self.step_ms, now_ms));
            }
        }
    }

    /// Takes a step from the worker, if it has it. The clock of the one after it begins.
    pub(super) fn take(&mut self, ticket: u64, now_ms: f64) -> Option<Given> {
        let State::Working(given) = &mut self.state else {
            return None;
        };
        let position = position(given, ticket)?;
        let step = given.remove(position);
        if position == 0 {
            let next = given.front_mut();
            self.deadline = next.map(|next| {
                next.since_ms = now_ms;
                Deadline::new(self.step_ms, now_ms)
            });
        }
        step
    }

    /// A step is over. One that overtook the one before it took no time of its own.
    pub(super) fn finish(&mut self, ticket: u64, now_ms: f64) -> Option<Given> {
        let is_at_it = self.given().next()?.id.ticket == ticket;
        let step = self.take(ticket, now_ms)?;
        if is_at_it {
            self.busy_ms += now_ms - step.since_ms;
        }
        self.deaths_in_a_row = 0;
        Some(step)
    }

    /// Takes all steps from a worker that will answer none.
    pub(super) fn take_all(&mut self) -> VecDeque<Given> {
        match &mut self.state {
            State::Working(given) => std::mem::take(given),
            _ => VecDeque::new(),
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

fn position(given: &VecDeque<Given>, ticket: u64) -> Option<usize> {
    given.iter().position(|step| step.id.ticket == ticket)
}
