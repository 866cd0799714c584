//! What is written is read as it was, and whatever is read ends without a panic.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::signs::{Candidate, Sign};
use live_keypoints_pipeline::{
    Blendshapes, FaceLandmarks, FacePoints, FailedFrame, FrameError, FrameKeypoints, Graph,
    HandSource, HandSources, Handedness, Hands, Landmarks, MAX_HANDS, MissingParts, MissingReason,
    Parts, Quality, Scores, Timings, TrackedHand,
};
use live_keypoints_protocol::binary_result::Version;
use live_keypoints_protocol::{
    ClientMessage, Configure, Contents, ERROR_CODES, Format, FrameHeader, FrameMessage, Keypoints,
    Label, PROTOCOL, PointLists, ServerMessage, Stats, Welcome, WelcomeLimits, WelcomeSigns,
    binary_result,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn parts() -> impl Strategy<Value = Parts> {
    any::<[bool; 3]>().prop_map(|[pose, hands, face]| Parts { pose, hands, face })
}

fn quality() -> impl Strategy<Value = Quality> {
    select(&[Quality::Full, Quality::Lite][..])
}

fn graph() -> impl Strategy<Value = Graph> {
    select(&[Graph::Holistic, Graph::Landmarkers][..])
}

fn version() -> impl Strategy<Value = Version> {
    select(&[Version::One, Version::Two][..])
}

fn indices(count: u64) -> impl Strategy<Value = Option<Vec<u64>>> {
    let all: Vec<u64> = (0..count).collect();
    of(subsequence(all, 0..10).prop_shuffle())
}

fn point_lists() -> impl Strategy<Value = PointLists> {
    (indices(33), indices(21), indices(478)).prop_map(|(pose, hands, face)| PointLists {
        pose,
        hands,
        face,
    })
}

prop_compose! {
    fn configure()(
        (graph, parts, quality) in (of(graph()), of(parts()), of(quality())),
        face in of(select(&FacePoints::ALL[..])),
        (blendshapes, num_hands) in (any::<Option<bool>>(), of(0..9_usize)),
        hands in of(select(&[Hands::Body, Hands::Recover][..])),
        binary_version in of(version()),
        format in of(select(&[Format::Json, Format::Binary][..])),
        [smoothing, hand_smoothing, face_smoothing, mirrored, skip_still, signs, hand_world]
            in any::<[Option<bool>; 7]>(),
        buffer_size in of(0..2000_usize),
        points in of(point_lists()),
    ) -> Configure {
        let points = points.map(|lists| lists.try_into().unwrap());
        Configure {
            graph, parts, quality, face, blendshapes, num_hands, hands, format, binary_version, smoothing, hand_smoothing, face_smoothing, mirrored,
            skip_still, signs, buffer_size, hand_world, points,
        }
    }
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        Just(ClientMessage::Reset),
        Just(ClientMessage::Bye),
        configure().prop_map(ClientMessage::from),
    ]
}

prop_compose! {
    fn welcome()(
        (server, models) in (".*", prop::collection::vec(".*", 0..3)),
        (quality, graphs) in (quality(), prop::collection::vec(graph(), 0..3)),
        [max_message_bytes, max_text_bytes, max_pixels, max_buffer_size, max_consecutive_bad,
            idle_timeout_secs, max_session_secs] in any::<[Option<u64>; 7]>(),
        (max_fps, signs) in any::<(Option<u32>, Option<u64>)>(),
    ) -> ServerMessage {
        ServerMessage::Welcome(Box::new(Welcome {
            protocol: PROTOCOL.to_owned(),
            server,
            limits: WelcomeLimits {
                max_message_bytes, max_text_bytes, max_pixels, max_fps, max_buffer_size,
                max_consecutive_bad, idle_timeout_secs, max_session_secs,
            },
            models,
            graphs,
            quality: Some(quality),
            signs: signs.map(|labels| WelcomeSigns { labels }),
        }))
    }
}

/// Any finite number, of any size.
fn number() -> impl Strategy<Value = f32> {
    any::<u32>()
        .prop_map(f32::from_bits)
        .prop_filter("finite", |value| value.is_finite())
}

fn landmarks<const N: usize, const D: usize>() -> impl Strategy<Value = Option<Landmarks<N, D>>> {
    // Some bits of every number differ from its neighbours'.
    of(prop::collection::vec(number(), 8)).prop_map(|values| {
        let values = values?;
        Some(Landmarks::from_fn(|n| {
            std::array::from_fn(|d| values[(n * D + d) % 8])
        }))
    })
}

fn face(points: FacePoints) -> impl Strategy<Value = Option<FaceLandmarks>> {
    of(prop::collection::vec(number(), 8)).prop_map(move |values| {
        let values = values?;
        Some(FaceLandmarks::from_fn(points, |n| {
            std::array::from_fn(|d| values[(n * 3 + d) % 8])
        }))
    })
}

