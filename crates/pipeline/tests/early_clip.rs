//! Early tasks with the models, on the committed clip: results keep their bits, and most of what is done early is used.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/clip.rs"]
mod clip;

use std::collections::BTreeMap;
use std::sync::Arc;

use clip::{FRAME_US, frames, options};
use live_keypoints_pipeline::branch::{
    self, Branch, BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceJob, FaceMesh, HandJob,
    HandReading,
};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::{
    Decoded, FrameResult, Outcome, Quality, Session, Step, Steps, Task, Work,
};

const FRAMES: usize = 40;
/// Of early outcomes, the part that must be used. It is 37 of 39, 36 of 39, and all.
const MIN_USED: [(Branch, f64); 3] = [
    (Branch::LeftHand, 0.85),
    (Branch::RightHand, 0.85),
    (Branch::Face, 0.95),
];

type Stream = Session<Arc<RgbImage>, Arc<RgbImage>>;
type StreamTask = Task<Arc<RgbImage>, Arc<RgbImage>>;
type StreamOutcome = Outcome<Arc<RgbImage>>;

/// How often early outcomes of a branch were there, and how often used.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    run: usize,
    used: usize,
}

/// The clip shows a left hand; mirrored, a right one.
#[test]
fn a_clip_has_the_same_bits_with_early_tasks_and_most_of_them_are_used() {
    let models = Models::embedded(Quality::Full).unwrap();
    let mut shares = BTreeMap::new();
    for is_mirrored in [false, true] {
        let mut plain: Stream = Session::new(options()).unwrap();
        let mut early: Stream = Session::new(options()).unwrap();
        for (number, frame) in frames().take(FRAMES).enumerate() {
            let image = image_of(&frame, is_mirrored);
            let time_us = (number as i64 + 1) * FRAME_US;
            plain.add_frame(Arc::clone(&image), time_us, 0);
            early.add_frame(image, time_us, 0);
            run_plainly(&models, &mut plain);
            run_with_early_tasks(&models, &mut early, number % 2 == 0, &mut shares);
            let results = [plain.next_result(), early.next_result()];
            assert!(matches!(results[0], Some(FrameResult::Keypoints(_))));
            // Unlike equality, print tells 0 from −0.
            let [expected, found] = results.map(|result| format!("{result:?}"));
            assert!(found == expected, "frame {number} differs");
        }
    }
    println!("early outcomes: {shares:?}");
    for (branch, least) in MIN_USED {
        let Share { run, used } = shares[&branch];
        assert!(
            run >= FRAMES - 5 && used as f64 >= run as f64 * least,
            "{shares:?}"
        );
    }
}

fn image_of(jpeg: &[u8], is_mirrored: bool) -> Arc<RgbImage> {
    let image = decode_jpeg(jpeg, DecodeLimits::default()).unwrap();
    if !is_mirrored {
        return Arc::new(image);
    }
    let ImageSize { width, height } = image.size();
    let rows = image.pixels().chunks(width as usize * 3);
    let mirrored = rows.flat_map(|row| row.rchunks(3).flatten().copied());
    Arc::new(RgbImage::from_rgb(width, height, mirrored.collect()).unwrap())
}

fn outcome_of(models: &Models, work: Work<Arc<RgbImage>, Arc<RgbImage>>) -> StreamOutcome {
    match work {
        Work::Decode { frame: image, .. } => Outcome::Decoded(Decoded {
            size: image.size(),
            pixels: image,
            grey: None,
        }),
        Work::Branch(image, job) => Outcome::Branch(branch::run(models, &image, &job).unwrap()),
    }
}

fn run_plainly(models: &Models, session: &mut Stream) {
    while let Some(Task { id, work }) = session.next_task(Steps::ALL, 0) {
        session.complete(id, outcome_of(models, work), 0, 0);
    }
}

/// A picture of the clip, with the jobs of its left hand and its face.
fn tracked_frame(models: &Models) -> (Arc<RgbImage>, HandJob, FaceJob) {
    let mut session: Stream = Session::new(options()).unwrap();
    let (mut hand, mut face) = (None, None);
    for (number, frame) in frames().take(4).enumerate() {
        session.add_frame(image_of(&frame, false), (number as i64 + 1) * FRAME_US, 0);
        while let Some(Task { id, work }) = session.next_task(Steps::ALL, 0) {
            match &work {
                Work::Branch(image, BranchJob::LeftHand(job)) => {
                    hand = Some((Arc::clone(image), job.clone()));
                }
                Work::Branch(_, BranchJob::Face(job)) => face = Some(job.clone()),
                _ => {}
            }
            session.complete(id, outcome_of(models, work), 0, 0);
        }
    }
    let (image, hand) = hand.unwrap();
    (image, hand, face.unwrap())
}

