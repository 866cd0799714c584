//! The graph `Landmarkers`: no part needs another, and hands are a list that palms join.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::branch::{
    Branch, BranchJob, BranchOutcome, HandReading, PalmOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameKeypoints, FrameResult, Graph, HandLandmarks, Handedness,
    Landmarks, MissingReason, Options, Outcome, Parts, Session, Step, Steps, Task, TrackedHand,
    Work, roi,
};

/// A picture, by the hands in it: where each is (0..1), and how sure the model is that it is a right one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scene {
    hands: &'static [(f32, f32)],
    size: ImageSize,
}

type Stream = Session<Scene, Scene>;
type StreamTask = Task<Scene, Scene>;

const SIZE: ImageSize = ImageSize {
    width: 640,
    height: 480,
};
const LEFT: (f32, f32) = (0.7, 0.2);
const RIGHT: (f32, f32) = (0.3, 0.9);
const HANDS: Parts = Parts {
    pose: false,
    hands: true,
    face: false,
};

fn showing(hands: &'static [(f32, f32)]) -> Scene {
    Scene { hands, size: SIZE }
}

fn options(num_hands: usize) -> Options {
    Options {
        graph: Graph::Landmarkers,
        parts: HANDS,
        num_hands,
        ..Options::default()
    }
}

fn with_pose(num_hands: usize) -> Options {
    Options {
        parts: Parts {
            pose: true,
            ..HANDS
        },
        ..options(num_hands)
    }
}

/// An upright hand whose fingers point up.
fn hand_at(x: f32) -> HandLandmarks {
    Landmarks::from_fn(|n| match n {
        0 => [x, 0.6, 0.0],
        _ => {
            let (finger, joint) = ((n - 1) / 4, (n - 1) % 4);
            [
                x + (finger as f32 - 2.0) * 0.02,
                0.5 - joint as f32 * 0.03,
                0.0,
            ]
        }
    })
}

fn roi_of(x: f32) -> NormalizedRect {
    roi::hand_from_landmarks(&hand_at(x), SIZE)
}

/// Palms are detected where hands are, in their order; the hand model finds the nearest hand of its region.
fn outcome_of(task: &StreamTask) -> Outcome<Scene> {
    let (scene, job) = match &task.work {
        Work::Decode { frame: scene, .. } => {
            return Outcome::Decoded(Decoded {
                pixels: *scene,
                size: scene.size,
                grey: None,
            });
        }
        Work::Branch(scene, job) => (*scene, job),
    };
    Outcome::Branch(match job {
        BranchJob::Pose(job) => {
            assert_eq!(job.graph, Graph::Landmarkers);
            BranchOutcome::Pose(PoseOutcome {
                detection: None,
                roi: None,
                presence: Some(0.9),
                pose: Some(RawPose {
                    landmarks: Landmarks::from_fn(|_| [0.5, 0.5, 0.0, 1.0]),
                    world: Landmarks::from_fn(|_| [0.0, 0.0, 0.0, 1.0]),
                    auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.5, 0.2, 0.0]]),
                }),
            })
        }
        BranchJob::Palm(job) => {
            let rois = scene.hands.iter().map(|(x, _)| roi_of(*x));
            BranchOutcome::Palm(PalmOutcome {
                rois: rois.take(job.most).collect(),
            })
        }
        BranchJob::HandInRegion { roi, .. } => {
            let near = scene
                .hands
                .iter()
                .find(|(x, _)| (roi.x_center - x).abs() < 0.05);
            let (x, right) = near.copied().unwrap_or((roi.x_center, 0.6));
            BranchOutcome::HandInRegion(HandReading {
                roi: *roi,
                presence: if near.is_some() { 0.9 } else { 0.2 },
                landmarks: Some(hand_at(x)),
                world: Some(Landmarks::from_fn(|_| [x, 0.0, 0.0])),
                right,
            })
        }
        other => panic!("the graph has no {other:?}"),
    })
}

fn complete(session: &mut Stream, task: &StreamTask) {
    session.complete(task.id, outcome_of(task), 0, 0);
}

