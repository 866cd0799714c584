//! What options do to results, and that they leave tracking alone: smoothing of hands and face, mirroring, changes in
//! mid-stream, capture times that do not rise.
//!
//! Branches are stand-ins: landmarks are given by the test, whatever the jobs say.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, FaceMesh, FaceOutcome, HandOutcome, HandReading, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Decoded, FrameKeypoints, FrameResult, Landmarks, MissingReason, Options, Outcome, Parts,
    Quality, Session, Steps, Work,
};

/// Powers of two, so that the filters' way to pixels and back rounds nothing.
const SIZE: ImageSize = ImageSize {
    width: 512,
    height: 256,
};
const ROI: NormalizedRect = NormalizedRect {
    x_center: 0.5,
    y_center: 0.5,
    width: 0.5,
    height: 0.5,
    rotation: 0.0,
};

/// A frame of a stream: every part is moved to the right by `shift`, in fractions of the picture.
#[derive(Clone, Copy, Debug)]
struct Frame {
    shift: f32,
    visibility: f32,
    has_pose: bool,
    has_hands: bool,
    size: ImageSize,
}

type Stream = Session<Frame, Frame>;

fn at(shift: f32) -> Frame {
    Frame {
        shift,
        visibility: 1.0,
        has_pose: true,
        has_hands: true,
        size: SIZE,
    }
}

fn outcome_of(frame: Frame, job: &BranchJob) -> BranchOutcome {
    let x = |n: usize| 0.3 + n as f32 * 0.001 + frame.shift;
    let hand = || HandOutcome {
        reading: Some(HandReading {
            roi: ROI,
            presence: if frame.has_hands { 0.9 } else { 0.1 },
            landmarks: Some(Landmarks::from_fn(|n| [x(n), 0.5 + n as f32 * 0.01, 0.0])),
            world: Some(Landmarks::from_fn(|_| [frame.shift, 0.0, 0.0])),
            right: 0.5,
        }),
        ..HandOutcome::default()
    };
    match job {
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: Some(ROI),
            presence: Some(if frame.has_pose { 0.9 } else { 0.1 }),
            pose: Some(RawPose {
                landmarks: Landmarks::from_fn(|n| [x(n), 0.4, 0.0, frame.visibility]),
                world: Landmarks::from_fn(|_| [frame.shift, 0.0, 0.0, frame.visibility]),
                auxiliary: Landmarks::new([[x(0), 0.5, 0.0], [x(0), 0.2, 0.0]]),
            }),
        }),
        BranchJob::LeftHand(_) => BranchOutcome::LeftHand(hand()),
        BranchJob::RightHand(_) => BranchOutcome::RightHand(hand()),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome {
            mesh: Some(FaceMesh {
                roi: ROI,
                presence: 0.9,
                landmarks: Landmarks::from_fn(|n| [x(n % 100), 0.2 + (n / 100) as f32 * 0.01, 0.0])
                    .into(),
            }),
            ..FaceOutcome::default()
        }),
        BranchJob::Palm(_)
        | BranchJob::HandInRegion { .. }
        | BranchJob::Blendshapes(_)
        | BranchJob::Early(_) => {
            panic!("nobody asked for {job:?}")
        }
    }
}

/// A stream, all its jobs and its results.
struct Run {
    session: Stream,
    jobs: Vec<BranchJob>,
}

impl Run {
    fn new(options: Options) -> Self {
        Self {
            session: Session::new(options).unwrap(),
            jobs: Vec::new(),
        }
    }

    /// Processes what waits; the results.
    fn results(&mut self) -> Vec<FrameKeypoints> {
        while let Some(task) = self.session.next_task(Steps::ALL, 0) {
            let outcome = match task.work {
                Work::Decode { frame, .. } => Outcome::Decoded(Decoded {
                    pixels: frame,
                    size: frame.size,
                    grey: None,
                }),
                Work::Branch(frame, job) => {
                    let outcome = outcome_of(frame, &job);
                    self.jobs.push(job);
                    Outcome::Branch(outcome)
                }
            };
            self.session.complete(task.id, outcome, 0, 0);
        }
        let results = std::iter::from_fn(|| self.session.next_result());
        results.map(keypoints).collect()
    }

    /// The result of one frame of the stream.
    fn frame(&mut self, frame: Frame, timestamp_us: i64) -> FrameKeypoints {
        self.session.add_frame(frame, timestamp_us, 0);
        self.results().pop().unwrap()
    }
}

