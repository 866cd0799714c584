//! Results have the same bits with one to four workers, with early tasks and without, in whatever order steps are done.

#[path = "../../../../pipeline/tests/support/stand_in.rs"]
#[expect(dead_code, reason = "the session's own tests have more use for it")]
mod stand_in;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use live_keypoints_pipeline::branch::BranchJob;
use live_keypoints_pipeline::{FrameResult, Options, Outcome, Step, Task, TaskId, Timings, Work};
use proptest::prelude::*;

use self::stand_in::{Kind, Picture, StreamTask, outcome_of};
use super::world::{PATIENCE, VERSION};
use crate::pool::{Answer, Command, MAX_WORKERS, Pool};
use crate::worker_id::WorkerId;

/// Workers that do what they were given when they are told to.
struct Crew {
    pool: Pool<Kind>,
    given: [VecDeque<(WorkerId, StreamTask)>; MAX_WORKERS],
    pictures: BTreeMap<u64, Rc<Picture>>,
    /// Of results as they are printed: unlike equality, that tells 0 from −0.
    results: Vec<String>,
    early: usize,
    ahead: usize,
}

impl Crew {
    /// What comes of these frames. Each turn, the worker of that number does a step, or a frame is added.
    fn run(workers: usize, cores: usize, frames: &[(Kind, i64)], turns: &[usize]) -> Self {
        let options = Options {
            buffer_size: frames.len(),
            max_unread_results: frames.len(),
            skip_still: Some(2.0),
            ..Options::default()
        };
        let mut crew = Self {
            pool: Pool::new(options, workers, cores, PATIENCE, 0.0).unwrap(),
            given: Default::default(),
            pictures: BTreeMap::new(),
            results: Vec::new(),
            early: 0,
            ahead: 0,
        };
        crew.pump();
        let mut frames_left = frames.iter();
        let in_the_end = (0..10_000).map(|turn| turn % (MAX_WORKERS + 1));
        for turn in turns.iter().copied().chain(in_the_end) {
            match turn.checked_sub(1) {
                Some(place) => crew.work(place),
                None => {
                    if let Some((kind, time_us)) = frames_left.next() {
                        crew.pool.add_frame(*kind, *time_us as f64 / 1e3, 0.0);
                    }
                }
            }
            crew.pump();
            if crew.results.len() == frames.len() {
                return crew;
            }
        }
        panic!("{:?}", crew.pool.stats());
    }

    fn pump(&mut self) {
        while let Some(command) = self.pool.poll_command(0.0) {
            self.obey(command);
        }
        while let Some((mut result, _)) = self.pool.next_result() {
            if let FrameResult::Keypoints(keypoints) = &mut result {
                keypoints.timings = Timings::default();
            }
            self.results.push(format!("{result:?}"));
        }
    }

    fn obey(&mut self, command: Command<Kind>) {
        match command {
            Command::Spawn { worker } => self.pool.said_hello(worker, VERSION, 0.0),
            Command::Compile { .. } => self.pool.compiled(),
            Command::Init { worker, .. } => self.pool.ready(worker, VERSION, 1, 0.0),
            Command::Decode {
                worker,
                ticket,
                index,
                frame,
                wants_grey,
                ..
            } => {
                let work = Work::Decode { frame, wants_grey };
                self.give(worker, ticket, index, work);
            }
            Command::Run {
                worker,
                ticket,
                index,
                job,
                ..
            } => {
                self.early += usize::from(matches!(job, BranchJob::Early(_)));
                let picture = Rc::clone(&self.pictures[&index]);
                self.give(worker, ticket, index, Work::Branch(picture, job));
            }
            Command::Adopt {
                worker,
                steps,
                lost,
                ..
            } => self.pool.adopted(worker, lost, steps, true, 0.0),
            other => panic!("{other:?}"),
        }
    }

    fn give(&mut self, worker: WorkerId, ticket: u64, frame: u64, work: Work<Kind, Rc<Picture>>) {
        let given = &mut self.given[worker.place];
        self.ahead += given.len();
        // What step it is shows in the work.
        let id = TaskId {
            ticket,
            frame,
            step: Step::Decode,
        };
        given.push_back((worker, Task { id, work }));
        self.pool.sent(worker, ticket, 0.0);
    }

    fn work(&mut self, place: usize) {
        let Some((worker, task)) = self.given[place].pop_front() else {
            return;
        };
        let answer = match outcome_of(&task) {
            Outcome::Decoded(decoded) => {
                self.pictures.insert(task.id.frame, decoded.pixels);
                let size = decoded.size;
                Answer::Decoded {
                    size,
                    grey: decoded.grey,
                    elapsed_us: 1,
                }
            }
            Outcome::Branch(outcome) => Answer::Outcome {
                outcome,
                elapsed_us: 2,
            },
            Outcome::Failed(error) => Answer::Failed(error),
        };
        self.pool
            .answered(worker, task.id.ticket, answer, None, 0.0);
    }
}

fn frames() -> impl Strategy<Value = Vec<(Kind, i64)>> {
    let kind = prop_oneof![
        12 => Just(Kind::Person),
        3 => (0u8..3).prop_map(Kind::Motionless),
        1 => Just(Kind::Nobody),
        1 => Just(Kind::Broken),
        1 => Just(Kind::OtherSize),
        1 => Just(Kind::FailsInThePose),
        1 => Just(Kind::FailsInTheFace),
        1 => Just(Kind::HandsFarOut),
    ];
    prop::collection::vec((kind, 0..1_000_000_i64), 1..24)
}

/// One frame after the other.
fn plainly(frames: &[(Kind, i64)]) -> Vec<String> {
    let turns: Vec<usize> = frames.iter().flat_map(|_| [0, 1, 1, 1, 1, 1]).collect();
    Crew::run(1, 0, frames, &turns).results
}

proptest! {
    #[test]
    fn results_have_the_same_bits_whoever_does_what_and_when(
        frames in frames(),
        workers in 1..=MAX_WORKERS,
        is_early in any::<bool>(),
        turns in prop::collection::vec(0..=MAX_WORKERS, 0..400),
    ) {
        let cores = if is_early { MAX_WORKERS } else { 0 };
        let crew = Crew::run(workers, cores, &frames, &turns);
        prop_assert_eq!(crew.results, plainly(&frames));
    }
}

#[test]
fn a_crew_does_things_early_and_has_steps_ahead() {
    // None looks like the one before.
    let frames: Vec<_> = (0..20)
        .map(|number| (Kind::Motionless(number % 2 * 50), 0))
        .collect();
    let turns: Vec<usize> = (0..1_000)
        .map(|turn| [0, 0, 1, 2, 3, 4][turn % 6])
        .collect();
    for (workers, cores) in [(1, 0), (2, 0), (3, 0), (4, 0), (4, 4)] {
        let crew = Crew::run(workers, cores, &frames, &turns);
        assert!(crew.ahead > 10, "{} with {workers}", crew.ahead);
        assert!(cores == 0 || crew.early > 5, "{}", crew.early);
    }
}
