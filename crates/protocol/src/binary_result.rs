//! Keypoints as binary messages: about a third of the bytes of JSON.
//!
//! Little-endian throughout:
//!
//! ```text
//! offset  0  "LK"
//!         2  u8   version, 1 or 2
//!         3  u8   of version 1 the parts that are there, a bit for each block; of version 2 zero
//!         4  u32  frame id, 0 for a frame that came without one
//!         8  i64  timestamp_us
//!        16  u64  index
//!        24  u32  dropped
//!        28  u16  width
//!        30  u16  height
//! ```
//!
//! Of version 1 the blocks follow in the order of their bits, f32 throughout. Of version 2 the parts follow as u16, a byte of
//! flags (bit 0: the frame is still) and one of zero; then each block behind its length in bytes as u32, so that bits of later versions can be passed over.
//!
//! ```text
//! bit 0  pose              33×4      5  left_hand_world   21×3, on request
//!     1  pose_world        33×4      6  right_hand_world  21×3, on request
//!     2  left_hand         21×3      7  face              478×3; version 2 from here on
//!     3  right_hand        21×3      8  blendshapes       52, or none where there is no face
//!     4  face             468×3      9  hands             for each: side (0 left, 1 right), score, 21×3, 21×3 in metres
//!                                   10  hand_sources      left, right: 0 absent, 1 body, 2 tracked, 3 palm
//! ```

mod read;

use std::borrow::Cow;

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{
    Blendshapes, ErrorCode, FaceLandmarks, FacePoints, FrameKeypoints, HandSource, HandSources,
    Handedness, Landmarks, TrackedHand,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use read::decode;

/// The first bytes.
const MAGIC: [u8; 2] = *b"LK";
/// Bytes that both versions begin with.
const HEAD_LENGTH: usize = 32;
/// Of the flags of version 2: keypoints are repeated, as nothing moved.
const STILL: u8 = 1;
/// Values of a hand of the list.
const HAND_VALUES: usize = 2 + 2 * 21 * 3;

/// A version of the format. The first holds neither irises nor blendshapes nor the list of hands nor their sources, and does
/// not say whether a frame is still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Version {
    /// What a client gets that asks for none.
    #[default]
    One,
    /// Every block says its length.
    Two,
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::One => 1,
            Version::Two => 2,
        }
    }
}

impl TryFrom<u8> for Version {
    type Error = NotABinaryResult;

    fn try_from(version: u8) -> Result<Self, NotABinaryResult> {
        match version {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(NotABinaryResult::UnknownVersion { version }),
        }
    }
}

/// A picture whose sides the format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a binary result holds sides up to 65,535 pixels, not {width}×{height}")]
pub struct SideTooLong {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A binary result, read. It says neither scores nor reasons nor times: those are `None`, none and 0.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryResult {
    /// As it came with the frame; 0 for a frame that came without one.
    pub frame_id: u32,
    /// What it says of the frame.
    pub keypoints: FrameKeypoints,
}

/// Bytes that are no binary result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotABinaryResult {
    /// They do not start with "LK".
    #[error("a binary result starts with \"LK\"")]
    WrongStart,
    /// Another version.
    #[error("version {version} of binary results is not known, only 1 and 2 are")]
    UnknownVersion {
        /// The version given.
        version: u8,
    },
    /// Bits of parts that there are not in version 1.
    #[error("the parts {parts:#010b} are not all known")]
    UnknownParts {
        /// The bits given.
        parts: u8,
    },
    /// The head or the blocks that it names are not all there, or there is more.
    #[error("the result has {actual} bytes instead of {expected}")]
    WrongLength {
        /// Bytes that it should have, as far as was read.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// A block of version 2 does not hold what its bit stands for.
    #[error("the block of {part} cannot be read: it has {bytes} bytes")]
    WrongBlock {
        /// Name of the part.
        part: &'static str,
        /// Bytes of the block.
        bytes: usize,
    },
}

impl NotABinaryResult {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidMessage
    }
}

