//! Results do not depend on how many executors there are, nor on the order in which they finish, nor on when options
//! change or times step back: each frame has the options that held when it was added.
//!
//! Branches are computed by a stand-in whose answers depend on every bit of their jobs, so that any state that a branch
//! saw too early, too late or not at all changes the results of all frames after it.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use std::hash::{DefaultHasher, Hash, Hasher};

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, FaceMesh, FaceOutcome, HandOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameResult, Landmarks, Options, Outcome, Parts, Quality,
    Session, Step, Steps, Task, Work,
};
use proptest::prelude::*;

/// What the frames of a stream are like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Person,
    Nobody,
    Broken,
    OtherSize,
    FailsInTheFace,
}

type Stream = Session<Kind, (u64, Kind)>;

/// A number from all bits of a job and a frame.
fn fingerprint(job: &BranchJob, frame: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    postcard::to_allocvec(job).unwrap().hash(&mut hasher);
    frame.hash(&mut hasher);
    hasher.finish()
}

/// A number in 0..1 from a fingerprint.
fn noise(fingerprint: u64, salt: usize) -> f32 {
    let mixed = (fingerprint ^ salt as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 40) as f32 / (1u64 << 24) as f32
}

fn compute(frame: u64, kind: Kind, job: &BranchJob) -> Outcome<(u64, Kind)> {
    let fingerprint = fingerprint(job, frame);
    let n = |salt| noise(fingerprint, salt);
    let roi = NormalizedRect {
        x_center: n(1),
        y_center: n(2),
        width: 0.5,
        height: 0.5,
        rotation: n(3),
    };
    let hand = || HandOutcome {
        roi: Some(roi),
        presence: Some(n(4) + 0.2),
        landmarks: Some(Landmarks::from_fn(|p| [n(p), n(p + 50), 0.0])),
        world: Some(Landmarks::from_fn(|p| [n(p), 0.0, 0.0])),
        ..HandOutcome::default()
    };
    Outcome::Branch(match job {
        BranchJob::Pose(_) => {
            let is_there = matches!(kind, Kind::Person | Kind::OtherSize | Kind::FailsInTheFace);
            let pose = is_there.then(|| RawPose {
                landmarks: Landmarks::from_fn(|p| [n(p), n(p + 100), 0.0, n(p + 200)]),
                world: Landmarks::from_fn(|p| [n(p), 0.0, 0.0, n(p + 200)]),
                auxiliary: Landmarks::new([[n(300), n(301), 0.0], [n(302), n(303), 0.0]]),
            });
            BranchOutcome::Pose(PoseOutcome {
                detection: None,
                roi: pose.is_some().then_some(roi),
                presence: pose.is_some().then(|| 0.4 + n(5)),
                pose,
            })
        }
        BranchJob::LeftHand(_) => BranchOutcome::LeftHand(hand()),
        BranchJob::RightHand(_) => BranchOutcome::RightHand(hand()),
        BranchJob::Face(_) if matches!(kind, Kind::FailsInTheFace) => {
            return Outcome::Failed(FrameError::new(
                ErrorCode::InferenceFailed,
                "as the test wants",
            ));
        }
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome {
            mesh: Some(FaceMesh {
                roi,
                presence: 0.3 + n(6),
                landmarks: Landmarks::from_fn(|p| [n(p % 7), p as f32, 0.0]),
            }),
            ..FaceOutcome::default()
        }),
    })
}

fn outcome_of(task: &Task<Kind, (u64, Kind)>) -> Outcome<(u64, Kind)> {
    match &task.work {
        Work::Decode(Kind::Broken) => {
            Outcome::Failed(FrameError::new(ErrorCode::MalformedPicture, "broken"))
        }
        Work::Decode(kind) => {
            let width = if matches!(kind, Kind::OtherSize) {
                320
            } else {
                640
            };
            Outcome::Decoded(Decoded {
                pixels: (task.id.frame, *kind),
                size: ImageSize { width, height: 480 },
            })
        }
        Work::Branch((frame, kind), job) => compute(*frame, *kind, job),
    }
}