fn keypoints(result: FrameResult) -> FrameKeypoints {
    match result {
        FrameResult::Keypoints(keypoints) => *keypoints,
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

const FRAME_US: i64 = 33_333;

/// x of the first point of left hand, right hand, left hand in metres, and face.
fn xs(keypoints: &FrameKeypoints) -> [f32; 4] {
    [
        keypoints.left_hand.as_ref().unwrap()[0][0],
        keypoints.right_hand.as_ref().unwrap()[0][0],
        keypoints.left_hand_world.as_ref().unwrap()[0][0],
        keypoints.face.as_ref().unwrap()[0][0],
    ]
}

fn smooth() -> Options {
    Options {
        hand_smoothing: true,
        face_smoothing: true,
        ..Options::default()
    }
}

/// Jitter of ±¼ pixel around a place, the same for each caller.
fn jitter(frame: i64) -> f32 {
    let noise = (frame as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    (noise as f32 / (1u64 << 24) as f32 - 0.5) * 0.5 / SIZE.width as f32
}

fn standard_deviation(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32;
    variance.sqrt()
}

#[test]
fn smoothing_calms_hands_and_face_that_are_still() {
    let spread = |options: Options| -> Vec<f32> {
        let mut run = Run::new(options);
        let all: Vec<[f32; 4]> = (1..=120)
            .map(|n| xs(&run.frame(at(jitter(n)), n * FRAME_US)))
            .collect();
        (0..4)
            .map(|part| standard_deviation(&all[30..].iter().map(|x| x[part]).collect::<Vec<_>>()))
            .collect()
    };
    let (raw, smoothed) = (spread(Options::default()), spread(smooth()));
    for (part, (raw, smoothed)) in raw.iter().zip(&smoothed).enumerate() {
        assert!(smoothed * 2.0 < *raw, "part {part}: {smoothed} {raw}");
    }
}

#[test]
fn smoothing_follows_motion_with_a_bounded_lag() {
    let mut run = Run::new(smooth());
    // A third of the picture in a second, as a quick sign does.
    let shift = |n: i64| n as f32 * (0.33 / 30.0);
    let mut lags = Vec::new();
    for n in 0..30 {
        let [left, right, _, face] = xs(&run.frame(at(shift(n)), (n + 1) * FRAME_US));
        lags.push([left, right, face].map(|x| 0.3 + shift(n) - x));
    }
    for (n, lag) in lags.iter().enumerate().skip(5) {
        for lag in lag {
            // Less than one frame's way behind, and never ahead by more than rounding.
            assert!((-1e-6..0.33 / 30.0).contains(lag), "frame {n}: {lag}");
        }
    }
    assert!(lags[1..].iter().flatten().any(|lag| *lag > 1e-4));
}

#[test]
fn options_of_results_leave_every_job_as_it_is() {
    let jobs = |options: Options| {
        let mut run = Run::new(options);
        for n in 1..=20 {
            let mut frame = at(jitter(n) * 20.0);
            frame.has_hands = n % 7 != 0;
            run.frame(frame, n * FRAME_US);
        }
        run.jobs
    };
    let plain = jobs(Options::default());
    let mirrored = Options {
        mirrored: true,
        ..smooth()
    };
    assert!(jobs(mirrored) == plain);
    let previous_hands = plain
        .iter()
        .filter(|job| matches!(job, BranchJob::LeftHand(job) if job.previous.is_some()));
    assert!(previous_hands.count() > 10);
}

#[test]
fn a_part_that_was_lost_starts_afresh() {
    let mut run = Run::new(smooth());
    run.frame(at(0.0), FRAME_US);
    let held = xs(&run.frame(at(0.001), 2 * FRAME_US));
    assert!(held[0] < 0.301 - 1e-5 && held[3] < 0.301 - 1e-5, "{held:?}");
    let mut without = at(0.0);
    without.has_hands = false;
    let lost = run.frame(without, 3 * FRAME_US);
    assert_eq!(lost.missing.left_hand, Some(MissingReason::LowPresence));
    let back = xs(&run.frame(at(0.001), 4 * FRAME_US));
    let raw = outcome_xs(0.001);
    assert_eq!(back[..3], raw[..3]);
    assert_ne!(back[3], raw[3], "the face was there all the time");
}

/// What [`xs`] gives unsmoothed.
fn outcome_xs(shift: f32) -> [f32; 4] {
    xs(&Run::new(Options::default()).frame(at(shift), FRAME_US))
}

#[test]
fn a_reset_and_another_size_of_picture_start_the_filters_afresh() {
    let mut run = Run::new(smooth());
    run.frame(at(0.0), FRAME_US);
    run.session.reset();
    assert_eq!(xs(&run.frame(at(0.01), 2 * FRAME_US)), outcome_xs(0.01));
    let mut larger = at(0.02);
    larger.size.width *= 2;
    assert_eq!(xs(&run.frame(larger, 3 * FRAME_US)), outcome_xs(0.02));
    larger.shift = 0.021;
    assert_ne!(xs(&run.frame(larger, 4 * FRAME_US)), outcome_xs(0.021));
}

#[test]
fn stills_are_not_smoothed_and_smooth_nothing() {
    let mut run = Run::new(smooth());
    run.frame(at(0.0), FRAME_US);
    run.session.add_still(at(0.01), 2 * FRAME_US, 0).unwrap();
    assert_eq!(xs(&run.results().pop().unwrap()), outcome_xs(0.01));
    let mut other = Run::new(smooth());
    other.frame(at(0.0), FRAME_US);
    assert_eq!(
        xs(&run.frame(at(0.001), 2 * FRAME_US)),
        xs(&other.frame(at(0.001), 2 * FRAME_US))
    );
}

/// Pose, hands and face without index and time.
fn landmarks(keypoints: FrameKeypoints) -> FrameKeypoints {
    FrameKeypoints {
        index: 0,
        timestamp_us: 0,
        ..keypoints
    }
}

/// A picture that jitters and a person who is seen better and worse.
fn restless(n: i64) -> Frame {
    Frame {
        visibility: 0.5 + 0.4 * (n % 3) as f32 / 2.0,
        ..at(n as f32 * 0.002 + jitter(n))
    }
}

#[test]
fn after_a_step_back_in_time_results_are_those_of_a_stream_that_starts_there() {
    let last_us = 100 * FRAME_US;
    for (name, back_to_us) in [
        ("a video that begins anew", 0),
        ("a seek", 40 * FRAME_US),
        ("played backwards", last_us - FRAME_US),
        ("the smallest step", last_us - 1),
        ("a time before zero", -3 * FRAME_US),
        ("the first of all times", i64::MIN),
    ] {
        // Without a pose, or without hands, the filters are not asked on the frame that goes back.
        for (has_pose, has_hands) in [(true, true), (false, true), (true, false)] {
            let mut looped = Run::new(smooth());
            for n in 91..=100 {
                looped.frame(restless(n), n * FRAME_US);
            }
            let mut fresh = Run::new(smooth());
            for n in 0..10 {
                let mut frame = restless(n + 200);
                if n == 0 {
                    (frame.has_pose, frame.has_hands) = (has_pose, has_hands);
                }
                let timestamp_us = back_to_us.saturating_add(n * FRAME_US);
                let result = looped.frame(frame, timestamp_us);
                assert_eq!(result.timestamp_us, timestamp_us);
                let expected = fresh.frame(frame, timestamp_us);
                assert!(
                    landmarks(result) == landmarks(expected),
                    "{name}, frame {n}"
                );
            }
        }
    }
}

#[test]
fn a_step_back_in_time_leaves_tracking_alone() {
    let jobs = |times: [i64; 4]| {
        let mut run = Run::new(smooth());
        for timestamp_us in times {
            run.frame(at(0.0), timestamp_us);
        }
        run.jobs
    };
    // A person who does not move: the filters change nothing.
    assert!(jobs([1, 2, 3, 4]) == jobs([3, 4, 1, 2]));
}

#[test]
fn frames_of_the_same_time_are_not_smoothed_and_leave_the_filters_alone() {
    let unsmoothed = |frame: Frame| {
        let options = Options {
            smoothing: false,
            ..Options::default()
        };
        landmarks(Run::new(options).frame(frame, FRAME_US))
    };
    let (mut run, mut straight) = (Run::new(smooth()), Run::new(smooth()));
    for n in 1..=8 {
        // The visibility is always 1, so that its low-pass, which has no clock, changes nothing.
        let frame = at(n as f32 * 0.002);
        let result = landmarks(run.frame(frame, n * FRAME_US));
        assert!(result == landmarks(straight.frame(frame, n * FRAME_US)));
        assert!(n == 1 || result != unsmoothed(frame));
        let repeated = at(n as f32 * -0.01);
        assert!(landmarks(run.frame(repeated, n * FRAME_US)) == unsmoothed(repeated));
    }
}

#[test]
fn times_before_zero_are_smoothed_as_others_are() {
    let (mut before, mut after) = (Run::new(smooth()), Run::new(smooth()));
    for n in 1..=10 {
        let result = before.frame(restless(n), (n - 1000) * FRAME_US);
        let expected = after.frame(restless(n), n * FRAME_US);
        assert!(landmarks(result) == landmarks(expected), "frame {n}");
    }
}

#[test]
fn mirrored_results_have_their_x_turned_and_their_sides_kept() {
    let mirrored = Options {
        mirrored: true,
        ..Options::default()
    };
    let (mut plain, mut turned) = (Run::new(Options::default()), Run::new(mirrored));
    for n in 1..=3 {
        let shift = n as f32 * 0.01;
        let plain = plain.frame(at(shift), n * FRAME_US);
        let turned = turned.frame(at(shift), n * FRAME_US);
        let in_picture = |a: &[f32], b: &[f32], values: usize| {
            for (a, b) in a.chunks(values).zip(b.chunks(values)) {
                assert_eq!(b[0], 1.0 - a[0]);
                assert_eq!(a[1..], b[1..]);
            }
        };
        let in_world = |a: &[f32], b: &[f32], values: usize| {
            for (a, b) in a.chunks(values).zip(b.chunks(values)) {
                assert_eq!(b[0], -a[0]);
                assert_eq!(a[1..], b[1..]);
            }
        };
        macro_rules! check {
            ($check:ident, $part:ident, $values:literal) => {
                let (a, b) = (plain.$part.as_ref(), turned.$part.as_ref());
                $check(a.unwrap().as_flat(), b.unwrap().as_flat(), $values);
            };
        }
        check!(in_picture, pose, 4);
        check!(in_picture, left_hand, 3);
        check!(in_picture, right_hand, 3);
        check!(in_picture, face, 3);
        check!(in_world, pose_world, 4);
        check!(in_world, left_hand_world, 3);
        check!(in_world, right_hand_world, 3);
        assert_eq!(plain.scores, turned.scores);
    }
    turned.session.add_still(at(0.0), 0, 0).unwrap();
    let still = turned.results().pop().unwrap();
    assert_eq!(still.face.unwrap()[0][0], 1.0 - 0.3);
}

#[test]
fn new_options_hold_for_the_frames_added_after_them() {
    let mut run = Run::new(Options::default());
    let without_face = Options {
        parts: Parts {
            face: false,
            ..Parts::ALL
        },
        quality: Quality::Lite,
        mirrored: true,
        ..Options::default()
    };
    for n in 0..3 {
        run.session.add_frame(at(0.0), (n + 1) * FRAME_US, 0);
    }
    let boundary = run.session.configure(without_face.clone()).unwrap();
    assert_eq!((boundary.next_index, boundary.discarded.len()), (3, 0));
    assert_eq!(run.session.options(), &without_face);
    for n in 3..6 {
        run.session.add_frame(at(0.0), (n + 1) * FRAME_US, 0);
    }
    let results = run.results();
    for result in &results[..3] {
        assert_eq!(result.parts, Parts::ALL);
        assert_eq!(result.left_hand.as_ref().unwrap()[0][0], 0.3);
        assert!(result.face.is_some());
    }
    for result in &results[3..] {
        assert!(result.pose.is_some() && result.face.is_none());
        assert_eq!(result.left_hand.as_ref().unwrap()[0][0], 1.0 - 0.3);
    }
    let lite = run
        .jobs
        .iter()
        .filter(|job| job.quality() == Some(Quality::Lite));
    assert_eq!(lite.count(), 3 * 3);
    let previous = run.jobs.iter().filter(|job| match job {
        BranchJob::LeftHand(job) => job.previous.is_some(),
        _ => false,
    });
    assert_eq!(previous.count(), 5, "tracking goes on");
}

#[test]
fn a_wrong_configuration_changes_nothing() {
    let mut session: Stream = Session::new(smooth()).unwrap();
    session.add_frame(at(0.0), 1, 0);
    let wrong = Options {
        buffer_size: 0,
        ..Options::default()
    };
    assert!(session.configure(wrong).is_err());
    assert_eq!(session.options(), &smooth());
    assert_eq!(session.stats().buffered, 1);
}
