//! Which step of which frame is next, and what becomes of its outcome.

use super::Session;
use super::frame_in_work::FrameInWork;
use super::step::{Outcome, Step, Steps, Task, TaskId, Work};
use super::stillness::Verdict;
use crate::branch::{Branch, BranchJob};
use crate::error::{ErrorCode, FrameError};

impl<F, P: Clone> Session<F, P> {
    /// The next task among `steps`, oldest frame first; `None` where there is nothing to do until an outcome or a frame
    /// comes. An idle executor asks with the steps it serves.
    pub fn next_task(&mut self, steps: Steps, now_us: u64) -> Option<Task<F, P>> {
        self.next_branch_task(steps)
            .or_else(|| self.next_decode_task(steps, now_us))
    }

    fn next_branch_task(&mut self, steps: Steps) -> Option<Task<F, P>> {
        let places = (0..self.in_work.len())
            .flat_map(|position| (0..Branch::ALL.len()).map(move |place| (position, place)));
        for (position, place) in places {
            let branch = self.in_work[position].order()[place];
            let is_served = steps.contains(Step::Branch(branch));
            if !is_served
                || !self.is_ready(position, branch)
                || self.in_work[position].is_running_early(branch)
            {
                continue;
            }
            let frame = &mut self.in_work[position];
            let job = self.tracking.job(branch, frame);
            let (Some(mut job), Some(pixels)) = (job, frame.pixels()) else {
                continue;
            };
            let index = frame.index();
            let id = self.task_id(index, Step::Branch(branch));
            if let Some(outcome) = self.in_work[position].begin(branch, id.ticket) {
                job.take_early(outcome);
            }
            let work = Work::Branch(pixels, job);
            return Some(Task { id, work });
        }
        None
    }

    /// A task ahead of the pose, for an executor that is idle because [`next_task`](Self::next_task) has none: the landmark
    /// model of a hand or the face, where that was in the frame before. Tracking keeps this region in most frames; where
    /// it does not, the branch runs the model again, so results are the same to the bit.
    ///
    /// While it runs, the task of its branch is not handed out; if it fails, that task runs as if it had never been. A
    /// branch that has nothing to run (no pose, a hidden wrist) ends at once, and may be the last of its frame: pixels
    /// are free then, and the outcome that comes later is ignored.
    pub fn next_early_task(&mut self, steps: Steps) -> Option<Task<F, P>> {
        for (position, branch) in self.places(steps) {
            let frame = &self.in_work[position];
            if !frame.may_begin_early(branch) || !self.is_first(position, branch) {
                continue;
            }
            let job = self.tracking.early_job(branch, frame);
            let (Some(job), Some(pixels)) = (job, frame.pixels()) else {
                continue;
            };
            let index = frame.index();
            let id = self.task_id(index, Step::Branch(branch));
            self.in_work[position].begin_early(branch, id.ticket);
            let work = Work::Branch(pixels, BranchJob::Early(job));
            return Some(Task { id, work });
        }
        None
    }

    /// Frames in work, oldest first, each with the branches among `steps`.
    fn places(&self, steps: Steps) -> impl Iterator<Item = (usize, Branch)> + use<F, P> {
        (0..self.in_work.len())
            .flat_map(|position| Branch::ALL.map(|branch| (position, branch)))
            .filter(move |(_, branch)| steps.contains(Step::Branch(*branch)))
    }

    fn next_decode_task(&mut self, steps: Steps, now_us: u64) -> Option<Task<F, P>> {
        let max_in_work = self.intake.options().max_frames_in_flight;
        if !steps.contains(Step::Decode) || self.in_work.len() >= max_in_work {
            return None;
        }
        let (queued, is_still) = self.intake.take_next()?;
        let id = self.task_id(queued.index, Step::Decode);
        let (in_work, frame) = FrameInWork::new(queued, is_still, id.ticket, now_us);
        let wants_grey = in_work.may_repeat();
        self.in_work.push_back(in_work);
        let work = Work::Decode { frame, wants_grey };
        Some(Task { id, work })
    }

    fn task_id(&mut self, frame: u64, step: Step) -> TaskId {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        TaskId {
            ticket,
            frame,
            step,
        }
    }

    /// Whether a branch of a frame may start: the frame has what it needs, and it is its turn.
    fn is_ready(&self, position: usize, branch: Branch) -> bool {
        let frame = &self.in_work[position];
        frame.is_waiting(branch) && frame.has_inputs_of(branch) && self.is_first(position, branch)
    }

    /// Whether every earlier frame of the stream has passed on what this branch goes by.
    fn is_first(&self, position: usize, branch: Branch) -> bool {
        let frame = &self.in_work[position];
        let needed = frame.goes_by(branch);
        let mut earlier = self.in_work.iter().take(position);
        let is_through = |other: &FrameInWork<P>| needed.iter().all(|b| other.has_passed_on(*b));
        frame.is_still() || earlier.all(|other| other.is_still() || is_through(other))
    }

