//! What a frame allocates, counted by the allocator, on the committed clip, from JPEG to result.
//!
//! The decoder and the models' runs are counted by themselves, too: what is left is this project's own. A model's run
//! is tract's executor: it makes a tensor for each operator's output and frees it when the last reader is done.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/clip.rs"]
mod clip;

use std::collections::BTreeMap;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use clip::{FRAME_US, frames, options};
use live_keypoints_pipeline::branch::{self, BranchJob, BranchOutcome};
use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::rect::NormalizedRect;
use live_keypoints_pipeline::{FrameResult, Outcome, Quality, Session, Steps, Task, Work, decode};

const WARM_UP_FRAMES: usize = 20;
const COUNTED_FRAMES: usize = 20;

/// Ceilings of what others allocate for a frame of 320 × 240 pixels, a little above what they did when this was written.
const MAX_OF_DECODER: Count = Count {
    allocations: 1300,
    bytes: 1_200_000,
};
/// Of this project's own for a JPEG: the handle to the picture, and what the walk over its segments lays out.
const MAX_OF_WALK: Count = Count {
    allocations: 80,
    bytes: 16_384,
};
const MAX_OF_EXECUTOR: Count = Count {
    allocations: 1200,
    bytes: 135_000_000,
};

type Stream = Session<Arc<[u8]>, Arc<RgbImage>>;

/// Runs `work` and adds what it allocated to `sum`.
fn counted<T>(sum: &mut Count, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = measure(|| result = Some(work()));
    sum.add(&info);
    result.unwrap()
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    allocations: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, info: &AllocationInfo) {
        self.allocations += info.count_total;
        self.bytes += info.bytes_total;
    }

    fn less(self, other: Self) -> Self {
        Self {
            allocations: self.allocations.checked_sub(other.allocations).unwrap(),
            bytes: self.bytes.checked_sub(other.bytes).unwrap(),
        }
    }

    fn assert_at_most(self, max_of_a_frame: Self, who: &str) {
        let count = COUNTED_FRAMES as u64;
        assert!(
            self.allocations <= max_of_a_frame.allocations * count
                && self.bytes <= max_of_a_frame.bytes * count,
            "{who}: {self:?} in {count} frames"
        );
    }
}