/// The same region, but for the last bit of a number.
fn a_bit_beside(roi: NormalizedRect) -> NormalizedRect {
    NormalizedRect {
        x_center: roi.x_center.next_up(),
        ..roi
    }
}

#[test]
fn a_branch_takes_an_early_outcome_for_the_very_region_that_tracking_picks_and_no_other() {
    let models = Models::embedded(Quality::Full).unwrap();
    let (image, hand, face) = tracked_frame(&models);
    let run = |job: &BranchJob| branch::run(&models, &image, job).unwrap();
    let run_early = |job| match run(&BranchJob::Early(job)) {
        BranchOutcome::Early(outcome) => outcome,
        other => panic!("{other:?}"),
    };

    let hand_with = |early| HandJob {
        early,
        ..hand.clone()
    };
    let run_hand = |job| match run(&BranchJob::LeftHand(job)) {
        BranchOutcome::LeftHand(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    let plain = run_hand(hand.clone());
    let roi = plain.roi_from_previous.unwrap();
    let quality = hand.quality;
    let EarlyOutcome::Hand(early) = run_early(EarlyJob::Hand { roi, quality }) else {
        panic!("a hand was asked for");
    };
    assert_eq!(plain.reading.as_ref(), Some(&early));
    // Marked, so that it shows whether the model ran again.
    let marked = HandReading {
        presence: 2.0,
        ..early
    };
    assert_eq!(
        run_hand(hand_with(Some(marked.clone()))).reading,
        Some(marked.clone())
    );
    let beside = HandReading {
        roi: a_bit_beside(roi),
        ..marked.clone()
    };
    assert_eq!(run_hand(hand_with(Some(beside))), plain);
    // A hand that has moved on: tracking picks the new region.
    let moved = |early| HandJob {
        wrist: [0.9, 0.1],
        pinky: [0.95, 0.2],
        index: [0.85, 0.2],
        ..hand_with(early)
    };
    let plain = run_hand(moved(None));
    assert_ne!(plain.reading.as_ref().unwrap().roi, roi);
    assert_eq!(run_hand(moved(Some(marked))), plain);

    let face_with = |early| FaceJob {
        early,
        ..face.clone()
    };
    let run_face = |job| match run(&BranchJob::Face(job)) {
        BranchOutcome::Face(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    let plain = run_face(face.clone());
    let roi = plain.roi_from_previous.unwrap();
    let EarlyOutcome::Face(Some(early)) = run_early(EarlyJob::Face {
        roi,
        points: face.points,
    }) else {
        panic!("a face was asked for");
    };
    assert_eq!(plain.mesh.as_ref(), Some(&early));
    let marked = FaceMesh {
        presence: 2.0,
        ..early
    };
    assert_eq!(
        run_face(face_with(Some(marked.clone()))).mesh,
        Some(marked.clone())
    );
    let beside = FaceMesh {
        roi: a_bit_beside(roi),
        ..marked
    };
    assert_eq!(run_face(face_with(Some(beside))), plain);
}

/// Does all early tasks that there are before the pose is done, or after it.
fn run_with_early_tasks(
    models: &Models,
    session: &mut Stream,
    is_pose_last: bool,
    shares: &mut BTreeMap<Branch, Share>,
) {
    while let Some(task) = session.next_task(Steps::ALL, 0) {
        let mut tasks = vec![task];
        tasks.extend(std::iter::from_fn(|| session.next_early_task(Steps::ALL)));
        if is_pose_last {
            tasks.reverse();
        }
        for task in tasks {
            let early = early_of(&task);
            let id = task.id;
            let outcome = outcome_of(models, task.work);
            if let (Some(early), Step::Branch(branch)) = (early, id.step) {
                let share = shares.entry(branch).or_default();
                share.run += 1;
                share.used += usize::from(early_that_was_used(&outcome) == Some(early));
            }
            session.complete(id, outcome, 0, 0);
        }
    }
}

/// What a task was given of what was done early.
fn early_of(task: &StreamTask) -> Option<EarlyOutcome> {
    let Work::Branch(_, job) = &task.work else {
        return None;
    };
    match job.clone() {
        BranchJob::LeftHand(job) | BranchJob::RightHand(job) => job.early.map(EarlyOutcome::Hand),
        BranchJob::Face(job) => job.early.map(|mesh| EarlyOutcome::Face(Some(mesh))),
        _ => None,
    }
}

/// What an outcome would have been given, had it been done early.
fn early_that_was_used(outcome: &StreamOutcome) -> Option<EarlyOutcome> {
    let Outcome::Branch(outcome) = outcome else {
        return None;
    };
    match outcome.clone() {
        BranchOutcome::LeftHand(outcome) | BranchOutcome::RightHand(outcome) => {
            outcome.reading.map(EarlyOutcome::Hand)
        }
        BranchOutcome::Face(outcome) => outcome.mesh.map(|mesh| EarlyOutcome::Face(Some(mesh))),
        _ => None,
    }
}
