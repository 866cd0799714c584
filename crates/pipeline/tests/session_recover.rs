//! Hands in the graph `Holistic` that the body does not give: looked for where they were, then among palms.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use live_keypoints_pipeline::branch::{
    Branch, BranchJob, BranchOutcome, FaceOutcome, HandOutcome, HandReading, PalmOutcome,
    PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Decoded, ErrorCode, FrameError, FrameKeypoints, FrameResult, Graph, HandLandmarks, HandSource,
    Hands, Landmarks, MissingReason, Options, Outcome, Parts, Session, Step, Steps, Task, Work,
    roi,
};

/// A picture, by the hands in it: where each is (0..1), and how sure the model is that it is a right one.
#[derive(Clone, Copy, Debug)]
struct Scene {
    /// Where the pose has the left and the right wrist, and how visible they are; `None` without a body.
    wrists: Option<[(f32, f32); 2]>,
    hands: &'static [(f32, f32)],
    /// Whether the detector finds their palms.
    has_palms: bool,
    size: ImageSize,
    fails_in: Option<Branch>,
}

type Stream = Session<Scene, Scene>;
type StreamTask = Task<Scene, Scene>;

const SIZE: ImageSize = ImageSize {
    width: 640,
    height: 480,
};
const LEFT: (f32, f32) = (0.7, 0.1);
const RIGHT: (f32, f32) = (0.3, 0.9);
const HIDDEN: (f32, f32) = (0.5, 0.0);

fn scene(wrists: Option<[(f32, f32); 2]>, hands: &'static [(f32, f32)]) -> Scene {
    Scene {
        wrists,
        hands,
        has_palms: true,
        size: SIZE,
        fails_in: None,
    }
}

const fn at(x: f32) -> (f32, f32) {
    (x, 1.0)
}

/// Both hands are where the body has them.
fn plain() -> Scene {
    scene(Some([at(LEFT.0), at(RIGHT.0)]), &[LEFT, RIGHT])
}

/// The right hand is there, and the body does not know.
fn right_hidden() -> Scene {
    scene(Some([at(LEFT.0), HIDDEN]), &[LEFT, RIGHT])
}

fn without_palms(scene: Scene) -> Scene {
    Scene {
        has_palms: false,
        ..scene
    }
}

fn options() -> Options {
    Options {
        hands: Hands::Recover,
        parts: Parts {
            face: false,
            ..Parts::ALL
        },
        smoothing: false,
        ..Options::default()
    }
}

/// An upright hand whose fingers point up.
fn hand_at(x: f32) -> HandLandmarks {
    Landmarks::from_fn(|n| match n {
        0 => [x, 0.6, 0.0],
        _ => {
            let (finger, joint) = ((n - 1) / 4, (n - 1) % 4);
            let across = (finger as f32 - 2.0) * 0.02;
            [x + across, 0.5 - joint as f32 * 0.03, 0.0]
        }
    })
}

fn roi_of(x: f32) -> NormalizedRect {
    roi::hand_from_landmarks(&hand_at(x), SIZE)
}

/// What the hand model says of a region: the nearest hand in it.
fn read(scene: Scene, roi: NormalizedRect) -> HandReading {
    let mut hands = scene.hands.iter();
    let near = hands.find(|(x, _)| (roi.x_center - x).abs() < 0.05);
    let (x, right) = near.copied().unwrap_or((roi.x_center, 0.6));
    HandReading {
        roi,
        presence: if near.is_some() { 0.9 } else { 0.2 },
        landmarks: Some(hand_at(x)),
        world: Some(Landmarks::from_fn(|_| [x, 0.0, 0.0])),
        right,
    }
}

