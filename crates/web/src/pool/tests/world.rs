//! Page, workers and network, driven by the tests.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use live_keypoints_pipeline::branch::BranchJob;
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError, Options, Parts, Steps};

use super::stand::{Asked, Counted, Stand, What, outcome};
use crate::pool::{Answer, Command, Event, MAX_WORKERS, Patience, Pool};
use crate::worker_id::WorkerId;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const PATIENCE: Patience = Patience {
    start_ms: 60_000.0,
    step_ms: 10_000.0,
    compile_ms: 10_000.0,
    compile_retry_ms: 30_000.0,
};

/// Page, workers and network of the test.
pub(super) struct World {
    pub(super) pool: Pool<Counted>,
    pub(super) stands: BTreeMap<usize, Stand>,
    /// What the page owes workers.
    pub(super) inits: Vec<WorkerId>,
    pub(super) adoptions: Vec<(WorkerId, usize, Steps)>,
    pub(super) compiling: Option<WorkerId>,
    pub(super) held: Rc<Cell<usize>>,
    pub(super) now_ms: f64,
    pub(super) answered: BTreeSet<u64>,
    pub(super) stills: usize,
    pub(super) fatal: Option<FrameError>,
    pub(super) is_ready: bool,
}

impl World {
    pub(super) fn new(workers: usize, parts: Parts) -> Self {
        let options = Options {
            parts,
            buffer_size: 4,
            ..Options::default()
        };
        let mut world = Self {
            pool: Pool::new(options, workers, MAX_WORKERS, PATIENCE, 0.0).unwrap(),
            stands: BTreeMap::new(),
            inits: Vec::new(),
            adoptions: Vec::new(),
            compiling: None,
            held: Rc::default(),
            now_ms: 0.0,
            answered: BTreeSet::new(),
            stills: 0,
            fatal: None,
            is_ready: false,
        };
        world.pump();
        world
    }

    /// Everything that the pool wants done is done, or is owed.
    pub(super) fn pump(&mut self) {
        while let Some(command) = self.pool.poll_command(self.now_ms) {
            self.obey(command);
        }
        while let Some(event) = self.pool.poll_event() {
            match event {
                Event::Ready => self.is_ready = true,
                Event::Fatal { error, .. } => self.fatal = Some(error),
            }
        }
        while let Some((result, _)) = self.pool.next_result() {
            assert!(
                self.answered.insert(result.index()),
                "frame {} twice",
                result.index()
            );
        }
        // A fatal event ends the workers.
        while let Some(command) = self.pool.poll_command(self.now_ms) {
            self.obey(command);
        }
        let stats = self.pool.stats();
        let accounted = stats.dropped + stats.completed + stats.failed;
        assert_eq!(
            stats.received,
            accounted + (stats.buffered + stats.in_work) as u64
        );
        let is_owed = !self.inits.is_empty() || !self.adoptions.is_empty();
        let is_awaited = self.stands.values().any(|stand| {
            let mut asked = stand.asked.iter();
            asked.any(|asked| self.pool.is_wanted(stand.worker, asked.ticket))
        });
        if is_awaited && !is_owed {
            assert!(self.pool.next_deadline_ms().is_some());
        }
        for asked in self.stands.values().flat_map(|stand| &stand.asked) {
            if let What::Run {
                pixels_from: Some(holder),
                ..
            } = asked.what
            {
                assert_eq!(
                    self.stands[&holder.place].worker, holder,
                    "nobody sends them"
                );
            }
        }
    }

    pub(super) fn obey(&mut self, command: Command<Counted>) {
        match command {
            Command::Spawn { worker } => {
                self.stands.insert(worker.place, Stand::new(worker));
            }
            Command::Compile { worker, is_retry } => {
                self.compiling = Some(worker);
                self.pool.compile_sent(worker, false, is_retry, self.now_ms);
            }
            Command::Init { worker, .. } => self.inits.push(worker),
            Command::Adopt {
                worker,
                steps,
                lost,
                ..
            } => {
                self.adoptions.push((worker, lost, steps));
            }
            Command::Decode {
                worker,
                ticket,
                index,
                frame,
                copies,
                released,
                ..
            } => {
                let what = What::Decode {
                    copies,
                    _frame: frame,
                };
                let asked = Asked {
                    ticket,
                    index,
                    released,
                    what,
                };
                self.ask(worker, asked);
            }
            Command::Run {
                worker,
                ticket,
                index,
                job,
                pixels_from,
                released,
            } => {
                if let Some(holder) = pixels_from {
                    // It sends them before it is told anything else.
                    let other = &self.stands[&holder.place];
                    assert!(other.worker == holder && other.pixels.contains(&index));
                }
                let job = Box::new(job);
                let asked = Asked {
                    ticket,
                    index,
                    released,
                    what: What::Run { job, pixels_from },
                };
                self.ask(worker, asked);
                self.pool.sent(worker, ticket, self.now_ms);
            }
            Command::PixelsLost { worker, index } => {
                let stand = self.stands.get_mut(&worker.place).unwrap();
                let has_pixels = stand.pixels.contains(&index);
                let waits =
                    |asked: &Asked| asked.index == index && !asked.is_decode() && !has_pixels;
                let (lost, asked): (VecDeque<Asked>, _) = stand.asked.drain(..).partition(waits);
                stand.asked = asked;
                for asked in &lost {
                    stand.forget(&asked.released);
                }
                for asked in lost {
                    let error = FrameError::new(ErrorCode::WorkerDied, "pixels lost");
                    self.answer(worker, asked.ticket, Answer::Failed(error));
                }
            }
            Command::End { place } => {
                self.stands.remove(&place);
            }
        }
    }

