//! The next step for a worker: for one that is idle, and for one that will be.

use std::rc::Rc;

use live_keypoints_pipeline::branch::{Branch, BranchJob};
use live_keypoints_pipeline::{ErrorCode, FrameError, Outcome, Step, Steps, Task, Work};

use super::holdings::FramePixels;
use super::place::{Given, Place};
use super::{Command, Pool, micros};
use crate::worker_id::WorkerId;

const DECODE: Step = Step::Decode;
const POSE: Step = Step::Branch(Branch::Pose);

impl<F> Pool<F> {
    /// Gives every idle worker the step that the session has for it: branches first, as frames wait for them; then a busy
    /// one the step after; last, to who is still idle, hands and face whose pose is not known yet.
    pub(super) fn dispatch(&mut self, now_ms: f64) {
        self.fail_unserved(now_ms);
        for number in 0..self.places.len() {
            let branches = self.places[number].steps.without(DECODE);
            while self.places[number].is_idle() && self.start_next(number, branches, now_ms) {}
        }
        while let Some(reader) = self.reader() {
            if !self.start_next(reader, Steps::from_iter([DECODE]), now_ms) {
                break;
            }
        }
        while self.give_ahead(now_ms) {}
        // On a core that is busy, what may be in vain would keep what is certain from going on.
        let busy = self.places.iter().filter(|place| place.is_busy()).count();
        let mut free_cores = self.cores.saturating_sub(busy);
        for number in 0..self.places.len() {
            let place = &self.places[number];
            if free_cores > 0
                && place.is_idle()
                && let Some(task) = self.session.next_early_task(place.steps)
            {
                self.start(number, task, now_ms);
                free_cores -= 1;
            }
        }
    }

    /// Gives a busy worker its next step, so that it need not wait for a busy page between the two: each step to who will
    /// be free for it first. False where there is none.
    fn give_ahead(&mut self, now_ms: f64) -> bool {
        let is_busy = |number: &usize| self.places[*number].is_busy();
        let mut busy: Vec<usize> = (0..self.places.len()).filter(is_busy).collect();
        let mut served_sooner = Steps::NONE;
        loop {
            let free_at_ms = |position: &usize| self.places[busy[*position]].free_at_ms();
            let first = (0..busy.len()).min_by(|a, b| free_at_ms(a).total_cmp(&free_at_ms(b)));
            let Some(first) = first else { return false };
            let number = busy.swap_remove(first);
            let ahead = self.steps_ahead(&self.places[number]).iter();
            let ahead = ahead
                .filter(|step| !served_sooner.contains(*step))
                .collect();
            if self.start_next(number, ahead, now_ms) {
                return true;
            }
            served_sooner = served_sooner.union(self.places[number].steps);
        }
    }

    /// What a busy worker may be given ahead: one step, and none while it waits for pixels, as nobody knows when it is free
    /// then. It reads no two frames at once, and none where that takes longer than the step before it, whose frame would
    /// have to wait.
    fn steps_ahead(&self, place: &Place) -> Steps {
        let mut given = place.given();
        match (given.next(), given.next()) {
            (Some(step), None) if step.pixels_from.is_none() => {
                let decode_ms = self.step_times.expected_ms(DECODE, false);
                let may_read = step.id.step != DECODE && decode_ms < step.expected_ms;
                match may_read {
                    true => place.steps,
                    false => place.steps.without(DECODE),
                }
            }
            _ => Steps::NONE,
        }
    }

    /// Who reads a frame's pixels: the worker of the pose, which needs them next, if it is idle; else who has least to do.
    fn reader(&self) -> Option<usize> {
        let idle = (0..self.places.len()).filter(|number| {
            let place = &self.places[*number];
            place.is_idle() && place.steps.contains(DECODE)
        });
        idle.max_by_key(|number| (self.places[*number].steps.contains(POSE), *number))
    }

    /// Nobody serves these steps now: their frames fail, so that none waits for ever.
    fn fail_unserved(&mut self, now_ms: f64) {
        let is_given_up = |place: &Place| {
            place
                .loss
                .as_ref()
                .is_some_and(|loss| loss.retry_at_ms.is_some())
        };
        if !self.places.iter().any(is_given_up) {
            return;
        }
        let is_unserved = |step: &Step| !self.places.iter().any(|place| place.serves(*step));
        let unserved: Steps = Steps::ALL.iter().filter(is_unserved).collect();
        while let Some(task) = self.session.next_task(unserved, micros(now_ms)) {
            let message = "no worker for this step can be had";
            let error = FrameError::new(ErrorCode::WorkerFailed, message);
            let outcome = Outcome::Failed(error);
            self.session.complete(task.id, outcome, 0, micros(now_ms));
        }
    }

