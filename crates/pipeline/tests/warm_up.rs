//! Warming models up takes nothing from what they give.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/clip.rs"]
mod clip;

use std::sync::Arc;

use clip::{FRAME_US, frames, options};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::{
    FrameKeypoints, FrameResult, InlineExecutor, Quality, Session, Timings,
};

/// What the first frames of the clip give, without how long it took.
fn keypoints(models: &Models) -> Vec<FrameKeypoints> {
    let executor = InlineExecutor::new(models, DecodeLimits::default());
    let mut session: Session<Arc<[u8]>, Arc<RgbImage>> = Session::new(options()).unwrap();
    let first = frames().zip(1i64..).take(3);
    first
        .map(|(frame, number)| {
            session.add_frame(frame, number * FRAME_US, 0);
            executor.run_until_idle(&mut session);
            let FrameResult::Keypoints(mut keypoints) = session.next_result().unwrap() else {
                panic!("frame {number} failed");
            };
            keypoints.timings = Timings::default();
            *keypoints
        })
        .collect()
}

#[test]
fn warm_models_give_what_cold_ones_give() {
    let cold = keypoints(&Models::embedded(Quality::Full).unwrap());
    let warm = Models::embedded(Quality::Full).unwrap();
    let mut runs = 0;
    while warm.warm_up_next().unwrap() {
        runs += 1;
    }
    assert_eq!(runs, 6);
    assert_eq!(keypoints(&warm), cold);
}
