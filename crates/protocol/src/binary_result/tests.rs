use live_keypoints_pipeline::{Blendshapes, Parts};

use super::*;

/// Bits of version 1.
const KNOWN_PARTS: u8 = 0b111_1111;

fn points<const N: usize, const D: usize>(is_there: bool, first: f32) -> Option<Landmarks<N, D>> {
    is_there.then(|| {
        Landmarks::from_fn(|n| std::array::from_fn(|d| first + n as f32 + d as f32 / 10.0))
    })
}

/// The parts of these bits.
fn keypoints(parts: u8) -> FrameKeypoints {
    let has = |bit: u8| parts & 1 << bit != 0;
    FrameKeypoints {
        pose: points(has(0), 0.0),
        pose_world: points(has(1), 1000.0),
        left_hand: points(has(2), -1.5),
        right_hand: points(has(3), f32::MIN_POSITIVE),
        left_hand_world: points(has(5), 3.0),
        right_hand_world: points(has(6), 4.0),
        face: points(has(4), 2.0).map(FaceLandmarks::from),
        dropped: 0x4142_4344,
        ..FrameKeypoints::empty(
            0x1112_1314_1516_1718,
            0x0102_0304_0506_0708,
            [0x2122, 0x3132],
        )
    }
}

#[test]
fn the_layout_is_the_protocols_byte_for_byte() {
    let bytes = encode(
        &keypoints(0b111_0101),
        Some(0x5152_5354),
        HandWorld::Omitted,
        Version::One,
    )
    .unwrap();
    let header = [
        b'L', b'K', 1, 0b1_0101, 0x54, 0x53, 0x52, 0x51, 8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16,
        0x15, 0x14, 0x13, 0x12, 0x11, 0x44, 0x43, 0x42, 0x41, 0x22, 0x21, 0x32, 0x31,
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
        let bytes = encode(&keypoints, Some(9), HandWorld::Included, Version::One).unwrap();
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
        &encode(&keypoints, None, HandWorld::Omitted, Version::One).unwrap(),
        Parts::ALL,
    )
    .unwrap();
    assert_eq!(
        (result.frame_id, result.keypoints.dropped),
        (0, u32::MAX.into())
    );
    keypoints.width = 65_536;
    assert_eq!(
        encode(&keypoints, None, HandWorld::Omitted, Version::One),
        Err(SideTooLong {
            width: 65_536,
            height: 0x3132
        })
    );
}

