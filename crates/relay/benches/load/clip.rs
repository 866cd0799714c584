//! The frames that are sent: JPEGs of a folder, shown there and back, so that tracking never jumps.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use live_keypoints_protocol::{FrameHeader, PATH};

/// The JPEGs of a clip.
#[derive(Debug)]
pub(crate) struct Clip(Vec<Vec<u8>>);

impl Clip {
    /// The first so many `*.jpg` of a folder, in the order of their names.
    pub(crate) fn read(folder: &Path, frames: usize) -> Result<Self> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "jpg") {
                paths.push(path);
            }
        }
        paths.sort();
        ensure!(
            paths.len() >= frames.max(2),
            "{} has too few frames",
            folder.display()
        );
        let jpegs = paths[..frames.max(2)].iter().map(fs::read);
        Ok(Self(jpegs.collect::<Result<_, _>>()?))
    }

    /// The JPEG that is shown as frame `number` of an endless stream.
    pub(crate) fn frame(&self, number: usize) -> &[u8] {
        let last = self.0.len() - 1;
        let position = number % (2 * last);
        &self.0[position.min(2 * last - position)]
    }
}

/// A frame of the stream behind its header.
pub(crate) fn framed(frame_id: u32, timestamp_us: i64, jpeg: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        frame_id,
        timestamp_us,
        is_stateless: false,
    };
    header.message(jpeg)
}

/// A still behind its header.
pub(crate) fn still(frame_id: u32, jpeg: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        frame_id,
        timestamp_us: 0,
        is_stateless: true,
    };
    header.message(jpeg)
}

/// Where a server takes sessions.
pub(crate) fn live_signs(address: SocketAddr) -> String {
    format!("ws://{address}{PATH}")
}
