//! Whose task is next: start-time fair queueing (Goyal, Vin and Cheng, 1996) by processor time.
//!
//! Every session has a virtual time, which goes on by the processor time of its tasks multiplied by its demand, and the
//! session with the least is next. So sessions of one demand get equal time, and who asks for eight times as much waits
//! for who asks for little: a camera beside floods is served at once, and floods share what it leaves.
//!
//! A task cannot be interrupted, so long ones are another thread's while a session without any is active.
//! A state machine without threads and clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::demand::Demand;

/// A task that takes longer is a long one.
const LONG_US: u64 = 15_000;
/// After so long, a decoding that does not fit lets no session behind it decode either.
const PATIENCE_US: u64 = 1_000_000;
/// A session counts as active this long after its last task.
const ACTIVE_US: u64 = 1_000_000;
/// A session counts as one of long tasks this long after its last one.
const LONG_MEMORY_US: u64 = 5_000_000;
/// Time alone changes what a worker may take, and nobody tells it: it looks again after this.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A session in the queue.
pub(super) type ClientId = u64;

/// What is known of a task before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    /// Whether it takes a frame up, and so comes after the tasks of frames that are in work.
    pub(super) is_decoding: bool,
    /// Processor time in microseconds.
    pub(super) processor_us: u64,
}

impl Estimate {
    fn is_long(self) -> bool {
        self.processor_us > LONG_US
    }
}

/// A task that is to run now.
#[derive(Debug)]
pub(super) struct Turn<J> {
    pub(super) job: J,
    pub(super) receipt: Receipt,
}

/// What is to be given back when a task is done.
#[derive(Debug)]
pub(super) struct Receipt {
    client: ClientId,
    estimate: Estimate,
    demand: f64,
}

/// What a worker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worker {
    /// Short tasks, and long ones while they keep nobody waiting.
    Brisk,
    /// Any task.
    Patient,
    /// Long tasks that the brisk ones leave.
    Spare,
}

/// The tasks that wait, of all sessions.
#[derive(Debug)]
pub(super) struct FairQueue<J> {
    clients: BTreeMap<ClientId, Client<J>>,
    next_id: ClientId,
    /// Where the session that was served last stood.
    virtual_time: f64,
    waiting: usize,
}

#[derive(Debug)]
struct Client<J> {
    /// Tasks of frames in work, then those that take one up.
    waiting: [VecDeque<(Estimate, J)>; 2],
    /// Since when its first task does not fit.
    refused_us: Option<u64>,
    /// Its virtual time.
    finish: f64,
    demand: Demand,
    last_task_us: Option<u64>,
    last_long_us: Option<u64>,
}

impl<J> Client<J> {
    fn first(&self) -> Option<Estimate> {
        let first = self.waiting.iter().find_map(VecDeque::front);
        first.map(|(estimate, _)| *estimate)
    }

    fn take_first(&mut self) -> Option<(Estimate, J)> {
        self.waiting.iter_mut().find_map(VecDeque::pop_front)
    }

    /// Whether it has been at work of late, with short tasks alone.
    fn is_active_and_brief(&self, now_us: u64) -> bool {
        let within = |time: Option<u64>, span: u64| {
            time.is_some_and(|time| now_us.saturating_sub(time) < span)
        };
        within(self.last_task_us, ACTIVE_US) && !within(self.last_long_us, LONG_MEMORY_US)
    }
}

impl<J> FairQueue<J> {
    pub(super) fn new() -> Self {
        Self {
            clients: BTreeMap::new(),
            next_id: 0,
            virtual_time: 0.0,
            waiting: 0,
        }
    }

    /// Adds a session.
    pub(super) fn register(&mut self, now_us: u64) -> ClientId {
        let id = self.next_id;
        self.next_id += 1;
        let client = Client {
            waiting: Default::default(),
            refused_us: None,
            finish: self.virtual_time,
            demand: Demand::new(now_us),
            last_task_us: None,
            last_long_us: None,
        };
        self.clients.insert(id, client);
        id
    }

    /// Removes a session; gives the tasks that waited.
    pub(super) fn remove(&mut self, id: ClientId) -> Vec<J> {
        let waiting = self.clients.remove(&id).map(|client| client.waiting);
        let jobs = waiting.into_iter().flatten().flatten();
        let jobs: Vec<J> = jobs.map(|(_, job)| job).collect();
        self.waiting -= jobs.len();
        jobs
    }

    /// A session was sent so many frames.
    pub(super) fn offer(&mut self, id: ClientId, count: u64, now_us: u64) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.demand.offer(count, now_us);
        }
    }

    /// Adds a task of a session.
    pub(super) fn push(&mut self, id: ClientId, estimate: Estimate, job: J, now_us: u64) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.waiting[usize::from(estimate.is_decoding)].push_back((estimate, job));
        client.last_task_us = Some(now_us);
        if estimate.is_long() {
            client.last_long_us = Some(now_us);
        }
        self.waiting += 1;
    }

    /// The next task for a worker that is idle, of those that `fits` takes.
    pub(super) fn next(
        &mut self,
        worker: Worker,
        now_us: u64,
        mut fits: impl FnMut(&mut J) -> bool,
    ) -> Option<Turn<J>> {
        let mut waiting: Vec<(f64, ClientId)> = self
            .clients
            .iter()
            .filter(|(id, client)| {
                client
                    .first()
                    .is_some_and(|first| self.may_start(worker, **id, first, now_us))
            })
            .map(|(id, client)| (client.finish, *id))
            .collect();
        // Who lies behind the virtual time has been idle, the longest first.
        waiting.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut may_decode = true;
        for (_, id) in waiting {
            let client = self.clients.get_mut(&id)?;
            let (estimate, job) = client.waiting.iter_mut().find_map(VecDeque::front_mut)?;
            if estimate.is_decoding && !may_decode {
                continue;
            }
            if fits(job) {
                return self.start(id, now_us);
            }
            let since = *client.refused_us.get_or_insert(now_us);
            may_decode &= now_us - since < PATIENCE_US;
        }
        None
    }

    fn may_start(&self, worker: Worker, id: ClientId, estimate: Estimate, now_us: u64) -> bool {
        let keeps_waiting = || {
            let mut others = self.clients.iter().filter(|(other, _)| **other != id);
            others.any(|(_, client)| client.is_active_and_brief(now_us))
        };
        match worker {
            Worker::Brisk => !estimate.is_long() || !keeps_waiting(),
            Worker::Patient => true,
            Worker::Spare => estimate.is_long() && keeps_waiting(),
        }
    }

    fn start(&mut self, id: ClientId, now_us: u64) -> Option<Turn<J>> {
        let client = self.clients.get_mut(&id)?;
        let (estimate, job) = client.take_first()?;
        if estimate.is_decoding {
            client.demand.take(now_us);
        }
        let demand = client.demand.cores(now_us);
        let start = client.finish.max(self.virtual_time);
        client.finish = start + estimate.processor_us as f64 * demand;
        client.last_task_us = Some(now_us);
        client.refused_us = None;
        self.virtual_time = start;
        self.waiting -= 1;
        let receipt = Receipt {
            client: id,
            estimate,
            demand,
        };
        Some(Turn { job, receipt })
    }

    /// Takes note of a task that is done.
    pub(super) fn done(&mut self, receipt: &Receipt, used_us: u64, now_us: u64) {
        let Receipt {
            client,
            estimate,
            demand,
        } = *receipt;
        if let Some(client) = self.clients.get_mut(&client) {
            client.demand.spend(used_us, now_us);
            client.finish += (used_us as f64 - estimate.processor_us as f64) * demand;
        }
    }

    /// Tasks that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests;
