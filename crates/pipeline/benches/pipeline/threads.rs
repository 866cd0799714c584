//! A session driven by threads, each of which takes what is ready next.

use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::{Decoded, Outcome, Steps, Task, Work, branch, decode};

/// A frame as it is given: with decoding to do, or without.
#[derive(Clone)]
pub(crate) enum Input {
    Jpeg(Arc<[u8]>),
    Pixels(Arc<RgbImage>),
}

pub(crate) type Session = live_keypoints_pipeline::Session<Input, Arc<RgbImage>>;

/// Runs the session's tasks on so many threads until it is idle; early ones, too, if so wished.
pub(crate) fn run_until_idle(
    session: &mut Session,
    models: &Models,
    threads: NonZeroUsize,
    is_early: bool,
) {
    let shared = Shared {
        session: Mutex::new(session),
        has_changed: Condvar::new(),
        models,
        is_early,
        started: Instant::now(),
    };
    if threads.get() == 1 {
        return shared.work_off();
    }
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| shared.work_off());
        }
    });
}

struct Shared<'a> {
    session: Mutex<&'a mut Session>,
    has_changed: Condvar,
    models: &'a Models,
    is_early: bool,
    started: Instant,
}

impl<'a> Shared<'a> {
    fn work_off(&self) {
        let mut session = self.lock();
        loop {
            let mut task = session.next_task(Steps::ALL, self.now_us());
            if task.is_none() && self.is_early {
                task = session.next_early_task(Steps::ALL);
            }
            if let Some(Task { id, work }) = task {
                drop(session);
                let begun = Instant::now();
                let outcome = self.outcome_of(work);
                session = self.lock();
                session.complete(id, outcome, micros(begun), self.now_us());
                self.has_changed.notify_all();
            } else if session.is_idle() {
                return;
            } else {
                session = self
                    .has_changed
                    .wait(session)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn outcome_of(&self, work: Work<Input, Arc<RgbImage>>) -> Outcome<Arc<RgbImage>> {
        match work {
            Work::Decode {
                frame: Input::Jpeg(bytes),
                ..
            } => decode(&bytes, DecodeLimits::default()),
            Work::Decode {
                frame: Input::Pixels(pixels),
                ..
            } => Outcome::Decoded(Decoded {
                size: pixels.size(),
                pixels,
                grey: None,
            }),
            Work::Branch(image, job) => match branch::run(self.models, &image, &job) {
                Ok(outcome) => Outcome::Branch(outcome),
                Err(error) => Outcome::Failed(error.into()),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, &'a mut Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        micros(self.started)
    }
}

fn micros(since: Instant) -> u64 {
    // 2⁶⁴ µs are 584,000 years.
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
