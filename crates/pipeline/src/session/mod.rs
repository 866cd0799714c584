//! The scheduler of a stream: which step may run on which frame, and in what order results come out.
//!
//! [`Session`] does no I/O, has no clock and no threads: an executor (threads, Web Workers) asks it for tasks and hands
//! the outcomes back, in whatever order they come. Each branch sees its frames in order and its state only there, so
//! results are bit-identical for any number of executors.
//!
//! - `step`: tasks and their outcomes.
//! - `frame_in_work`: one frame on its way through the steps.
//! - `tracking_state`: what the stream remembers from frame to frame.
//! - `results`: the bounded queue of what is to be read.

mod frame_in_work;
mod results;
mod step;
mod tracking_state;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use step::{Decoded, Outcome, Step, Steps, Task, TaskId, Work};

use crate::branch::{Branch, BranchOutcome};
use crate::error::{ErrorCode, FrameError, SessionError};
use crate::frame_buffer::FrameBuffer;
use crate::keypoints::FrameResult;
use crate::options::Options;
use frame_in_work::{FrameInWork, Queued};
use results::Results;
use tracking_state::TrackingState;

/// Stateless pictures that may wait, be in work or lie unread at once.
pub const MAX_STILLS: usize = 8;

/// The scheduler of one stream of frames.
///
/// `F` is a frame as it was added (JPEG bytes, or nothing where the executor keeps it under its index); `P` is a handle
/// to its decoded pixels, cheap to clone. Times called `now_us` are of any clock that the caller keeps to; they only
/// appear in [`Timings`](crate::Timings).
///
/// ```
/// use live_keypoints_pipeline::{Options, Session, Step, Steps, Work};
///
/// let mut session: Session<Vec<u8>, std::sync::Arc<Vec<u8>>> = Session::new(Options::default())?;
/// let added = session.add_frame(vec![0xFF, 0xD8], 33_333, 0);
/// assert_eq!(added.index, 0);
/// let task = session.next_task(Steps::ALL, 10).expect("the frame wants decoding");
/// assert_eq!(task.id.step, Step::Decode);
/// assert!(matches!(task.work, Work::Decode(bytes) if bytes == [0xFF, 0xD8]));
/// # Ok::<(), live_keypoints_pipeline::SessionError>(())
/// ```
#[derive(Debug)]
pub struct Session<F, P> {
    options: Options,
    buffer: FrameBuffer<Queued<F>>,
    stills: VecDeque<Queued<F>>,
    in_work: VecDeque<FrameInWork<P>>,
    tracking: TrackingState,
    results: Results,
    next_index: u64,
    next_ticket: u64,
    generation: u64,
}

/// What [`Session::add_frame`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission<F> {
    /// The frame's index.
    pub index: u64,
    /// The frame that was pushed out of the buffer, with its index.
    pub evicted: Option<(u64, F)>,
}

/// Counts since the session began, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Frames added, stills included.
    pub received: u64,
    /// Frames that were pushed out of the buffer or thrown away by a reset, and results that were never read.
    pub dropped: u64,
    /// Frames whose keypoints were computed.
    pub completed: u64,
    /// Frames that failed.
    pub failed: u64,
    /// Frames that wait.
    pub buffered: usize,
    /// Frames in work.
    pub in_work: usize,
    /// Results to be read.
    pub unread: usize,
}

impl<F, P: Clone> Session<F, P> {
    /// A session that has seen nothing.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`], as [`Options::validate`].
    pub fn new(options: Options) -> Result<Self, SessionError> {
        options.validate()?;
        Ok(Self {
            buffer: FrameBuffer::new(options.buffer_size)?,
            stills: VecDeque::new(),
            in_work: VecDeque::new(),
            tracking: TrackingState::new(options.smoothing),
            results: Results::new(options.max_unread_results),
            next_index: 0,
            next_ticket: 0,
            generation: 0,
            options,
        })
    }

