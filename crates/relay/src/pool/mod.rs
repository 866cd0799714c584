//! Worker threads that run the tasks of any number of sessions with one copy of the models.
//!
//! Whose task is next is decided when a worker is idle: `fair_queue`, by what each session asks of the processor,
//! `demand`. A task that panics fails alone. Decoding, of which the sender sets the amount, has a limit of processor time
//! and is given up when its session is gone; the pictures that decoding makes are within the ceiling on `memory`.

mod demand;
mod fair_queue;
mod processor_time;
mod work;

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use live_keypoints_pipeline::picture::DecodeLimits;
use live_keypoints_pipeline::{Outcome, TaskId, Work};

use self::fair_queue::{ClientId, Estimate, FairQueue, LOOK_AGAIN, Turn, Worker};
use self::processor_time::ProcessorTime;
use self::work::{Means, finish, reckon, run};
use crate::frame::Frame;
use crate::memory::{Held, PictureMemory, Pixels};
use crate::model_sets::ModelSets;

/// Greatest number of worker threads.
pub const MAX_WORKERS: usize = 4;
/// A session as the relay drives it.
pub type Session = live_keypoints_pipeline::Session<Frame, Arc<Pixels>>;
/// A task of such a session.
pub type Task = live_keypoints_pipeline::Task<Frame, Arc<Pixels>>;

type FrameWork = Work<Frame, Arc<Pixels>>;
type FrameOutcome = Outcome<Arc<Pixels>>;

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
    /// Tasks that wait for a worker.
    pub queued_tasks: usize,
    /// Microseconds that tasks took, summed over the workers.
    pub busy_us: u64,
}

/// The worker threads. Dropping it ends them after the tasks they are at, which a decoding gives up; it waits for none.
pub struct WorkerPool {
    shared: Arc<Shared>,
    workers: usize,
}

/// A session's access to the pool. Dropping it gives up what waits and the decodings under way.
pub struct Client {
    id: ClientId,
    is_gone: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<FairQueue<Job>>,
    /// A task came, or one that waits may fit now.
    work_came: Condvar,
    started: Instant,
    is_ending: AtomicBool,
    memory: PictureMemory,
    busy_workers: AtomicUsize,
    busy_us: AtomicU64,
}

struct Job {
    work: JobWork,
    /// Of the picture that decoding makes, and its making.
    memory_bytes: u64,
    /// The most processor time that it may take.
    limit: Duration,
    held: Option<Held>,
    is_session_gone: Arc<AtomicBool>,
}

enum JobWork {
    /// A task of a session, and who is told what came of it.
    Task(Box<Task>, Box<dyn FnOnce(Finished) + Send>),
    /// Anything else. It gives what is to be called once its time is accounted for.
    Other(Box<dyn FnOnce() -> Reply + Send>),
}

type Reply = Box<dyn FnOnce()>;

impl WorkerPool {
    /// Starts `workers` threads, which share the models: at most [`MAX_WORKERS`], and no more than there are cores. The last of
    /// several is a patient one, which the system lets wait for the others. Where each core has a brisk one, or one worker was
    /// asked for, a spare one is started beside them: it is patient, too, and takes nothing but long tasks that would keep a
    /// session of short ones waiting. Pictures in work take `picture_bytes` of memory at most, or are one.
    ///
    /// # Errors
    /// What the system says if a thread cannot be started.
    pub fn start(
        models: Arc<ModelSets>,
        limits: DecodeLimits,
        workers: NonZeroUsize,
        picture_bytes: u64,
    ) -> io::Result<Self> {
        Self::start_with(workers, picture_bytes, move |work, means| {
            run(&models, limits, work, means)
        })
    }

    fn start_with(
        workers: NonZeroUsize,
        picture_bytes: u64,
        run: impl Fn(FrameWork, Means<'_>) -> FrameOutcome + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let workers = workers.get().min(MAX_WORKERS);
        let cores = thread::available_parallelism().map_or(workers, NonZeroUsize::get);
        let kinds = kinds_of_workers(workers, cores);
        let shared = Arc::new_cyclic(|shared: &std::sync::Weak<Shared>| {
            let shared = shared.clone();
            // A decoding that did not fit may fit now.
            let on_release = move || {
                if let Some(shared) = shared.upgrade() {
                    shared.wake_all();
                }
            };
            Shared {
                queue: Mutex::new(FairQueue::new()),
                work_came: Condvar::new(),
                started: Instant::now(),
                is_ending: AtomicBool::new(false),
                memory: PictureMemory::new(picture_bytes, on_release),
                busy_workers: AtomicUsize::new(0),
                busy_us: AtomicU64::new(0),
            }
        });
        let workers = workers.min(cores);
        let pool = Self { shared, workers };
        let run = Arc::new(run);
        for (number, kind) in kinds.into_iter().enumerate() {
            let (shared, run) = (Arc::clone(&pool.shared), Arc::clone(&run));
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work_off(kind, &shared, run.as_ref()))?;
        }
        Ok(pool)
    }

    /// Access for one session.
    #[must_use]
    pub fn client(&self) -> Client {
        let id = self.shared.queue().register(self.shared.now_us());
        Client {
            id,
            is_gone: Arc::default(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// What it does now.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            busy_workers: self.shared.busy_workers.load(Ordering::Relaxed),
            queued_tasks: self.shared.queue().waiting(),
            busy_us: self.shared.busy_us.load(Ordering::Relaxed),
        }
    }

    /// Number of worker threads, a spare one not counted.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        self.shared.wake_all();
    }
}

impl Client {
    /// Notes that the session was sent so many frames, whether they are ever taken up or not.
    pub fn note_frames(&self, count: u64) {
        if count > 0 {
            let now_us = self.shared.now_us();
            self.shared.queue().offer(self.id, count, now_us);
        }
    }

