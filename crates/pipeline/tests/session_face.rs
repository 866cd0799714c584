//! The face in a session: found by itself where there is no pose to go by, smoothed, its expressions told from the points
//! that are reported.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its own set-up fails"
)]

use live_keypoints_pipeline::branch::{
    Branch, BranchJob, BranchOutcome, FaceMesh, FaceOutcome, PoseOutcome,
};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Blendshapes, Decoded, ErrorCode, FaceLandmarks, FacePoints, FrameError, FrameKeypoints,
    FrameResult, Graph, Landmarks, MissingReason, Options, Outcome, Parts, Session, Step, Steps,
    Task, Work,
};

/// A frame is how far to the right its face lies, and so are its pixels. A face that is not there lies nowhere.
type Stream = Session<f32, f32>;
type StreamTask = Task<f32, f32>;

const NOWHERE: f32 = f32::NAN;
/// To pixels and back, no bit changes.
const SIZE: ImageSize = ImageSize {
    width: 512,
    height: 256,
};

fn options(graph: Graph) -> Options {
    Options {
        graph,
        parts: Parts {
            // Without it, both graphs are the same.
            pose: graph == Graph::Holistic,
            hands: false,
            face: true,
        },
        face_points: FacePoints::WithIrises478,
        blendshapes: true,
        ..Options::default()
    }
}

fn face(x: f32) -> FaceLandmarks {
    FaceLandmarks::from_fn(FacePoints::WithIrises478, |n| {
        [
            x + (n % 20) as f32 * 0.01,
            0.3 + (n / 20) as f32 * 0.01,
            0.0,
        ]
    })
}

fn outcome_of(task: &StreamTask) -> Outcome<f32> {
    let roi = NormalizedRect {
        x_center: 0.5,
        y_center: 0.5,
        width: 0.4,
        height: 0.4,
        rotation: 0.0,
    };
    let (x, job) = match &task.work {
        Work::Decode { frame: x, .. } => {
            return Outcome::Decoded(Decoded {
                pixels: *x,
                size: SIZE,
                grey: None,
            });
        }
        Work::Branch(x, job) => (*x, job),
    };
    Outcome::Branch(match job {
        BranchJob::Pose(_) => BranchOutcome::Pose(PoseOutcome {
            detection: None,
            roi: Some(roi),
            presence: Some(0.9),
            pose: Some(RawPose {
                landmarks: Landmarks::from_fn(|_| [0.4, 0.4, 0.0, 1.0]),
                world: Landmarks::from_fn(|_| [0.0; 4]),
                auxiliary: Landmarks::new([[0.5, 0.5, 0.0], [0.5, 0.2, 0.0]]),
            }),
        }),
        BranchJob::Face(job) => BranchOutcome::Face(FaceOutcome {
            mesh: Some(FaceMesh {
                roi,
                presence: if x.is_nan() { 0.1 } else { 0.9 },
                landmarks: FaceLandmarks::from_fn(job.points, |n| face(x)[n]),
            }),
            ..FaceOutcome::default()
        }),
        BranchJob::Blendshapes(job) => {
            let scores = std::array::from_fn(|n| job.landmarks[n][0]);
            BranchOutcome::Blendshapes(Some(Blendshapes::new(scores)))
        }
        other => panic!("nobody asked for {other:?}"),
    })
}

fn add(session: &mut Stream, x: f32) {
    let time_us = (session.next_index() as i64 + 1) * 33_333;
    session.add_frame(x, time_us, 0);
}

fn task_of(session: &mut Stream, step: Step) -> Option<StreamTask> {
    session.next_task([step].into_iter().collect(), 0)
}

fn complete(session: &mut Stream, task: &StreamTask) {
    session.complete(task.id, outcome_of(task), 0, 0);
}

/// Runs what there is to run; the jobs.
fn run(session: &mut Stream) -> Vec<BranchJob> {
    let mut jobs = Vec::new();
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        complete(session, &task);
        if let Work::Branch(_, job) = task.work {
            jobs.push(job);
        }
    }
    jobs
}

fn result(session: &mut Stream) -> Box<FrameKeypoints> {
    match session.next_result() {
        Some(FrameResult::Keypoints(keypoints)) => keypoints,
        other => panic!("{other:?}"),
    }
}

fn blendshapes_of(keypoints: &FrameKeypoints) -> Vec<f32> {
    keypoints
        .blendshapes
        .as_ref()
        .unwrap()
        .as_ref()
        .unwrap()
        .to_vec()
}

/// What the stand-in gives for these points.
fn told_from(landmarks: &FaceLandmarks) -> Vec<f32> {
    landmarks[..52].iter().map(|point| point[0]).collect()
}