    /// Adds a frame of the stream with its capture time in microseconds. A full buffer drops its oldest frame, never
    /// this one. Capture times may repeat or run backwards: such a frame is processed without one-euro smoothing.
    pub fn add_frame(&mut self, frame: F, timestamp_us: u64, now_us: u64) -> Admission<F> {
        let queued = self.queued(frame, timestamp_us, now_us);
        let index = queued.index;
        let (_, evicted) = self.buffer.add_frame_evicting(queued);
        if evicted.is_some() {
            self.results.note_dropped(1);
        }
        Admission {
            index,
            evicted: evicted.map(|queued| (queued.index, queued.frame)),
        }
    }

    /// Adds a stateless picture: it uses and changes nothing that the stream remembers, and no newer frame drops it.
    ///
    /// # Errors
    /// [`SessionError::Busy`] while [`MAX_STILLS`] of them are on their way.
    pub fn add_still(
        &mut self,
        frame: F,
        timestamp_us: u64,
        now_us: u64,
    ) -> Result<u64, SessionError> {
        let in_work = self.in_work.iter().filter(|frame| frame.is_still()).count();
        let waiting = self.stills.len() + in_work + self.results.unread_stills();
        if waiting >= MAX_STILLS {
            return Err(SessionError::Busy { waiting });
        }
        let queued = self.queued(frame, timestamp_us, now_us);
        let index = queued.index;
        self.stills.push_back(queued);
        Ok(index)
    }

    fn queued(&mut self, frame: F, timestamp_us: u64, now_us: u64) -> Queued<F> {
        let index = self.next_index;
        self.next_index += 1;
        Queued {
            index,
            timestamp_us,
            added_us: now_us,
            generation: self.generation,
            frame,
        }
    }

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
                let job = self.tracking.job(branch, frame, &self.options);
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
        if !steps.contains(Step::Decode) || self.in_work.len() >= self.options.max_frames_in_flight
        {
            return None;
        }
        let (queued, is_still) = match self.stills.pop_front() {
            Some(still) => (still, true),
            None => (self.buffer.take_oldest()?.1, false),
        };
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let (in_work, frame) =
            FrameInWork::new(queued, is_still, self.options.parts, ticket, now_us);
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
            BranchOutcome::Pose(outcome) => {
                self.tracking.finish_pose(frame, outcome, &self.options);
            }
            BranchOutcome::LeftHand(outcome) => {
                self.tracking
                    .finish_hand(Branch::LeftHand, frame, outcome, &self.options);
            }
            BranchOutcome::RightHand(outcome) => {
                self.tracking
                    .finish_hand(Branch::RightHand, frame, outcome, &self.options);
            }
            BranchOutcome::Face(outcome) => {
                self.tracking.finish_face(frame, outcome, &self.options);
            }
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
                    self.results.push(frame.into_result(), is_still);
                }
            } else {
                is_blocked |= !frame.is_still();
                position += 1;
            }
        }
        is_done
    }

    /// The next result: stills as they are done, frames in order.
    pub fn next_result(&mut self) -> Option<FrameResult> {
        self.results.next()
    }

    /// Throws the buffered frames away and hands them out, and lets tracking start from scratch with the next frame that
    /// is added. Frames in work are finished.
    pub fn reset(&mut self) -> Vec<(u64, F)> {
        self.generation += 1;
        let mut discarded = Vec::with_capacity(self.buffer.len());
        while let Some((_, queued)) = self.buffer.take_oldest() {
            discarded.push((queued.index, queued.frame));
        }
        self.buffer.clear();
        self.results.note_dropped(discarded.len() as u64);
        discarded
    }

    /// Whether the next frame added would push another out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.buffer.is_full()
    }

    /// Whether no frame waits or is in work. Results may still lie unread.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() && self.stills.is_empty() && self.in_work.is_empty()
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Counts.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            received: self.next_index,
            buffered: self.buffer.len() + self.stills.len(),
            in_work: self.in_work.len(),
            ..self.results.stats()
        }
    }
}
