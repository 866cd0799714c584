//! Keypoints as binary messages: about a third of the bytes of JSON.
//!
//! Little-endian throughout:
//!
//! ```text
//! offset  0  "LK"
//!         2  u8   version, 1
//!         3  u8   parts that are there: bit 0 pose, 1 pose_world, 2 left_hand, 3 right_hand, 4 face,
//!                 on request 5 left_hand_world, 6 right_hand_world
//!         4  u32  frame id, 0 for a frame that came without one
//!         8  i64  timestamp_us
//!        16  u64  index
//!        24  u32  dropped
//!        28  u16  width
//!        30  u16  height
//!        32  f32  blocks of the parts in the order of their bits: 33×4, 33×4, 21×3, 21×3, 468×3, 21×3, 21×3
//! ```

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::{
    ErrorCode, FaceLandmarks, FrameKeypoints, HandSources, Landmarks, MissingParts, Parts, Scores,
    Timings,
};
use thiserror::Error;

/// The first bytes.
const MAGIC: [u8; 2] = *b"LK";
/// The version of the format.
const VERSION: u8 = 1;
/// Bytes before the blocks.
const HEADER_LENGTH: usize = 32;
/// Bits of parts that there are.
const KNOWN_PARTS: u8 = 0b111_1111;

/// A picture whose sides the format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a binary result holds sides up to 65,535 pixels, not {width}×{height}")]
pub struct SideTooLong {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The result of a frame as bytes. A count of drops over 2³² − 1 stays there.
///
/// # Errors
/// [`SideTooLong`] for a picture of more than 65,535 pixels a side, which no JPEG is.
pub fn encode(
    keypoints: &FrameKeypoints,
    frame_id: Option<u32>,
    hand_world: HandWorld,
) -> Result<Vec<u8>, SideTooLong> {
    let k = keypoints;
    let (Ok(width), Ok(height)) = (u16::try_from(k.width), u16::try_from(k.height)) else {
        return Err(SideTooLong {
            width: k.width,
            height: k.height,
        });
    };
    let [left_hand_world, right_hand_world] = match hand_world {
        HandWorld::Included => [k.left_hand_world.as_ref(), k.right_hand_world.as_ref()],
        HandWorld::Omitted => [None, None],
    };
    let blocks = [
        k.pose.as_ref().map(Landmarks::as_flat),
        k.pose_world.as_ref().map(Landmarks::as_flat),
        k.left_hand.as_ref().map(Landmarks::as_flat),
        k.right_hand.as_ref().map(Landmarks::as_flat),
        k.face.as_ref().map(|face| face.mesh().as_flattened()),
        left_hand_world.map(Landmarks::as_flat),
        right_hand_world.map(Landmarks::as_flat),
    ];
    let bits = blocks.iter().enumerate();
    let parts = bits.fold(0, |parts, (bit, block)| {
        parts | u8::from(block.is_some()) << bit
    });
    let values = || blocks.iter().flatten().copied().flatten();
    let mut bytes = Vec::with_capacity(HEADER_LENGTH + 4 * values().count());
    bytes.extend(MAGIC);
    bytes.extend([VERSION, parts]);
    bytes.extend(frame_id.unwrap_or(0).to_le_bytes());
    bytes.extend(k.timestamp_us.to_le_bytes());
    bytes.extend(k.index.to_le_bytes());
    let dropped = u32::try_from(k.dropped).unwrap_or(u32::MAX);
    bytes.extend(dropped.to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(values().flat_map(|value| value.to_le_bytes()));
    Ok(bytes)
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
    #[error("version {version} of binary results is not known")]
    UnknownVersion {
        /// The version given.
        version: u8,
    },
    /// Bits of parts that there are not.
    #[error("the parts {parts:#010b} are not all known")]
    UnknownParts {
        /// The bits given.
        parts: u8,
    },
    /// The header or the blocks that it names are not all there, or there is more.
    #[error("the result has {actual} bytes instead of {expected}")]
    WrongLength {
        /// Bytes that it should have.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
}

impl NotABinaryResult {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidMessage
    }
}

/// Values of each part, in the order of the bits.
const VALUES: [usize; 7] = [33 * 4, 33 * 4, 21 * 3, 21 * 3, 468 * 3, 21 * 3, 21 * 3];

/// Reads a binary result, for whoever asked for these parts.
///
/// # Errors
/// [`NotABinaryResult`] says what is wrong with it.
pub fn decode(bytes: &[u8], parts: Parts) -> Result<BinaryResult, NotABinaryResult> {
    if !bytes.starts_with(&MAGIC) {
        return Err(NotABinaryResult::WrongStart);
    }
    let wrong_length = |expected| NotABinaryResult::WrongLength {
        expected,
        actual: bytes.len(),
    };
    let mut reader = Reader { bytes };
    let [_, _, version, bits] = reader.take().ok_or(wrong_length(HEADER_LENGTH))?;
    if version != VERSION {
        return Err(NotABinaryResult::UnknownVersion { version });
    }
    if bits & !KNOWN_PARTS != 0 {
        return Err(NotABinaryResult::UnknownParts { parts: bits });
    }
    let has = |bit: u8| bits & 1 << bit != 0;
    let present = (0..).zip(VALUES).filter(|(bit, _)| has(*bit));
    let expected = HEADER_LENGTH + 4 * present.map(|(_, values)| values).sum::<usize>();
    if bytes.len() != expected {
        return Err(wrong_length(expected));
    }
    reader.result(has, parts).ok_or(wrong_length(expected))
}

/// The bytes that are still to be read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    /// What follows version and parts; `None` where the bytes end too early.
    fn result(mut self, has: impl Fn(u8) -> bool, parts: Parts) -> Option<BinaryResult> {
        let frame_id = u32::from_le_bytes(self.take()?);
        let timestamp_us = i64::from_le_bytes(self.take()?);
        let index = u64::from_le_bytes(self.take()?);
        let dropped = u32::from_le_bytes(self.take()?);
        let width = u16::from_le_bytes(self.take()?);
        let height = u16::from_le_bytes(self.take()?);
        Some(BinaryResult {
            frame_id,
            // Blocks are read in the order of their bits.
            keypoints: FrameKeypoints {
                index,
                timestamp_us,
                width: width.into(),
                height: height.into(),
                parts,
                pose: self.landmarks(has(0)),
                pose_world: self.landmarks(has(1)),
                left_hand: self.landmarks(has(2)),
                right_hand: self.landmarks(has(3)),
                face: self.landmarks(has(4)).map(FaceLandmarks::from),
                blendshapes: None,
                left_hand_world: self.landmarks(has(5)),
                right_hand_world: self.landmarks(has(6)),
                hand_sources: HandSources::default(),
                hands: Vec::new(),
                scores: Scores::default(),
                missing: MissingParts::default(),
                dropped: dropped.into(),
                timings: Timings::default(),
            },
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*first)
    }

    fn landmarks<const N: usize, const D: usize>(
        &mut self,
        is_there: bool,
    ) -> Option<Landmarks<N, D>> {
        if !is_there {
            return None;
        }
        let (block, rest) = self.bytes.split_at_checked(N * D * 4)?;
        self.bytes = rest;
        let values = block.as_chunks::<4>().0.iter();
        let values: Vec<f32> = values.map(|value| f32::from_le_bytes(*value)).collect();
        Landmarks::from_flat(&values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points<const N: usize, const D: usize>(
        is_there: bool,
        first: f32,
    ) -> Option<Landmarks<N, D>> {
        is_there.then(|| {
            Landmarks::from_fn(|n| std::array::from_fn(|d| first + n as f32 + d as f32 / 10.0))
        })
    }

    /// The parts of these bits.
    fn keypoints(parts: u8) -> FrameKeypoints {
        let has = |bit: u8| parts & 1 << bit != 0;
        FrameKeypoints {
            index: 0x1112_1314_1516_1718,
            timestamp_us: 0x0102_0304_0506_0708,
            width: 0x2122,
            height: 0x3132,
            parts: Parts::ALL,
            pose: points(has(0), 0.0),
            pose_world: points(has(1), 1000.0),
            left_hand: points(has(2), -1.5),
            right_hand: points(has(3), f32::MIN_POSITIVE),
            left_hand_world: points(has(5), 3.0),
            right_hand_world: points(has(6), 4.0),
            hand_sources: HandSources::default(),
            hands: Vec::new(),
            face: points(has(4), 2.0).map(FaceLandmarks::from),
            blendshapes: None,
            scores: Scores::default(),
            missing: MissingParts::default(),
            dropped: 0x4142_4344,
            timings: Timings::default(),
        }
    }

    #[test]
    fn the_layout_is_the_protocols_byte_for_byte() {
        let bytes = encode(
            &keypoints(0b111_0101),
            Some(0x5152_5354),
            HandWorld::Omitted,
        )
        .unwrap();
        let header = [
            b'L', b'K', 1, 0b1_0101, 0x54, 0x53, 0x52, 0x51, 8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17,
            0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x44, 0x43, 0x42, 0x41, 0x22, 0x21, 0x32, 0x31,
        ];
        assert_eq!(bytes[..32], header);
        // Pose: x and y of the first point; then the left hand and the face begin.
        assert_eq!(bytes[32..40], [0, 0, 0, 0, 0xCD, 0xCC, 0xCC, 0x3D]);
        let left_hand = 32 + 33 * 4 * 4;
        assert_eq!(bytes[left_hand..left_hand + 4], (-1.5f32).to_le_bytes());
        let face = left_hand + 21 * 3 * 4;
        assert_eq!(bytes[face..face + 4], [0, 0, 0, 0x40]);
        assert_eq!(bytes.len(), face + 468 * 3 * 4);
    }

    #[test]
    fn every_set_of_parts_reads_back_as_it_was() {
        for parts in 0..=KNOWN_PARTS {
            let keypoints = keypoints(parts);
            let bytes = encode(&keypoints, Some(9), HandWorld::Included).unwrap();
            let result = decode(&bytes, Parts::ALL).unwrap();
            let expected = BinaryResult {
                frame_id: 9,
                keypoints,
            };
            assert!(result == expected, "{parts:b}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_or_held_at_the_bound() {
        let mut keypoints = keypoints(0);
        keypoints.dropped = u64::MAX;
        let result = decode(
            &encode(&keypoints, None, HandWorld::Omitted).unwrap(),
            Parts::ALL,
        )
        .unwrap();
        assert_eq!(
            (result.frame_id, result.keypoints.dropped),
            (0, u32::MAX.into())
        );
        keypoints.width = 65_536;
        assert_eq!(
            encode(&keypoints, None, HandWorld::Omitted),
            Err(SideTooLong {
                width: 65_536,
                height: 0x3132
            })
        );
    }

    #[test]
    fn bytes_that_are_no_result_are_refused() {
        let whole = encode(&keypoints(0b100), None, HandWorld::Omitted).unwrap();
        for length in 0..whole.len() {
            let expected = match length {
                0..2 => NotABinaryResult::WrongStart,
                _ => NotABinaryResult::WrongLength {
                    expected: if length < 4 { 32 } else { whole.len() },
                    actual: length,
                },
            };
            assert_eq!(decode(&whole[..length], Parts::ALL), Err(expected));
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            decode(&bytes, Parts::ALL).unwrap_err()
        };
        assert_eq!(changed(1, b'M'), NotABinaryResult::WrongStart);
        assert_eq!(
            changed(2, 2),
            NotABinaryResult::UnknownVersion { version: 2 }
        );
        let parts = 0b1000_0000;
        assert_eq!(changed(3, parts), NotABinaryResult::UnknownParts { parts });
        let longer = [&whole[..], &[0]].concat();
        assert!(matches!(
            decode(&longer, Parts::ALL),
            Err(NotABinaryResult::WrongLength { .. })
        ));
    }
}
