//! The first run of a model, in a worker that has nothing else to do: it takes about twice as long as any later one.

use std::cell::Cell;

use crate::browser::Timer;

/// A worker is taken to have nothing to do after so many milliseconds without a step. Less would slow down the first frame
/// of a page that pushes it at once: on two cores, the other workers would be in its way.
const IDLE_MS: f64 = 200.0;

/// Runs models one by one until each has run, and makes way for steps.
pub(super) struct WarmUp {
    timer: Timer,
    is_over: Cell<bool>,
}

impl WarmUp {
    /// `run` calls `next` or `finish`.
    pub(super) fn new(run: impl FnMut() + 'static) -> Self {
        Self {
            timer: Timer::new(run),
            is_over: Cell::new(true),
        }
    }

    pub(super) fn begin(&self) {
        self.is_over.set(false);
        self.timer.set(IDLE_MS);
    }

    /// A step has come.
    pub(super) fn postpone(&self) {
        if !self.is_over.get() {
            self.timer.set(IDLE_MS);
        }
    }

    /// One more, but not at once: a step that has come meanwhile goes first.
    pub(super) fn next(&self) {
        self.timer.set(0.0);
    }

    pub(super) fn finish(&self) {
        self.is_over.set(true);
    }
}
