//! Page, workers and network, driven by the tests.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceMesh, FaceOutcome, HandOutcome,
    HandReading, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{ErrorCode, FrameError, Landmarks, Options, Parts, Steps};

use crate::pool::{Answer, Command, Event, MAX_WORKERS, Patience, Pool};
use crate::worker_id::WorkerId;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const PATIENCE: Patience = Patience {
    start_ms: 60_000.0,
    step_ms: 10_000.0,
    compile_ms: 10_000.0,
    compile_retry_ms: 30_000.0,
};

/// A frame that is counted while it is held.
#[derive(Debug)]
pub(super) struct Counted(Rc<Cell<usize>>);

impl Counted {
    pub(super) fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What a worker of the test was asked.
#[derive(Debug)]
pub(super) enum Asked {
    Decode {
        ticket: u64,
        index: u64,
        copies: Vec<WorkerId>,
        _frame: Counted,
    },
    Run {
        ticket: u64,
        index: u64,
        job: Box<BranchJob>,
        pixels_from: Option<WorkerId>,
    },
}

/// A worker of the test.
#[derive(Debug)]
pub(super) struct Stand {
    pub(super) worker: WorkerId,
    pub(super) asked: Option<Asked>,
    /// Frames whose pixels it holds.
    pub(super) pixels: BTreeSet<u64>,
    /// Frames that it was told to forget before their pixels came.
    pub(super) forgotten: BTreeSet<u64>,
}

impl Stand {
    pub(super) fn take_pixels(&mut self, index: u64) {
        if !self.forgotten.remove(&index) {
            self.pixels.insert(index);
        }
    }