fn outcome_of(task: &StreamTask) -> Outcome<Scene> {
    let (scene, job) = match &task.work {
        Work::Decode { frame: scene, .. } => {
            let (pixels, size) = (*scene, scene.size);
            return Outcome::Decoded(Decoded {
                pixels,
                size,
                grey: None,
            });
        }
        Work::Branch(scene, job) => (*scene, job),
    };
    if scene
        .fails_in
        .is_some_and(|branch| task.id.step == Step::Branch(branch))
    {
        let error = FrameError::new(ErrorCode::InferenceFailed, "as the test wants");
        return Outcome::Failed(error);
    }
    Outcome::Branch(match job {
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: None,
            presence: scene.wrists.map(|_| 0.9),
            pose: scene.wrists.map(|wrists| RawPose {
                landmarks: Landmarks::from_fn(|n| {
                    // Wrists, and the fingers that go with them, are points 15 to 22.
                    let (x, visibility) = match n {
                        15..=22 => wrists[(n - 15) % 2],
                        _ => (0.5, 1.0),
                    };
                    [x, 0.6, 0.0, visibility]
                }),
                world: Landmarks::from_fn(|_| [0.0, 0.0, 0.0, 1.0]),
                auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.5, 0.2, 0.0]]),
            }),
        }),
        BranchJob::LeftHand(job) | BranchJob::RightHand(job) => {
            let reading = Some(read(scene, roi_of(job.wrist[0])));
            let outcome = HandOutcome {
                reading,
                ..HandOutcome::default()
            };
            match job_side(task) {
                Branch::LeftHand => BranchOutcome::LeftHand(outcome),
                _ => BranchOutcome::RightHand(outcome),
            }
        }
        BranchJob::Palm(job) => {
            assert_eq!(job.graph, Graph::Holistic);
            let palms = scene.hands.iter().filter(|_| scene.has_palms);
            BranchOutcome::Palm(PalmOutcome {
                rois: palms.map(|(x, _)| roi_of(*x)).take(job.most).collect(),
            })
        }
        BranchJob::HandInRegion { roi, .. } => BranchOutcome::HandInRegion(read(scene, *roi)),
        BranchJob::Face(_) => BranchOutcome::Face(FaceOutcome::default()),
        other => panic!("nobody asked for {other:?}"),
    })
}

fn job_side(task: &StreamTask) -> Branch {
    match task.id.step {
        Step::Branch(branch) => branch,
        Step::Decode => panic!("{task:?}"),
    }
}

/// What was done for a frame: palms were looked for, and in how many regions the hand model looked without the body.
#[derive(Debug, Default, PartialEq)]
struct Done {
    palms: usize,
    regions: usize,
}

fn run(session: &mut Stream) -> Done {
    let mut done = Done::default();
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        if let Work::Branch(_, job) = &task.work {
            done.palms += usize::from(matches!(job, BranchJob::Palm(_)));
            done.regions += usize::from(matches!(job, BranchJob::HandInRegion { .. }));
        }
        session.complete(task.id, outcome_of(&task), 0, 0);
    }
    done
}

fn keypoints(session: &mut Stream) -> FrameKeypoints {
    match session.next_result().unwrap() {
        FrameResult::Keypoints(keypoints) => *keypoints,
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

fn add(session: &mut Stream, scene: Scene) -> Done {
    let time_us = (session.next_index() as i64 + 1) * 33_333;
    session.add_frame(scene, time_us, 0);
    run(session)
}

fn frame(session: &mut Stream, scene: Scene) -> (Done, FrameKeypoints) {
    let done = add(session, scene);
    (done, keypoints(session))
}

fn still(session: &mut Stream, scene: Scene) -> (Done, FrameKeypoints) {
    session.add_still(scene, 0, 0).unwrap();
    let done = run(session);
    (done, keypoints(session))
}

fn stream() -> Stream {
    Session::new(options()).unwrap()
}

/// Where each hand is, and where it came from.
fn hands(keypoints: &FrameKeypoints) -> [Option<(f32, HandSource)>; 2] {
    let of = |hand: &Option<HandLandmarks>, source: Option<HandSource>| {
        assert_eq!(hand.is_some(), source.is_some());
        Some((hand.as_ref()?[0][0], source?))
    };
    let sources = keypoints.hand_sources.unwrap();
    [
        of(&keypoints.left_hand, sources.left_hand),
        of(&keypoints.right_hand, sources.right_hand),
    ]
}

const BY_BODY: Option<(f32, HandSource)> = Some((LEFT.0, HandSource::Body));

fn right_by(source: HandSource) -> Option<(f32, HandSource)> {
    Some((RIGHT.0, source))
}

const NOTHING: Done = Done {
    palms: 0,
    regions: 0,
};

#[test]
fn what_the_body_gives_needs_no_more_and_without_the_option_nothing_else_is_asked() {
    let (done, keypoints) = frame(&mut stream(), plain());
    assert_eq!(done, NOTHING);
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Body)]);

    let hands_of_body = Options {
        hands: Hands::Body,
        ..options()
    };
    let mut session = Session::new(hands_of_body).unwrap();
    let (done, keypoints) = frame(&mut session, right_hidden());
    assert_eq!((done, keypoints.hand_sources), (NOTHING, None));
    assert_eq!(keypoints.left_hand.unwrap()[0][0], LEFT.0);
    assert_eq!(keypoints.right_hand, None);
}

