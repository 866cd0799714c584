//! Worker threads that run the tasks of any number of sessions with one copy of the models.
//!
//! A session's driver reserves a slot first and takes a task from the session only then, so that no task is ever taken
//! that has nowhere to go: the queue stays short, and every session's oldest frame goes first. A task that panics fails
//! alone.

use std::any::Any;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::{ErrorCode, FrameError, Outcome, TaskId, Work, branch};
use tokio::sync::mpsc;

use crate::frame::Frame;
use crate::model_sets::ModelSets;

/// Greatest number of worker threads.
pub const MAX_WORKERS: usize = 4;

/// A session as the relay drives it.
pub type Session = live_keypoints_pipeline::Session<Frame, Arc<RgbImage>>;
/// A task of such a session.
pub type Task = live_keypoints_pipeline::Task<Frame, Arc<RgbImage>>;

type FrameWork = Work<Frame, Arc<RgbImage>>;
type FrameOutcome = Outcome<Arc<RgbImage>>;

/// A task that is done.
#[derive(Debug)]
pub struct Finished {
    /// As it came with the task.
    pub id: TaskId,
    /// For [`Session::complete`](live_keypoints_pipeline::Session::complete).
    pub outcome: FrameOutcome,
    /// Microseconds that the work took, without waiting.
    pub elapsed_us: u64,
}

/// What the pool does now, and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Workers that compute.
    pub busy_workers: usize,
    /// Tasks that wait for a worker, and slots that are reserved for one.
    pub queued_tasks: usize,
    /// Microseconds that tasks took, summed over the workers.
    pub busy_us: u64,
}

#[derive(Debug, Default)]
struct Effort {
    busy_workers: AtomicUsize,
    busy_us: AtomicU64,
}

struct Job {
    task: Task,
    reply: Box<dyn FnOnce(Finished) + Send>,
}

/// The worker threads. Dropping it waits for the tasks that are queued.
pub struct WorkerPool {
    /// `None` only while the pool is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    effort: Arc<Effort>,
}

/// Room for one task in the queue.
pub struct Slot<'a>(mpsc::Permit<'a, Job>);

impl WorkerPool {
    /// Starts `workers` threads, at most [`MAX_WORKERS`], which share the models.
    ///
    /// # Errors
    /// What the system says if a thread cannot be started.
    pub fn start(
        models: Arc<ModelSets>,
        limits: DecodeLimits,
        workers: NonZeroUsize,
    ) -> io::Result<Self> {
        Self::start_with(workers, move |work| run(&models, limits, work))
    }

    fn start_with(
        workers: NonZeroUsize,
        run: impl Fn(FrameWork) -> FrameOutcome + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let count = workers.get().min(MAX_WORKERS);
        // One task waits for each worker, so that none idles while a driver makes up its mind.
        let (jobs, queue) = mpsc::channel(count);
        let (queue, run) = (Arc::new(Mutex::new(queue)), Arc::new(run));
        let mut pool = Self {
            jobs: Some(jobs),
            threads: Vec::with_capacity(count),
            effort: Arc::default(),
        };
        for number in 0..count {
            let (queue, run) = (Arc::clone(&queue), Arc::clone(&run));
            let effort = Arc::clone(&pool.effort);
            let thread = thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work_off(&queue, run.as_ref(), &effort))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Room for one task, if there is any now.
    #[must_use]
    pub fn try_reserve(&self) -> Option<Slot<'_>> {
        self.jobs.as_ref()?.try_reserve().ok().map(Slot)
    }

    /// Room for one task, as soon as there is any; `None` once every worker has ended. First come, first served, so no
    /// session starves another.
    pub async fn reserve(&self) -> Option<Slot<'_>> {
        self.jobs.as_ref()?.reserve().await.ok().map(Slot)
    }

    /// What it does now.
    #[must_use]
    pub fn load(&self) -> Load {
        let jobs = self.jobs.as_ref();
        Load {
            busy_workers: self.effort.busy_workers.load(Ordering::Relaxed),
            queued_tasks: jobs.map_or(0, |jobs| jobs.max_capacity() - jobs.capacity()),
            busy_us: self.effort.busy_us.load(Ordering::Relaxed),
        }
    }

    /// Number of worker threads.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.len()
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A worker catches every panic; were there one, it has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Slot<'_> {
    /// Queues a task. `reply` is called once, on the worker's thread, and must not block for long.
    pub fn submit(self, task: Task, reply: impl FnOnce(Finished) + Send + 'static) {
        self.0.send(Job {
            task,
            reply: Box::new(reply),
        });
    }
}

