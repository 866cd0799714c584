//! The scheduler of a stream: which step may run on which frame, and in what order results come out.
//!
//! [`Session`] does no I/O, has no clock and no threads: an executor (threads, Web Workers) asks it for tasks and hands
//! the outcomes back, in whatever order they come. Each branch sees its frames in order and its state only there, so
//! results are bit-identical for any number of executors. One that is idle may ask for early tasks: hands and face where
//! they were in the frame before, while the pose is not known. What they give is used where it is what the branch asks
//! for, to the bit.
//!
//! - `step`: tasks and their outcomes; `schedule`: which is next, and what becomes of them.
//! - `intake`: what waits to be taken up, with the options that held when it came.
//! - `frame_in_work`: one frame on its way through the steps.
//! - `tracking_state`: what the stream remembers from frame to frame; `part_state`: of one hand or the face.
//! - `body_hands`: the hands of the frame before, near the pose's wrists; `recovery`: how far those of one frame are that the
//!   body may not give.
//! - `hand_slots`: the hands of one frame where they are found without the pose; `tracked_hands`: of the frame before.
//! - `stillness`: which frames repeat the keypoints of one before.
//! - `results`: the bounded queue of what is to be read.

mod body_hands;
mod frame_in_work;
mod hand_slots;
mod intake;
mod part_state;
mod recovery;
mod results;
mod schedule;
mod step;
mod stillness;
mod tracked_hands;
mod tracking_state;

use std::collections::VecDeque;

pub use results::Stats;
pub use step::{Decoded, Outcome, Step, Steps, Task, TaskId, Work};

use crate::error::{FrameError, SessionError};
use crate::keypoints::{FailedFrame, FrameResult};
use crate::options::Options;
use frame_in_work::FrameInWork;
use intake::Intake;
use results::Results;
use stillness::Stillness;
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
/// assert!(matches!(task.work, Work::Decode { frame, .. } if frame == [0xFF, 0xD8]));
/// # Ok::<(), live_keypoints_pipeline::SessionError>(())
/// ```
#[derive(Debug)]
pub struct Session<F, P> {
    intake: Intake<F>,
    in_work: VecDeque<FrameInWork<P>>,
    tracking: TrackingState,
    stillness: Stillness,
    results: Results,
    next_ticket: u64,
}

/// What [`Session::add_frame`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission<F> {
    /// The frame's index.
    pub index: u64,
    /// The frame that was pushed out of the buffer, with its index.
    pub evicted: Option<(u64, F)>,
}

/// What [`Session::reset`] and [`Session::configure`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary<F> {
    /// The index of the next frame added, the first for which the new state or the new options hold.
    pub next_index: u64,
    /// The frames that were thrown away, with their indices, oldest first. They count as dropped.
    pub discarded: Vec<(u64, F)>,
}

impl<F, P: Clone> Session<F, P> {
    /// A session that has seen nothing.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`], as [`Options::validate`].
    pub fn new(options: Options) -> Result<Self, SessionError> {
        let max_unread_results = options.max_unread_results;
        Ok(Self {
            intake: Intake::new(options)?,
            in_work: VecDeque::new(),
            tracking: TrackingState::new(),
            stillness: Stillness::default(),
            results: Results::new(max_unread_results),
            next_ticket: 0,
        })
    }

    /// Adds a frame of the stream with its capture time in microseconds. A full buffer drops its oldest frame, never
    /// this one.
    ///
    /// Capture times may take any value. A frame earlier than the one before it, by however little, restarts all filters:
    /// it and the frames after it are smoothed as those of a stream that starts there, while tracking goes on. A frame of
    /// the same time passes the one-euro filters untouched and leaves them as they are, as MediaPipe's filter has it:
    /// between two pictures of one moment there is no speed. MediaPipe's graph takes neither, it ends with an error.
    pub fn add_frame(&mut self, frame: F, timestamp_us: i64, now_us: u64) -> Admission<F> {
        let (index, evicted) = self.intake.add_frame(frame, timestamp_us, now_us);
        if evicted.is_some() {
            self.results.note_dropped(1);
            self.release_early();
        }
        Admission {
            index,
            evicted: evicted.map(|queued| (queued.index, queued.frame)),
        }
    }

