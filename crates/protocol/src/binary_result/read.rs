//! Reading binary results.

use live_keypoints_pipeline::{
    Blendshapes, FaceLandmarks, FacePoints, FrameKeypoints, HandSource, HandSources, Handedness,
    Landmarks, MAX_HANDS, MissingParts, Parts, Scores, Timings, TrackedHand,
};

use super::{
    BinaryResult, HAND_VALUES, HEAD_LENGTH, MAGIC, NotABinaryResult, STILL, Version, number_of,
};

/// Values of each block of version 1, in the order of the bits.
const VALUES: [usize; 7] = [33 * 4, 33 * 4, 21 * 3, 21 * 3, 468 * 3, 21 * 3, 21 * 3];

/// Reads a binary result of either version, for whoever asked for these parts. Blocks that are not known are passed over.
///
/// # Errors
/// [`NotABinaryResult`] says what is wrong with it.
pub fn decode(bytes: &[u8], parts: Parts) -> Result<BinaryResult, NotABinaryResult> {
    if !bytes.starts_with(&MAGIC) {
        return Err(NotABinaryResult::WrongStart);
    }
    let mut reader = Reader { bytes, at: 0 };
    let mut head = Reader {
        bytes: reader.take(HEAD_LENGTH)?,
        at: 2,
    };
    let [version, bits] = head.array()?;
    let version = Version::try_from(version)?;
    let frame_id = u32::from_le_bytes(head.array()?);
    let timestamp_us = i64::from_le_bytes(head.array()?);
    let index = u64::from_le_bytes(head.array()?);
    let dropped = u32::from_le_bytes(head.array()?);
    let width = u16::from_le_bytes(head.array()?);
    let height = u16::from_le_bytes(head.array()?);
    let (blocks, flags) = match version {
        Version::One => (reader.fixed_blocks(bits)?, 0),
        Version::Two => reader.blocks()?,
    };
    let face = match face(blocks[7], FacePoints::WithIrises478)? {
        None => face(blocks[4], FacePoints::Mesh468)?,
        with_irises => with_irises,
    };
    Ok(BinaryResult {
        frame_id,
        keypoints: FrameKeypoints {
            index,
            timestamp_us,
            width: width.into(),
            height: height.into(),
            parts,
            pose: landmarks(blocks[0], "pose")?,
            pose_world: landmarks(blocks[1], "pose_world")?,
            left_hand: landmarks(blocks[2], "left_hand")?,
            right_hand: landmarks(blocks[3], "right_hand")?,
            left_hand_world: landmarks(blocks[5], "left_hand_world")?,
            right_hand_world: landmarks(blocks[6], "right_hand_world")?,
            hand_sources: blocks[10].map(hand_sources).transpose()?,
            hands: blocks[9].map(hands).transpose()?,
            face,
            blendshapes: blocks[8].map(blendshapes).transpose()?,
            scores: Scores::default(),
            missing: MissingParts::default(),
            still: flags & STILL != 0,
            dropped: dropped.into(),
            timings: Timings::default(),
        },
    })
}

/// The blocks whose bits are known, where they are there.
type Blocks<'a> = [Option<&'a [u8]>; 11];

