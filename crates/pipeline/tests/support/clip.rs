//! The committed clip as an endless stream.

use std::path::Path;
use std::sync::Arc;

use live_keypoints_pipeline::Options;

/// From one frame to the next.
pub(crate) const FRAME_US: i64 = 33_333;

/// The clip, forwards and back, again and again.
pub(crate) fn frames() -> impl Iterator<Item = Arc<[u8]>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clips/fingers");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jpg"))
        .collect();
    paths.sort();
    let frames: Vec<Arc<[u8]>> = paths
        .iter()
        .map(|path| std::fs::read(path).unwrap().into())
        .collect();
    let back = frames[1..frames.len() - 1].iter().rev().cloned();
    let there_and_back: Vec<_> = frames.iter().cloned().chain(back).collect();
    there_and_back.into_iter().cycle()
}

/// All that hands and face have: filters, too.
pub(crate) fn options() -> Options {
    Options {
        hand_smoothing: true,
        face_smoothing: true,
        ..Options::default()
    }
}