    /// Adds a stateless picture: it uses and changes nothing that the stream remembers, and no newer frame drops it.
    ///
    /// # Errors
    /// [`SessionError::Busy`] while [`MAX_STILLS`] of them are on their way. No index was given out then.
    pub fn add_still(
        &mut self,
        frame: F,
        timestamp_us: i64,
        now_us: u64,
    ) -> Result<u64, SessionError> {
        self.check_room_for_still()?;
        Ok(self.intake.add_still(frame, timestamp_us, now_us))
    }

    /// Whether a stateless picture would be taken.
    ///
    /// # Errors
    /// As [`add_still`](Self::add_still).
    pub fn check_room_for_still(&self) -> Result<(), SessionError> {
        let in_work = self.in_work.iter().filter(|frame| frame.is_still()).count();
        let waiting = self.intake.waiting_stills() + in_work + self.results.unread_stills();
        if waiting >= MAX_STILLS {
            return Err(SessionError::Busy { waiting });
        }
        Ok(())
    }

    /// Adds a frame of the stream that is known to be bad: it takes an index, drops no other, leaves tracking as it is, and
    /// its error comes out in frame order. Of more than `max_unread_results` that wait for the frames before them the oldest
    /// counts as dropped.
    pub fn add_failed(&mut self, error: FrameError, timestamp_us: i64) -> u64 {
        let index = self.intake.take_index();
        self.results.push_early(FailedFrame {
            index,
            timestamp_us,
            error,
            dropped: 0,
        });
        self.release_early();
        index
    }

    /// Counts a frame of the stream that its producer dropped, such as one over a limit on the rate: it takes an index and
    /// counts as dropped.
    pub fn add_dropped(&mut self) -> u64 {
        self.results.note_dropped(1);
        self.intake.take_index()
    }

    /// Drops the oldest frame of the stream that waits, and hands it out with its index: for a caller that bounds what
    /// waits by more than its number.
    pub fn drop_oldest(&mut self) -> Option<(u64, F)> {
        let oldest = self.intake.take_oldest()?;
        self.results.note_dropped(1);
        self.release_early();
        Some(oldest)
    }

    /// Gives the frames that failed when they were added their place among the results, as soon as it is their turn.
    fn release_early(&mut self) {
        let in_work = self.in_work.iter().find(|frame| !frame.is_still());
        let oldest = in_work
            .map(FrameInWork::index)
            .or_else(|| self.intake.oldest_index());
        self.results.release_early(oldest);
    }

    /// The next result: stills as they are done, frames in order.
    pub fn next_result(&mut self) -> Option<FrameResult> {
        self.results.next()
    }

    /// Lets other options hold for the frames that are added from now on; those added before keep theirs, and tracking goes
    /// on. The three sizes hold at once: a smaller `buffer_size` throws the oldest frames away, a smaller
    /// `max_unread_results` the oldest results.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`], as [`Options::validate`]; nothing has changed then.
    pub fn configure(&mut self, options: Options) -> Result<Boundary<F>, SessionError> {
        let max_unread_results = options.max_unread_results;
        let discarded = self.intake.configure(options)?;
        self.results.set_max_unread(max_unread_results);
        Ok(self.boundary(discarded))
    }

    /// Throws the buffered frames away, and lets tracking start from scratch with the next frame that is added. Frames in
    /// work are finished, stateless pictures stay, and the index goes on.
    pub fn reset(&mut self) -> Boundary<F> {
        let discarded = self.intake.reset();
        self.boundary(discarded)
    }

    fn boundary(&mut self, discarded: Vec<(u64, F)>) -> Boundary<F> {
        self.results.note_dropped(discarded.len() as u64);
        self.release_early();
        Boundary {
            next_index: self.intake.next_index(),
            discarded,
        }
    }

    /// Whether the next frame added would push another out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.intake.is_full()
    }

    /// Whether no frame waits or is in work. Results may still lie unread.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.intake.len() == 0 && self.in_work.is_empty()
    }

    /// Whether the frame before repeats another, so that the next one probably does as well: an executor may then leave
    /// undone what only frames need that are computed.
    #[must_use]
    pub fn expects_still(&self) -> bool {
        self.stillness.was_still()
    }

    /// The options that hold for the frames that are added from now on.
    #[must_use]
    pub fn options(&self) -> &Options {
        self.intake.options()
    }

    /// The index of the next frame added.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.intake.next_index()
    }

    /// Counts.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            received: self.intake.next_index(),
            buffered: self.intake.len() + self.results.waiting_early(),
            in_work: self.in_work.len(),
            ..self.results.stats()
        }
    }
}
