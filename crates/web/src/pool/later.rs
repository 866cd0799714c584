//! Models that a worker need not have at the start, as another has them, too: they come while nothing is to be done, or
//! after some results where there is always something. Loading them keeps a worker from its steps for a tenth of a second.

use live_keypoints_pipeline::Steps;

use super::{Command, Pool, Served};

/// Whoever starts a stream pushes its first frame sooner, if it has one.
const PAUSE_MS: f64 = 100.0;
const ENOUGH_RESULTS: u64 = 10;

#[derive(Debug)]
pub(super) struct Later {
    place: usize,
    steps: Steps,
    pause: Pause,
}

#[derive(Debug, PartialEq)]
enum Pause {
    NotBegun,
    Until { at_ms: f64 },
    Over,
}

impl Later {
    /// No layout has two.
    pub(super) fn of(layout: &[Served]) -> Option<Self> {
        let place = layout
            .iter()
            .position(|served| served.later != Steps::NONE)?;
        Some(Self {
            place,
            steps: layout[place].later,
            pause: Pause::NotBegun,
        })
    }

    pub(super) fn of_place(&self, place: usize) -> Steps {
        match place == self.place {
            true => self.steps,
            false => Steps::NONE,
        }
    }

    /// All workers have started.
    pub(super) fn started(&mut self, now_ms: f64) {
        let at_ms = now_ms + PAUSE_MS;
        self.pause = Pause::Until { at_ms };
    }

    pub(super) fn at_ms(&self) -> Option<f64> {
        match self.pause {
            Pause::Until { at_ms } => Some(at_ms),
            _ => None,
        }
    }

    pub(super) fn timeout(&mut self, now_ms: f64) {
        if self.at_ms().is_some_and(|at_ms| at_ms <= now_ms) {
            self.pause = Pause::Over;
        }
    }
}

impl<F> Pool<F> {
    /// Has a worker get the models that it did not need at the start, once there is time.
    pub(super) fn have_later(&mut self) {
        let is_quiet = self.session.is_idle();
        let results = self.session.stats().completed;
        let places = &self.places;
        let is_time = |later: &mut Later| {
            let has_pause = is_quiet && later.pause == Pause::Over;
            places[later.place].is_at_work() && (has_pause || results >= ENOUGH_RESULTS)
        };
        if let Some(later) = self.later.take_if(is_time) {
            let place = &self.places[later.place];
            let command = Command::Adopt {
                worker: place.worker(),
                steps: later.steps,
                served: place.steps,
                lost: later.place,
            };
            self.commands.push_back(command);
        }
    }
}