fn blendshapes() -> impl Strategy<Value = Blendshapes> {
    prop::collection::vec(number(), 52).prop_map(|scores| scores.try_into().unwrap())
}

fn tracked_hand() -> impl Strategy<Value = TrackedHand> {
    let sides = select(&[Handedness::Left, Handedness::Right][..]);
    let values = prop::collection::vec(number(), 8);
    (sides, number(), values).prop_map(|(handedness, score, values)| {
        let point = |n: usize| [values[n % 8], values[(n + 3) % 8], 0.5];
        TrackedHand {
            handedness,
            score,
            points: Landmarks::from_fn(point),
            world: Landmarks::from_fn(|n| point(n + 1)),
        }
    })
}

fn reason() -> impl Strategy<Value = Option<MissingReason>> {
    of(select(&MissingReason::ALL[..]))
}

prop_compose! {
    fn hand_sources()(
        [left_hand, right_hand] in prop::array::uniform2(of(select(&HandSource::ALL[..]))),
    ) -> HandSources {
        HandSources { left_hand, right_hand }
    }
}

prop_compose! {
    fn missing()(
        (pose, left_hand, right_hand, face) in (reason(), reason(), reason(), reason()),
    ) -> MissingParts {
        MissingParts { pose, left_hand, right_hand, face }
    }
}

prop_compose! {
    fn frame_keypoints()(
        (index, timestamp_us, width, height) in any::<(u64, i64, u32, u32)>(),
        parts in parts(),
        (pose, pose_world) in (landmarks(), landmarks()),
        (left_hand, right_hand) in (landmarks(), landmarks()),
        (left_hand_world, right_hand_world) in (landmarks(), landmarks()),
        hand_sources in of(hand_sources()),
        hands in of(prop::collection::vec(tracked_hand(), 0..=MAX_HANDS)),
        face in prop_oneof![face(FacePoints::Mesh468), face(FacePoints::WithIrises478)],
        blendshapes in of(of(blendshapes())),
        [s0, s1, s2, s3] in prop::array::uniform4(of(number())),
        missing in missing(),
        (still, dropped) in any::<(bool, u64)>(),
        [queue, decode, t2, t3, t4, t5, palm, total] in any::<[u64; 8]>(),
    ) -> FrameKeypoints {
        FrameKeypoints {
            index, timestamp_us, width, height, parts, pose, pose_world, left_hand, right_hand,
            left_hand_world, right_hand_world,
            hand_sources, hands, face, blendshapes,
            scores: Scores { pose: s0, left_hand: s1, right_hand: s2, face: s3 },
            missing,
            still,
            dropped,
            timings: Timings {
                queue, decode, pose: t2, left_hand: t3, right_hand: t4, face: t5, palm, total,
            },
        }
    }
}

fn hand_world() -> impl Strategy<Value = HandWorld> {
    any::<bool>().prop_map(HandWorld::from)
}

fn keypoints() -> impl Strategy<Value = Keypoints> {
    (
        frame_keypoints(),
        any::<Option<u32>>(),
        hand_world(),
        point_lists(),
    )
        .prop_map(|(keypoints, frame_id, hand_world, lists)| {
            let points = lists.try_into().unwrap();
            Keypoints::new(&keypoints, frame_id, &Contents { hand_world, points })
        })
}

prop_compose! {
    fn error()(
        (code, _) in select(&ERROR_CODES[..]),
        message in ".*",
        (index, frame_id, dropped) in any::<(u64, Option<u32>, u64)>(),
        is_of_frame in any::<bool>(),
    ) -> ServerMessage {
        let error = FrameError::new(code, message);
        if !is_of_frame {
            return ServerMessage::of_error(error);
        }
        let failed = FailedFrame { index, timestamp_us: 0, error, dropped };
        ServerMessage::of_failed(failed, frame_id)
    }
}

fn label() -> impl Strategy<Value = Label> {
    let json = prop_oneof![
        ".*".prop_map(serde_json::Value::from),
        (".*", any::<i64>()).prop_map(|(gloss, number)| serde_json::json!({ gloss: number })),
    ];
    json.prop_map(|label| Label::from(&label))
}

prop_compose! {
    fn sign()(
        (label, confidence) in (label(), number()),
        (start_us, end_us) in any::<(i64, i64)>(),
        top in prop::collection::vec((label(), number()), 0..=5),
    ) -> ServerMessage {
        let candidate = |(label, confidence)| Candidate { label, confidence };
        let top = top.into_iter().map(candidate).collect();
        ServerMessage::Sign(Box::new(Sign { label, confidence, start_us, end_us, top }))
    }
}

