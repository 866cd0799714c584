use serde_json::{Value, json};

use super::*;
use crate::points::PointLists;
use crate::server_message::ServerMessage;
use live_keypoints_pipeline::format::jsonl::write_line;
use live_keypoints_pipeline::{FacePoints, FrameResult, Handedness, TrackedHand};

fn keypoints(parts: Parts) -> FrameKeypoints {
    FrameKeypoints {
        parts,
        pose: Some(Landmarks::from_fn(|n| [n as f32 / 3.0, 0.1, 1e-9, 1.0])),
        pose_world: Some(Landmarks::from_fn(|n| [n as f32 / 7.0, 0.1, 0.0, 1.0])),
        left_hand: Some(Landmarks::from_fn(|n| [0.1, n as f32, -1.0 / 3.0])),
        left_hand_world: Some(Landmarks::from_fn(|n| [n as f32 * 0.01, 0.0, 0.0])),
        face: Some(Landmarks::from_fn(|n| [n as f32 / 11.0, 0.3, 0.0]).into()),
        scores: Scores {
            left_hand: Some(0.9),
            ..Scores::default()
        },
        missing: MissingParts {
            right_hand: Some(MissingReason::OutOfView),
            ..MissingParts::default()
        },
        dropped: 3,
        timings: Timings {
            queue: 1,
            decode: 2,
            pose: 3,
            left_hand: 4,
            right_hand: 0,
            face: 5,
            palm: 0,
            total: 20,
        },
        ..FrameKeypoints::empty(7, 266_664, [640, 480])
    }
}

fn text(keypoints: &FrameKeypoints, frame_id: Option<u32>, contents: &Contents) -> String {
    let message = Keypoints::new(keypoints, frame_id, contents);
    ServerMessage::Keypoints(Box::new(message)).to_json()
}

#[test]
fn a_message_is_the_line_of_the_frame_between_its_type_and_what_only_a_stream_has() {
    for parts in [
        Parts::ALL,
        Parts {
            pose: false,
            hands: true,
            face: false,
        },
    ] {
        let keypoints = keypoints(parts);
        for hand_world in [HandWorld::Omitted, HandWorld::Included] {
            let mut line = Vec::new();
            let result = FrameResult::Keypoints(Box::new(keypoints.clone()));
            write_line(&mut line, &result, hand_world).unwrap();
            let line = String::from_utf8(line).unwrap();
            let fields = line.trim_end().trim_start_matches('{').strip_suffix('}');
            let contents = Contents {
                hand_world,
                ..Contents::default()
            };
            let expected = format!(
                "{{\"type\":\"keypoints\",{},\"frame_id\":4294967295,\"dropped\":3,\"timings_us\":{},\"missing\":{}}}",
                fields.unwrap(),
                r#"{"queue":1,"decode":2,"pose":3,"left_hand":4,"right_hand":0,"face":5,"total":20}"#,
                r#"{"right_hand":"out-of-view"}"#,
            );
            assert_eq!(text(&keypoints, Some(u32::MAX), &contents), expected);
        }
    }
}

#[test]
fn every_float_reads_back_to_the_same_bits() {
    let keypoints = keypoints(Parts::ALL);
    let text = text(&keypoints, None, &Contents::default());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["frame_id"], Value::Null);
    let pose: Landmarks<33, 4> = serde_json::from_value(value["pose"].clone()).unwrap();
    let face: FaceLandmarks = serde_json::from_value(value["face"].clone()).unwrap();
    assert_eq!((Some(pose), Some(face)), (keypoints.pose, keypoints.face));
    assert_eq!(value["right_hand"], Value::Null);
}