fn fail(session: &mut Stream, task: &StreamTask) {
    let error = FrameError::new(ErrorCode::InferenceFailed, "as the test wants");
    session.complete(task.id, Outcome::Failed(error), 0, 0);
}

fn next(session: &mut Stream) -> Option<StreamTask> {
    assert_eq!(session.next_early_task(Steps::ALL), None);
    session.next_task(Steps::ALL, 0)
}

fn next_of(session: &mut Stream, branch: Branch) -> Option<StreamTask> {
    session.next_task([Step::Branch(branch)].into_iter().collect(), 0)
}

/// Runs all there is to do, one after the other; the steps in their order.
fn run(session: &mut Stream) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(task) = next(session) {
        complete(session, &task);
        steps.push(task.id.step);
    }
    steps
}

fn result(session: &mut Stream) -> FrameKeypoints {
    match session.next_result().unwrap() {
        FrameResult::Keypoints(keypoints) => *keypoints,
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

/// A stream that has seen one frame.
fn stream(scene: Scene, options: Options) -> Stream {
    let mut session = Session::new(options).unwrap();
    session.add_frame(scene, 33_333, 0);
    run(&mut session);
    result(&mut session);
    session
}

fn add(session: &mut Stream, scene: Scene) {
    let time_us = (session.next_index() as i64 + 1) * 33_333;
    session.add_frame(scene, time_us, 0);
}

/// The steps and the result of the next frame.
fn frame(session: &mut Stream, scene: Scene) -> (Vec<Step>, FrameKeypoints) {
    add(session, scene);
    let steps = run(session);
    (steps, result(session))
}

/// Adds a frame of which every branch fails that is run.
fn fail_frame(session: &mut Stream, scene: Scene) {
    add(session, scene);
    while let Some(task) = next(session) {
        match task.work {
            Work::Decode { .. } => complete(session, &task),
            Work::Branch(..) => fail(session, &task),
        }
    }
}

fn hands(keypoints: &FrameKeypoints) -> &[TrackedHand] {
    keypoints.hands.as_ref().unwrap()
}

/// Where the hands of a list are.
fn places(keypoints: &FrameKeypoints) -> Vec<f32> {
    hands(keypoints)
        .iter()
        .map(|hand| hand.points[0][0])
        .collect()
}

const DECODE: Step = Step::Decode;
const PALM: Step = Step::Branch(Branch::Palm);
const LEFT_LANE: Step = Step::Branch(Branch::LeftHand);
const RIGHT_LANE: Step = Step::Branch(Branch::RightHand);

#[test]
fn hands_need_no_pose_and_palms_are_detected_while_fewer_are_tracked_than_looked_for() {
    let mut session = Session::new(options(2)).unwrap();
    let (steps, first) = frame(&mut session, showing(&[LEFT]));
    assert_eq!(steps, [DECODE, PALM, LEFT_LANE]);
    assert_eq!((first.pose, first.missing.pose), (None, None));
    assert_eq!(places(&frame(&mut session, showing(&[LEFT])).1), [LEFT.0]);

    let (steps, both) = frame(&mut session, showing(&[RIGHT, LEFT]));
    assert_eq!(steps, [DECODE, PALM, LEFT_LANE, RIGHT_LANE]);
    assert_eq!(places(&both), [LEFT.0, RIGHT.0], "the tracked one first");

    let (steps, _) = frame(&mut session, showing(&[RIGHT, LEFT]));
    assert_eq!(steps, [DECODE, LEFT_LANE, RIGHT_LANE]);
    let (steps, one) = frame(&mut session, showing(&[RIGHT]));
    assert_eq!(steps, [DECODE, LEFT_LANE, RIGHT_LANE]);
    assert_eq!(places(&one), [RIGHT.0]);
    let (steps, _) = frame(&mut session, showing(&[RIGHT]));
    assert_eq!(steps, [DECODE, PALM, LEFT_LANE]);
}

#[test]
fn two_hands_and_the_palms_run_at_once_and_a_lane_is_asked_again() {
    let mut session = stream(showing(&[(0.1, 0.9), (0.3, 0.9)]), options(4));
    const FOUR: &[(f32, f32)] = &[(0.1, 0.9), (0.3, 0.9), (0.5, 0.9), (0.7, 0.9)];
    add(&mut session, showing(FOUR));
    let decode = next(&mut session).unwrap();
    complete(&mut session, &decode);
    let at_once: Vec<StreamTask> = std::iter::from_fn(|| next(&mut session)).collect();
    let steps: Vec<Step> = at_once.iter().map(|task| task.id.step).collect();
    assert_eq!(steps, [PALM, LEFT_LANE, RIGHT_LANE]);

    // The second lane ends before the third and fourth hand are known.
    complete(&mut session, &at_once[2]);
    assert_eq!(next(&mut session), None);
    complete(&mut session, &at_once[0]);
    let fourth = next(&mut session).unwrap();
    assert_eq!(fourth.id.step, RIGHT_LANE);
    assert_eq!(next(&mut session), None, "its lane is at the first hand");
    complete(&mut session, &at_once[1]);
    assert_eq!(run(&mut session), [LEFT_LANE]);
    assert!(session.next_result().is_none());
    complete(&mut session, &fourth);
    let places = places(&result(&mut session));
    assert_eq!(places, [0.1, 0.3, 0.5, 0.7]);
    assert!(session.is_idle());
}

#[test]
fn hands_wait_for_those_of_the_frame_before_and_for_nothing_else() {
    let mut session = stream(showing(&[LEFT, RIGHT]), with_pose(2));
    add(&mut session, showing(&[LEFT, RIGHT]));
    add(&mut session, showing(&[LEFT, RIGHT]));
    for _ in 0..2 {
        let decode = session.next_task(Steps::from_bits(1), 0).unwrap();
        complete(&mut session, &decode);
    }
    let pose = next_of(&mut session, Branch::Pose).unwrap();
    let left = next_of(&mut session, Branch::LeftHand).unwrap();
    let right = next_of(&mut session, Branch::RightHand).unwrap();
    complete(&mut session, &left);
    assert_eq!(next_of(&mut session, Branch::LeftHand), None);
    complete(&mut session, &right);
    let left = next_of(&mut session, Branch::LeftHand).unwrap();
    assert_eq!(left.id.frame, 2, "while the pose of frame 1 runs");
    complete(&mut session, &left);
    complete(&mut session, &pose);
    run(&mut session);
    for _ in 0..2 {
        let keypoints = result(&mut session);
        assert!(keypoints.pose.is_some());
        assert_eq!(hands(&keypoints).len(), 2);
    }
}

#[test]
fn tracking_starts_from_scratch_after_a_reset_and_in_another_size_or_graph() {
    let is_fresh = |session: &mut Stream, scene: Scene| {
        add(session, scene);
        run(session).contains(&PALM)
    };
    let both = showing(&[LEFT, RIGHT]);
    let mut session = stream(both, options(2));
    assert!(!is_fresh(&mut session, both));
    session.reset();
    assert!(is_fresh(&mut session, both));
    let size = ImageSize { width: 320, ..SIZE };
    assert!(is_fresh(&mut session, Scene { size, ..both }));
    assert!(is_fresh(&mut session, both));

    let pose_alone = Options {
        graph: Graph::Holistic,
        ..with_pose(2)
    };
    let holistic = Options {
        parts: Parts {
            hands: false,
            ..pose_alone.parts
        },
        ..pose_alone
    };
    session.configure(holistic).unwrap();
    session.add_dropped();
    fail_frame(&mut session, both);
    session.configure(options(2)).unwrap();
    assert!(is_fresh(&mut session, both));
}

#[test]
fn without_the_pose_holistic_is_this_graph() {
    let both = showing(&[LEFT, RIGHT]);
    let named = |graph| Options {
        graph,
        ..options(3)
    };
    let [mut session, mut other] =
        [Graph::Holistic, Graph::Landmarkers].map(|graph| stream(both, named(graph)));
    let (steps, keypoints) = frame(&mut session, both);
    assert_eq!(steps, [DECODE, PALM, LEFT_LANE, RIGHT_LANE]);
    assert!((steps, keypoints) == frame(&mut other, both));

    // Its other name changes nothing; the pose, which brings the body's hands along, does.
    session.configure(options(2)).unwrap();
    let (steps, _) = frame(&mut session, both);
    assert_eq!(steps, [DECODE, LEFT_LANE, RIGHT_LANE]);
    let alone = Options {
        graph: Graph::Holistic,
        ..options(2)
    };
    let with_body = Options {
        parts: with_pose(2).parts,
        ..alone.clone()
    };
    session.configure(with_body).unwrap();
    fail_frame(&mut session, both);
    session.next_result().unwrap();
    session.configure(alone).unwrap();
    assert!(frame(&mut session, both).0.contains(&PALM));
}

#[test]
fn hands_that_are_not_asked_for_are_forgotten() {
    let both = showing(&[LEFT, RIGHT]);
    let mut session = stream(both, with_pose(2));
    let no_hands = Options {
        parts: Parts {
            pose: true,
            hands: false,
            face: false,
        },
        ..options(2)
    };
    session.configure(no_hands).unwrap();
    let (steps, keypoints) = frame(&mut session, both);
    assert_eq!(steps, [DECODE, Step::Branch(Branch::Pose)]);
    assert_eq!(keypoints.hands, None);
    session.configure(options(2)).unwrap();
    assert!(frame(&mut session, both).0.contains(&PALM));
}

#[test]
fn a_still_uses_and_changes_nothing_of_the_stream() {
    let both = showing(&[LEFT, RIGHT]);
    let mut session = stream(both, options(2));
    session
        .add_still(showing(&[(0.1, 0.9), (0.11, 0.9)]), 0, 0)
        .unwrap();
    assert_eq!(run(&mut session), [DECODE, PALM, LEFT_LANE, RIGHT_LANE]);
    // Both palms are looked at, however near they lie; they are one hand.
    assert_eq!(places(&result(&mut session)), [0.1]);
    let (steps, keypoints) = frame(&mut session, both);
    assert_eq!(steps, [DECODE, LEFT_LANE, RIGHT_LANE]);
    assert_eq!(places(&keypoints), [LEFT.0, RIGHT.0]);
}

#[test]
fn a_failed_step_fails_its_frame_while_the_others_run_and_the_next_goes_by_the_frame_before() {
    let both = showing(&[LEFT, RIGHT]);
    for failing in [PALM, LEFT_LANE, RIGHT_LANE, Step::Branch(Branch::Pose)] {
        let mut session = stream(both, with_pose(3));
        add(&mut session, both);
        let mut others = 0;
        while let Some(task) = next(&mut session) {
            if task.id.step == failing {
                fail(&mut session, &task);
            } else {
                complete(&mut session, &task);
                others += 1;
            }
        }
        assert_eq!(others, 4, "all steps but {failing:?}");
        let Some(FrameResult::Failed(failed)) = session.next_result() else {
            panic!("{failing:?}");
        };
        assert_eq!(failed.error.code, ErrorCode::InferenceFailed);
        // Were nothing tracked, palms would come in the order of the picture.
        let (_, keypoints) = frame(&mut session, showing(&[RIGHT, LEFT]));
        assert_eq!(places(&keypoints), [LEFT.0, RIGHT.0], "{failing:?}");
    }
}

#[test]
fn a_task_that_is_taken_back_is_handed_out_again() {
    let mut session = Session::new(options(2)).unwrap();
    add(&mut session, showing(&[LEFT]));
    let mut times = 0;
    while let Some(task) = next(&mut session) {
        if task.id.step == DECODE {
            complete(&mut session, &task);
            continue;
        }
        assert!(session.take_back(task.id));
        let again = next(&mut session).unwrap();
        assert_eq!((again.id.step, &again.work), (task.id.step, &task.work));
        complete(&mut session, &again);
        times += 1;
    }
    assert_eq!(times, 2);
    assert_eq!(places(&result(&mut session)), [LEFT.0]);
}

#[test]
fn an_outcome_of_another_kind_fails_the_frame() {
    let nonsense = || Outcome::Branch(BranchOutcome::Palm(PalmOutcome::default()));
    let mut session = stream(showing(&[LEFT, RIGHT]), options(2));
    add(&mut session, showing(&[LEFT, RIGHT]));
    while let Some(task) = next(&mut session) {
        match task.id.step {
            LEFT_LANE => {
                session.complete(task.id, nonsense(), 0, 0);
            }
            _ => complete(&mut session, &task),
        }
    }
    assert!(matches!(
        session.next_result(),
        Some(FrameResult::Failed(_))
    ));
}

#[test]
fn the_surest_hand_of_a_side_stands_for_it_and_an_absent_side_says_why() {
    const LEFT_HANDS: &[(f32, f32)] = &[(0.1, 0.4), (0.3, 0.1), (0.5, 0.1)];
    let mut session = Session::new(options(4)).unwrap();
    let (_, keypoints) = frame(&mut session, showing(LEFT_HANDS));
    let sides = hands(&keypoints).iter().map(|hand| hand.handedness);
    assert!(sides.eq([Handedness::Left; 3]));
    assert_eq!(hands(&keypoints)[0].score, 0.6);
    assert_eq!(keypoints.left_hand, Some(hand_at(0.3)));
    assert_eq!(keypoints.left_hand_world.unwrap()[0][0], 0.3);
    assert_eq!(keypoints.scores.left_hand, Some(0.9));
    assert_eq!(keypoints.right_hand, None);
    assert_eq!(keypoints.missing.right_hand, Some(MissingReason::OutOfView));

    // What the model does not take for a hand, it would take for a right one.
    let (_, keypoints) = frame(&mut session, showing(&[]));
    assert_eq!(keypoints.missing.left_hand, Some(MissingReason::OutOfView));
    assert_eq!(
        keypoints.missing.right_hand,
        Some(MissingReason::LowPresence)
    );
    assert_eq!(keypoints.scores.right_hand, Some(0.2));
}

#[test]
fn mirrored_hands_keep_their_sides() {
    let mirrored = Options {
        mirrored: true,
        ..options(2)
    };
    let mut session = Session::new(mirrored).unwrap();
    let (_, keypoints) = frame(&mut session, showing(&[LEFT]));
    let hand = &hands(&keypoints)[0];
    assert_eq!(hand.handedness, Handedness::Left);
    assert_eq!(hand.points[0][0], 1.0 - LEFT.0);
    assert_eq!(hand.world[0][0], -LEFT.0);
    assert_eq!(keypoints.left_hand.as_ref(), Some(&hand.points));
}

#[test]
fn smoothing_follows_each_hand_and_leaves_tracking_as_it_is() {
    let smooth = Options {
        hand_smoothing: true,
        ..options(2)
    };
    let mut session = stream(showing(&[LEFT, RIGHT]), smooth);
    let moved = showing(&[(0.701, 0.2), (0.301, 0.9)]);
    let (_, keypoints) = frame(&mut session, moved);
    let [left, right] = places(&keypoints)[..] else {
        panic!("{keypoints:?}");
    };
    assert!(left > 0.7 && left < 0.7009, "{left}");
    assert!(right > 0.3 && right < 0.3009, "{right}");

    // The first hand is lost: the second one's filters go with it, and its region is of unsmoothed points.
    let (_, keypoints) = frame(&mut session, showing(&[(0.302, 0.9)]));
    let second = places(&keypoints)[0];
    assert!(second > right && second < 0.3019, "{second}");
    add(&mut session, moved);
    let decode = next(&mut session).unwrap();
    complete(&mut session, &decode);
    let hand = next_of(&mut session, Branch::LeftHand).unwrap();
    let Work::Branch(_, BranchJob::HandInRegion { roi, .. }) = hand.work else {
        panic!("{hand:?}");
    };
    assert_eq!(roi, roi_of(0.302));
}

#[test]
fn fewer_hands_than_are_tracked_leave_the_first() {
    let mut session = stream(showing(&[LEFT, RIGHT]), options(2));
    session.configure(options(1)).unwrap();
    let (steps, keypoints) = frame(&mut session, showing(&[RIGHT, LEFT]));
    assert_eq!(steps, [DECODE, LEFT_LANE]);
    assert_eq!(places(&keypoints), [LEFT.0]);
}