/// The models once more, to run each by itself.
struct Alone(BTreeMap<&'static str, Model>);

impl Alone {
    fn load() -> Self {
        let load = |kind: ModelKind| Model::load(kind, kind.embedded_bytes()).unwrap();
        Self(
            ModelKind::of_quality(Quality::Full)
                .into_iter()
                .map(|kind| (kind.name(), load(kind)))
                .collect(),
        )
    }

    /// Every model that a branch ran, on the same regions.
    fn run(&self, image: &RgbImage, outcome: &BranchOutcome) {
        let run = |kind: ModelKind, roi: Option<&NormalizedRect>| {
            drop(self.0[kind.name()].run(image, roi).unwrap());
        };
        let run_in = |kind: ModelKind, roi: Option<NormalizedRect>| {
            if let Some(roi) = roi {
                run(kind, Some(&roi));
            }
        };
        match outcome {
            BranchOutcome::Pose(outcome) => {
                if outcome.detection.is_some() {
                    run(ModelKind::PoseDetection, None);
                }
                run_in(ModelKind::PoseLandmarkFull, outcome.roi);
            }
            BranchOutcome::LeftHand(outcome) | BranchOutcome::RightHand(outcome) => {
                run_in(ModelKind::HandRecrop, outcome.roi_from_pose);
                let reading_roi = outcome.reading.as_ref().map(|reading| reading.roi);
                run_in(ModelKind::HandLandmarkFull, reading_roi);
            }
            BranchOutcome::Face(outcome) => {
                run_in(ModelKind::FaceDetectionShortRange, outcome.roi_from_pose);
                let mesh_roi = outcome.mesh.as_ref().map(|mesh| mesh.roi);
                run_in(ModelKind::FaceLandmark478, mesh_roi);
            }
            BranchOutcome::Palm(_)
            | BranchOutcome::HandInRegion(_)
            | BranchOutcome::Blendshapes(_)
            | BranchOutcome::Early(_) => {
                panic!("nobody asked for {outcome:?}")
            }
        }
    }
}

/// What the counted frames allocated, by who did.
#[derive(Debug, Default)]
struct Counts {
    session: Count,
    decoder: Count,
    branches: Count,
    models: Count,
}

fn count_frame(session: &mut Stream, models: &Models, alone: &Alone, counts: &mut Counts) {
    while let Some(Task { id, work }) =
        counted(&mut counts.session, || session.next_task(Steps::ALL, 0))
    {
        let outcome = match work {
            Work::Decode { frame: bytes, .. } => {
                let limits = DecodeLimits::default();
                counted(&mut counts.decoder, || {
                    drop(jpeg_decoder::Decoder::new(&*bytes).decode().unwrap());
                });
                decode(&bytes, limits)
            }
            Work::Branch(image, job) => {
                Outcome::Branch(count_branch(&image, &job, models, alone, counts))
            }
        };
        counted(&mut counts.session, || session.complete(id, outcome, 0, 0));
    }
}

fn count_branch(
    image: &RgbImage,
    job: &BranchJob,
    models: &Models,
    alone: &Alone,
    counts: &mut Counts,
) -> BranchOutcome {
    let outcome = counted(&mut counts.branches, || {
        branch::run(models, image, job).unwrap()
    });
    counted(&mut counts.models, || alone.run(image, &outcome));
    outcome
}

fn is_whole(result: &FrameResult) -> bool {
    let FrameResult::Keypoints(keypoints) = result else {
        return false;
    };
    keypoints.pose.is_some() && keypoints.face.is_some()
}

#[test]
fn branches_allocate_nothing_of_this_projects_own_and_the_session_only_the_result() {
    let models = Models::embedded(Quality::Full).unwrap();
    let alone = Alone::load();
    let mut session: Stream = Session::new(options()).unwrap();
    let mut counts = Counts::default();
    let mut whole = 0;
    for (number, frame) in frames().take(WARM_UP_FRAMES + COUNTED_FRAMES).enumerate() {
        if number == WARM_UP_FRAMES {
            (counts, whole) = (Counts::default(), 0);
        }
        let time_us = (number as i64 + 1) * FRAME_US;
        counted(&mut counts.session, || session.add_frame(frame, time_us, 0));
        count_frame(&mut session, &models, &alone, &mut counts);
        let result = counted(&mut counts.session, || session.next_result().unwrap());
        whole += usize::from(is_whole(&result));
    }
    println!("allocations and bytes of {COUNTED_FRAMES} frames: {counts:#?}");
    assert_eq!(whole, COUNTED_FRAMES, "the work that is to be counted");

    let own_branches = counts.branches.less(counts.models);
    assert_eq!(own_branches.allocations, 0, "{own_branches:?}");
    // A result is its reader's to keep: one box.
    assert_eq!(counts.session.allocations, COUNTED_FRAMES as u64);
    counts
        .decoder
        .assert_at_most(MAX_OF_DECODER, "jpeg-decoder");
    counts.models.assert_at_most(MAX_OF_EXECUTOR, "tract");
}

/// The first picture of a thread makes the thread's pool, once.
#[test]
fn decoding_allocates_the_handle_to_the_picture_and_a_little_for_its_headers_whatever_its_size() {
    let own = [(96, 64), (120, 120)].map(|(width, height)| {
        let mut jpeg = Vec::new();
        let pixels = vec![100; usize::from(width) * usize::from(height) * 3];
        jpeg_encoder::Encoder::new(&mut jpeg, 90)
            .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        drop(decode(&jpeg, DecodeLimits::default()));
        let (mut decoding, mut decoder) = (Count::default(), Count::default());
        counted(&mut decoding, || {
            assert!(matches!(
                decode(&jpeg, DecodeLimits::default()),
                Outcome::Decoded(_)
            ));
        });
        counted(&mut decoder, || {
            drop(jpeg_decoder::Decoder::new(&*jpeg).decode().unwrap());
        });
        decoding.less(decoder)
    });
    let [small, large] = own;
    assert_eq!(small.allocations, large.allocations);
    for own in [small, large] {
        assert!(own.allocations <= MAX_OF_WALK.allocations, "{own:?}");
        assert!(own.bytes <= MAX_OF_WALK.bytes, "{own:?}");
    }
}