    /// Starts the next of these steps, or fails it: first of the branches that nobody else serves. False where there is
    /// none.
    fn start_next(&mut self, number: usize, steps: Steps, now_ms: f64) -> bool {
        let is_own = |step: &Step| {
            let mut serving = self.places.iter().filter(|place| place.serves(*step));
            *step != DECODE && serving.all(|place| place.worker().place == number)
        };
        let own = steps.iter().filter(is_own).collect();
        let task = self.session.next_task(own, micros(now_ms));
        let task = task.or_else(|| self.session.next_task(steps, micros(now_ms)));
        let is_there = task.is_some();
        if let Some(task) = task {
            self.start(number, task, now_ms);
        }
        is_there
    }

    /// Starts a task, or fails it.
    fn start(&mut self, number: usize, task: Task<F, Rc<FramePixels>>, now_ms: f64) {
        let worker = self.places[number].worker();
        let (ticket, index) = (task.id.ticket, task.id.frame);
        let is_early = matches!(task.work, Work::Branch(_, BranchJob::Early(_)));
        let mut given = Given {
            id: task.id,
            is_early,
            expected_ms: self.step_times.expected_ms(task.id.step, is_early),
            since_ms: now_ms,
            is_sent: false,
            pixels_from: None,
            copies: Vec::new(),
            released: self.holdings.take_released(number),
        };
        let released = given.released.clone();
        let command = match task.work {
            Work::Decode { frame, wants_grey } => {
                // Of a still frame nobody else needs the pixels; if it is none after all, they are asked for.
                let is_still = wants_grey && self.session.expects_still();
                let others = self.places.iter().filter(|place| {
                    !is_still
                        && place.is_at_work()
                        && place.worker() != worker
                        && place.has_branches()
                });
                given.copies = others.map(Place::worker).collect();
                let copies = given.copies.clone();
                Command::Decode {
                    worker,
                    ticket,
                    index,
                    frame,
                    copies,
                    wants_grey,
                    released,
                }
            }
            Work::Branch(_pixels, job) => {
                if !self.holdings.has(number, index) {
                    let holder = self.holder(index);
                    given.pixels_from = holder;
                    if holder.is_some() {
                        self.holdings.add(number, index);
                    }
                }
                if self.holdings.is_lost(number, index) || !self.holdings.has(number, index) {
                    self.holdings.put_released_back(number, released);
                    let message = "the worker that held the frame's pixels died";
                    return self.complete_failed(&given, ErrorCode::WorkerDied, message, now_ms);
                }
                let pixels_from = given.pixels_from;
                Command::Run {
                    worker,
                    ticket,
                    index,
                    job,
                    pixels_from,
                    released,
                }
            }
        };
        self.places[number].give(given);
        self.commands.push_back(command);
    }

    /// Who can send a frame's pixels.
    fn holder(&self, index: u64) -> Option<WorkerId> {
        let has_them = |place: &&Place| {
            let number = place.worker().place;
            place.is_at_work()
                && !place.waits_for_pixels_of(index)
                && self.holdings.has(number, index)
                && !self.holdings.is_lost(number, index)
        };
        self.places.iter().find(has_them).map(Place::worker)
    }

    /// A worker has been sent its step.
    pub(crate) fn sent(&mut self, worker: WorkerId, ticket: u64, now_ms: f64) {
        if let Some(place) = self.current(worker) {
            place.sent(ticket, now_ms);
        }
    }

    /// A step cannot be sent to its worker, such as a frame that the browser refuses.
    pub(crate) fn refused(
        &mut self,
        worker: WorkerId,
        ticket: u64,
        error: FrameError,
        now_ms: f64,
    ) {
        if let Some(place) = self.current(worker)
            && let Some(step) = place.take(ticket, now_ms)
        {
            self.holdings.put_released_back(worker.place, step.released);
            let outcome = Outcome::Failed(error);
            self.session.complete(step.id, outcome, 0, micros(now_ms));
        }
    }

    /// Whether a step is still wanted of a worker, while its frame is being prepared.
    pub(crate) fn is_wanted(&self, worker: WorkerId, ticket: u64) -> bool {
        self.places.get(worker.place).is_some_and(|place| {
            place.worker() == worker && place.given().any(|step| step.id.ticket == ticket)
        })
    }
}
