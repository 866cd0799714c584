//! Runs a stream with executors that begin, finish, give back and fail in a random order, while frames come.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use live_keypoints_pipeline::branch::{BranchJob, BranchOutcome, EarlyOutcome};
use live_keypoints_pipeline::{
    ErrorCode, FrameError, FrameResult, Options, Outcome, Session, Steps, Work,
};

use crate::stand_in::{Kind, Picture, Stream, StreamOutcome, StreamTask, outcome_of};

/// What happens to a stream from outside.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Frame {
        kind: Kind,
        time_us: i64,
    },
    Still(Kind),
    Bad,
    /// Its producer dropped a frame.
    Dropped,
    Reset,
    Configure(Box<Options>),
}

impl Event {
    pub(crate) fn takes_index(&self) -> bool {
        !matches!(self, Self::Reset | Self::Configure(_))
    }
}

/// Who runs it, and how.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// What each executor serves.
    pub(crate) executors: Vec<Steps>,
    /// Whether they ask for early tasks where there is nothing else to do.
    pub(crate) is_early: bool,
    /// Whether the buffer holds all frames, or what the options say.
    pub(crate) is_roomy: bool,
    /// Whether each event waits until the session is idle.
    pub(crate) is_sequential: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Of the stream and of stills, as they came.
    pub(crate) results: Vec<FrameResult>,
    /// Indices of the frames that were pushed out, thrown away, or dropped by their producer.
    pub(crate) dropped: Vec<u64>,
    /// Early tasks that were handed out.
    pub(crate) early: usize,
    /// Those whose outcomes were taken.
    pub(crate) used: usize,
}

/// xorshift64*.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

/// The results of the plain run: one executor, one frame after the other, nothing early.
pub(crate) fn run_plainly(events: &[Event]) -> Run {
    let way = Way {
        executors: vec![Steps::ALL],
        is_early: false,
        is_roomy: true,
        is_sequential: true,
    };
    run(events, &way, &mut Random(1))
}

/// Runs all events, and what they bring, to their end.
pub(crate) fn run(events: &[Event], way: &Way, random: &mut Random) -> Run {
    let mut runner = Runner {
        way,
        events: events.len(),
        session: Session::new(roomy(Options::default(), way, events.len())).unwrap(),
        slots: vec![None; way.executors.len()],
        pixels: BTreeMap::new(),
        run: Run::default(),
    };
    let mut pending = events.iter().peekable();
    // Each step has some of these turns, unless the session is stuck.
    for _ in 0..10_000 + events.len() * 1_000 {
        let is_idle = runner.session.is_idle() && runner.slots.iter().all(Option::is_none);
        if is_idle && pending.peek().is_none() {
            let dropped = runner.session.stats().dropped;
            assert_eq!(dropped, runner.run.dropped.len() as u64);
            return runner.run;
        }
        match random.below(way.executors.len() + 1) {
            0 if is_idle || !way.is_sequential => {
                if let Some(event) = pending.next() {
                    runner.take(event);
                }
            }
            0 => {}
            number => runner.work(number - 1, random),
        }
        runner.read_results();
    }
    panic!("stuck: {:?}", runner.session.stats());
}

fn roomy(options: Options, way: &Way, events: usize) -> Options {
    let room = events.max(1);
    Options {
        buffer_size: if way.is_roomy {
            room
        } else {
            options.buffer_size
        },
        max_unread_results: room,
        ..options
    }
}

struct Runner<'a> {
    way: &'a Way,
    events: usize,
    session: Stream,
    slots: Vec<Option<StreamTask>>,
    pixels: BTreeMap<u64, Weak<Picture>>,
    run: Run,
}