    /// A worker is asked for a step: when it has nothing to do, or ahead.
    fn ask(&mut self, worker: WorkerId, asked: Asked) {
        let stand = self.stands.get_mut(&worker.place).unwrap();
        assert_eq!(stand.worker, worker);
        // Frames that the page took too long to prepare are not asked for any more.
        let pool = &self.pool;
        stand
            .asked
            .retain(|asked| pool.is_wanted(worker, asked.ticket));
        if let Some(first) = stand.asked.front() {
            assert!(!asked.is_early(), "what may be in vain, ahead");
            assert!(!first.waits_for_pixels(), "behind what waits itself");
            assert!(
                !(first.is_decode() && asked.is_decode()),
                "two frames at once"
            );
        }
        stand.asked.push_back(asked);
        assert!(stand.asked.len() <= 2);
    }

    pub(super) fn answer(&mut self, worker: WorkerId, ticket: u64, answer: Answer) {
        self.pool
            .answered(worker, ticket, answer, Some(1), self.now_ms);
    }

    /// The worker does what it was asked, or fails to.
    pub(super) fn work(&mut self, place: usize, fails: bool, seed: u8) {
        let Some(stand) = self.stands.get_mut(&place) else {
            return;
        };
        let worker = stand.worker;
        let pool = &self.pool;
        stand
            .asked
            .retain(|asked| pool.is_wanted(worker, asked.ticket));
        let Some(asked) = stand.next_asked(seed & 32 != 0) else {
            return self.start(place);
        };
        let (ticket, index) = (asked.ticket, asked.index);
        stand.forget(&asked.released);
        let elapsed_us = u64::from(seed);
        let answer = match asked.what {
            What::Decode { .. } if fails => {
                self.pool.sent(worker, ticket, self.now_ms);
                Answer::Failed(FrameError::new(ErrorCode::MalformedPicture, "broken"))
            }
            What::Decode { copies, .. } => {
                stand.take_pixels(index);
                for copy in copies {
                    if let Some(other) = self.stands.get_mut(&copy.place)
                        && other.worker == copy
                    {
                        other.take_pixels(index);
                    }
                }
                self.pool.sent(worker, ticket, self.now_ms);
                let width = if seed.is_multiple_of(16) { 320 } else { 640 };
                let size = ImageSize { width, height: 480 };
                Answer::Decoded {
                    size,
                    grey: None,
                    elapsed_us,
                }
            }
            What::Run { job, pixels_from } => {
                if pixels_from.is_some() {
                    stand.take_pixels(index);
                }
                let has_pixels = stand.pixels.contains(&index);
                // What is done early may outlive its frame.
                let may_lack_them = matches!(*job, BranchJob::Early(_));
                assert!(
                    has_pixels || may_lack_them,
                    "frame {index} in place {place}"
                );
                match fails || !has_pixels {
                    true => Answer::Failed(FrameError::new(ErrorCode::InferenceFailed, "broken")),
                    false => Answer::Outcome {
                        outcome: outcome(&job, seed),
                        elapsed_us,
                    },
                }
            }
        };
        self.answer(worker, ticket, answer);
    }

    pub(super) fn start(&mut self, place: usize) {
        let worker = self.stands[&place].worker;
        self.pool.said_hello(worker, VERSION, self.now_ms);
        self.pump();
        if self
            .compiling
            .take_if(|compiling| *compiling == worker)
            .is_some()
        {
            self.pool.compiled();
        }
        if let Some(owed) = self.inits.iter().position(|init| *init == worker) {
            self.inits.remove(owed);
            self.pool.assets_sent(worker, self.now_ms);
            self.pool.ready(worker, VERSION, 1, self.now_ms);
        }
    }

    pub(super) fn adopt(&mut self, is_sent: bool) {
        if let Some((worker, lost, steps)) = self.adoptions.pop() {
            self.pool.adopted(worker, lost, steps, is_sent, self.now_ms);
        }
    }

    pub(super) fn wait(&mut self, ms: f64) {
        self.now_ms += ms;
        self.pool.timeout(self.now_ms);
    }

    pub(super) fn start_all(&mut self) {
        for place in 0..MAX_WORKERS {
            if self.stands.contains_key(&place) {
                self.start(place);
                self.pump();
            }
        }
    }

    pub(super) fn add(&mut self) {
        let frame = Counted::new(&self.held);
        self.pool.add_frame(frame, self.now_ms, self.now_ms);
    }
}
