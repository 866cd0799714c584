//! A stream takes no more memory at its 500th frame than at its 50th, counted by the allocator: alone in its program, so
//! that nothing else is counted.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/clip.rs"]
mod clip;

use std::sync::Arc;
use std::time::Duration;

use clip::{FRAME_US, frames, options};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::{InlineExecutor, Quality, Session};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The decoder's threads may still be about to end when a frame is done, and the test's own remember where they printed.
const SLACK_BYTES: usize = 64 << 10;

/// What is allocated now.
fn live_bytes() -> usize {
    std::thread::sleep(Duration::from_millis(100));
    ALLOCATOR.current_usage()
}

#[test]
fn memory_does_not_grow_from_frame_50_to_frame_500() {
    let models = Models::embedded(Quality::Full).unwrap();
    let executor = InlineExecutor::new(&models, DecodeLimits::default());
    let mut session: Session<Arc<[u8]>, Arc<RgbImage>> = Session::new(options()).unwrap();
    let mut frames = frames().zip(1i64..);
    let mut run = |count: usize| {
        for (frame, number) in frames.by_ref().take(count) {
            session.add_frame(frame, number * FRAME_US, 0);
            executor.run_until_idle(&mut session);
            drop(session.next_result().unwrap());
        }
    };
    run(50);
    let at_50 = live_bytes();
    assert!(at_50 > 10 << 20, "the models are counted: {at_50}");
    run(450);
    let at_500 = live_bytes();
    println!("{at_50} bytes at frame 50, {at_500} at frame 500");
    assert!(at_500 <= at_50 + SLACK_BYTES, "{at_50} to {at_500} bytes");
}
