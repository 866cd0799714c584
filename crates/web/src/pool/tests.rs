//! Any order of answers, deaths, refusals, resets and passing time: no frame is lost without a count, none is answered
//! twice, no pixels are held for ever, and whatever is waited for has an end.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceOutcome, HandOutcome, HandReading,
    PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{ErrorCode, FrameError, Landmarks, Options, Parts};
use proptest::prelude::*;

use super::*;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const PATIENCE: Patience = Patience {
    start_ms: 60_000.0,
    step_ms: 10_000.0,
    compile_ms: 10_000.0,
    compile_retry_ms: 30_000.0,
};

/// A frame that is counted while it is held.
#[derive(Debug)]
struct Counted(Rc<Cell<usize>>);

impl Counted {
    fn new(count: &Rc<Cell<usize>>) -> Self {
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
enum Asked {
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
struct Stand {
    worker: WorkerId,
    asked: Option<Asked>,
    /// Frames whose pixels it holds.
    pixels: BTreeSet<u64>,
    /// Frames that it was told to forget before their pixels came.
    forgotten: BTreeSet<u64>,
}

impl Stand {
    fn take_pixels(&mut self, index: u64) {
        if !self.forgotten.remove(&index) {
            self.pixels.insert(index);
        }
    }

    fn forget(&mut self, released: Vec<u64>) {
        for index in released {
            if !self.pixels.remove(&index) {
                self.forgotten.insert(index);
            }
        }
    }
}

/// Page, workers and network of the test.
struct World {
    pool: Pool<Counted>,
    stands: BTreeMap<usize, Stand>,
    /// What the page owes workers.
    inits: Vec<WorkerId>,
    adoptions: Vec<(WorkerId, usize, Steps)>,
    compiling: Option<WorkerId>,
    held: Rc<Cell<usize>>,
    now_ms: f64,
    answered: BTreeSet<u64>,
    stills: usize,
    fatal: Option<FrameError>,
    is_ready: bool,
}

impl World {
    fn new(workers: usize, parts: Parts) -> Self {
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
    fn pump(&mut self) {
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

    fn obey(&mut self, command: Command<Counted>) {
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
    fn asked_anew(&mut self, worker: WorkerId) -> &mut Stand {
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

    fn answer(&mut self, worker: WorkerId, ticket: u64, answer: Answer) {
        self.pool
            .answered(worker, ticket, answer, Some(1), self.now_ms);
    }

    /// The worker does what it was asked, or fails to.
    fn work(&mut self, place: usize, fails: bool, seed: u8) {
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

    fn start(&mut self, place: usize) {
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

    fn adopt(&mut self, is_sent: bool) {
        if let Some((worker, lost, steps)) = self.adoptions.pop() {
            self.pool.adopted(worker, lost, steps, is_sent, self.now_ms);
        }
    }

    fn wait(&mut self, ms: f64) {
        self.now_ms += ms;
        self.pool.timeout(self.now_ms);
    }

    fn start_all(&mut self) {
        for place in 0..MAX_WORKERS {
            if self.stands.contains_key(&place) {
                self.start(place);
                self.pump();
            }
        }
    }

    fn add(&mut self) {
        let frame = Counted::new(&self.held);
        self.pool.add_frame(frame, self.now_ms, self.now_ms);
    }
}

/// A hand that is where it was looked for.
fn reading(roi: NormalizedRect) -> HandReading {
    HandReading {
        roi,
        presence: 0.9,
        landmarks: Some(Landmarks::from_fn(|point| {
            [0.4 + 0.01 * point as f32, 0.6 - 0.01 * point as f32, 0.0]
        })),
        world: Some(Landmarks::from_fn(|_| [0.0; 3])),
    }
}

fn outcome(job: &BranchJob, seed: u8) -> BranchOutcome {
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
        BranchJob::Early(_) => BranchOutcome::Early(EarlyOutcome::Face(None)),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome::default()),
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Frame,
    Still,
    Work { place: usize, fails: bool, seed: u8 },
    Death { place: usize },
    LateAnswer { place: usize },
    Refusal { place: usize },
    AssetsFail,
    Adoption { is_sent: bool },
    Wait { ms: f64 },
    Reset,
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = 0..MAX_WORKERS;
    prop_oneof![
        6 => Just(Happening::Frame),
        1 => Just(Happening::Still),
        24 => (place.clone(), prop::bool::weighted(0.1), any::<u8>())
            .prop_map(|(place, fails, seed)| Happening::Work { place, fails, seed }),
        2 => place.clone().prop_map(|place| Happening::Death { place }),
        1 => place.clone().prop_map(|place| Happening::LateAnswer { place }),
        1 => place.prop_map(|place| Happening::Refusal { place }),
        1 => Just(Happening::AssetsFail),
        2 => any::<bool>().prop_map(|is_sent| Happening::Adoption { is_sent }),
        2 => prop_oneof![Just(3.0), Just(900.0), Just(5_001.0), Just(40_000.0)]
            .prop_map(|ms| Happening::Wait { ms }),
        1 => Just(Happening::Reset),
    ]
}

impl World {
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Frame => self.add(),
            Happening::Still => {
                let frame = Counted::new(&self.held);
                let is_taken = self.pool.add_still(frame, self.now_ms).is_ok();
                self.stills += usize::from(is_taken);
            }
            Happening::Work { place, fails, seed } => self.work(place, fails, seed),
            Happening::Death { place } => {
                if let Some(stand) = self.stands.get(&place) {
                    self.pool.broke(stand.worker, "", self.now_ms);
                }
            }
            Happening::LateAnswer { place } => {
                if let Some(stand) = self.stands.get(&place) {
                    let generation = stand.worker.generation.wrapping_sub(1);
                    let worker = WorkerId { place, generation };
                    let error = FrameError::new(ErrorCode::Internal, "late");
                    let ticket = match &stand.asked {
                        Some(Asked::Decode { ticket, .. } | Asked::Run { ticket, .. }) => *ticket,
                        None => 0,
                    };
                    self.answer(worker, ticket, Answer::Failed(error));
                }
            }
            Happening::Refusal { place } => {
                let Some(stand) = self.stands.get_mut(&place) else {
                    return;
                };
                if let Some(Asked::Decode { ticket, .. }) = stand.asked {
                    stand.asked = None;
                    let worker = stand.worker;
                    let error = FrameError::new(ErrorCode::UnsupportedFrame, "closed");
                    self.pool.refused(worker, ticket, error, self.now_ms);
                }
            }
            Happening::AssetsFail => {
                if let Some(worker) = self.inits.pop() {
                    let error = FrameError::new(ErrorCode::AssetUnreachable, "no network");
                    self.pool.assets_failed(worker, error, self.now_ms);
                }
            }
            Happening::Adoption { is_sent } => self.adopt(is_sent),
            Happening::Wait { ms } => self.wait(ms),
            Happening::Reset => self.pool.reset(),
        }
        self.pump();
    }

    /// Everybody works on, and whoever owes something gives it, until nothing is left to do.
    fn settle(&mut self) {
        for round in 0..10_000 {
            let stats = self.pool.stats();
            if self.fatal.is_some() || stats.buffered + stats.in_work == 0 {
                return;
            }
            for place in 0..MAX_WORKERS {
                self.happen(Happening::Work {
                    place,
                    fails: false,
                    seed: round as u8,
                });
            }
            self.happen(Happening::Adoption { is_sent: true });
            self.happen(Happening::Wait { ms: 10.0 });
        }
        panic!("{:?} {:?}", self.pool.stats(), self.stands);
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_whatever_happens(
        workers in 1..=MAX_WORKERS,
        (pose, hands, face) in any::<(bool, bool, bool)>(),
        happenings in prop::collection::vec(happening(), 0..400),
    ) {
        let parts = if pose || hands || face { Parts { pose, hands, face } } else { Parts::ALL };
        let mut world = World::new(workers, parts);
        world.start_all();
        prop_assert!(world.is_ready);
        for happening in happenings {
            world.happen(happening);
        }
        world.settle();
        // Frames that the page took too long to prepare are thrown away once they are there.
        let pool = &world.pool;
        for stand in world.stands.values_mut() {
            if let Some(Asked::Decode { ticket, .. }) = stand.asked
                && !pool.is_wanted(stand.worker, ticket)
            {
                stand.asked = None;
            }
        }
        if world.fatal.is_none() {
            let stats = world.pool.stats();
            prop_assert_eq!(stats.received, world.answered.len() as u64 + stats.dropped);
            prop_assert_eq!(world.held.get(), 0);
            // What workers still hold they are told to forget with their next step.
            for (place, stand) in &world.stands {
                prop_assert!(world.pool.holdings.is_empty(*place));
                let released: BTreeSet<u64> = world.pool.holdings.take_released(*place).into_iter().collect();
                prop_assert!(stand.pixels.is_subset(&released), "{:?} {:?}", stand, released);
            }
            prop_assert!(world.pool.timestamps_ms.is_empty());
        }
        world.pool.close();
        world.pump();
        prop_assert!(world.stands.is_empty());
        drop(world.pool);
        prop_assert_eq!(world.held.get(), 0);
    }
}

#[test]
fn workers_start_with_the_module_that_the_first_compiles() {
    let mut world = World::new(4, Parts::ALL);
    assert_eq!(world.stands.len(), 4);
    for place in [3, 2, 1] {
        world
            .pool
            .said_hello(world.stands[&place].worker, VERSION, 0.0);
        world.pump();
    }
    assert_eq!((world.compiling, world.inits.len()), (None, 3));
    world.start(0);
    assert!(!world.is_ready);
    world.start_all();
    assert!(world.is_ready);
}

#[test]
fn a_module_that_does_not_come_is_asked_for_once_more() {
    let mut world = World::new(1, Parts::ALL);
    world.pool.said_hello(world.stands[&0].worker, VERSION, 0.0);
    world.pump();
    assert!(world.compiling.take().is_some());
    world.wait(5_000.0);
    world.pool.heard(world.now_ms);
    world.wait(5_000.0);
    world.wait(5_000.0);
    world.pump();
    assert!(world.compiling.take().is_some());
    world.wait(15_000.0);
    world.wait(15_000.0);
    world.pump();
    assert_eq!(world.fatal.unwrap().code, ErrorCode::AssetUnreachable);
}

#[test]
fn a_script_that_does_not_come_ends_the_start_as_silence() {
    let mut pool: Pool<()> = Pool::new(Options::default(), 2, MAX_WORKERS, PATIENCE, 0.0).unwrap();
    pool.timeout(30_000.0);
    pool.timeout(60_000.0);
    let Some(Event::Fatal {
        error,
        is_silence: true,
    }) = pool.poll_event()
    else {
        panic!("nothing was told");
    };
    assert_eq!(error.code, ErrorCode::WorkerFailed);
    assert!(
        error.message.contains("no answer for 60000 ms"),
        "{}",
        error.message
    );
    assert_eq!(pool.poll_event(), None);
}

#[test]
fn another_version_is_refused() {
    let mut world = World::new(2, Parts::ALL);
    world.pool.said_hello(world.stands[&1].worker, "0.0.9", 0.0);
    world.pump();
    let error = world.fatal.unwrap();
    assert_eq!(error.code, ErrorCode::VersionMismatch);
    assert!(
        error.message.contains("worker script is of version 0.0.9"),
        "{}",
        error.message
    );
    assert!(world.stands.is_empty());
}

#[test]
fn the_steps_of_a_worker_that_cannot_be_replaced_go_to_another() {
    let mut world = World::new(2, Parts::ALL);
    world.start_all();
    world.happen(Happening::Death { place: 1 });
    world.pool.said_hello(world.stands[&1].worker, VERSION, 0.0);
    world.pump();
    world.happen(Happening::AssetsFail);
    assert_eq!(world.adoptions.len(), 1);
    world.happen(Happening::Adoption { is_sent: false });
    world.happen(Happening::Frame);
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    world.settle();
    assert_eq!(
        world.pool.stats().failed,
        1,
        "nobody has the models of hands"
    );
    world.happen(Happening::Wait { ms: 1_000.0 });
    world.happen(Happening::Adoption { is_sent: true });
    world.happen(Happening::Frame);
    world.settle();
    assert_eq!(world.pool.stats().completed, 1);
    let steps: Vec<Steps> = world.pool.worker_stats().map(|stats| stats.steps).collect();
    assert_eq!(steps, [Steps::ALL, Steps::NONE]);
}

#[test]
fn a_worker_that_never_finishes_a_step_ends_the_stream() {
    let mut world = World::new(1, Parts::ALL);
    world.start_all();
    for _ in 0..4 {
        assert_eq!(world.fatal, None);
        world.happen(Happening::Frame);
        world.happen(Happening::Wait { ms: 5_000.0 });
        world.happen(Happening::Death { place: 0 });
        if world.fatal.is_none() {
            world.start_all();
        }
    }
    assert_eq!(world.fatal.unwrap().code, ErrorCode::WorkerFailed);
}

#[test]
fn two_frames_are_read_by_two_workers_while_the_pose_is_busy() {
    let mut world = World::new(4, Parts::ALL);
    world.start_all();
    world.happen(Happening::Frame);
    assert!(matches!(world.stands[&0].asked, Some(Asked::Decode { .. })));
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    assert!(matches!(world.stands[&0].asked, Some(Asked::Run { .. })));
    world.happen(Happening::Frame);
    assert!(matches!(world.stands[&3].asked, Some(Asked::Decode { .. })));
}

#[test]
fn hands_that_were_tracked_begin_before_the_pose_is_known() {
    let mut world = World::new(4, Parts::ALL);
    world.start_all();
    world.happen(Happening::Frame);
    for place in [0, 0, 1, 2, 3, 0] {
        let (fails, seed) = (false, 1);
        world.happen(Happening::Work { place, fails, seed });
        if world.pool.stats().completed == 1 {
            world.happen(Happening::Frame);
        }
    }
    let is_early = |place: usize| {
        matches!(&world.stands[&place].asked, Some(Asked::Run { job, .. })
            if matches!(**job, BranchJob::Early(_)))
    };
    assert_eq!([0, 1, 2, 3].map(is_early), [false, true, true, false]);
}