impl Runner<'_> {
    fn take(&mut self, event: &Event) {
        let discarded: Vec<u64> = match event {
            Event::Frame { kind, time_us } => {
                let admission = self.session.add_frame(*kind, *time_us, 0);
                admission
                    .evicted
                    .map(|(index, _)| index)
                    .into_iter()
                    .collect()
            }
            Event::Still(kind) => {
                self.session.add_still(*kind, 0, 0).unwrap();
                Vec::new()
            }
            Event::Bad => {
                let error = FrameError::new(ErrorCode::UnsupportedFrame, "not a frame");
                self.session.add_failed(error, 0);
                Vec::new()
            }
            Event::Dropped => vec![self.session.add_dropped()],
            Event::Reset => indices(self.session.reset().discarded),
            Event::Configure(options) => {
                let options = roomy((**options).clone(), self.way, self.events);
                indices(self.session.configure(options).unwrap().discarded)
            }
        };
        self.run.dropped.extend(discarded);
    }

    /// Lets an executor finish its task, or begin one.
    fn work(&mut self, number: usize, random: &mut Random) {
        if let Some(task) = self.slots[number].take() {
            self.finish(task, random);
            return;
        }
        let steps = self.way.executors[number];
        let mut task = self.session.next_task(steps, 0);
        if task.is_none() && self.way.is_early {
            task = self.session.next_early_task(steps);
            self.run.early += usize::from(task.is_some());
        }
        self.slots[number] = task;
    }

    /// An executor hands in what came of its task, or is gone before it began.
    fn finish(&mut self, task: StreamTask, random: &mut Random) {
        if random.below(8) == 0 && self.session.take_back(task.id) {
            let outcome = outcome_of(&task);
            assert!(!self.session.complete(task.id, outcome, 0, 0));
            return;
        }
        let mut outcome = outcome_of(&task);
        if is_early(&task) {
            match random.below(8) {
                0 => outcome = Outcome::Failed(FrameError::new(ErrorCode::Internal, "it died")),
                1 => outcome = Outcome::Branch(BranchOutcome::Early(EarlyOutcome::Face(None))),
                _ => {}
            }
        }
        self.run.used += usize::from(has_used_early(&task, &outcome));
        let (id, frame) = (task.id, task.id.frame);
        if let Outcome::Decoded(decoded) = &outcome {
            let pixels = Rc::downgrade(&decoded.pixels);
            self.pixels.insert(frame, pixels);
        }
        let again = (random.below(8) == 0).then(|| outcome.clone());
        drop(task);
        let is_free = self.session.complete(id, outcome, 0, 0);
        if let Some(outcome) = again {
            assert!(!self.session.complete(id, outcome, 0, 0));
        }
        if is_free {
            self.assert_free(frame);
        }
    }

    fn read_results(&mut self) {
        while let Some(result) = self.session.next_result() {
            self.assert_free(result.index());
            self.run.results.push(result);
        }
    }

    /// Nobody holds pixels of this frame but early tasks that still run, and are not waited for.
    fn assert_free(&self, frame: u64) {
        let running = self.slots.iter().flatten();
        let running: Vec<_> = running.filter(|task| task.id.frame == frame).collect();
        assert!(running.iter().all(|task| is_early(task)), "{running:?}");
        let holders = self.pixels.get(&frame).map_or(0, Weak::strong_count);
        assert_eq!(holders, running.len());
    }
}

fn indices(discarded: Vec<(u64, Kind)>) -> Vec<u64> {
    discarded.into_iter().map(|(index, _)| index).collect()
}

fn is_early(task: &StreamTask) -> bool {
    matches!(task.work, Work::Branch(_, BranchJob::Early(_)))
}

fn has_used_early(task: &StreamTask, outcome: &StreamOutcome) -> bool {
    let (Work::Branch(_, job), Outcome::Branch(outcome)) = (&task.work, outcome) else {
        return false;
    };
    match (job, outcome) {
        (BranchJob::LeftHand(job), BranchOutcome::LeftHand(outcome))
        | (BranchJob::RightHand(job), BranchOutcome::RightHand(outcome)) => {
            job.early.is_some() && job.early == outcome.reading
        }
        (BranchJob::Face(job), BranchOutcome::Face(outcome)) => {
            job.early.is_some() && job.early == outcome.mesh
        }
        _ => false,
    }
}