#[test]
fn a_hand_whose_wrist_is_hidden_comes_from_a_palm_and_is_tracked_until_the_body_has_it_again() {
    let mut session = stream();
    let (done, keypoints) = frame(&mut session, right_hidden());
    // The palm of the left hand, which the body has, is not looked at.
    assert_eq!((done.palms, done.regions), (1, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Palm)]);
    assert_eq!(keypoints.missing.right_hand, None);
    assert_eq!(keypoints.scores.right_hand, Some(0.9));

    for _ in 0..5 {
        let (done, keypoints) = frame(&mut session, without_palms(right_hidden()));
        assert_eq!((done.palms, done.regions), (0, 1));
        assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Tracked)]);
    }
    let (done, keypoints) = frame(&mut session, plain());
    assert_eq!(done, NOTHING);
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Body)]);
    // What the body had is tracked as well as what a palm had.
    let (done, keypoints) = frame(&mut session, without_palms(right_hidden()));
    assert_eq!((done.palms, done.regions), (0, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Tracked)]);
}

#[test]
fn a_hand_away_from_its_wrist_is_tracked_where_it_is() {
    let mut session = stream();
    frame(&mut session, plain());
    // The body looks where there is nothing, and says so by the presence.
    let astray = scene(Some([at(LEFT.0), at(0.1)]), &[LEFT, RIGHT]);
    let (done, keypoints) = frame(&mut session, astray);
    assert_eq!((done.palms, done.regions), (0, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Tracked)]);
}

#[test]
fn palms_are_looked_for_in_every_third_frame_at_most() {
    let mut session = stream();
    let nothing_there = scene(Some([HIDDEN; 2]), &[]);
    let mut looks = Vec::new();
    for _ in 0..8 {
        let (done, keypoints) = frame(&mut session, nothing_there);
        assert_eq!(hands(&keypoints), [None; 2]);
        let reason = Some(MissingReason::OutOfView);
        assert_eq!(keypoints.missing.left_hand, reason);
        looks.push(done.palms);
    }
    assert_eq!(looks, [1, 0, 0, 1, 0, 0, 1, 0]);
    // Frames count in which nothing was missing.
    frame(&mut session, plain());
    frame(&mut session, plain());
    assert_eq!(add(&mut session, nothing_there).palms, 1);
}

#[test]
fn without_a_body_hands_are_of_the_side_that_they_look_like() {
    let mut session = stream();
    let close_up = scene(None, &[RIGHT, LEFT]);
    let (done, keypoints) = frame(&mut session, close_up);
    assert_eq!((done.palms, done.regions), (1, 2));
    let left = |source| Some((LEFT.0, source));
    assert_eq!(
        hands(&keypoints),
        [left(HandSource::Palm), right_by(HandSource::Palm)]
    );
    let (done, keypoints) = frame(&mut session, close_up);
    assert_eq!((done.palms, done.regions), (0, 2));
    assert_eq!(
        hands(&keypoints),
        [left(HandSource::Tracked), right_by(HandSource::Tracked)]
    );

    // Of two that look like right ones, the second is nobody's.
    let strangers = scene(None, &[(0.3, 0.9), (0.7, 0.8)]);
    let (_, keypoints) = frame(&mut stream(), strangers);
    assert_eq!(hands(&keypoints), [None, right_by(HandSource::Palm)]);
    assert_eq!(keypoints.missing.left_hand, Some(MissingReason::NoPose));
}

