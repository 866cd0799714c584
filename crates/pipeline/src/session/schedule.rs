//! Which step of which frame is next, and what becomes of its outcome.

use super::Session;
use super::frame_in_work::FrameInWork;
use super::step::{Outcome, Step, Steps, Task, TaskId, Work};
use crate::branch::{Branch, BranchOutcome};
use crate::error::{ErrorCode, FrameError};

impl<F, P: Clone> Session<F, P> {
    /// The next task among `steps`, oldest frame first; `None` where there is nothing to do until an outcome or a frame
    /// comes. An idle executor asks with the steps it serves.
    pub fn next_task(&mut self, steps: Steps, now_us: u64) -> Option<Task<F, P>> {
        self.next_branch_task(steps)
            .or_else(|| self.next_decode_task(steps, now_us))
    }

    fn next_branch_task(&mut self, steps: Steps) -> Option<Task<F, P>> {
        for position in 0..self.in_work.len() {
            for branch in Branch::ALL {
                if !steps.contains(Step::Branch(branch)) || !self.is_ready(position, branch) {
                    continue;
                }
                let frame = &mut self.in_work[position];
                let job = self.tracking.job(branch, frame);
                let (Some(job), Some(pixels)) = (job, frame.pixels()) else {
                    continue;
                };
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                frame.begin(branch, ticket);
                return Some(Task {
                    id: TaskId {
                        ticket,
                        frame: frame.index(),
                        step: Step::Branch(branch),
                    },
                    work: Work::Branch(pixels, job),
                });
            }
        }
        None
    }

    fn next_decode_task(&mut self, steps: Steps, now_us: u64) -> Option<Task<F, P>> {
        let max_in_work = self.intake.options().max_frames_in_flight;
        if !steps.contains(Step::Decode) || self.in_work.len() >= max_in_work {
            return None;
        }
        let (queued, is_still) = self.intake.take_next()?;
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let (in_work, frame) = FrameInWork::new(queued, is_still, ticket, now_us);
        let id = TaskId {
            ticket,
            frame: in_work.index(),
            step: Step::Decode,
        };
        self.in_work.push_back(in_work);
        Some(Task {
            id,
            work: Work::Decode(frame),
        })
    }

    /// Whether a branch of a frame may start: the frame has what it needs, and every earlier frame of the stream is
    /// through with the same branch.
    fn is_ready(&self, position: usize, branch: Branch) -> bool {
        let frame = &self.in_work[position];
        if !frame.is_waiting(branch) || !frame.has_inputs_of(branch) {
            return false;
        }
        let mut earlier = self.in_work.iter().take(position);
        frame.is_still() || earlier.all(|other| other.is_still() || other.is_through(branch))
    }

    /// Takes the outcome of a task, with the microseconds that it took. Says whether the frame needs its pixels no
    /// more. An outcome of a task that is not under way is ignored.
    pub fn complete(
        &mut self,
        id: TaskId,
        outcome: Outcome<P>,
        elapsed_us: u64,
        now_us: u64,
    ) -> bool {
        let Some(position) = self
            .in_work
            .iter()
            .position(|f| f.is_running(id.step, id.ticket))
        else {
            return false;
        };
        let frame = &mut self.in_work[position];
        match (id.step, outcome) {
            (Step::Decode, Outcome::Decoded(decoded)) => frame.decoded(decoded, elapsed_us),
            (Step::Branch(branch), Outcome::Branch(outcome)) if outcome.branch() == branch => {
                frame.end(branch, elapsed_us);
                self.finish_branch(position, outcome);
            }
            (step, Outcome::Failed(error)) => frame.fail(step, error, elapsed_us),
            (step, _) => {
                let error = FrameError::new(ErrorCode::Internal, "the outcome is of another step");
                frame.fail(step, error, elapsed_us);
            }
        }
        self.settle();
        self.emit(id.frame, now_us)
    }

    fn finish_branch(&mut self, position: usize, outcome: BranchOutcome) {
        let frame = &mut self.in_work[position];
        match outcome {
            BranchOutcome::Pose(outcome) => self.tracking.finish_pose(frame, outcome),
            BranchOutcome::LeftHand(outcome) => {
                self.tracking.finish_hand(Branch::LeftHand, frame, outcome);
            }
            BranchOutcome::RightHand(outcome) => {
                self.tracking.finish_hand(Branch::RightHand, frame, outcome);
            }
            BranchOutcome::Face(outcome) => self.tracking.finish_face(frame, outcome),
        }
    }

    /// Ends every branch that is ready and has nothing to run (no pose, a hidden wrist), until no more is.
    fn settle(&mut self) {
        loop {
            let mut has_changed = false;
            for position in 0..self.in_work.len() {
                for branch in Branch::ALL {
                    if !self.is_ready(position, branch) {
                        continue;
                    }
                    has_changed |= self.tracking.skip(branch, &mut self.in_work[position]);
                }
            }
            if !has_changed {
                return;
            }
        }
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
