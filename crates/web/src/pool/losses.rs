//! What becomes of a worker that dies: another follows it, or others take over its steps.

use std::collections::VecDeque;

use live_keypoints_pipeline::{ErrorCode, FrameError, Outcome, Step, Steps};

use super::place::{Fate, Given, Loss, Place, Start, State};
use super::{Command, Phase, Pool, micros, worker_failed};
use crate::worker_id::WorkerId;

/// Between attempts to find a worker for steps whose models cannot be had, milliseconds.
const FIRST_PAUSE_MS: f64 = 1000.0;
const MOST_PAUSE_MS: f64 = 30_000.0;

impl<F> Pool<F> {
    /// The browser says that a worker is broken, or gave none (`reason` may be empty).
    pub(crate) fn broke(&mut self, worker: WorkerId, reason: &str, now_ms: f64) {
        if let Some(place) = self.current(worker) {
            let error = place.describe(reason);
            self.fail(worker, error, now_ms);
        }
    }

    /// A worker is of no more use.
    pub(crate) fn fail(&mut self, worker: WorkerId, error: FrameError, now_ms: f64) {
        self.fail_as(worker, error, false, now_ms);
    }

    fn fail_as(&mut self, worker: WorkerId, error: FrameError, is_silence: bool, now_ms: f64) {
        let is_first_start = matches!(self.phase, Phase::Starting { .. });
        let Some(place) = self.current(worker) else {
            return;
        };
        let given = place.take_all();
        let fate = place.fail(is_first_start);
        if is_first_start {
            return self.end_with(error, is_silence);
        }
        self.lose_pixels(worker, &given);
        match fate {
            Fate::Replaced => self.spawn(worker.place, now_ms),
            Fate::Closed => {
                self.commands.push_back(Command::End {
                    place: worker.place,
                });
                self.close_place(worker.place, &error, now_ms);
            }
        }
        for (position, step) in given.iter().enumerate() {
            // What it had not begun costs no frame.
            let is_taken_back = position > 0 && self.session.take_back(step.id);
            if !is_taken_back {
                self.complete_failed(step, ErrorCode::WorkerDied, &error.message, now_ms);
            }
        }
    }

    pub(super) fn complete_failed(
        &mut self,
        step: &Given,
        code: ErrorCode,
        message: impl Into<String>,
        now_ms: f64,
    ) {
        let outcome = Outcome::Failed(FrameError::new(code, message));
        self.session.complete(step.id, outcome, 0, micros(now_ms));
    }

    /// The worker's pixels are gone, and those that it was asked for or was sending.
    fn lose_pixels(&mut self, gone: WorkerId, given: &VecDeque<Given>) {
        self.holdings.forget(gone.place);
        for step in given {
            for copy in &step.copies {
                if self.current(*copy).is_some() {
                    // It may have been sent before the end.
                    self.holdings.release(copy.place, step.id.frame);
                }
            }
        }
        for place in &self.places {
            let asked = place.given().filter(|step| step.pixels_from == Some(gone));
            for step in asked {
                self.holdings.lose(place.worker().place, step.id.frame);
                self.commands.push_back(Command::PixelsLost {
                    worker: place.worker(),
                    index: step.id.frame,
                });
            }
        }
    }

    fn close_place(&mut self, number: usize, error: &FrameError, now_ms: f64) {
        if self.places.iter().all(Place::is_closed) {
            let message = format!("A worker died and could not be replaced: {}", error.message);
            return self.end_with(worker_failed(message), false);
        }
        self.places[number].loss = Some(Loss {
            heirs: Vec::new(),
            pause_ms: FIRST_PAUSE_MS,
            retry_at_ms: None,
        });
        self.ask_all_heirs(number, now_ms);
    }

    /// Steps of a lost worker that no other serves.
    fn orphaned(&self, lost: usize) -> Steps {
        let is_orphaned = |step: &Step| !self.places.iter().any(|place| place.serves(*step));
        self.places[lost].steps.iter().filter(is_orphaned).collect()
    }

    fn ask_all_heirs(&mut self, lost: usize, now_ms: f64) {
        let heirs = (0..self.places.len()).filter(|number| self.places[*number].is_at_work());
        let heirs = heirs.collect();
        if let Some(loss) = &mut self.places[lost].loss {
            loss.heirs = heirs;
            loss.retry_at_ms = None;
        }
        self.ask_next_heir(lost, now_ms);
    }

    /// Of those that may be able to, who serves least.
    fn ask_next_heir(&mut self, lost: usize, now_ms: f64) {
        let steps = self.orphaned(lost);
        let is_settled = steps == Steps::NONE;
        let served_by: Vec<usize> = self.places.iter().map(|p| p.steps.iter().count()).collect();
        let Some(loss) = &mut self.places[lost].loss else {
            return;
        };
        if is_settled {
            self.places[lost].loss = None;
            self.places[lost].steps = Steps::NONE;
            return;
        }
        let served = |position: &usize| served_by[loss.heirs[*position]];
        let least = (0..loss.heirs.len()).min_by_key(served);
        let Some(heir) = least.map(|position| loss.heirs.swap_remove(position)) else {
            loss.retry_at_ms = Some(now_ms + loss.pause_ms);
            loss.pause_ms = (2.0 * loss.pause_ms).min(MOST_PAUSE_MS);
            return;
        };
        let heir = &self.places[heir];
        let (worker, served) = (heir.worker(), heir.steps);
        self.commands.push_back(Command::Adopt {
            worker,
            steps,
            served,
            lost,
        });
    }

    /// Whether a worker has been sent the models that it was to take over.
    pub(crate) fn adopted(
        &mut self,
        worker: WorkerId,
        lost: usize,
        steps: Steps,
        is_sent: bool,
        now_ms: f64,
    ) {
        if self.phase == Phase::Closed {
            return;
        }
        if is_sent
            && let Some(heir) = self.current(worker)
            && heir.is_at_work()
        {
            heir.steps = heir.steps.union(steps);
        }
        self.ask_next_heir(lost, now_ms);
    }

    /// Time has passed.
    pub(crate) fn timeout(&mut self, now_ms: f64) {
        if let Some(later) = &mut self.later {
            later.timeout(now_ms);
        }
        for number in 0..self.places.len() {
            let place = &mut self.places[number];
            let retries = place.loss.as_ref().and_then(|loss| loss.retry_at_ms);
            if retries.is_some_and(|at_ms| at_ms <= now_ms) {
                self.ask_all_heirs(number, now_ms);
                continue;
            }
            if place
                .deadline
                .as_mut()
                .is_some_and(|d| d.has_passed(now_ms))
            {
                self.was_silent(number, now_ms);
            }
        }
    }

    fn was_silent(&mut self, number: usize, now_ms: f64) {
        let place = &mut self.places[number];
        let worker = place.worker();
        let span_ms = place
            .deadline
            .take()
            .map_or(0, |deadline| deadline.span_ms() as u64);
        let error = place.describe(&format!("no answer for {span_ms} ms"));
        match &place.state {
            State::Starting(Start::Compiling { is_retry }) => {
                let is_retry = *is_retry;
                self.compile_is_silent(worker, is_retry, now_ms);
            }
            State::Starting(Start::Script) => self.fail_as(worker, error, true, now_ms),
            State::Working(given) if given.front().is_some_and(|step| !step.is_sent) => {
                let message = format!("the browser did not give the picture within {span_ms} ms");
                let ticket = given[0].id.ticket;
                let error = FrameError::new(ErrorCode::UnsupportedFrame, message);
                self.refused(worker, ticket, error, now_ms);
            }
            _ => self.fail(worker, error, now_ms),
        }
    }
}