/// A hand seen from its back deceives the model.
#[test]
fn a_hand_at_a_wrist_is_of_its_side_whatever_it_looks_like() {
    // The body's region shows nothing, as where fingers point at the camera; but the wrist is near.
    let foreshortened = |right_wrist| {
        let wrists = Some([at(0.9), (0.36, right_wrist)]);
        scene(wrists, &[(0.3, 0.1)])
    };
    let (_, keypoints) = frame(&mut stream(), foreshortened(0.9));
    assert_eq!(hands(&keypoints), [None, right_by(HandSource::Palm)]);
    // A wrist that is hardly seen says nothing.
    let (_, keypoints) = frame(&mut stream(), foreshortened(0.4));
    assert_eq!(hands(&keypoints), [Some((0.3, HandSource::Palm)), None]);
}

#[test]
fn a_tracked_hand_that_the_other_side_has_by_now_is_given_up() {
    let mut session = stream();
    frame(&mut session, right_hidden());
    // The body has its left hand where the right one was tracked.
    let (_, keypoints) = frame(&mut session, scene(Some([at(RIGHT.0), HIDDEN]), &[RIGHT]));
    assert_eq!(hands(&keypoints), [right_by(HandSource::Body), None]);
    let (done, _) = frame(&mut session, without_palms(scene(None, &[RIGHT])));
    assert_eq!(done.regions, 1, "the right hand is not tracked any more");
}

#[test]
fn a_lost_hand_is_not_tracked_and_a_reset_or_another_size_starts_from_scratch() {
    let mut session = stream();
    frame(&mut session, right_hidden());
    let gone = scene(Some([at(LEFT.0), HIDDEN]), &[LEFT]);
    let (done, keypoints) = frame(&mut session, gone);
    assert_eq!((done.palms, done.regions), (0, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, None]);
    let done = frame(&mut session, right_hidden()).0;
    assert_eq!(done, NOTHING, "a look is not due");
    assert_eq!(frame(&mut session, right_hidden()).0.palms, 1);

    session.reset();
    let (done, keypoints) = frame(&mut session, right_hidden());
    assert_eq!(
        (done.palms, done.regions),
        (1, 1),
        "neither waits nor tracks"
    );
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Palm)]);
    let size = ImageSize {
        width: 320,
        height: 240,
    };
    let other = Scene {
        size,
        ..right_hidden()
    };
    assert_eq!(
        add(&mut session, other),
        Done {
            palms: 1,
            regions: 1
        }
    );
}

#[test]
fn a_still_is_looked_at_at_once_and_leaves_the_stream_as_it_is() {
    let mut session = stream();
    frame(&mut session, right_hidden());
    for _ in 0..2 {
        let (done, keypoints) = still(&mut session, scene(None, &[LEFT]));
        assert_eq!((done.palms, done.regions), (1, 1));
        assert_eq!(hands(&keypoints), [Some((LEFT.0, HandSource::Palm)), None]);
    }
    let (done, keypoints) = frame(&mut session, without_palms(right_hidden()));
    assert_eq!((done.palms, done.regions), (0, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Tracked)]);
}