/// What happens to a stream besides its frames.
#[derive(Clone, Debug, Default)]
struct Changes {
    /// Tracking starts from scratch with this frame.
    reset_at: Option<usize>,
    /// New options that hold from a frame on.
    options: Vec<(usize, Options)>,
    /// Capture times of the first frames, in any order; those after them rise.
    times_us: Vec<i64>,
}

impl Changes {
    fn time_us(&self, frame: usize) -> i64 {
        let rising = (frame as i64 + 1) * 33_333;
        self.times_us.get(frame).copied().unwrap_or(rising)
    }
}

fn reset_at(frame: usize) -> Changes {
    Changes {
        reset_at: Some(frame),
        ..Changes::default()
    }
}

/// Runs a whole stream with executors that serve `steps` each and finish in an order that `random` decides.
fn run(
    frames: &[Kind],
    executors: &[Steps],
    changes: &Changes,
    random: &mut Random,
) -> Vec<FrameResult> {
    let with_room = |options: &Options| Options {
        buffer_size: frames.len().max(1),
        max_unread_results: frames.len().max(1),
        ..options.clone()
    };
    let mut session: Stream = Session::new(with_room(&Options::default())).unwrap();
    let mut working: Vec<Option<Task<Kind, (u64, Kind)>>> = vec![None; executors.len()];
    let mut results = Vec::new();
    let mut pending = frames.iter().enumerate();
    let mut next = pending.next();
    loop {
        // A reset throws away what waits, so every run must have taken the same frames up before it.
        if let Some((at, kind)) = next {
            let is_reset = changes.reset_at == Some(at);
            if !is_reset || session.is_idle() {
                if is_reset {
                    assert!(session.reset().discarded.is_empty());
                }
                for (_, options) in changes.options.iter().filter(|(n, _)| *n == at) {
                    let boundary = session.configure(with_room(options)).unwrap();
                    assert_eq!(boundary.next_index, at as u64);
                }
                session.add_frame(*kind, changes.time_us(at), 0);
                next = pending.next();
            }
        }
        for (slot, steps) in working.iter_mut().zip(executors) {
            if slot.is_none() {
                *slot = session.next_task(*steps, 0);
            }
        }
        let busy: Vec<usize> = (0..working.len())
            .filter(|n| working[*n].is_some())
            .collect();
        if busy.is_empty() && next.is_none() {
            break;
        }
        if !busy.is_empty() {
            let chosen = busy[random.below(busy.len())];
            let task = working[chosen].take().unwrap();
            session.complete(task.id, outcome_of(&task), 0, 0);
        }
        while let Some(result) = session.next_result() {
            results.push(result);
        }
    }
    assert!(session.is_idle());
    results
}

/// xorshift64*: which executor finishes next.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

fn steps(bits: &[u8]) -> Vec<Steps> {
    bits.iter().map(|bits| Steps::from_bits(*bits)).collect()
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let kind = prop_oneof![
        8 => Just(Kind::Person),
        1 => Just(Kind::Nobody),
        1 => Just(Kind::Broken),
        1 => Just(Kind::OtherSize),
        1 => Just(Kind::FailsInTheFace),
    ];
    prop::collection::vec(kind, 0..14)
}

fn options() -> impl Strategy<Value = Options> {
    let flags = prop::collection::vec(any::<bool>(), 8);
    let confidences = prop::collection::vec(0.0f32..0.8, 3);
    (flags, confidences, 1usize..5).prop_map(|(flags, confidences, max_frames_in_flight)| Options {
        parts: Parts {
            pose: true,
            hands: flags[0],
            face: flags[1],
        },
        quality: if flags[2] {
            Quality::Full
        } else {
            Quality::Lite
        },
        smoothing: flags[3],
        hand_smoothing: flags[4],
        face_smoothing: flags[5],
        mirrored: flags[6],
        max_frames_in_flight,
        min_pose_presence_confidence: confidences[0],
        min_hand_landmarks_confidence: confidences[1],
        min_face_presence_confidence: confidences[2],
        ..Options::default()
    })
}

