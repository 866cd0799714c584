//! Graphs, irises, expressions and lists of hands: what `configure` asks for comes, and what there is no model for does not.

use std::path::Path;
use std::sync::Arc;

use live_keypoints_pipeline::inference::ModelKind;
use live_keypoints_pipeline::{FrameKeypoints, HandSource, HandSources, Parts, Quality};
use live_keypoints_protocol::{ServerMessage, binary_result};
use live_keypoints_relay::model_loading::{ModelSource, load_all};
use live_keypoints_relay::serve::ServeConfig;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Server, clip_frame, config, framed};

async fn configure(client: &mut Client, fields: &str) -> Value {
    client
        .send_text(&format!(r#"{{"type":"configure",{fields}}}"#))
        .await;
    client.json().await
}

async fn configured(client: &mut Client, fields: &str) {
    let answer = configure(client, fields).await;
    assert_eq!(answer["type"], "configured", "{answer}");
}

async fn frame(client: &mut Client, number: usize) -> Value {
    let time_us = (number as i64 + 1) * 33_333;
    let message = framed(7, time_us, 0, &clip_frame(number));
    client.send_frame(message).await;
    client.json().await
}

fn length(part: &Value) -> usize {
    part.as_array().unwrap().len()
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_has_irises_and_neither_expressions_nor_a_list_of_hands() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let keypoints = frame(&mut client, 0).await;
    assert_eq!(length(&keypoints["face"]), 478);
    for field in ["hands", "hand_sources", "blendshapes"] {
        assert_eq!(keypoints.get(field), None);
    }
}

#[tokio::test]
async fn the_graph_changes_in_mid_stream_and_back() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let holistic = frame(&mut client, 0).await;
    configured(&mut client, r#""graph":"landmarkers","blendshapes":true"#).await;
    for number in 1..4 {
        let keypoints = frame(&mut client, number).await;
        assert_eq!(length(&keypoints["pose"]), 33);
        assert_eq!(length(&keypoints["face"]), 478);
        let scores = keypoints["blendshapes"].as_array().unwrap();
        let scores: Vec<f64> = scores.iter().map(|s| s.as_f64().unwrap()).collect();
        assert_eq!(scores.len(), 52);
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
        let hands = keypoints["hands"].as_array().unwrap();
        assert_eq!(hands.len(), 1, "frame {number}");
        assert_eq!(hands[0]["handedness"], "Left");
        assert_eq!(hands[0]["points"], keypoints["left_hand"]);
        assert_eq!(length(&hands[0]["world"]), 21);
        // The palm detector rests once the hand and another one are tracked, and looks for the other until then.
        assert!(keypoints["timings_us"]["palm"].as_u64().unwrap() > 0);
    }
    configured(&mut client, r#""graph":"holistic","blendshapes":false"#).await;
    // A new graph starts from scratch: the same frame gives the same.
    let again = frame(&mut client, 0).await;
    for part in ["pose", "left_hand", "face", "scores"] {
        assert_eq!(again[part], holistic[part], "{part}");
    }
    assert_eq!(again.get("hands"), None);
}

#[tokio::test]
async fn holistic_gives_irises_and_expressions() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    configured(
        &mut client,
        r#""face":478,"blendshapes":true,"points":{"face":[468,473]}"#,
    )
    .await;
    let keypoints = frame(&mut client, 0).await;
    let [right, left] = [0, 1].map(|iris| keypoints["face"][iris][0].as_f64().unwrap());
    // The subject's right eye is on the left of the picture.
    assert!(0.0 < right && right < left && left < 1.0, "{right} {left}");
    assert_eq!(length(&keypoints["blendshapes"]), 52);
    assert_eq!(keypoints.get("hands"), None);
    // Without these points the selection asks for what there is not.
    let error = configure(&mut client, r#""face":468,"blendshapes":false"#).await;
    assert_eq!(error["code"], "invalid-option");
    assert!(error["message"].as_str().unwrap().contains("0 to 467"));
}

#[tokio::test]
async fn hands_alone_run_no_pose_and_no_face() {
    let server = Server::start(config()).await;
    for graph in ["landmarkers", "holistic"] {
        let mut client = server.welcomed().await;
        let fields = format!(r#""graph":"{graph}","parts":["hands"],"num_hands":1"#);
        configured(&mut client, &fields).await;
        for (number, runs_palm) in [(0, true), (1, false)] {
            let keypoints = frame(&mut client, number).await;
            assert_eq!(length(&keypoints["hands"]), 1);
            for field in ["pose", "face"] {
                assert_eq!(keypoints.get(field), None);
            }
            let timings = &keypoints["timings_us"];
            assert_eq!((&timings["pose"], &timings["face"]), (&json!(0), &json!(0)));
            assert_eq!(timings.get("palm").is_some(), runs_palm, "frame {number}");
        }
    }
}

#[tokio::test]
async fn parts_that_lose_the_pose_or_gain_it_start_from_scratch() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let near_pose = frame(&mut client, 0).await;
    configured(&mut client, r#""parts":["hands","face"]"#).await;
    let alone = frame(&mut client, 1).await;
    assert_eq!(alone["hands"][0]["points"], alone["left_hand"]);
    assert_eq!(alone["missing"], json!({"right_hand": "out-of-view"}));
    // To hands and face the other graph is the same: what is tracked stays so.
    configured(&mut client, r#""graph":"landmarkers","num_hands":1"#).await;
    let tracked = frame(&mut client, 2).await;
    assert_eq!(tracked["timings_us"].get("palm"), None);
    configured(
        &mut client,
        r#""graph":"holistic","num_hands":2,"parts":["pose","hands","face"]"#,
    )
    .await;
    let again = frame(&mut client, 0).await;
    for part in ["pose", "left_hand", "face", "scores"] {
        assert_eq!(again[part], near_pose[part], "{part}");
    }
    assert_eq!(again.get("hands"), None);
}

/// The result of a still in each form.
async fn still(client: &mut Client, fields: &str, version: Option<u8>) -> FrameKeypoints {
    configured(client, fields).await;
    client.send_frame(framed(7, 5, 1, &clip_frame(0))).await;
    match client.message().await {
        Message::Binary(bytes) => {
            assert_eq!(Some(bytes[2]), version);
            let result = binary_result::decode(&bytes, Parts::ALL).unwrap();
            result.keypoints
        }
        Message::Text(text) => match ServerMessage::read(&text).unwrap().unwrap() {
            ServerMessage::Keypoints(keypoints) => {
                assert_eq!(version, None);
                keypoints.into_frame(Parts::ALL).unwrap()
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn binary_results_of_version_two_hold_the_same_numbers() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let json = still(
        &mut client,
        r#""graph":"landmarkers","blendshapes":true,"num_hands":4,"hand_world":true"#,
        None,
    )
    .await;
    assert!(json.hands.as_ref().is_some_and(|hands| !hands.is_empty()));
    assert!(json.blendshapes.as_ref().is_some_and(Option::is_some));
    let version_two = r#""format":"binary","binary_version":2"#;
    let binary = still(&mut client, version_two, Some(2)).await;
    // What binary results do not say.
    let expected = FrameKeypoints {
        index: binary.index,
        scores: binary.scores,
        missing: binary.missing,
        timings: binary.timings,
        ..json
    };
    assert!(binary == expected);
}

/// Clients of the first relay read no other, and cannot say `face`.
#[tokio::test]
async fn version_one_gives_the_face_of_468_points_to_a_client_that_asks_for_none() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let mesh = still(&mut client, r#""face":468"#, None).await.face;
    let with_irises = still(&mut client, r#""face":478"#, None).await.face;
    let (mesh, with_irises) = (mesh.unwrap(), with_irises.unwrap());
    assert!(mesh[..] != with_irises[..468]);

    let mut client = server.welcomed().await;
    let version_one = r#""format":"binary""#;
    let face = still(&mut client, version_one, Some(1)).await.face;
    assert!(face.unwrap() == mesh);
    // Who knows of later versions, and who asks, has the other one.
    let face = still(&mut client, r#""binary_version":2"#, Some(2))
        .await
        .face;
    assert!(face.unwrap() == with_irises);
    let face = still(&mut client, r#""binary_version":1,"face":478"#, Some(1))
        .await
        .face;
    assert!(face.unwrap()[..] == with_irises[..468]);

    // The face that nobody asked for has no expressions, and no points beyond it.
    let mut client = server.welcomed().await;
    for (fields, named) in [
        (r#""blendshapes":true"#, "478"),
        (r#""points":{"face":[468]}"#, "0 to 467"),
    ] {
        let fields = format!("{version_one},{fields}");
        let error = configure(&mut client, &fields).await;
        assert_eq!(error["code"], "invalid-option");
        assert!(
            error["message"].as_str().unwrap().contains(named),
            "{error}"
        );
    }
}

#[tokio::test]
async fn sources_of_hands_come_in_either_form() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    let json = still(&mut client, r#""hands":"recover""#, None).await;
    let expected = HandSources {
        left_hand: Some(HandSource::Body),
        right_hand: None,
    };
    assert_eq!(json.hand_sources, Some(expected));
    let binary = still(
        &mut client,
        r#""format":"binary","binary_version":2"#,
        Some(2),
    )
    .await;
    assert_eq!(binary.hand_sources, Some(expected));
}

#[tokio::test]
async fn what_excludes_each_other_is_refused_and_changes_nothing() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for (fields, named) in [
        (r#""face":468,"blendshapes":true"#, ["blendshapes", "478"]),
        (
            r#""blendshapes":true,"parts":["pose"]"#,
            ["blendshapes", "face"],
        ),
        (r#""num_hands":3"#, ["num_hands", "holistic"]),
        (r#""graph":"landmarkers","num_hands":5"#, ["num_hands", "4"]),
        (
            r#""graph":"landmarkers","hands":"recover""#,
            ["hands", "graph"],
        ),
        (r#""parts":["pose"],"hands":"recover""#, ["hands", "parts"]),
        (
            r#""parts":["hands"],"hands":"recover""#,
            ["hands", "parts have pose"],
        ),
        (r#""hands":"both""#, ["both", "recover"]),
        (r#""graph":"tasks""#, ["tasks", "landmarkers"]),
        (r#""face":470"#, ["face", "470"]),
        (r#""binary_version":3"#, ["version", "3"]),
    ] {
        let error = configure(&mut client, fields).await;
        assert_eq!(error["code"], "invalid-option", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(named.iter().all(|name| message.contains(name)), "{message}");
    }
    let keypoints = frame(&mut client, 0).await;
    assert_eq!(length(&keypoints["face"]), 478);
    assert_eq!(keypoints.get("hands"), None);
}

/// A relay with the package's models in a folder but for these.
fn without(missing: &[ModelKind]) -> (tempfile::TempDir, ServeConfig) {
    let folder = tempfile::tempdir().unwrap();
    for kind in ModelKind::ALL {
        if !missing.contains(&kind) {
            let path = folder.path().join(format!("{}.onnx", kind.name()));
            std::fs::write(path, kind.embedded_bytes()).unwrap();
        }
    }
    let source = ModelSource::Folder(folder.path().to_owned());
    let models = load_all(&source, Quality::Full).unwrap();
    (folder, ServeConfig::new(Arc::new(models)))
}

async fn assert_refused(client: &mut Client, fields: &str, model: &str) {
    let error = configure(client, fields).await;
    assert_eq!(error["code"], "model-missing", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains(model),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_of_fewer_models_serves_what_it_has() {
    let (_folder, config) = without(&[
        ModelKind::FaceLandmark,
        ModelKind::FaceBlendshapes,
        ModelKind::PalmDetectionFull,
    ]);
    let server = Server::start(config).await;
    let mut client = server.connect().await;
    let welcome = client.json().await;
    assert_eq!(welcome["graphs"], json!(["holistic"]));
    assert_eq!(length(&welcome["models"]), 8);
    let landmarkers = r#""graph":"landmarkers""#;
    assert_refused(&mut client, landmarkers, "palm_detection_full").await;
    for hands in [r#""hands":"recover""#, r#""parts":["hands"]"#] {
        assert_refused(&mut client, hands, "palm_detection_full").await;
    }
    for mesh in [r#""face":468"#, r#""format":"binary""#] {
        assert_refused(&mut client, mesh, "model face_landmark").await;
    }
    assert_refused(&mut client, r#""blendshapes":true"#, "face_blendshapes").await;
    assert_eq!(length(&frame(&mut client, 0).await["face"]), 478);
    // What needs none of them runs.
    configured(&mut client, r#""graph":"landmarkers","parts":["pose"]"#).await;
    assert_eq!(length(&frame(&mut client, 1).await["pose"]), 33);
}

#[tokio::test]
async fn a_model_that_turns_out_to_be_of_no_use_costs_only_what_needs_it() {
    let (folder, config) = without(&[]);
    let palms: &Path = &folder.path().join("palm_detection_full.onnx");
    std::fs::write(palms, b"<!doctype html>").unwrap();
    let server = Server::start(config).await;
    let mut client = server.welcomed().await;
    let hands = r#""graph":"landmarkers","parts":["hands"]"#;
    configured(&mut client, hands).await;
    let error = frame(&mut client, 0).await;
    assert_eq!(error["code"], "model-missing", "{error}");
    // From then on it is known.
    assert_refused(&mut client, hands, "palm_detection_full").await;
    configured(&mut client, r#""parts":["face"],"face":468"#).await;
    assert_eq!(length(&frame(&mut client, 1).await["face"]), 468);
}