/// The result of a frame as bytes. A count of drops over 2³² − 1 stays there.
///
/// # Errors
/// [`SideTooLong`] for a picture of more than 65,535 pixels a side, which no JPEG is.
pub fn encode(
    keypoints: &FrameKeypoints,
    frame_id: Option<u32>,
    hand_world: HandWorld,
    version: Version,
) -> Result<Vec<u8>, SideTooLong> {
    let k = keypoints;
    let (Ok(width), Ok(height)) = (u16::try_from(k.width), u16::try_from(k.height)) else {
        return Err(SideTooLong {
            width: k.width,
            height: k.height,
        });
    };
    let mut parts = 0_u16;
    let mut blocks = Vec::new();
    for (bit, block) in blocks_of(k, hand_world, version).into_iter().enumerate() {
        let Some(values) = block else { continue };
        parts |= 1 << bit;
        if version == Version::Two {
            // A face is the longest.
            blocks.extend((4 * values.len() as u32).to_le_bytes());
        }
        blocks.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    let [low, high] = parts.to_le_bytes();
    let mut bytes = Vec::with_capacity(HEAD_LENGTH + 4 + blocks.len());
    bytes.extend(MAGIC);
    bytes.extend(match version {
        Version::One => [1, low],
        Version::Two => [2, 0],
    });
    bytes.extend(frame_id.unwrap_or(0).to_le_bytes());
    bytes.extend(k.timestamp_us.to_le_bytes());
    bytes.extend(k.index.to_le_bytes());
    let dropped = u32::try_from(k.dropped).unwrap_or(u32::MAX);
    bytes.extend(dropped.to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    if version == Version::Two {
        let flags = if k.still { STILL } else { 0 };
        bytes.extend([low, high, flags, 0]);
    }
    bytes.extend(blocks);
    Ok(bytes)
}

/// The values of each block that is there, in the order of the bits.
fn blocks_of(
    keypoints: &FrameKeypoints,
    hand_world: HandWorld,
    version: Version,
) -> Vec<Option<Cow<'_, [f32]>>> {
    fn flat<const N: usize, const D: usize>(
        part: Option<&Landmarks<N, D>>,
    ) -> Option<Cow<'_, [f32]>> {
        part.map(|part| Cow::Borrowed(part.as_flat()))
    }
    let k = keypoints;
    let (mesh, with_irises) = match (&k.face, version) {
        (Some(face), Version::Two) if face.points() == FacePoints::WithIrises478 => {
            (None, Some(face.as_flat().into()))
        }
        (face, _) => {
            let mesh = face.as_ref().map(FaceLandmarks::mesh);
            (mesh.map(|mesh| mesh.as_flattened().into()), None)
        }
    };
    let [left_hand_world, right_hand_world] = match hand_world {
        HandWorld::Included => [k.left_hand_world.as_ref(), k.right_hand_world.as_ref()],
        HandWorld::Omitted => [None, None],
    };
    let mut blocks = vec![
        flat(k.pose.as_ref()),
        flat(k.pose_world.as_ref()),
        flat(k.left_hand.as_ref()),
        flat(k.right_hand.as_ref()),
        mesh,
        flat(left_hand_world),
        flat(right_hand_world),
    ];
    if version == Version::Two {
        let scores = |scores: &Option<Blendshapes>| {
            let scores = scores.as_ref().map_or(&[][..], |scores| &scores[..]);
            Cow::Owned(scores.to_vec())
        };
        let hands = |hands: &Vec<TrackedHand>| hands.iter().flat_map(values_of).collect();
        blocks.push(with_irises);
        blocks.push(k.blendshapes.as_ref().map(scores));
        blocks.push(k.hands.as_ref().map(hands));
        let sources =
            |HandSources {
                 left_hand,
                 right_hand,
             }| { Cow::Owned([left_hand, right_hand].map(number_of).to_vec()) };
        blocks.push(k.hand_sources.map(sources));
    }
    blocks
}

fn values_of(hand: &TrackedHand) -> impl Iterator<Item = f32> {
    let side = match hand.handedness {
        Handedness::Left => 0.0,
        Handedness::Right => 1.0,
    };
    let points = hand.points.as_flat().iter().chain(hand.world.as_flat());
    [side, hand.score].into_iter().chain(points.copied())
}

fn number_of(source: Option<HandSource>) -> f32 {
    match source {
        None => 0.0,
        Some(HandSource::Body) => 1.0,
        Some(HandSource::Tracked) => 2.0,
        Some(HandSource::Palm) => 3.0,
    }
}

#[cfg(test)]
mod tests;