    pub(super) fn forget(&mut self, released: Vec<u64>) {
        for index in released {
            if !self.pixels.remove(&index) {
                self.forgotten.insert(index);
            }
        }
    }
}

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
        let is_awaited = self.stands.values().any(|stand| match stand.asked {
            Some(Asked::Decode { ticket, .. } | Asked::Run { ticket, .. }) => {
                self.pool.is_wanted(stand.worker, ticket)
            }
            None => false,
        });
        if is_awaited && !is_owed {
            assert!(self.pool.next_deadline_ms().is_some());
        }
    }

    pub(super) fn obey(&mut self, command: Command<Counted>) {
        match command {
            Command::Spawn { worker } => {
                let stand = Stand {
                    worker,
                    asked: None,
                    pixels: BTreeSet::new(),
                    forgotten: BTreeSet::new(),
                };
                self.stands.insert(worker.place, stand);
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
            } => {
                let stand = self.asked_anew(worker);
                stand.forget(released);
                stand.asked = Some(Asked::Decode {
                    ticket,
                    index,
                    copies,
                    _frame: frame,
                });
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
                let stand = self.asked_anew(worker);
                stand.forget(released);
                stand.asked = Some(Asked::Run {
                    ticket,
                    index,
                    job: Box::new(job),
                    pixels_from,
                });
                self.pool.sent(worker, ticket, self.now_ms);
            }
            Command::PixelsLost { worker, index } => {
                let stand = self.stands.get_mut(&worker.place).unwrap();
                if let Some(Asked::Run {
                    ticket,
                    index: wanted,
                    ..
                }) = stand.asked
                    && wanted == index
                    && !stand.pixels.contains(&index)
                {
                    stand.asked = None;
                    let error = FrameError::new(ErrorCode::WorkerDied, "pixels lost");
                    self.answer(worker, ticket, Answer::Failed(error));
                }
            }
            Command::End { place } => {
                self.stands.remove(&place);
            }
        }
    }

    /// The worker, which must have nothing to do but a frame that the page took too long to prepare.
    pub(super) fn asked_anew(&mut self, worker: WorkerId) -> &mut Stand {
        let stand = self.stands.get_mut(&worker.place).unwrap();
        assert_eq!(stand.worker, worker);
        if let Some(Asked::Decode { ticket, .. }) = stand.asked
            && !self.pool.is_wanted(worker, ticket)
        {
            stand.asked = None;
        }
        assert!(stand.asked.is_none());
        stand
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
        let Some(asked) = stand.asked.take() else {
            return self.start(place);
        };
        match asked {
            Asked::Decode { ticket, .. } if !self.pool.is_wanted(worker, ticket) => {}
            Asked::Decode {
                ticket,
                index,
                copies,
                ..
            } => {
                self.pool.sent(worker, ticket, self.now_ms);
                if fails {
                    let error = FrameError::new(ErrorCode::MalformedPicture, "broken");
                    return self.answer(worker, ticket, Answer::Failed(error));
                }
                stand.take_pixels(index);
                for copy in copies {
                    if let Some(other) = self.stands.get_mut(&copy.place)
                        && other.worker == copy
                    {
                        other.take_pixels(index);
                    }
                }
                let width = if seed.is_multiple_of(16) { 320 } else { 640 };
                let size = ImageSize { width, height: 480 };
                self.answer(
                    worker,
                    ticket,
                    Answer::Decoded {
                        size,
                        elapsed_us: 1,
                    },
                );
            }
            Asked::Run {
                ticket,
                index,
                job,
                pixels_from,
            } => {
                if pixels_from.is_some() {
                    self.stands.get_mut(&place).unwrap().take_pixels(index);
                }
                let has_pixels = self.stands[&place].pixels.contains(&index);
                assert!(has_pixels, "frame {index} in place {place}");
                let answer = match fails {
                    true => Answer::Failed(FrameError::new(ErrorCode::InferenceFailed, "broken")),
                    false => Answer::Outcome {
                        outcome: outcome(&job, seed),
                        elapsed_us: 1,
                    },
                };
                self.answer(worker, ticket, answer);
            }
        }
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

/// A hand that is where it was looked for.
pub(super) fn reading(roi: NormalizedRect) -> HandReading {
    HandReading {
        roi,
        presence: 0.9,
        landmarks: Some(Landmarks::from_fn(|point| {
            [0.4 + 0.01 * point as f32, 0.6 - 0.01 * point as f32, 0.0]
        })),
        world: Some(Landmarks::from_fn(|_| [0.0; 3])),
    }
}

/// A face that is where it was looked for.
pub(super) fn mesh(roi: NormalizedRect) -> FaceMesh {
    FaceMesh {
        roi,
        presence: 0.9,
        landmarks: Landmarks::from_fn(|point| [0.4 + 0.0004 * point as f32, 0.5, 0.0]),
    }
}

pub(super) fn outcome(job: &BranchJob, seed: u8) -> BranchOutcome {
    let roi = NormalizedRect {
        x_center: 0.5,
        y_center: 0.5,
        width: 0.5,
        height: 0.5,
        rotation: 0.0,
    };
    let visible = f32::from(seed & 1);
    let hand = |seed: u8| HandOutcome {
        reading: (!seed.is_multiple_of(4)).then(|| reading(roi)),
        ..HandOutcome::default()
    };
    match job {
        BranchJob::Pose(_) if seed % 8 == 7 => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: None,
            presence: None,
            pose: None,
        }),
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: Some(roi),
            presence: Some(0.9),
            pose: Some(RawPose {
                landmarks: Landmarks::from_fn(|_| [0.5, 0.5, 0.0, visible]),
                world: Landmarks::from_fn(|_| [0.0; 4]),
                auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.6, 0.6, 0.0]]),
            }),
        }),
        BranchJob::LeftHand(_) => BranchOutcome::LeftHand(hand(seed)),
        BranchJob::RightHand(_) => BranchOutcome::RightHand(hand(seed)),
        BranchJob::Early(EarlyJob::Hand { roi, .. }) if !seed.is_multiple_of(4) => {
            BranchOutcome::Early(EarlyOutcome::Hand(reading(*roi)))
        }
        BranchJob::Early(EarlyJob::Face { roi }) if !seed.is_multiple_of(4) => {
            BranchOutcome::Early(EarlyOutcome::Face(Some(mesh(*roi))))
        }
        BranchJob::Early(_) => BranchOutcome::Early(EarlyOutcome::Face(None)),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome {
            mesh: (!seed.is_multiple_of(4)).then(|| mesh(roi)),
            ..FaceOutcome::default()
        }),
    }
}