    /// Queues a task. `reply` is called once, on the worker's thread, unless the client is dropped before; it must not
    /// block for long.
    pub fn submit(&self, task: Task, reply: impl FnOnce(Finished) + Send + 'static) {
        let (estimate, memory_bytes, limit) = reckon(&task.work);
        let job = Job {
            work: JobWork::Task(Box::new(task), Box::new(reply)),
            memory_bytes: memory_bytes.min(self.shared.memory.max_bytes()),
            limit,
            held: None,
            is_session_gone: Arc::clone(&self.is_gone),
        };
        self.push(estimate, job);
    }

    /// Queues work that is no task of the session but shares its time, as the tasks of frames in work do; it is reckoned to take
    /// `processor_us` microseconds. `reply` is called as that of [`submit`](Self::submit) is: with what the work gave, `None` if
    /// it panicked.
    pub fn run<T: 'static>(
        &self,
        processor_us: u64,
        work: impl FnOnce() -> T + Send + 'static,
        reply: impl FnOnce(Option<T>) + Send + 'static,
    ) {
        let work = move || -> Reply {
            // It owns all it changes: nothing half-changed outlives a panic.
            let done = catch_unwind(AssertUnwindSafe(work)).ok();
            Box::new(move || reply(done))
        };
        let job = Job {
            work: JobWork::Other(Box::new(work)),
            memory_bytes: 0,
            limit: Duration::MAX,
            held: None,
            is_session_gone: Arc::clone(&self.is_gone),
        };
        let estimate = Estimate {
            is_decoding: false,
            processor_us,
        };
        self.push(estimate, job);
    }

    fn push(&self, estimate: Estimate, job: Job) {
        let now_us = self.shared.now_us();
        self.shared.queue().push(self.id, estimate, job, now_us);
        // All, as not every worker takes every task.
        self.shared.work_came.notify_all();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Relaxed);
        let waiting = self.shared.queue().remove(self.id);
        // Outside the lock: what waits may hold memory, whose release wakes workers.
        drop(waiting);
    }
}

impl Shared {
    /// Nothing panics under this lock, so a poisoned one is sound.
    fn queue(&self) -> MutexGuard<'_, FairQueue<Job>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        microseconds_since(self.started)
    }

    /// The lock is taken so that no worker falls asleep between looking and being woken.
    fn wake_all(&self) {
        drop(self.queue());
        self.work_came.notify_all();
    }

    /// Waits for the next task; `None` when the pool ends.
    fn next(&self, worker: Worker) -> Option<Turn<Job>> {
        let mut queue = self.queue();
        loop {
            if self.is_ending.load(Ordering::Relaxed) {
                return None;
            }
            let turn = queue.next(worker, self.now_us(), |job| {
                if job.memory_bytes > 0 {
                    job.held = self.memory.try_hold(job.memory_bytes);
                }
                job.memory_bytes == 0 || job.held.is_some()
            });
            if turn.is_some() {
                return turn;
            }
            queue = if queue.waiting() == 0 {
                let woken = self.work_came.wait(queue);
                woken.unwrap_or_else(PoisonError::into_inner)
            } else {
                let woken = self.work_came.wait_timeout(queue, LOOK_AGAIN);
                woken.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

fn work_off(worker: Worker, shared: &Shared, run: &impl Fn(FrameWork, Means<'_>) -> FrameOutcome) {
    if worker != Worker::Brisk {
        be_patient();
    }
    while let Some(Turn { job, receipt }) = shared.next(worker) {
        let Job {
            work,
            held,
            limit,
            is_session_gone,
            ..
        } = job;
        shared.busy_workers.fetch_add(1, Ordering::Relaxed);
        let processor_time = ProcessorTime::start();
        let keep_going = || {
            !is_session_gone.load(Ordering::Relaxed)
                && !shared.is_ending.load(Ordering::Relaxed)
                && processor_time.elapsed() < limit
        };
        let means = Means {
            held,
            keep_going: &keep_going,
        };
        let started = Instant::now();
        let reply: Reply = match work {
            JobWork::Task(task, reply) => {
                let finished = finish(*task, means, run);
                Box::new(move || reply(finished))
            }
            JobWork::Other(work) => work(),
        };
        let elapsed_us = microseconds_since(started);
        let used_us = u64::try_from(processor_time.elapsed().as_micros()).unwrap_or(u64::MAX);
        shared.busy_workers.fetch_sub(1, Ordering::Relaxed);
        shared.busy_us.fetch_add(elapsed_us, Ordering::Relaxed);
        shared.queue().done(&receipt, used_us, shared.now_us());
        let _ = catch_unwind(AssertUnwindSafe(reply));
    }
}

/// No more brisk ones than there are cores: they would only take each other's time.
fn kinds_of_workers(workers: usize, cores: usize) -> Vec<Worker> {
    let brisk = cores.min(workers.saturating_sub(1)).max(1);
    let has_core_left = brisk < workers.min(cores);
    let mut kinds = vec![Worker::Brisk; brisk];
    kinds.push(match has_core_left {
        true => Worker::Patient,
        false => Worker::Spare,
    });
    kinds
}

/// Lets the system run this thread where no other wants its core.
#[cfg(target_os = "linux")]
fn be_patient() {
    // Of a thread, not of the process. It is allowed to everybody; were it not, the thread would be as the others.
    let _ = rustix::process::setpriority_process(None, 19);
}

#[cfg(not(target_os = "linux"))]
fn be_patient() {}

/// Microseconds since `started`, for a session's clock and for timings.
#[must_use]
pub fn microseconds_since(started: Instant) -> u64 {
    // 2⁶⁴ µs are 584,000 years.
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
