//! How fast work reaches workers, by arithmetic: each step takes what was measured of it alone, and the page a given time
//! for each message. With `-- --nocapture` it prints a table.

use std::collections::BTreeMap;

use live_keypoints_pipeline::branch::{BranchJob, EarlyJob};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{FrameResult, Options};

use super::stand::outcome;
use super::world::{PATIENCE, VERSION};
use crate::pool::{Answer, Command, MAX_WORKERS, Pool, micros};
use crate::worker_id::WorkerId;

const FRAMES: usize = 200;
/// One in so many frames, the tracking rule drops the region of the frame before.
const DROPS_REGION_EVERY: u64 = 10;
/// What the page takes for a message: nothing, what it does, and what it does while it is busy with something else.
const MESSAGE_MS: [f64; 4] = [0.0, 0.3, 1.0, 4.0];

const SIZE: ImageSize = ImageSize {
    width: 640,
    height: 480,
};

/// Milliseconds of what a frame's steps consist of.
#[derive(Clone, Copy)]
struct Costs {
    name: &'static str,
    decode: f64,
    pose: f64,
    hand_recrop: f64,
    hand_landmarks: f64,
    face_detector: f64,
    face_mesh: f64,
}

/// Of full models on a Xeon at 2.1 GHz: steps of the page, which are measured whole, divided as the stages of the native
/// benchmark are.
const JPEG: Costs = Costs {
    name: "JPEG",
    decode: 2.0,
    pose: 21.0,
    hand_recrop: 4.6,
    hand_landmarks: 14.4,
    face_detector: 2.1,
    face_mesh: 2.9,
};
const PIXELS: Costs = Costs {
    name: "pixels",
    decode: 0.5,
    ..JPEG
};
const LITE: Costs = Costs {
    name: "lite",
    pose: 12.0,
    hand_landmarks: 6.0,
    ..JPEG
};
const LARGE_JPEG: Costs = Costs {
    name: "4K JPEG",
    decode: 40.0,
    ..JPEG
};

impl Costs {
    fn of(&self, frame: u64, job: &BranchJob) -> f64 {
        let is_kept = !frame.is_multiple_of(DROPS_REGION_EVERY);
        let unless = |is_done: bool, cost| if is_done { 0.0 } else { cost };
        match job {
            BranchJob::Pose(_) => self.pose,
            BranchJob::LeftHand(job) | BranchJob::RightHand(job) => {
                self.hand_recrop + unless(job.early.is_some() && is_kept, self.hand_landmarks)
            }
            BranchJob::Face(job) => {
                self.face_detector + unless(job.early.is_some() && is_kept, self.face_mesh)
            }
            BranchJob::Early(EarlyJob::Hand { .. }) => self.hand_landmarks,
            BranchJob::Early(EarlyJob::Face { .. }) => self.face_mesh,
            BranchJob::Blendshapes(_) => 0.0,
            BranchJob::Palm(_) | BranchJob::HandInRegion { .. } => {
                panic!("no page asks for {job:?}")
            }
        }
    }

    fn hand(&self) -> f64 {
        self.hand_recrop + self.hand_landmarks
    }

    /// All of a frame's steps.
    fn frame(&self) -> f64 {
        self.decode + self.pose + 2.0 * self.hand() + self.face_detector + self.face_mesh
    }

