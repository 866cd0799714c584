//! Hands and face that are begun before the pose is known: when, for what region, and what becomes of them.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/scene.rs"]
mod scene;

use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    Branch, BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    ErrorCode, FacePoints, FrameError, FrameKeypoints, FrameResult, MissingReason, Options,
    Outcome, Parts, Quality, Session, Step, Steps, TaskId, Work, roi,
};
use scene::{PERSON, SIZE, Scene, Stream, StreamTask, face, hand, mesh, outcome_of, reading};

fn failure() -> Outcome<Rc<Scene>> {
    Outcome::Failed(FrameError::new(ErrorCode::Internal, "the worker died"))
}

/// A stream of which one frame was seen, so that there is something to go by.
fn stream_after(scene: Scene, options: Options) -> Stream {
    let mut session = Session::new(options).unwrap();
    add(&mut session, scene);
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        assert!(
            session.next_early_task(Steps::ALL).is_none(),
            "nothing to go by"
        );
        session.complete(task.id, outcome_of(&task), 0, 0);
    }
    assert!(session.next_result().is_some());
    session
}

fn stream() -> Stream {
    stream_after(PERSON, Options::default())
}

fn add(session: &mut Stream, scene: Scene) {
    let time_us = (session.next_index() as i64 + 1) * 33_333;
    session.add_frame(scene, time_us, 0);
}

fn decode_next(session: &mut Stream) {
    let task = session.next_task(Steps::from_bits(1), 0).unwrap();
    session.complete(task.id, outcome_of(&task), 0, 0);
}

/// The task of one branch that is ready.
fn task_of(session: &mut Stream, branch: Branch) -> Option<StreamTask> {
    session.next_task([Step::Branch(branch)].into_iter().collect(), 0)
}

fn early_task_of(session: &mut Stream, branch: Branch) -> Option<StreamTask> {
    session.next_early_task([Step::Branch(branch)].into_iter().collect())
}

fn complete(session: &mut Stream, task: StreamTask) -> bool {
    let outcome = outcome_of(&task);
    let id = task.id;
    drop(task);
    session.complete(id, outcome, 0, 0)
}

fn early_tasks(session: &mut Stream) -> Vec<StreamTask> {
    std::iter::from_fn(|| session.next_early_task(Steps::ALL)).collect()
}

fn branches_of(tasks: &[StreamTask]) -> Vec<Branch> {
    let steps = tasks.iter().map(|task| task.id.step);
    let branches = steps.map(|step| match step {
        Step::Branch(branch) => branch,
        Step::Decode => panic!("decoding is never early"),
    });
    branches.collect()
}

/// What a job was given of what was done early, hand or face.
fn early_of(task: &StreamTask) -> Option<EarlyOutcome> {
    match &task.work {
        Work::Branch(_, BranchJob::LeftHand(job) | BranchJob::RightHand(job)) => {
            job.early.clone().map(EarlyOutcome::Hand)
        }
        Work::Branch(_, BranchJob::Face(job)) => {
            job.early.clone().map(|mesh| EarlyOutcome::Face(Some(mesh)))
        }
        other => panic!("{other:?}"),
    }
}

