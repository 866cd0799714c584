//! From a worker's script to its last model.

use std::collections::VecDeque;

use live_keypoints_pipeline::{ErrorCode, FrameError};

use super::place::{Start, State};
use super::{Command, Deadline, Event, Phase, Pool};
use crate::worker_id::WorkerId;

/// The version of page and workers, which must be the same.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl<F> Pool<F> {
    pub(super) fn spawn(&mut self, number: usize, now_ms: f64) {
        let place = &mut self.places[number];
        place.state = State::Starting(Start::Script);
        place.deadline = Some(Deadline::new(self.patience.start_ms, now_ms));
        let worker = place.worker();
        self.commands.push_back(Command::Spawn { worker });
    }

    /// A worker's script runs, and is of this version.
    pub(crate) fn said_hello(&mut self, worker: WorkerId, version: &str, now_ms: f64) {
        let Some(place) = self.current(worker) else {
            return;
        };
        if version != VERSION {
            return self.fail(
                worker,
                version_mismatch("the worker script", version),
                now_ms,
            );
        }
        if !matches!(place.state, State::Starting(Start::Script)) {
            return;
        }
        place.deadline = None;
        place.state = State::Starting(Start::Waiting);
        let steps = place.steps;
        // The others wait for the first; a replacement finds it done.
        if self.phase == (Phase::Starting { is_compiled: false }) && worker.place == 0 {
            self.compile(worker, false);
        }
        self.commands.push_back(Command::Init { worker, steps });
    }

    fn compile(&mut self, worker: WorkerId, is_retry: bool) {
        let place = &mut self.places[worker.place];
        place.state = State::Starting(Start::Compiling { is_retry });
        place.deadline = None;
        self.commands
            .push_back(Command::Compile { worker, is_retry });
    }

    /// The worker has been told where the module is: in a file of the page's, or at an address. Silence is the network's
    /// then.
    pub(crate) fn compile_sent(
        &mut self,
        worker: WorkerId,
        is_file: bool,
        is_retry: bool,
        now_ms: f64,
    ) {
        let span_ms = match (is_file, is_retry) {
            (true, _) => self.patience.start_ms,
            (false, false) => self.patience.compile_ms,
            (false, true) => self.patience.compile_retry_ms,
        };
        if let Some(place) = self.current(worker)
            && matches!(place.state, State::Starting(Start::Compiling { .. }))
        {
            place.deadline = Some(Deadline::new(span_ms, now_ms));
        }
    }

    /// The module that all workers are given is there.
    pub(crate) fn compiled(&mut self) {
        if let Phase::Starting { is_compiled } = &mut self.phase {
            *is_compiled = true;
        }
        for place in &mut self.places {
            if matches!(place.state, State::Starting(Start::Compiling { .. })) {
                place.state = State::Starting(Start::Waiting);
                place.deadline = None;
            }
        }
    }

    /// Bytes have come from the network: a script or a module may be on its way, too.
    pub(crate) fn heard(&mut self, now_ms: f64) {
        for place in &mut self.places {
            if let (State::Starting(_), Some(deadline)) = (&place.state, &mut place.deadline) {
                deadline.renew(now_ms);
            }
        }
    }

    /// All that a worker starts with is on its way to it. Only while it owes an answer can it be silent for too long.
    pub(crate) fn assets_sent(&mut self, worker: WorkerId, now_ms: f64) {
        let span_ms = self.patience.start_ms;
        if let Some(place) = self.current(worker)
            && matches!(place.state, State::Starting(Start::Waiting))
        {
            place.state = State::Starting(Start::Loading);
            place.deadline = Some(Deadline::new(span_ms, now_ms));
        }
    }

    /// What a worker starts with cannot be had.
    pub(crate) fn assets_failed(&mut self, worker: WorkerId, error: FrameError, now_ms: f64) {
        self.fail(worker, error, now_ms);
    }

    /// A worker can take steps.
    pub(crate) fn ready(
        &mut self,
        worker: WorkerId,
        version: &str,
        memory_bytes: u64,
        now_ms: f64,
    ) {
        let Some(place) = self.current(worker) else {
            return;
        };
        if version != VERSION {
            let error = version_mismatch("the inference module", version);
            return self.fail(worker, error, now_ms);
        }
        if !matches!(place.state, State::Starting(_)) {
            return;
        }
        place.memory_bytes = memory_bytes;
        place.deadline = None;
        place.state = State::Working(VecDeque::new());
        let all_ready = self.places.iter().all(super::place::Place::is_idle);
        if all_ready && matches!(self.phase, Phase::Starting { .. }) {
            self.phase = Phase::Working;
            if let Some(later) = &mut self.later {
                later.started(now_ms);
            }
            self.events.push_back(Event::Ready);
        }
    }

    /// What a worker that compiles for too long has come to: once more past the HTTP cache, or nothing.
    pub(super) fn compile_is_silent(&mut self, worker: WorkerId, is_retry: bool, now_ms: f64) {
        if !is_retry {
            return self.compile(worker, true);
        }
        let seconds = self.patience.compile_retry_ms as u64 / 1000;
        let message =
            format!("inference could not be fetched: the network was silent for {seconds} seconds");
        self.fail(
            worker,
            FrameError::new(ErrorCode::AssetUnreachable, message),
            now_ms,
        );
    }
}

/// The error of two parts that are not of one version.
pub(crate) fn version_mismatch(what: &str, found: &str) -> FrameError {
    let message = format!("{what} is of version {found}; this page has {VERSION}");
    FrameError::new(ErrorCode::VersionMismatch, message)
}