fn work_off(
    queue: &Mutex<mpsc::Receiver<Job>>,
    run: &impl Fn(FrameWork) -> FrameOutcome,
    effort: &Effort,
) {
    loop {
        // Nothing panics under this lock, so a poisoned one is sound.
        let job = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(Job { task, reply }) = job else {
            return;
        };
        effort.busy_workers.fetch_add(1, Ordering::Relaxed);
        let finished = finish(task, run);
        effort.busy_workers.fetch_sub(1, Ordering::Relaxed);
        effort
            .busy_us
            .fetch_add(finished.elapsed_us, Ordering::Relaxed);
        let _ = catch_unwind(AssertUnwindSafe(|| reply(finished)));
    }
}

fn finish(task: Task, run: &impl Fn(FrameWork) -> FrameOutcome) -> Finished {
    let started = Instant::now();
    // A task owns all it changes and the models hold no state: nothing half-changed outlives a panic.
    let outcome = catch_unwind(AssertUnwindSafe(|| run(task.work)))
        .unwrap_or_else(|panic| Outcome::Failed(internal_error(panic.as_ref())));
    Finished {
        id: task.id,
        outcome,
        elapsed_us: microseconds_since(started),
    }
}

fn run(models: &ModelSets, limits: DecodeLimits, work: FrameWork) -> FrameOutcome {
    match work {
        Work::Decode(frame) => frame.decode(limits, &|| true),
        Work::Branch(image, job) => match branch::run(models.of_job(&job), &image, &job) {
            Ok(outcome) => Outcome::Branch(outcome),
            Err(error) => Outcome::Failed(error.into()),
        },
    }
}

fn internal_error(panic: &(dyn Any + Send)) -> FrameError {
    let reason = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    FrameError::new(ErrorCode::Internal, format!("the task panicked: {reason}"))
}

/// Microseconds since `started`, for a session's clock and for timings.
#[must_use]
pub fn microseconds_since(started: Instant) -> u64 {
    // 2⁶⁴ µs are 584,000 years.
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use live_keypoints_pipeline::{Options, Steps};

    use super::*;

    fn task() -> Task {
        let mut session = Session::new(Options::default()).unwrap();
        session.add_frame(Frame::unreadable("never read".to_owned()), 1, 0);
        session.next_task(Steps::ALL, 0).unwrap()
    }

    fn pool(
        workers: usize,
        run: impl Fn(FrameWork) -> FrameOutcome + Send + Sync + 'static,
    ) -> WorkerPool {
        WorkerPool::start_with(NonZeroUsize::new(workers).unwrap(), run).unwrap()
    }

    #[test]
    fn a_task_that_panics_fails_alone() {
        let pool = pool(1, |work| match work {
            Work::Decode(Frame::Jpeg(_)) => panic!("of set purpose"),
            _ => Outcome::Failed(FrameError::new(ErrorCode::Aborted, "as told")),
        });
        let (replies, finished) = std_mpsc::channel();
        for is_fatal in [true, false] {
            let mut task = task();
            if is_fatal {
                task.work = Work::Decode(Frame::Jpeg(Vec::new().into()));
            }
            let replies = replies.clone();
            let slot = loop {
                if let Some(slot) = pool.try_reserve() {
                    break slot;
                }
                thread::yield_now();
            };
            slot.submit(task, move |finished| replies.send(finished).unwrap());
        }
        let codes = [(); 2].map(|()| match finished.recv().unwrap().outcome {
            Outcome::Failed(error) => error,
            other => panic!("{other:?}"),
        });
        assert_eq!(codes[0].code, ErrorCode::Internal);
        assert_eq!(codes[0].message, "the task panicked: of set purpose");
        assert_eq!(codes[1].code, ErrorCode::Aborted);
    }

    #[test]
    fn the_queue_is_bounded_and_an_unused_slot_is_given_back() {
        let (gate, wait) = std_mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let pool = pool(1, move |_| {
            let _ = wait.lock().unwrap().recv();
            Outcome::Failed(FrameError::new(ErrorCode::Aborted, "done"))
        });
        let (replies, finished) = std_mpsc::channel();
        let mut submitted = 0;
        for _ in 0..1000 {
            if let Some(slot) = pool.try_reserve() {
                let replies = replies.clone();
                slot.submit(task(), move |done| replies.send(done.id).unwrap());
                submitted += 1;
            }
            thread::yield_now();
        }
        assert!((1..=2).contains(&submitted), "{submitted}");
        drop(gate);
        for _ in 0..submitted {
            finished.recv().unwrap();
        }
        drop(pool.try_reserve());
        assert!(pool.try_reserve().is_some());
    }

    #[test]
    fn no_more_threads_than_allowed_are_started() {
        let pool = pool(9, |_| unreachable!());
        assert_eq!(pool.workers(), MAX_WORKERS);
    }
}