fn result(session: &mut Stream) -> Option<Box<FrameKeypoints>> {
    match session.next_result()? {
        FrameResult::Keypoints(keypoints) => Some(keypoints),
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

const HANDS_AND_FACE: [Branch; 3] = [Branch::LeftHand, Branch::RightHand, Branch::Face];

#[test]
fn hands_and_face_begin_once_their_pixels_are_there_with_the_regions_of_the_frame_before() {
    let mut session = stream();
    add(&mut session, PERSON);
    assert!(early_tasks(&mut session).is_empty(), "no pixels");
    decode_next(&mut session);
    // Whether the pose has begun or not.
    let left_hand = session.next_early_task(Steps::ALL).unwrap();
    let pose = task_of(&mut session, Branch::Pose).unwrap();
    let mut tasks = vec![left_hand];
    tasks.extend(early_tasks(&mut session));
    assert_eq!(branches_of(&tasks), HANDS_AND_FACE);
    let hand_job = EarlyJob::Hand {
        roi: roi::hand_from_landmarks(&hand(PERSON), SIZE),
        quality: Quality::Full,
    };
    let face_job = EarlyJob::Face {
        roi: roi::face_from_mesh_near_head(&face(), FacePoints::WithIrises478, SIZE),
        points: FacePoints::WithIrises478,
    };
    for (task, expected) in tasks.iter().zip([hand_job, hand_job, face_job]) {
        let Work::Branch(scene, BranchJob::Early(job)) = &task.work else {
            panic!("{task:?}");
        };
        assert_eq!((**scene, *job), (PERSON, expected));
    }

    // Some are done before the pose, some after it.
    let face = tasks.pop().unwrap();
    assert!(!complete(&mut session, face));
    complete(&mut session, pose);
    for task in tasks {
        assert!(!complete(&mut session, task));
    }
    assert!(early_tasks(&mut session).is_empty(), "once a frame");
    for branch in HANDS_AND_FACE {
        let task = task_of(&mut session, branch).unwrap();
        let expected = match branch {
            Branch::Face => EarlyOutcome::Face(Some(mesh(*face_job.roi()))),
            _ => EarlyOutcome::Hand(reading(PERSON, *hand_job.roi())),
        };
        assert_eq!(early_of(&task), Some(expected));
        complete(&mut session, task);
    }
    assert!(result(&mut session).is_some());
}

#[test]
fn an_executor_gets_early_tasks_of_the_steps_that_it_serves() {
    let mut session = stream();
    add(&mut session, PERSON);
    decode_next(&mut session);
    assert!(session.next_early_task(Steps::from_bits(1 | 2)).is_none());
    assert!(early_task_of(&mut session, Branch::Face).is_some());
    assert!(early_task_of(&mut session, Branch::Face).is_none());
    assert!(early_task_of(&mut session, Branch::RightHand).is_some());
}

#[test]
fn nothing_is_early_where_there_is_nothing_to_go_by() {
    let begun = |session: &mut Stream| {
        decode_next(session);
        let before = early_tasks(session);
        let pose = task_of(session, Branch::Pose).unwrap();
        let tasks = [before, early_tasks(session)].concat();
        complete(session, pose);
        branches_of(&tasks)
    };
    let mut after_reset = stream();
    after_reset.reset();
    add(&mut after_reset, PERSON);
    assert_eq!(begun(&mut after_reset), []);

    let mut other_size = stream();
    let size = ImageSize {
        width: 320,
        height: 240,
    };
    add(&mut other_size, Scene { size, ..PERSON });
    assert_eq!(begun(&mut other_size), []);

    let mut still = stream();
    still.add_still(PERSON, 0, 0).unwrap();
    assert_eq!(begun(&mut still), []);

    let lost = Scene {
        has_hands: false,
        ..PERSON
    };
    let far_out = Scene {
        are_hands_far_out: true,
        ..PERSON
    };
    for scene in [lost, far_out] {
        let mut session = stream_after(scene, Options::default());
        add(&mut session, PERSON);
        assert_eq!(begun(&mut session), [Branch::Face]);
    }
    let nobody = Scene {
        has_pose: false,
        ..PERSON
    };
    let mut session = stream_after(nobody, Options::default());
    add(&mut session, PERSON);
    assert_eq!(begun(&mut session), []);
}

#[test]
fn early_tasks_go_by_the_options_of_their_frame() {
    let mut session = stream();
    let options = Options {
        quality: Quality::Lite,
        parts: Parts {
            face: false,
            ..Parts::ALL
        },
        ..Options::default()
    };
    session.configure(options).unwrap();
    add(&mut session, PERSON);
    decode_next(&mut session);
    let tasks = early_tasks(&mut session);
    assert_eq!(branches_of(&tasks), [Branch::LeftHand, Branch::RightHand]);
    for task in &tasks {
        let Work::Branch(_, job) = &task.work else {
            panic!("{task:?}");
        };
        assert_eq!(job.quality(), Some(Quality::Lite));
    }
}

#[test]
fn a_branch_begins_early_once_the_frames_before_are_through_with_it() {
    let mut session = stream();
    add(&mut session, PERSON);
    add(&mut session, PERSON);
    decode_next(&mut session);
    decode_next(&mut session);
    let pose = task_of(&mut session, Branch::Pose).unwrap();
    complete(&mut session, pose);
    assert_eq!(early_tasks(&mut session), [], "frame 1 comes first");
    let left_hand = task_of(&mut session, Branch::LeftHand).unwrap();
    complete(&mut session, left_hand);
    let tasks = early_tasks(&mut session);
    assert_eq!(branches_of(&tasks), [Branch::LeftHand]);
    assert_eq!(tasks[0].id.frame, 2);
}

#[test]
fn the_task_of_a_branch_waits_for_its_early_one_and_runs_without_it_where_that_failed() {
    let nonsense = || Outcome::Branch(BranchOutcome::Early(EarlyOutcome::Face(None)));
    for bad in [failure, nonsense] {
        let mut session = stream();
        add(&mut session, PERSON);
        decode_next(&mut session);
        let early = early_task_of(&mut session, Branch::LeftHand).unwrap();
        let pose = task_of(&mut session, Branch::Pose).unwrap();
        complete(&mut session, pose);
        assert!(task_of(&mut session, Branch::LeftHand).is_none());
        assert!(!session.complete(early.id, bad(), 5, 0));
        assert!(early_tasks(&mut session).is_empty());
        let own = task_of(&mut session, Branch::LeftHand).unwrap();
        assert_eq!(early_of(&own), None);
        // Nor does an outcome do harm that comes twice.
        assert!(!session.complete(early.id, outcome_of(&early), 0, 0));
        complete(&mut session, own);
        for branch in [Branch::RightHand, Branch::Face] {
            let task = task_of(&mut session, branch).unwrap();
            complete(&mut session, task);
        }
        assert!(result(&mut session).unwrap().left_hand.is_some());
    }
}

#[test]
fn a_failed_early_task_does_not_come_again_while_the_pose_is_not_known() {
    let mut session = stream();
    add(&mut session, PERSON);
    decode_next(&mut session);
    let early = early_task_of(&mut session, Branch::Face).unwrap();
    session.complete(early.id, failure(), 0, 0);
    assert!(early_task_of(&mut session, Branch::Face).is_none());
}

#[test]
fn a_frame_without_a_pose_ends_while_its_early_tasks_run_and_holds_no_pixels() {
    let mut session = stream();
    let nobody = Scene {
        has_pose: false,
        ..PERSON
    };
    add(&mut session, nobody);
    decode_next(&mut session);
    let mut early = early_tasks(&mut session);
    let done = early.pop().unwrap();
    complete(&mut session, done);
    let pose = task_of(&mut session, Branch::Pose).unwrap();
    assert!(complete(&mut session, pose), "the pixels are free");
    assert_eq!(
        result(&mut session).unwrap().missing.left_hand,
        Some(MissingReason::NoPose)
    );
    assert!(session.is_idle());
    let Work::Branch(pixels, _) = &early[0].work else {
        panic!("{early:?}");
    };
    assert_eq!(Rc::strong_count(pixels), early.len());

    add(&mut session, PERSON);
    for task in early {
        assert!(!complete(&mut session, task));
    }
    decode_next(&mut session);
    assert!(early_tasks(&mut session).is_empty(), "nobody was there");
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        complete(&mut session, task);
    }
    assert!(result(&mut session).unwrap().left_hand.is_some());
}

#[test]
fn a_hidden_wrist_ends_its_hand_whatever_runs_early() {
    let mut session = stream();
    let hidden = Scene {
        has_left_wrist: false,
        ..PERSON
    };
    // The filter lets visibility fall within a few frames.
    let mut early = Vec::new();
    let hidden_after = (0..40).find(|_| {
        add(&mut session, hidden);
        decode_next(&mut session);
        early.extend(early_task_of(&mut session, Branch::LeftHand));
        let pose = task_of(&mut session, Branch::Pose).unwrap();
        complete(&mut session, pose);
        for branch in [Branch::RightHand, Branch::Face] {
            let task = task_of(&mut session, branch).unwrap();
            complete(&mut session, task);
        }
        if session.next_result().is_some() {
            return true;
        }
        complete(&mut session, early.pop().unwrap());
        let left_hand = task_of(&mut session, Branch::LeftHand).unwrap();
        complete(&mut session, left_hand);
        assert!(session.next_result().is_some());
        false
    });
    assert!(hidden_after.is_some());
    let late = early.pop().unwrap();
    assert!(!complete(&mut session, late));
    assert!(session.is_idle());
}

#[test]
fn time_spent_early_counts_in_the_branch_that_it_was_of_use_to() {
    let mut session = stream();
    add(&mut session, PERSON);
    decode_next(&mut session);
    let finish = |session: &mut Stream, id: TaskId, outcome, elapsed_us| {
        session.complete(id, outcome, elapsed_us, 1_000);
    };
    let early = early_tasks(&mut session);
    for (task, elapsed_us) in early.iter().zip([100, 200, 400]) {
        finish(&mut session, task.id, outcome_of(task), elapsed_us);
    }
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        let outcome = outcome_of(&task);
        finish(&mut session, task.id, outcome, 7);
    }
    let timings = result(&mut session).unwrap().timings;
    assert_eq!(
        (
            timings.pose,
            timings.left_hand,
            timings.right_hand,
            timings.face,
            timings.total
        ),
        (7, 107, 207, 407, 1_000)
    );

    add(&mut session, PERSON);
    decode_next(&mut session);
    let early = early_task_of(&mut session, Branch::Face).unwrap();
    finish(&mut session, early.id, failure(), 400);
    let nobody = Outcome::Branch(BranchOutcome::Pose(PoseOutcome {
        detection: None,
        roi: None,
        presence: None,
        pose: None,
    }));
    let early = early_task_of(&mut session, Branch::LeftHand).unwrap();
    finish(&mut session, early.id, outcome_of(&early), 100);
    let pose = task_of(&mut session, Branch::Pose).unwrap();
    finish(&mut session, pose.id, nobody, 7);
    let timings = result(&mut session).unwrap().timings;
    assert_eq!((timings.pose, timings.left_hand, timings.face), (7, 0, 0));
}