fn changes() -> impl Strategy<Value = Changes> {
    let changes = prop::collection::vec((0usize..14, options()), 0..4);
    let times_us = prop::collection::vec((-3i64..3).prop_map(|n| n * 33_333), 0..14);
    (prop::option::of(0usize..14), changes, times_us).prop_map(|(reset_at, options, times_us)| {
        Changes {
            reset_at,
            options,
            times_us,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn results_are_bit_identical_for_one_to_four_executors_in_any_order(
        frames in kinds(),
        changes in changes(),
        seed in 1u64..,
    ) {
        let mut random = Random(seed);
        let expected = run(&frames, &steps(&[31]), &changes, &mut random);
        prop_assert_eq!(expected.len(), frames.len());
        let indices: Vec<u64> = expected.iter().map(FrameResult::index).collect();
        prop_assert_eq!(indices, (0..frames.len() as u64).collect::<Vec<_>>());
        for result in &expected {
            if let FrameResult::Keypoints(keypoints) = result {
                let held = changes.options.iter().enumerate();
                let held = held.filter(|(_, (at, _))| *at as u64 <= keypoints.index);
                let held = held.max_by_key(|(n, (at, _))| (*at, *n));
                let parts = held.map_or(Parts::ALL, |(_, (_, options))| options.parts);
                prop_assert_eq!(keypoints.parts, parts);
            }
        }
        let layouts: [&[u8]; 6] = [
            // The browser's: decode 1, pose 2, left hand 4, right hand 8, face 16.
            &[1 | 2 | 16, 4 | 8],
            &[1 | 2, 4 | 16, 8],
            &[1 | 2, 4, 8, 16],
            // The relay's: every thread may run everything.
            &[31, 31],
            &[31, 31, 31],
            &[31, 31, 31, 31],
        ];
        for layout in layouts {
            let results = run(&frames, &steps(layout), &changes, &mut random);
            prop_assert!(results == expected, "layout {layout:?} differs");
        }
    }
}

#[test]
fn the_stand_in_notices_a_lost_state() {
    // Were tracking not carried over, frame 2 would be the same after one person as after two.
    let mut random = Random(1);
    let all = steps(&[31]);
    let kept = run(&[Kind::Person; 3], &all, &Changes::default(), &mut random);
    let reset = run(&[Kind::Person; 3], &all, &reset_at(2), &mut random);
    assert_eq!(kept[1], reset[1]);
    assert_ne!(kept[2], reset[2]);
}

#[test]
fn a_broken_frame_leaves_the_frames_after_it_as_they_were() {
    // Index and time of the frames after it move on, so the stand-in must not look at the index here: compare with
    // a stream in which the frame at this place is there but cannot be decoded in another way.
    let mut random = Random(1);
    let all = steps(&[31]);
    let results = run(
        &[Kind::Person, Kind::Broken, Kind::Person],
        &all,
        &Changes::default(),
        &mut random,
    );
    let FrameResult::Failed(failed) = &results[1] else {
        panic!("{:?}", results[1]);
    };
    assert_eq!(failed.error.code, ErrorCode::MalformedPicture);
    assert!(matches!(&results[2], FrameResult::Keypoints(k) if k.index == 2));
}

#[test]
fn steps_run_only_where_they_are_served() {
    let mut session: Stream = Session::new(Options::default()).unwrap();
    session.add_frame(Kind::Person, 1, 0);
    assert!(
        session
            .next_task(Steps::from_bits(2 | 4 | 8 | 16), 0)
            .is_none()
    );
    let task = session.next_task(Steps::from_bits(1), 0).unwrap();
    assert_eq!(task.id.step, Step::Decode);
}
