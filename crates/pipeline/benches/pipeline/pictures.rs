//! The frames of a clip.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};

/// A frame, as a camera's JPEG and decoded.
pub(crate) struct Picture {
    pub(crate) jpeg: Vec<u8>,
    pub(crate) pixels: Arc<RgbImage>,
}

/// The first `count` JPEGs of a folder by name.
pub(crate) fn read(folder: &Path, count: usize) -> anyhow::Result<Vec<Picture>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jpg"));
    paths.sort();
    ensure!(
        paths.len() >= count && count >= 2,
        "{} has {} pictures, and {count} are wanted (at least 2)",
        folder.display(),
        paths.len()
    );
    paths.iter().take(count).map(|path| picture(path)).collect()
}

fn picture(path: &Path) -> anyhow::Result<Picture> {
    let jpeg = std::fs::read(path)?;
    let pixels = decode_jpeg(&jpeg, DecodeLimits::default())
        .with_context(|| path.display().to_string())?
        .into();
    Ok(Picture { jpeg, pixels })
}

/// Forwards and back, without the ends twice: 0, 1, … n−1, n−2, … 1.
pub(crate) fn there_and_back<T>(frames: &[T]) -> impl Iterator<Item = &T> + Clone {
    let inner = &frames[1..frames.len() - 1];
    frames.iter().chain(inner.iter().rev())
}