#[test]
fn bytes_that_are_no_result_are_refused() {
    let whole = encode(&keypoints(0b100), None, HandWorld::Omitted, Version::One).unwrap();
    for length in 0..whole.len() {
        let expected = match length {
            0..2 => NotABinaryResult::WrongStart,
            _ => NotABinaryResult::WrongLength {
                expected: if length < 32 { 32 } else { whole.len() },
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
        changed(2, 3),
        NotABinaryResult::UnknownVersion { version: 3 }
    );
    let parts = 0b1000_0000;
    assert_eq!(changed(3, parts), NotABinaryResult::UnknownParts { parts });
    let longer = [&whole[..], &[0]].concat();
    assert!(matches!(
        decode(&longer, Parts::ALL),
        Err(NotABinaryResult::WrongLength { .. })
    ));
}

fn hand(handedness: Handedness, first: f32) -> TrackedHand {
    TrackedHand {
        handedness,
        score: 0.75,
        points: points(true, first).unwrap(),
        world: points(true, first + 0.5).unwrap(),
    }
}

/// All that version 2 holds.
fn of_landmarkers() -> FrameKeypoints {
    FrameKeypoints {
        hand_sources: Some(HandSources {
            left_hand: Some(HandSource::Tracked),
            right_hand: Some(HandSource::Body),
        }),
        hands: Some(vec![
            hand(Handedness::Right, 5.0),
            hand(Handedness::Left, 6.0),
        ]),
        face: Some(FaceLandmarks::from_fn(FacePoints::WithIrises478, |n| {
            [n as f32, 0.5, -1.0]
        })),
        blendshapes: Some(Some(Blendshapes::new([0.25; 52]))),
        ..keypoints(0b110_1111)
    }
}

fn second(keypoints: &FrameKeypoints) -> Vec<u8> {
    encode(keypoints, Some(9), HandWorld::Included, Version::Two).unwrap()
}

#[test]
fn the_second_version_says_the_length_of_every_block() {
    let bytes = second(&FrameKeypoints {
        hands: Some(vec![hand(Handedness::Right, 5.0)]),
        blendshapes: Some(None),
        hand_sources: Some(HandSources {
            left_hand: Some(HandSource::Palm),
            right_hand: None,
        }),
        ..keypoints(0b100)
    });
    assert_eq!(bytes[2..8], [2, 0, 9, 0, 0, 0]);
    // Bits 2, 8, 9 and 10; the left hand; no expressions; a hand of 128 numbers; two sources.
    assert_eq!(bytes[32..40], [0b100, 0b111, 0, 0, 252, 0, 0, 0]);
    let expressions = 40 + 252;
    assert_eq!(bytes[expressions..][..8], [0, 0, 0, 0, 0, 2, 0, 0]);
    let hand = expressions + 8;
    let sources = hand + 512;
    assert_eq!(bytes[sources..], [8, 0, 0, 0, 0, 0, 0x40, 0x40, 0, 0, 0, 0]);
    let values = bytes[hand..sources].as_chunks::<4>().0.iter();
    let values: Vec<f32> = values.map(|value| f32::from_le_bytes(*value)).collect();
    assert_eq!(values.len(), 128);
    assert_eq!((&values[..3], values[2 + 63]), (&[1.0, 0.75, 5.0][..], 5.5));
}

#[test]
fn the_second_version_reads_back_as_it_was() {
    let whole = of_landmarkers();
    let without_face = FrameKeypoints {
        face: None,
        blendshapes: Some(None),
        hands: Some(Vec::new()),
        hand_sources: Some(HandSources::default()),
        ..whole.clone()
    };
    let as_before = keypoints(KNOWN_PARTS);
    for keypoints in [whole, without_face, as_before] {
        let result = decode(&second(&keypoints), Parts::ALL).unwrap();
        assert!(result.keypoints == keypoints && result.frame_id == 9);
    }
}

#[test]
fn the_first_version_holds_of_the_landmarkers_what_it_has_a_bit_for() {
    let keypoints = of_landmarkers();
    let bytes = encode(&keypoints, None, HandWorld::Included, Version::One).unwrap();
    let read = decode(&bytes, Parts::ALL).unwrap().keypoints;
    assert_eq!((read.hands, read.blendshapes), (None, None));
    assert_eq!(read.hand_sources, None);
    assert!(read.left_hand == keypoints.left_hand && read.pose == keypoints.pose);
    let (read, face) = (read.face.unwrap(), keypoints.face.unwrap());
    assert_eq!(read[..], face[..468]);
}

/// A message of version 2 with these bits and these bytes behind them.
fn of_blocks(parts: u16, blocks: &[u8]) -> Vec<u8> {
    let mut bytes = second(&keypoints(0));
    bytes[32..34].copy_from_slice(&parts.to_le_bytes());
    bytes.extend(blocks);
    bytes
}

#[test]
fn a_block_of_a_later_version_is_passed_over() {
    let bytes = of_blocks(1 << 15, &[3, 0, 0, 0, 7, 7, 7]);
    assert!(decode(&bytes, Parts::ALL).unwrap().keypoints == keypoints(0));
}

#[test]
fn a_source_of_a_later_version_is_left_out() {
    let numbers = [7.0_f32, 3.0].map(f32::to_le_bytes);
    let bytes = of_blocks(1 << 10, &[&[8, 0, 0, 0], numbers.as_flattened()].concat());
    let expected = HandSources {
        left_hand: None,
        right_hand: Some(HandSource::Palm),
    };
    let read = decode(&bytes, Parts::ALL).unwrap().keypoints;
    assert_eq!(read.hand_sources, Some(expected));
}

#[test]
fn a_length_that_is_not_its_blocks_is_refused() {
    let wrong = |parts, blocks: &[u8]| decode(&of_blocks(parts, blocks), Parts::ALL).unwrap_err();
    let block = |length: u32| [&length.to_le_bytes()[..], &vec![0; length as usize]].concat();
    // Beyond the end, as far as a length can say.
    for length in [1, 252, u32::MAX] {
        for bit in [0, 9, 15] {
            let error = wrong(1 << bit, &length.to_le_bytes());
            assert!(
                matches!(error, NotABinaryResult::WrongLength { .. }),
                "{error}"
            );
        }
    }
    assert!(matches!(
        wrong(0b1, &[1, 0]),
        NotABinaryResult::WrongLength { .. }
    ));
    assert!(matches!(
        wrong(0, &[0]),
        NotABinaryResult::WrongLength { .. }
    ));
    // Other than the part's, five hands and half a hand among them.
    for (bit, part, lengths) in [
        (0, "pose", [0, 527, 532]),
        (4, "face", [0, 478 * 12, 468 * 12 - 1]),
        (7, "face", [0, 468 * 12, 478 * 12 + 4]),
        (8, "blendshapes", [4, 207, 212]),
        (9, "hands", [1, 256, 5 * 512]),
        (10, "hand_sources", [0, 4, 12]),
    ] {
        for length in lengths {
            let bytes = length as usize;
            let error = wrong(1 << bit, &block(length));
            assert_eq!(error, NotABinaryResult::WrongBlock { part, bytes });
        }
    }
    // A hand of neither side.
    let mut hand = block(512);
    hand[4..8].copy_from_slice(&0.5_f32.to_le_bytes());
    let wrong_hand = NotABinaryResult::WrongBlock {
        part: "hands",
        bytes: 512,
    };
    assert_eq!(wrong(1 << 9, &hand), wrong_hand);
    assert!(decode(&of_blocks(1 << 9, &block(4 * 512)), Parts::ALL).is_ok());
}