/// The frame says nothing then, and the next one goes by the frame before.
#[test]
fn a_failed_step_fails_its_frame_and_forgets_no_hand_that_it_was_to_find() {
    let fails_in = |branch, scene| Scene {
        fails_in: Some(branch),
        ..scene
    };
    for (branch, scene_then) in [
        (Branch::LeftHand, plain()),
        (Branch::RightHand, plain()),
        // Where the right one was is looked at by the first lane.
        (Branch::LeftHand, right_hidden()),
    ] {
        let mut session = stream();
        frame(&mut session, plain());
        add(&mut session, fails_in(branch, scene_then));
        assert!(matches!(
            session.next_result(),
            Some(FrameResult::Failed(_))
        ));
        let both_hidden = scene(Some([HIDDEN; 2]), &[LEFT, RIGHT]);
        let (_, keypoints) = frame(&mut session, without_palms(both_hidden));
        let left = Some((LEFT.0, HandSource::Tracked));
        assert_eq!(
            hands(&keypoints),
            [left, right_by(HandSource::Tracked)],
            "{branch:?}"
        );
    }
    let mut session = stream();
    add(&mut session, fails_in(Branch::Palm, right_hidden()));
    assert!(matches!(
        session.next_result(),
        Some(FrameResult::Failed(_))
    ));
    // It counts as a look.
    let looks = (0..3).map(|_| frame(&mut session, right_hidden()).0.palms);
    assert_eq!(looks.collect::<Vec<_>>(), [0, 0, 1]);
}

#[test]
fn of_one_frame_palms_come_last() {
    let mut session = Session::new(Options {
        parts: Parts::ALL,
        ..options()
    })
    .unwrap();
    session.add_frame(right_hidden(), 33_333, 0);
    let mut steps = Vec::new();
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        if let Step::Branch(branch) = task.id.step {
            steps.push(branch);
        }
        session.complete(task.id, outcome_of(&task), 0, 0);
    }
    assert_eq!(
        steps,
        [
            Branch::Pose,
            Branch::LeftHand,
            Branch::Face,
            Branch::Palm,
            Branch::LeftHand
        ]
    );
}

#[test]
fn a_palm_that_overlaps_a_hand_of_the_body_is_that_hand() {
    let mut session = stream();
    // A second reading of the left hand, a little beside: most of the regions is shared.
    let doubled = scene(Some([at(0.7), HIDDEN]), &[(0.7, 0.9), (0.71, 0.9)]);
    let (done, keypoints) = frame(&mut session, doubled);
    assert_eq!((done.palms, done.regions), (1, 0));
    assert_eq!(hands(&keypoints), [BY_BODY, None]);
}

#[test]
fn a_recovered_hand_counts_for_more_than_one_that_the_body_gives_elsewhere() {
    let mut session = stream();
    frame(&mut session, right_hidden());
    let elsewhere = scene(Some([at(LEFT.0), at(0.9)]), &[LEFT, RIGHT, (0.9, 0.9)]);
    for _ in 0..2 {
        let (done, keypoints) = frame(&mut session, elsewhere);
        assert_eq!((done.palms, done.regions), (0, 1));
        assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Tracked)]);
    }
    let only_there = scene(elsewhere.wrists, &[LEFT, (0.9, 0.9)]);
    let (_, keypoints) = frame(&mut session, only_there);
    assert_eq!(
        hands(&keypoints),
        [BY_BODY, Some((0.9, HandSource::Body))],
        "the recovered hand is gone"
    );
    // What the body had last is the body's, as without the option.
    let (done, keypoints) = frame(&mut session, plain());
    assert_eq!(done, NOTHING);
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Body)]);
}

#[test]
fn a_hand_that_the_body_gives_to_the_wrong_side_stays_where_it_is_tracked() {
    let mut session = stream();
    frame(&mut session, scene(None, &[LEFT, RIGHT]));
    let (_, keypoints) = frame(&mut session, scene(Some([at(RIGHT.0), HIDDEN]), &[RIGHT]));
    assert_eq!(hands(&keypoints), [None, right_by(HandSource::Tracked)]);
}

#[test]
fn a_recovered_hand_is_the_bodys_where_that_finds_the_same() {
    let mut session = stream();
    frame(&mut session, right_hidden());
    let beside = scene(Some([at(LEFT.0), at(RIGHT.0 + 0.02)]), &[LEFT, RIGHT]);
    let (done, keypoints) = frame(&mut session, beside);
    assert_eq!((done.palms, done.regions), (0, 1));
    assert_eq!(hands(&keypoints), [BY_BODY, right_by(HandSource::Body)]);
    assert_eq!(frame(&mut session, plain()).0, NOTHING);
}