    /// Frames a second that no plan exceeds: one worker runs all poses, one after the other.
    fn most_frames(&self, workers: usize) -> f64 {
        1e3 / (self.frame() / workers as f64).max(self.pose)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Pace {
    /// The next frame comes when there is nothing to do.
    OneByOne,
    /// A frame every so many milliseconds.
    Camera(f64),
    /// As many frames as there is room for.
    Flood,
}

/// What came of a stream: milliseconds from a frame to its result, and results a second.
struct Figures {
    median_ms: f64,
    mean_ms: f64,
    rate: f64,
}

struct Simulation {
    costs: Costs,
    message_ms: f64,
    pool: Pool<()>,
    /// The page's clock.
    now_ms: f64,
    /// When each worker is through with all that it was sent.
    free_ms: [f64; MAX_WORKERS],
    /// When the worker in a place has a frame's pixels.
    pixels_ms: BTreeMap<(usize, u64), f64>,
    /// Answers on their way to the page, and when they are there.
    mail: Vec<(f64, WorkerId, u64, Answer)>,
    latencies_ms: Vec<f64>,
}

impl Simulation {
    /// A stream from its start to the last of its frames.
    fn run(costs: Costs, message_ms: f64, workers: usize, pace: Pace) -> Figures {
        let begin_ms = -1e3;
        let pool = Pool::new(Options::default(), workers, MAX_WORKERS, PATIENCE, begin_ms);
        let mut simulation = Self {
            costs,
            message_ms,
            pool: pool.unwrap(),
            now_ms: begin_ms,
            free_ms: [0.0; MAX_WORKERS],
            pixels_ms: BTreeMap::new(),
            mail: Vec::new(),
            latencies_ms: Vec::new(),
        };
        simulation.pump();
        // The page has no frame for a while after the start.
        simulation.now_ms = 0.0;
        simulation.pool.timeout(0.0);
        simulation.pump();
        let mut next_frame_ms = 0.0;
        while simulation.latencies_ms.len() < FRAMES {
            while simulation.wants_frame(pace, next_frame_ms) {
                let pool = &mut simulation.pool;
                pool.add_frame((), next_frame_ms, simulation.now_ms);
                if let Pace::Camera(interval_ms) = pace {
                    next_frame_ms += interval_ms;
                }
            }
            simulation.pump();
            simulation.take_message(next_frame_ms);
        }
        simulation.figures()
    }

    fn wants_frame(&self, pace: Pace, next_frame_ms: f64) -> bool {
        let stats = self.pool.stats();
        match pace {
            Pace::OneByOne => stats.buffered + stats.in_work == 0,
            Pace::Camera(_) => next_frame_ms <= self.now_ms,
            Pace::Flood => stats.buffered < 2,
        }
    }

    fn pump(&mut self) {
        while let Some(command) = self.pool.poll_command(self.now_ms) {
            self.obey(command);
        }
        while let Some((result, _)) = self.pool.next_result() {
            let FrameResult::Keypoints(keypoints) = result else {
                panic!("{result:?}");
            };
            self.latencies_ms.push(keypoints.timings.total as f64 / 1e3);
        }
    }

    /// The page takes what comes next: an answer, or the camera's frame.
    fn take_message(&mut self, next_frame_ms: f64) {
        let at_ms = |number: &usize| self.mail[*number].0;
        let first = (0..self.mail.len()).min_by(|a, b| at_ms(a).total_cmp(&at_ms(b)));
        let is_frame = next_frame_ms > self.now_ms;
        if let Some(first) = first.filter(|first| !is_frame || at_ms(first) <= next_frame_ms) {
            let (at_ms, worker, ticket, answer) = self.mail.remove(first);
            self.now_ms = self.now_ms.max(at_ms) + self.message_ms;
            let pool = &mut self.pool;
            pool.answered(worker, ticket, answer, None, self.now_ms);
        } else {
            self.now_ms = next_frame_ms + self.message_ms;
        }
    }

    fn obey(&mut self, command: Command<()>) {
        match command {
            Command::Spawn { worker } => self.pool.said_hello(worker, VERSION, self.now_ms),
            Command::Compile { .. } => self.pool.compiled(),
            Command::Init { worker, .. } => self.pool.ready(worker, VERSION, 1, self.now_ms),
            Command::Decode {
                worker,
                ticket,
                index,
                copies,
                ..
            } => {
                let answer = Answer::Decoded {
                    size: SIZE,
                    grey: None,
                    elapsed_us: micros(self.costs.decode),
                };
                let end_ms = self.work(worker, ticket, self.costs.decode, answer);
                for holder in copies.into_iter().chain([worker]) {
                    self.pixels_ms.insert((holder.place, index), end_ms);
                }
            }
            Command::Run {
                worker,
                ticket,
                index,
                job,
                ..
            } => {
                let cost_ms = self.costs.of(index, &job);
                let answer = Answer::Outcome {
                    outcome: outcome(&job, 1),
                    elapsed_us: micros(cost_ms),
                };
                let free_ms = &mut self.free_ms[worker.place];
                *free_ms = free_ms.max(self.pixels_ms[&(worker.place, index)]);
                self.work(worker, ticket, cost_ms, answer);
            }
            Command::Adopt {
                worker,
                steps,
                lost,
                ..
            } => self.pool.adopted(worker, lost, steps, true, self.now_ms),
            other => panic!("{other:?}"),
        }
    }

    /// A worker does a step after those that it was sent before. When it is through.
    fn work(&mut self, worker: WorkerId, ticket: u64, cost_ms: f64, answer: Answer) -> f64 {
        self.pool.sent(worker, ticket, self.now_ms);
        let free_ms = &mut self.free_ms[worker.place];
        *free_ms = free_ms.max(self.now_ms) + cost_ms;
        self.mail.push((*free_ms, worker, ticket, answer));
        *free_ms
    }

    fn figures(mut self) -> Figures {
        self.latencies_ms.sort_by(f64::total_cmp);
        let count = self.latencies_ms.len() as f64;
        Figures {
            median_ms: self.latencies_ms[self.latencies_ms.len() / 2],
            mean_ms: self.latencies_ms.iter().sum::<f64>() / count,
            rate: count / (self.now_ms / 1e3),
        }
    }
}

#[test]
fn workers_that_have_enough_to_do_are_hardly_ever_idle() {
    println!("ms a message, workers | alone: median, mean | camera | flood, at most");
    for costs in [JPEG, PIXELS, LITE, LARGE_JPEG] {
        for row in 0..MESSAGE_MS.len() * MAX_WORKERS {
            let (message_ms, workers) = (MESSAGE_MS[row / MAX_WORKERS], row % MAX_WORKERS + 1);
            let most = costs.most_frames(workers);
            print!("{:8} {message_ms:7.1} {workers:7} |", costs.name);
            for pace in [Pace::OneByOne, Pace::Camera(1e3 / (0.8 * most))] {
                let figures = Simulation::run(costs, message_ms, workers, pace);
                print!(" {:6.1} {:6.1} |", figures.median_ms, figures.mean_ms);
            }
            let Figures { rate, .. } = Simulation::run(costs, message_ms, workers, Pace::Flood);
            println!(" {rate:6.1} {most:6.1}");
            // A large picture waits for its turn: four workers have no more than three frames in work.
            if costs.decode < costs.pose && (message_ms == 0.0 || workers <= 2) {
                assert!(rate >= if message_ms == 0.0 { 0.97 } else { 0.9 } * most);
            }
        }
    }
}

#[test]
fn with_four_workers_a_frame_takes_little_longer_than_its_longest_step() {
    for costs in [JPEG, PIXELS] {
        let alone = Simulation::run(costs, 0.0, 4, Pace::OneByOne);
        assert!(alone.median_ms <= 1.25 * (costs.decode + costs.pose));
    }
}

#[test]
fn two_workers_share_a_frame() {
    for costs in [JPEG, PIXELS] {
        let alone = Simulation::run(costs, 0.0, 2, Pace::OneByOne);
        // Were both hands run at once, when the pose is known.
        let plainly_ms = costs.frame() - costs.hand();
        assert!(alone.mean_ms <= 0.8 * plainly_ms);
    }
}

#[test]
fn a_large_picture_that_is_read_keeps_no_branch_waiting() {
    let camera = Pace::Camera(1e3 / (0.8 * LARGE_JPEG.most_frames(2)));
    let [alone, camera] =
        [Pace::OneByOne, camera].map(|pace| Simulation::run(LARGE_JPEG, 0.0, 2, pace));
    assert!(camera.mean_ms <= 1.3 * alone.mean_ms);
}