#[test]
fn without_a_pose_the_face_is_smoothed_and_its_expressions_are_told_from_that() {
    let mut session = Stream::new(options(Graph::Landmarkers)).unwrap();
    for x in [0.3, 0.301] {
        add(&mut session, x);
    }
    let jobs = run(&mut session);
    let (first, second) = (result(&mut session), result(&mut session));

    let faces = jobs.iter().filter_map(|job| match job {
        BranchJob::Face(job) => Some(job),
        _ => None,
    });
    let faces: Vec<_> = faces.collect();
    assert!(faces.iter().all(|job| job.head.is_none()));
    assert_eq!(faces[0].previous, None);
    // The region of the next frame is made from what the model gave.
    assert_eq!(faces[1].previous, Some(face(0.3)));

    assert_eq!(first.face, Some(face(0.3)));
    let smoothed = second.face.as_ref().unwrap();
    assert!(smoothed[0][0] > 0.3 && smoothed[0][0] < 0.301);
    assert_eq!(blendshapes_of(&first), told_from(&face(0.3)));
    assert_eq!(blendshapes_of(&second), told_from(smoothed));
    assert!(first.pose.is_none() && first.scores.pose.is_none());
}

#[test]
fn near_the_pose_the_face_is_as_the_model_gives_it_unless_smoothing_is_asked_for() {
    for is_smooth in [false, true] {
        let mut session = Stream::new(Options {
            face_smoothing: is_smooth,
            ..options(Graph::Holistic)
        })
        .unwrap();
        for x in [0.3, 0.301] {
            add(&mut session, x);
        }
        run(&mut session);
        result(&mut session);
        let second = result(&mut session);
        let reported = second.face.as_ref().unwrap();
        assert_eq!(*reported == face(0.301), !is_smooth);
        assert_eq!(blendshapes_of(&second), told_from(reported));
    }
}

#[test]
fn a_still_is_neither_smoothed_nor_tracked() {
    let mut session = Stream::new(options(Graph::Landmarkers)).unwrap();
    add(&mut session, 0.3);
    run(&mut session);
    result(&mut session);
    session.add_still(0.301, 0, 0).unwrap();
    let jobs = run(&mut session);
    let BranchJob::Face(job) = &jobs[0] else {
        panic!("{jobs:?}");
    };
    assert_eq!(job.previous, None);
    let still = result(&mut session);
    assert_eq!(still.face, Some(face(0.301)));
    assert_eq!(blendshapes_of(&still), told_from(&face(0.301)));
}

#[test]
fn a_face_that_is_not_there_has_no_expressions_and_starts_smoothing_afresh() {
    let mut session = Stream::new(options(Graph::Landmarkers)).unwrap();
    for x in [0.3, NOWHERE, 0.301] {
        add(&mut session, x);
    }
    let jobs = run(&mut session);
    let is_telling = |job: &&BranchJob| matches!(job, BranchJob::Blendshapes(_));
    assert_eq!(jobs.iter().filter(is_telling).count(), 2);
    result(&mut session);
    let absent = result(&mut session);
    assert_eq!((absent.face, absent.blendshapes), (None, Some(None)));
    assert_eq!(absent.missing.face, Some(MissingReason::LowPresence));
    assert_eq!(result(&mut session).face, Some(face(0.301)));
}

#[test]
fn the_next_face_does_not_wait_for_expressions_and_results_stay_in_order() {
    let mut session = Stream::new(options(Graph::Landmarkers)).unwrap();
    for x in [0.3, 0.301] {
        add(&mut session, x);
        let decoding = task_of(&mut session, Step::Decode).unwrap();
        complete(&mut session, &decoding);
    }
    let face_step = Step::Branch(Branch::Face);
    let first = task_of(&mut session, face_step).unwrap();
    assert!(task_of(&mut session, face_step).is_none());
    complete(&mut session, &first);

    let telling = task_of(&mut session, face_step).unwrap();
    assert!(matches!(
        telling.work,
        Work::Branch(_, BranchJob::Blendshapes(_))
    ));
    let second = task_of(&mut session, face_step).unwrap();
    assert!(matches!(second.work, Work::Branch(_, BranchJob::Face(_))));
    complete(&mut session, &second);
    run(&mut session);
    assert!(session.next_result().is_none(), "the first is not done");

    // An executor that is gone gives it back.
    assert!(session.take_back(telling.id));
    let again = task_of(&mut session, face_step).unwrap();
    assert_eq!(again.work, telling.work);
    complete(&mut session, &again);
    let indices = [result(&mut session).index, result(&mut session).index];
    assert_eq!(indices, [0, 1]);
}

#[test]
fn expressions_that_fail_fail_their_frame_and_leave_tracking_alone() {
    let mut session = Stream::new(options(Graph::Landmarkers)).unwrap();
    add(&mut session, 0.3);
    let decoding = task_of(&mut session, Step::Decode).unwrap();
    complete(&mut session, &decoding);
    let face_step = Step::Branch(Branch::Face);
    let mesh = task_of(&mut session, face_step).unwrap();
    complete(&mut session, &mesh);
    let telling = task_of(&mut session, face_step).unwrap();
    let error = FrameError::new(ErrorCode::InferenceFailed, "as the test wants");
    session.complete(telling.id, Outcome::Failed(error.clone()), 0, 0);
    let Some(FrameResult::Failed(failed)) = session.next_result() else {
        panic!("the frame should have failed");
    };
    assert_eq!(failed.error, error);

    add(&mut session, 0.3);
    let jobs = run(&mut session);
    let BranchJob::Face(job) = &jobs[0] else {
        panic!("{jobs:?}");
    };
    assert_eq!(job.previous, Some(face(0.3)));
}