fn stats() -> impl Strategy<Value = Stats> {
    any::<[u64; 5]>().prop_map(|[received, keypoints, errors, dropped, left_over]| Stats {
        received,
        keypoints,
        errors,
        dropped,
        left_over,
    })
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        welcome(),
        any::<u64>().prop_map(|next_index| ServerMessage::Configured { next_index }),
        any::<u64>().prop_map(|next_index| ServerMessage::Reset { next_index }),
        keypoints().prop_map(|keypoints| ServerMessage::Keypoints(Box::new(keypoints))),
        sign(),
        Just(ServerMessage::Idle),
        error(),
        stats().prop_map(ServerMessage::Stats),
    ]
}

proptest! {
    #[test]
    fn a_message_of_a_client_is_read_as_it_was_written(message in client_message()) {
        prop_assert_eq!(ClientMessage::read(&message.to_json()), Ok(message));
    }

    #[test]
    fn a_message_of_a_relay_is_read_as_it_was_written(message in server_message()) {
        let text = message.to_json();
        prop_assert_eq!(ServerMessage::read(&text), Ok(Some(message)));
        // One of a later version says more.
        let more = text.replacen('{', r#"{"hint":{"a":[1,null]},"#, 1);
        prop_assert_eq!(ServerMessage::read(&more), ServerMessage::read(&text));
        // None is read that is cut.
        let cut = text.floor_char_boundary(text.len() / 2);
        prop_assert!(ServerMessage::read(&text[..cut]).is_err());
    }

    #[test]
    fn a_header_is_read_as_it_was_written(
        (frame_id, timestamp_us, is_stateless) in any::<(u32, i64, bool)>(),
    ) {
        let header = FrameHeader { frame_id, timestamp_us, is_stateless };
        let jpeg = [0xFF, 0xD8, 7];
        let message = header.message(&jpeg);
        prop_assert_eq!(FrameMessage::read(&message), FrameMessage::Jpeg(Some(header), &jpeg));
    }

    #[test]
    fn a_binary_result_is_read_as_it_was_written(
        mut keypoints in frame_keypoints(),
        frame_id in any::<u32>(),
        hand_world in hand_world(),
        version in version(),
    ) {
        // What the format holds.
        (keypoints.width, keypoints.height) = (keypoints.width & 0xFFFF, keypoints.height & 0xFFFF);
        keypoints.dropped &= 0xFFFF_FFFF;
        let bytes = binary_result::encode(&keypoints, Some(frame_id), hand_world, version).unwrap();
        if hand_world == HandWorld::Omitted {
            (keypoints.left_hand_world, keypoints.right_hand_world) = (None, None);
        }
        if version == Version::One {
            (keypoints.hands, keypoints.blendshapes) = (None, None);
            keypoints.hand_sources = None;
            keypoints.still = false;
            let mesh = |face: FaceLandmarks| FaceLandmarks::from_flat(face.mesh().as_flattened());
            keypoints.face = keypoints.face.and_then(mesh);
        }
        keypoints.scores = Scores::default();
        keypoints.missing = MissingParts::default();
        keypoints.timings = Timings::default();
        let result = binary_result::decode(&bytes, keypoints.parts).unwrap();
        prop_assert!(result.keypoints == keypoints && result.frame_id == frame_id);
    }

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for version in [1, 2] {
            let framed = [&b"LK"[..], &[version], &bytes].concat();
            let _ = FrameMessage::read(&framed);
            let _ = binary_result::decode(&framed, Parts::ALL);
        }
        let text = String::from_utf8_lossy(&bytes);
        let _ = ClientMessage::read(&text);
        let _ = ServerMessage::read(&text);
    }

    #[test]
    fn a_spoiled_binary_result_is_read_or_refused(
        keypoints in frame_keypoints(),
        version in version(),
        (at, byte) in any::<(prop::sample::Index, u8)>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let small = FrameKeypoints { width: 1, height: 1, ..keypoints };
        let mut bytes =
            binary_result::encode(&small, None, HandWorld::Included, version).unwrap();
        // Half of the time within the head and the first lengths.
        let range = if byte % 2 == 0 { bytes.len().min(48) } else { bytes.len() };
        let at = at.index(range);
        bytes[at] = byte;
        let _ = binary_result::decode(&bytes, Parts::ALL);
        let cut = cut.index(bytes.len());
        prop_assert!(binary_result::decode(&bytes[..cut], Parts::ALL).is_err());
    }

    #[test]
    fn a_spoiled_message_is_read_or_refused(
        message in server_message(),
        at in any::<prop::sample::Index>(),
        byte in 0x20..0x7F_u8,
    ) {
        let mut bytes = message.to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(Some(read)) = ServerMessage::read(&String::from_utf8_lossy(&bytes)) {
            prop_assert_eq!(ServerMessage::read(&read.to_json()), Ok(Some(read)));
        }
    }
}