/// What is still to be read of a message.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], NotABinaryResult> {
        let end = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..end).ok_or(self.wrong_length(end))?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotABinaryResult> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn wrong_length(&self, expected: usize) -> NotABinaryResult {
        NotABinaryResult::WrongLength {
            expected,
            actual: self.bytes.len(),
        }
    }

    fn end(&self) -> Result<(), NotABinaryResult> {
        match self.bytes.len() == self.at {
            true => Ok(()),
            false => Err(self.wrong_length(self.at)),
        }
    }

    /// The blocks of version 1.
    fn fixed_blocks(mut self, parts: u8) -> Result<Blocks<'a>, NotABinaryResult> {
        if usize::from(parts) >= 1 << VALUES.len() {
            return Err(NotABinaryResult::UnknownParts { parts });
        }
        let mut blocks = Blocks::default();
        for (bit, values) in VALUES.into_iter().enumerate() {
            if parts & 1 << bit != 0 {
                blocks[bit] = Some(self.take(4 * values)?);
            }
        }
        self.end()?;
        Ok(blocks)
    }

    /// The blocks of version 2, and the flags. Those of later versions say nothing.
    fn blocks(mut self) -> Result<(Blocks<'a>, u8), NotABinaryResult> {
        let [low, high, flags, _] = self.array()?;
        let parts = u16::from_le_bytes([low, high]);
        let mut blocks = Blocks::default();
        for bit in 0..u16::BITS {
            if parts & 1 << bit == 0 {
                continue;
            }
            let length = u32::from_le_bytes(self.array()?);
            let block = self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            if let Some(known) = blocks.get_mut(bit as usize) {
                *known = Some(block);
            }
        }
        self.end()?;
        Ok((blocks, flags))
    }
}

/// So many values; `None` where the block has another length.
fn values_of(block: &[u8], count: usize) -> Option<Vec<f32>> {
    if block.len() != 4 * count {
        return None;
    }
    let values = block.as_chunks::<4>().0.iter();
    Some(values.map(|value| f32::from_le_bytes(*value)).collect())
}

fn wrong_block(part: &'static str, block: &[u8]) -> NotABinaryResult {
    let bytes = block.len();
    NotABinaryResult::WrongBlock { part, bytes }
}

fn landmarks<const N: usize, const D: usize>(
    block: Option<&[u8]>,
    part: &'static str,
) -> Result<Option<Landmarks<N, D>>, NotABinaryResult> {
    let Some(block) = block else { return Ok(None) };
    let landmarks = values_of(block, N * D).and_then(|values| Landmarks::from_flat(&values));
    landmarks.map(Some).ok_or(wrong_block(part, block))
}

fn face(
    block: Option<&[u8]>,
    points: FacePoints,
) -> Result<Option<FaceLandmarks>, NotABinaryResult> {
    let Some(block) = block else { return Ok(None) };
    let values = values_of(block, 3 * points.count());
    let face = values.and_then(|values| FaceLandmarks::from_flat(&values));
    face.map(Some).ok_or(wrong_block("face", block))
}

/// Without any, there is no face.
fn blendshapes(block: &[u8]) -> Result<Option<Blendshapes>, NotABinaryResult> {
    if block.is_empty() {
        return Ok(None);
    }
    let scores = values_of(block, 52).and_then(|values| Blendshapes::try_from(values).ok());
    scores.map(Some).ok_or(wrong_block("blendshapes", block))
}

fn hands(block: &[u8]) -> Result<Vec<TrackedHand>, NotABinaryResult> {
    let (hands, rest) = block.as_chunks::<{ 4 * HAND_VALUES }>();
    if !rest.is_empty() || hands.len() > MAX_HANDS {
        return Err(wrong_block("hands", block));
    }
    let hands = hands.iter().map(|hand| hand_of(hand));
    hands
        .collect::<Option<_>>()
        .ok_or(wrong_block("hands", block))
}

/// Numbers of later versions are left out.
fn hand_sources(block: &[u8]) -> Result<HandSources, NotABinaryResult> {
    let numbers = values_of(block, 2).ok_or(wrong_block("hand_sources", block))?;
    let known = |number: f32| {
        let mut all = HandSource::ALL.into_iter();
        all.find(|source| number_of(Some(*source)) == number)
    };
    Ok(HandSources {
        left_hand: known(numbers[0]),
        right_hand: known(numbers[1]),
    })
}

fn hand_of(block: &[u8]) -> Option<TrackedHand> {
    let values = values_of(block, HAND_VALUES)?;
    let (points, world) = values[2..].split_at(21 * 3);
    Some(TrackedHand {
        handedness: match values[0] {
            0.0 => Handedness::Left,
            1.0 => Handedness::Right,
            _ => return None,
        },
        score: values[1],
        points: Landmarks::from_flat(points)?,
        world: Landmarks::from_flat(world)?,
    })
}