    /// Takes the outcome of a task, with the microseconds that it took. Says whether the frame needs its pixels no
    /// more. An outcome of a task that is not under way is ignored, and so is that of an early task whose branch ended
    /// without it: of its frame, pixels and result may be gone by then.
    pub fn complete(
        &mut self,
        id: TaskId,
        outcome: Outcome<P>,
        elapsed_us: u64,
        now_us: u64,
    ) -> bool {
        let mut in_work = self.in_work.iter_mut();
        let Some(frame) = in_work.find(|frame| frame.is_running(id.step, id.ticket)) else {
            return false;
        };
        match (id.step, outcome) {
            (Step::Decode, Outcome::Decoded(decoded)) => frame.decoded(decoded, elapsed_us),
            (Step::Branch(branch), outcome) if frame.is_running_early(branch) => {
                frame.end_early(branch, outcome, elapsed_us);
                return false;
            }
            (Step::Branch(branch), Outcome::Branch(outcome)) => {
                if self.tracking.finish(branch, frame, outcome) {
                    frame.end(branch, elapsed_us);
                } else {
                    frame.fail(id.step, of_another_step(), elapsed_us);
                }
            }
            (step, Outcome::Failed(error)) => frame.fail(step, error, elapsed_us),
            (step, _) => frame.fail(step, of_another_step(), elapsed_us),
        }
        self.settle();
        self.emit(id.frame, now_us)
    }

    /// Takes a branch's task back that was handed out and not begun, as where its executor is gone: it is handed out again.
    /// Says whether it was under way. A frame's content went out with its decoding, which cannot be taken back.
    pub fn take_back(&mut self, id: TaskId) -> bool {
        let Step::Branch(branch) = id.step else {
            return false;
        };
        let mut in_work = self.in_work.iter_mut();
        let frame = in_work.find(|frame| frame.is_running(id.step, id.ticket));
        frame.map(|frame| frame.take_back(branch)).is_some()
    }

    /// Does what can be done without an executor: ends frames that repeat another, and every branch that is ready and
    /// has nothing to run (no pose, a hidden wrist), begins and ends the list of hands, until there is no more.
    fn settle(&mut self) {
        loop {
            let mut has_changed = self.enter_frames();
            for (position, branch) in self.places(Steps::ALL) {
                if self.is_ready(position, branch) {
                    has_changed |= self.tracking.settle(branch, &mut self.in_work[position]);
                }
            }
            if !has_changed {
                return;
            }
        }
    }

    /// Gives decoded frames of the stream their epochs, in order, and ends those that repeat another; says whether there was
    /// any. One that could not be decoded has none.
    fn enter_frames(&mut self) -> bool {
        self.stillness.note_result(&self.in_work);
        let mut has_changed = false;
        let frames = self.in_work.iter_mut().filter(|frame| !frame.is_still());
        for frame in frames.take_while(|frame| frame.is_decoded()) {
            if !frame.waits_for_epoch() {
                continue;
            }
            match self.stillness.judge(frame, self.tracking.epoch_of(frame)) {
                Verdict::Wait => break,
                Verdict::Compute { still_frames } => {
                    self.tracking.enter(frame);
                    self.stillness.begin(frame, still_frames);
                }
                Verdict::Repeat(keypoints) => {
                    self.tracking.enter(frame);
                    self.stillness.repeated();
                    frame.repeat(*keypoints);
                }
            }
            has_changed = true;
        }
        has_changed
    }

    /// Moves what is finished to the results, in frame order; stills as soon as they are done. Says whether `index`
    /// needs its pixels no more.
    fn emit(&mut self, index: u64, now_us: u64) -> bool {
        for frame in &mut self.in_work {
            frame.note_end(now_us);
        }
        let is_done = self
            .in_work
            .iter()
            .find(|frame| frame.index() == index)
            .is_none_or(FrameInWork::is_done);
        let mut position = 0;
        let mut is_blocked = false;
        while let Some(frame) = self.in_work.get(position) {
            if frame.is_done() && (frame.is_still() || !is_blocked) {
                if let Some(frame) = self.in_work.remove(position) {
                    let is_still = frame.is_still();
                    if !is_still {
                        self.results.release_early(Some(frame.index()));
                    }
                    self.results.push(frame.into_result(), is_still);
                }
            } else {
                is_blocked |= !frame.is_still();
                position += 1;
            }
        }
        self.release_early();
        is_done
    }
}

fn of_another_step() -> FrameError {
    FrameError::new(ErrorCode::Internal, "the outcome is of another step")
}
