//! What workers reach with this scheduler, by arithmetic: each task takes what was measured of its stages alone, workers
//! wait for nobody, and messages take no time. With `-- --nocapture` it prints a table.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/scene.rs"]
mod scene;

use live_keypoints_pipeline::branch::{BranchJob, EarlyJob};
use live_keypoints_pipeline::{FrameResult, Graph, Options, Session, Steps, Work};
use scene::{PERSON, Stream, StreamTask, outcome_of};

const FRAMES: usize = 200;
/// One in so many frames, the tracking rule drops the region of the frame before.
const DROPS_REGION_EVERY: u64 = 10;

/// Microseconds of the stages of a frame.
struct Costs {
    name: &'static str,
    decode: u64,
    pose: u64,
    hand_recrop: u64,
    hand_landmarks: u64,
    face_detector: u64,
    face_mesh: u64,
}

/// Of full models on a Xeon at 2.1 GHz: the stages of the native benchmark, and steps of the page, which are measured
/// whole, divided as those are.
const COSTS: [Costs; 2] = [
    Costs {
        name: "native",
        decode: 600,
        pose: 19_900,
        hand_recrop: 2_700,
        hand_landmarks: 8_400,
        face_detector: 1_400,
        face_mesh: 1_800,
    },
    Costs {
        name: "page",
        decode: 2_000,
        pose: 21_000,
        hand_recrop: 4_600,
        hand_landmarks: 14_400,
        face_detector: 2_100,
        face_mesh: 2_900,
    },
];

/// What each worker serves: decode 1, pose 2, left hand 4, right hand 8, face 16.
const LAYOUTS: [(&str, &[u8]); 10] = [
    ("1", &[31]),
    ("2, any step", &[31, 31]),
    ("2, one pose", &[31, 1 | 4 | 8 | 16]),
    ("2, fixed", &[1 | 2 | 16, 4 | 8]),
    ("3, any step", &[31, 31, 31]),
    ("3, one pose", &[1 | 2 | 16, 1 | 4 | 8, 1 | 4 | 8]),
    ("3, fixed", &[1 | 2, 4 | 16, 8]),
    ("4, any step", &[31, 31, 31, 31]),
    ("4, one pose", &[1 | 2, 1 | 4 | 8, 1 | 4 | 8, 1 | 16]),
    ("4, fixed", &[1 | 2, 4, 8, 16]),
];

