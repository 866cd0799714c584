//! The binary results of the protocol `live-keypoints.v1`: about a third of the bytes of JSON.
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

use thiserror::Error;

use super::jsonl::HandWorld;
use crate::keypoints::FrameKeypoints;
use crate::landmarks::{
    FaceLandmarks, HandLandmarks, HandWorldLandmarks, Landmarks, PoseLandmarks, PoseWorldLandmarks,
};

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
        k.face.as_ref().map(Landmarks::as_flat),
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

/// A binary result, read.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryResult {
    /// As it came with the frame; 0 for a frame that came without one.
    pub frame_id: u32,
    /// Capture time in microseconds.
    pub timestamp_us: i64,
    /// Running number of the frame within its session.
    pub index: u64,
    /// Frames since the previous answer that get none of their own.
    pub dropped: u32,
    /// Width of the picture in pixels.
    pub width: u16,
    /// Height of the picture in pixels.
    pub height: u16,
    /// Body.
    pub pose: Option<PoseLandmarks>,
    /// Body in metres.
    pub pose_world: Option<PoseWorldLandmarks>,
    /// The subject's left hand.
    pub left_hand: Option<HandLandmarks>,
    /// The subject's right hand.
    pub right_hand: Option<HandLandmarks>,
    /// Face mesh.
    pub face: Option<FaceLandmarks>,
    /// Left hand in metres, where that was asked for.
    pub left_hand_world: Option<HandWorldLandmarks>,
    /// Right hand in metres, likewise.
    pub right_hand_world: Option<HandWorldLandmarks>,
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

/// Reads a binary result.
///
/// # Errors
/// [`NotABinaryResult`] says what is wrong with it.
pub fn decode(bytes: &[u8]) -> Result<BinaryResult, NotABinaryResult> {
    if !bytes.starts_with(&MAGIC) {
        return Err(NotABinaryResult::WrongStart);
    }
    let wrong_length = |expected| NotABinaryResult::WrongLength {
        expected,
        actual: bytes.len(),
    };
    let mut reader = Reader { bytes };
    let header = |reader: &mut Reader<'_>| {
        let [_, _, version, parts] = reader.take()?;
        Some((
            version,
            parts,
            BinaryResult {
                frame_id: u32::from_le_bytes(reader.take()?),
                timestamp_us: i64::from_le_bytes(reader.take()?),
                index: u64::from_le_bytes(reader.take()?),
                dropped: u32::from_le_bytes(reader.take()?),
                width: u16::from_le_bytes(reader.take()?),
                height: u16::from_le_bytes(reader.take()?),
                pose: None,
                pose_world: None,
                left_hand: None,
                right_hand: None,
                face: None,
                left_hand_world: None,
                right_hand_world: None,
            },
        ))
    };
    let (version, parts, mut result) =
        header(&mut reader).ok_or_else(|| wrong_length(HEADER_LENGTH))?;
    if version != VERSION {
        return Err(NotABinaryResult::UnknownVersion { version });
    }
    if parts & !KNOWN_PARTS != 0 {
        return Err(NotABinaryResult::UnknownParts { parts });
    }
    let has = |bit: u8| parts & 1 << bit != 0;
    let values = [33 * 4, 33 * 4, 21 * 3, 21 * 3, 468 * 3, 21 * 3, 21 * 3];
    let present = (0..).zip(values).filter(|(bit, _)| has(*bit));
    let expected = HEADER_LENGTH + 4 * present.map(|(_, values)| values).sum::<usize>();
    if bytes.len() != expected {
        return Err(wrong_length(expected));
    }
    result.pose = reader.landmarks(has(0));
    result.pose_world = reader.landmarks(has(1));
    result.left_hand = reader.landmarks(has(2));
    result.right_hand = reader.landmarks(has(3));
    result.face = reader.landmarks(has(4));
    result.left_hand_world = reader.landmarks(has(5));
    result.right_hand_world = reader.landmarks(has(6));
    Ok(result)
}

/// The bytes that are still to be read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
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
    use crate::keypoints::{MissingParts, Scores, Timings};
    use crate::options::Parts;

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
            face: points(has(4), 2.0),
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
            let result = decode(&bytes).unwrap();
            let k = keypoints;
            let expected = BinaryResult {
                frame_id: 9,
                timestamp_us: k.timestamp_us,
                index: k.index,
                dropped: 0x4142_4344,
                width: 0x2122,
                height: 0x3132,
                pose: k.pose,
                pose_world: k.pose_world,
                left_hand: k.left_hand,
                right_hand: k.right_hand,
                face: k.face,
                left_hand_world: k.left_hand_world,
                right_hand_world: k.right_hand_world,
            };
            assert!(result == expected, "{parts:b}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_or_held_at_the_bound() {
        let mut keypoints = keypoints(0);
        keypoints.dropped = u64::MAX;
        let result = decode(&encode(&keypoints, None, HandWorld::Omitted).unwrap()).unwrap();
        assert_eq!((result.frame_id, result.dropped), (0, u32::MAX));
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
                    expected: if length < 32 { 32 } else { whole.len() },
                    actual: length,
                },
            };
            assert_eq!(decode(&whole[..length]), Err(expected));
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            decode(&bytes).unwrap_err()
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
            decode(&longer),
            Err(NotABinaryResult::WrongLength { .. })
        ));
    }
}
