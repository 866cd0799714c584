//! Limits how long a stream's downloads may be silent, not how long they take altogether.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use live_keypoints_pipeline::{ErrorCode, FrameError};
use web_sys::{AbortController, AbortSignal};

use super::fetching::HttpCache;
use crate::abort::aborted;
use crate::browser::{Timer, now};
use crate::pool::Deadline;

/// After so much silence a file is asked for again, past the browser's HTTP cache: Chromium lets a request for what another
/// tab is downloading into that cache wait for the other tab.
pub(super) const RETRY_MS: f64 = 10_000.0;
/// After so much silence the second time, milliseconds, a file cannot be had.
pub(super) const SILENCE_MS: f64 = 30_000.0;

/// Files on their way over one line. While bytes of any of them arrive, none is given up.
#[derive(Default)]
pub(super) struct Downloads {
    attempts: RefCell<Vec<Weak<Attempt>>>,
    is_aborted: Cell<bool>,
}

/// A request under way.
struct Attempt {
    controller: AbortController,
    deadline: Cell<Deadline>,
    timer: Timer,
}

impl Downloads {
    /// Bytes have arrived, here or in a worker.
    pub(super) fn heard(&self) {
        for attempt in self.under_way() {
            let mut deadline = attempt.deadline.get();
            deadline.renew(now());
            attempt.deadline.set(deadline);
        }
    }

    /// Ends them all.
    pub(super) fn abort(&self) {
        self.is_aborted.set(true);
        for attempt in self.under_way() {
            attempt.controller.abort();
        }
    }

    fn under_way(&self) -> Vec<Rc<Attempt>> {
        let mut attempts = self.attempts.borrow_mut();
        attempts.retain(|attempt| attempt.strong_count() > 0);
        attempts.iter().filter_map(Weak::upgrade).collect()
    }

    /// What `get` gives, asked for in these ways, one after the other.
    ///
    /// # Errors
    /// Its error, `asset-unreachable` after too much silence, or `aborted`.
    pub(super) async fn run<T>(
        &self,
        name: &str,
        ways: &[HttpCache],
        get: impl AsyncFn(HttpCache, AbortSignal) -> Result<T, FrameError>,
    ) -> Result<T, FrameError> {
        for (number, cache) in ways.iter().enumerate() {
            if self.is_aborted.get() {
                return Err(aborted());
            }
            let is_last = number + 1 == ways.len();
            let attempt = Attempt::start(if is_last { SILENCE_MS } else { RETRY_MS })?;
            self.attempts.borrow_mut().push(Rc::downgrade(&attempt));
            let signal = attempt.controller.signal();
            let outcome = get(*cache, signal.clone()).await;
            if self.is_aborted.get() {
                return Err(aborted());
            }
            if outcome.is_ok() || !signal.aborted() {
                return outcome;
            }
        }
        let seconds = SILENCE_MS as u64 / 1000;
        let message =
            format!("{name} could not be fetched: the network was silent for {seconds} seconds");
        Err(FrameError::new(ErrorCode::AssetUnreachable, message))
    }
}

impl Attempt {
    fn start(silence_ms: f64) -> Result<Rc<Self>, FrameError> {
        let controller = AbortController::new()
            .map_err(|_| FrameError::new(ErrorCode::Internal, "there is no AbortController"))?;
        let attempt = Rc::new_cyclic(|attempt: &Weak<Self>| {
            let attempt = attempt.clone();
            Self {
                controller,
                deadline: Cell::new(Deadline::new(silence_ms, now())),
                timer: Timer::new(move || {
                    if let Some(attempt) = attempt.upgrade() {
                        attempt.look();
                    }
                }),
            }
        });
        attempt.look();
        Ok(attempt)
    }

    fn look(&self) {
        let mut deadline = self.deadline.get();
        if deadline.has_passed(now()) {
            return self.controller.abort();
        }
        self.deadline.set(deadline);
        self.timer.set((deadline.next_ms() - now()).max(0.0));
    }
}