impl Costs {
    fn of(&self, task: &StreamTask) -> u64 {
        let is_kept = !task.id.frame.is_multiple_of(DROPS_REGION_EVERY);
        let unless = |is_done: bool, cost| if is_done { 0 } else { cost };
        match &task.work {
            Work::Decode { .. } => self.decode,
            Work::Branch(_, job) => match job {
                BranchJob::Pose(_) => self.pose,
                BranchJob::LeftHand(job) | BranchJob::RightHand(job) => {
                    let is_done = job.early.is_some() && is_kept;
                    self.hand_recrop + unless(is_done, self.hand_landmarks)
                }
                BranchJob::Face(job) if job.head.is_none() && job.previous.is_some() => {
                    self.face_mesh
                }
                BranchJob::Face(job) => {
                    self.face_detector + unless(job.early.is_some(), self.face_mesh)
                }
                BranchJob::Early(EarlyJob::Hand { .. }) => self.hand_landmarks,
                BranchJob::Early(EarlyJob::Face { .. }) => self.face_mesh,
                // The palm detector has as many multiplications as the landmarks of a hand.
                BranchJob::Palm(_) | BranchJob::HandInRegion { .. } => self.hand_landmarks,
                BranchJob::Blendshapes(_) => panic!("nobody asked for {job:?}"),
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Pace {
    /// The next frame comes when there is nothing to do.
    OneByOne,
    /// As many frames as there is room for.
    Flood,
}

struct Figures {
    /// Milliseconds from a frame to its result, in the middle and on average.
    median_ms: f64,
    mean_ms: f64,
    /// Results a second.
    rate: f64,
}

fn simulate(costs: &Costs, options: Options, layout: &[u8], is_early: bool, pace: Pace) -> Figures {
    let mut session: Stream = Session::new(options).unwrap();
    let mut running: Vec<Option<(u64, StreamTask)>> = vec![None; layout.len()];
    let mut now_us = 0;
    let mut latencies_us = Vec::new();
    while latencies_us.len() < FRAMES {
        while match pace {
            Pace::OneByOne => session.is_idle(),
            Pace::Flood => !session.is_full(),
        } {
            session.add_frame(PERSON, now_us as i64, now_us);
        }
        for (slot, bits) in running.iter_mut().zip(layout) {
            let steps = Steps::from_bits(*bits);
            if slot.is_none() {
                let mut task = session.next_task(steps, now_us);
                if is_early && task.is_none() {
                    task = session.next_early_task(steps);
                }
                *slot = task.map(|task| (now_us + costs.of(&task), task));
            }
        }
        let first = running.iter_mut().filter(|slot| slot.is_some());
        let first = first.min_by_key(|slot| slot.as_ref().map(|(end_us, _)| *end_us));
        let (end_us, task) = first.unwrap().take().unwrap();
        now_us = end_us;
        session.complete(task.id, outcome_of(&task), costs.of(&task), now_us);
        while let Some(result) = session.next_result() {
            let FrameResult::Keypoints(keypoints) = result else {
                panic!("{result:?}");
            };
            latencies_us.push(keypoints.timings.total);
        }
    }
    latencies_us.sort_unstable();
    let count = latencies_us.len() as f64;
    Figures {
        median_ms: latencies_us[latencies_us.len() / 2] as f64 / 1e3,
        mean_ms: latencies_us.iter().sum::<u64>() as f64 / count / 1e3,
        rate: count / (now_us as f64 / 1e6),
    }
}

#[test]
fn early_tasks_shorten_the_way_of_a_frame_and_cost_a_flood_little() {
    for costs in &COSTS {
        println!("{:12}        plain                early", costs.name);
        println!("workers      median  mean  rate   median  mean  rate");
        for (name, layout) in LAYOUTS {
            let [plain, early] = [false, true].map(|is_early| {
                let [alone, flood] = [Pace::OneByOne, Pace::Flood]
                    .map(|pace| simulate(costs, Options::default(), layout, is_early, pace));
                Figures {
                    rate: flood.rate,
                    ..alone
                }
            });
            println!(
                "{name:12} {:6.1} {:5.1} {:5.1}   {:6.1} {:5.1} {:5.1}",
                plain.median_ms,
                plain.mean_ms,
                plain.rate,
                early.median_ms,
                early.mean_ms,
                early.rate
            );
            assert!(early.median_ms <= plain.median_ms, "{name}");
            assert!(early.mean_ms <= plain.mean_ms, "{name}");
            assert!(early.rate >= 0.99 * plain.rate, "{name}");
            if layout.len() == 4 {
                let longest_ms = (costs.decode + costs.pose) as f64 / 1e3;
                assert!(early.median_ms <= 1.25 * longest_ms, "{name}");
            }
        }
    }
}

/// Two hands are tracked. Where three are looked for, palms are detected in every frame, too: that is one step of a hand's
/// length more than three workers have room for beside the pose.
#[test]
fn landmarkers_take_as_long_as_their_longest_step_on_three_workers_and_four() {
    const LAYOUTS: [&[u8]; 4] = [
        &[63, 63, 63],
        &[1 | 2, 4 | 8 | 32, 4 | 8 | 16],
        &[63, 63, 63, 63],
        &[1 | 2, 4 | 8, 4 | 8 | 16, 16 | 32],
    ];
    for costs in &COSTS {
        let longest_ms = (costs.decode + costs.pose) as f64 / 1e3;
        let cases = LAYOUTS.into_iter().flat_map(|l| [(l, 2), (l, 3)]);
        for (layout, num_hands) in cases.filter(|(layout, hands)| layout.len() > *hands) {
            let options = Options {
                graph: Graph::Landmarkers,
                num_hands,
                ..Options::default()
            };
            let figures = simulate(costs, options, layout, false, Pace::OneByOne);
            println!(
                "{:6} {layout:?}, {num_hands} hands: {:.1} ms of {longest_ms:.1}",
                costs.name, figures.median_ms
            );
            assert!(figures.median_ms <= 1.2 * longest_ms, "{layout:?}");
        }
    }
}