#[test]
fn selected_points_are_those_of_every_form_of_their_part() {
    let lists = PointLists {
        pose: Some(vec![15, 0]),
        hands: Some(vec![20]),
        face: Some(vec![]),
    };
    let contents = Contents {
        hand_world: HandWorld::Included,
        points: lists.try_into().unwrap(),
    };
    let text = text(&keypoints(Parts::ALL), None, &contents);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["pose"][0][0], json!(5.0));
    assert_eq!(value["pose"][1][0], json!(0.0));
    assert_eq!(value["pose"].as_array().unwrap().len(), 2);
    assert_eq!(value["pose_world"].as_array().unwrap().len(), 2);
    assert!(text.contains(r#""left_hand":[[0.1,20.0,-0.33333334]],"right_hand":null"#));
    assert!(text.contains(r#""left_hand_world":[[0.19999999,0.0,0.0]],"right_hand_world":null"#));
    assert_eq!(value["face"], json!([]));
}

#[test]
fn what_was_asked_for_comes_back_as_it_was() {
    let mut keypoints = keypoints(Parts::ALL);
    let contents = Contents {
        hand_world: HandWorld::Included,
        ..Contents::default()
    };
    let message = Keypoints::new(&keypoints, Some(1), &contents);
    assert!(message.into_frame(Parts::ALL).as_ref() == Ok(&keypoints));
    keypoints.parts.face = false;
    let message = Keypoints::new(&keypoints, Some(1), &contents);
    keypoints.face = None;
    assert!(message.into_frame(keypoints.parts).as_ref() == Ok(&keypoints));
    let lists = PointLists {
        pose: Some(vec![3]),
        ..PointLists::default()
    };
    let contents = Contents {
        points: lists.try_into().unwrap(),
        ..Contents::default()
    };
    let message = Keypoints::new(&keypoints, None, &contents);
    let error = message.into_frame(Parts::ALL).unwrap_err();
    assert_eq!((error.part, error.actual), ("pose", 1));
}

#[test]
fn a_later_relay_may_say_more_and_give_other_reasons() {
    let message = r#"{"index":1,"timestamp_us":-2,"width":3,"height":4,"pose":null,"left_foot":[[1]],"frame_id":5,
        "dropped":0,"missing":{"pose":"asleep","face":"no-pose","left_foot":"no-pose"},"scores":{"pose":null},
        "hand_sources":{"left_hand":"nose","right_hand":"palm","foot":"body"}}"#;
    let message: Keypoints = serde_json::from_str(message).unwrap();
    assert_eq!((&message.pose, &message.face), (&Some(None), &None));
    assert_eq!(
        (message.scores.pose, message.scores.face),
        (Some(None), None)
    );
    let sources = HandSources {
        left_hand: None,
        right_hand: Some(HandSource::Palm),
    };
    assert_eq!(message.hand_sources, Some(sources));
    assert_eq!(message.missing.pose, None);
    assert_eq!(message.missing.face, Some(MissingReason::NoPose));
    assert_eq!(message.timings_us, Timings::default());
}

#[test]
fn what_the_landmarkers_found_is_the_line_and_comes_back_as_it_was() {
    let mut keypoints = FrameKeypoints {
        hands: Some(vec![TrackedHand {
            handedness: Handedness::Right,
            score: 0.75,
            points: Landmarks::from_fn(|n| [n as f32, 0.5, 0.0]),
            world: Landmarks::from_fn(|n| [0.0, n as f32, 0.5]),
        }]),
        hand_sources: Some(HandSources {
            left_hand: Some(HandSource::Tracked),
            right_hand: None,
        }),
        face: Some(FaceLandmarks::from_fn(FacePoints::WithIrises478, |n| {
            [n as f32, 0.25, 0.0]
        })),
        blendshapes: Some(Some(Blendshapes::new([0.125; 52]))),
        ..keypoints(Parts::ALL)
    };
    let contents = Contents {
        hand_world: HandWorld::Included,
        ..Contents::default()
    };
    for _ in 0..2 {
        let message = text(&keypoints, None, &contents);
        let mut line = Vec::new();
        let result = FrameResult::Keypoints(Box::new(keypoints.clone()));
        write_line(&mut line, &result, HandWorld::Included).unwrap();
        let line = String::from_utf8(line).unwrap();
        let fields = line.trim_end().trim_start_matches('{').strip_suffix('}');
        assert!(message.contains(fields.unwrap()), "{message}");
        let Ok(Some(ServerMessage::Keypoints(read))) = ServerMessage::read(&message) else {
            panic!("{message}");
        };
        assert!(read.into_frame(Parts::ALL).as_ref() == Ok(&keypoints));
        // Asked for, and not there.
        keypoints.face = None;
        keypoints.blendshapes = Some(None);
        keypoints.hands = Some(Vec::new());
    }
}

#[test]
fn selected_points_of_hands_are_those_of_the_list_too() {
    let hand = TrackedHand {
        handedness: Handedness::Left,
        score: 0.5,
        points: Landmarks::from_fn(|n| [n as f32, 0.0, 0.0]),
        world: Landmarks::from_fn(|n| [0.0, n as f32, 0.0]),
    };
    let keypoints = FrameKeypoints {
        hands: Some(vec![hand]),
        ..keypoints(Parts::ALL)
    };
    let lists = PointLists {
        hands: Some(vec![8, 4]),
        ..PointLists::default()
    };
    let contents = Contents {
        points: lists.try_into().unwrap(),
        ..Contents::default()
    };
    let message = Keypoints::new(&keypoints, None, &contents);
    let json = serde_json::to_value(&message).unwrap();
    let hand = &json["hands"][0];
    assert_eq!(hand["points"], json!([[8.0, 0.0, 0.0], [4.0, 0.0, 0.0]]));
    assert_eq!(hand["world"], json!([[0.0, 8.0, 0.0], [0.0, 4.0, 0.0]]));
    let error = message.into_frame(Parts::ALL).unwrap_err();
    assert_eq!(error.actual, 2);
}

#[test]
fn a_score_that_is_no_number_is_refused() {
    let head = r#"{"index":1,"timestamp_us":2,"width":3,"height":4,"frame_id":5,"dropped":0"#;
    let read = |field: &str| serde_json::from_str::<Keypoints>(&format!("{head},{field}}}"));
    let scores = |first: &str| format!(r#""blendshapes":[{first}{}]"#, ",0".repeat(51));
    assert!(read(&scores("0.5")).is_ok());
    assert!(read(&scores("1e39")).is_err());
    assert!(read(r#""blendshapes":[0.5]"#).is_err());
    let hand = |score| {
        format!(r#""hands":[{{"handedness":"Left","score":{score},"points":[],"world":[]}}]"#)
    };
    assert!(read(&hand("0.5")).is_ok());
    assert!(read(&hand("1e39")).is_err());
}
