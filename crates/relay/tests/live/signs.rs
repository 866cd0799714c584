//! Signs: who asks for them is told them, as the manifest says.

use live_keypoints_protocol::PROTOCOL;
use live_keypoints_relay::live::Replies;
use live_keypoints_relay::serve::ServeConfig;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Client, Server, assert_accounted, clip_frame, config, config_with_signs, framed,
    one_pixel_jpeg, presence, signs,
};

async fn configure(client: &mut Client, fields: &str) -> Value {
    client
        .send_text(&format!(r#"{{"type":"configure",{fields}}}"#))
        .await;
    client.json().await
}

async fn with_signs(server: &Server) -> Client {
    let mut client = server.welcomed().await;
    let answer = configure(&mut client, r#""signs":true"#).await;
    assert_eq!(answer, json!({"type": "configured", "next_index": 0}));
    client
}

/// The frame at 40 ms times its number.
fn frame(number: u32, jpeg: &[u8]) -> Vec<u8> {
    framed(number, 40_000 * i64::from(number), 0, jpeg)
}

/// Sends a frame and gives the messages up to its answer; those before it are of earlier frames.
async fn answer(client: &mut Client, number: u32, jpeg: &[u8]) -> (Vec<Value>, Value) {
    client.send_frame(frame(number, jpeg)).await;
    let mut before = Vec::new();
    loop {
        let message = client.json().await;
        if message["type"] == "keypoints" {
            return (before, message);
        }
        before.push(message);
    }
}

#[tokio::test]
async fn who_does_not_ask_for_signs_is_told_none() {
    let server = Server::start(config_with_signs()).await;
    let mut client = server.connect().await;
    let welcome = client.json().await;
    assert_eq!(welcome["signs"], json!({"labels": 2}));
    for number in 0..3 {
        client.send_frame(frame(number, &clip_frame(0))).await;
        assert_eq!(client.json().await["type"], "keypoints");
    }
    let (rest, _) = client.bye().await;
    assert_eq!(rest, [] as [Value; 0]);
    assert_eq!(
        server
            .metric("live_keypoints_sign_run_duration_seconds_count")
            .await,
        0.0
    );
}

#[tokio::test]
async fn a_sign_is_told_after_the_frame_that_shows_it_and_not_again_before_another() {
    let server = Server::start(config_with_signs()).await;
    let mut client = with_signs(&server).await;
    let (_, keypoints) = answer(&mut client, 0, &clip_frame(0)).await;
    // What the manifest needs, and no more.
    assert!(keypoints["left_hand"].is_array());
    assert_eq!(keypoints.get("face"), None);
    let sign = client.json().await;
    let confidence = sign["confidence"].as_f64().unwrap();
    assert!(confidence > 0.99);
    assert_eq!(
        (&sign["type"], &sign["label"]),
        (&json!("sign"), &json!({"gloss": "hand"}))
    );
    assert_eq!((&sign["start_us"], &sign["end_us"]), (&json!(0), &json!(0)));
    assert_eq!(
        sign["top"][0],
        json!({"label": {"gloss": "hand"}, "confidence": confidence})
    );
    assert_eq!(sign["top"][1]["label"], "nobody");
    for number in 1..3 {
        assert_eq!(
            answer(&mut client, number, &clip_frame(1)).await.0,
            [] as [Value; 0]
        );
    }
    for number in 3..6 {
        assert_eq!(
            answer(&mut client, number, &one_pixel_jpeg()).await.0,
            [] as [Value; 0]
        );
    }
    // Its last frames are classified before the session ends.
    let (rest, stats) = client.bye().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["label"], "nobody");
    assert_eq!(
        (&rest[0]["start_us"], &rest[0]["end_us"]),
        (&json!(120_000), &json!(200_000))
    );
    assert_eq!(
        (&stats["received"], &stats["keypoints"]),
        (&json!(6), &json!(6))
    );
    assert_eq!(
        server.metric("live_keypoints_signs_recognised_total").await,
        2.0
    );
    let runs = server
        .metric("live_keypoints_sign_run_duration_seconds_count")
        .await;
    assert!((2.0..=6.0).contains(&runs), "{runs}");
}

#[tokio::test]
async fn a_scene_that_rests_is_told_once() {
    let server = Server::start(config_with_signs()).await;
    let mut client = with_signs(&server).await;
    let mut told = Vec::new();
    for number in 0..16 {
        let (before, keypoints) = answer(&mut client, number, &clip_frame(0)).await;
        told.extend(before);
        assert_eq!(
            keypoints.get("still").is_some(),
            number >= 7,
            "frame {number}"
        );
    }
    let (rest, _) = client.bye().await;
    told.extend(rest);
    let types: Vec<&Value> = told.iter().map(|message| &message["type"]).collect();
    assert_eq!(types, ["sign", "idle"]);
    assert_eq!(told[1], json!({"type": "idle"}));
    assert_eq!(server.metric("live_keypoints_signs_idle_total").await, 1.0);
}

#[tokio::test]
async fn stills_are_no_part_of_it_and_a_reset_starts_anew() {
    let server = Server::start(config_with_signs()).await;
    let mut client = with_signs(&server).await;
    client.send_frame(framed(9, 0, 1, &clip_frame(0))).await;
    assert_eq!(client.json().await["frame_id"], 9);
    assert_eq!(
        answer(&mut client, 0, &clip_frame(0)).await.0,
        [] as [Value; 0]
    );
    assert_eq!(client.json().await["type"], "sign");
    client.send_text(r#"{"type":"reset"}"#).await;
    assert_eq!(
        client.json().await,
        json!({"type": "reset", "next_index": 2})
    );
    answer(&mut client, 1, &clip_frame(0)).await;
    assert_eq!(client.json().await["type"], "sign");
    assert_eq!(
        configure(&mut client, r#""signs":false"#).await["type"],
        "configured"
    );
    let (before, keypoints) = answer(&mut client, 2, &clip_frame(0)).await;
    assert_eq!(before, [] as [Value; 0]);
    // Graph, parts and face are what they were before.
    assert_eq!(keypoints["face"].as_array().unwrap().len(), 478);
    let (rest, _) = client.bye().await;
    assert_eq!(rest, [] as [Value; 0]);
}

#[tokio::test]
async fn what_contradicts_the_signs_is_named_with_them_and_changes_nothing() {
    let mut manifest = presence();
    manifest["parts"] = json!(["pose", "hands", "face"]);
    manifest["face"] = json!(478);
    let signs = Some(signs(&manifest));
    let server = Server::start(ServeConfig { signs, ..config() }).await;
    let mut client = server.welcomed().await;
    for (fields, named) in [
        (
            r#""graph":"landmarkers""#,
            r#"needs graph to be "holistic", not "landmarkers""#,
        ),
        (r#""face":468"#, "needs face to be 478, not 468"),
        (r#""parts":["pose","face"]"#, r#"needs "hands" among parts"#),
        (r#""mirrored":true"#, "needs mirrored to be false, not true"),
    ] {
        let error = configure(&mut client, &format!(r#""signs":true,{fields}"#)).await;
        assert_eq!(error["code"], "invalid-option", "{fields}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("signs") && message.contains(named),
            "{message}"
        );
    }
    // The same one after the other.
    assert_eq!(
        configure(&mut client, r#""face":468"#).await["type"],
        "configured"
    );
    let error = configure(&mut client, r#""signs":true"#).await;
    assert_eq!(error["code"], "invalid-option");
    let both = configure(&mut client, r#""signs":true,"face":478,"format":"binary""#).await;
    assert_eq!(both["type"], "configured");
}

#[tokio::test]
async fn a_relay_without_signs_refuses_them() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    assert_eq!(client.json().await.get("signs"), None);
    let error = configure(&mut client, r#""signs":true"#).await;
    assert_eq!(error["code"], "invalid-option");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("signs must be false")
    );
    assert_eq!(
        configure(&mut client, r#""signs":false"#).await["type"],
        "configured"
    );
}

#[tokio::test]
async fn every_frame_is_accounted_for_whatever_signs_come_between() {
    let server = Server::start(config_with_signs()).await;
    let mut client = with_signs(&server).await;
    for number in 0..20 {
        let jpeg = if number % 5 == 4 {
            one_pixel_jpeg()
        } else {
            clip_frame(number as usize)
        };
        client.send_frame(frame(number, &jpeg)).await;
    }
    let (answers, stats) = client.bye().await;
    assert_accounted(20, &answers, &stats);
    let signs = answers.iter().filter(|answer| answer["type"] == "sign");
    assert!(signs.count() >= 1);
}

async fn text(client: &mut Client) -> String {
    match client.message().await {
        Message::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_originals_clients_are_told_signs_and_idleness_and_nothing_else() {
    let server = Server::start(ServeConfig {
        replies: Replies::Original,
        ..config_with_signs()
    })
    .await;
    let mut client = server.connect().await;
    client.send_text("whatever this is").await;
    client.send_frame(b"no JPEG".to_vec()).await;
    client.send_frame(clip_frame(0)).await;
    let sign: Value = serde_json::from_str(&text(&mut client).await).unwrap();
    assert_eq!(sign["detected_sign"], json!({"gloss": "hand"}));
    assert!(sign["confidence"].as_f64().unwrap() > 0.99);
    assert_eq!(sign.as_object().unwrap().len(), 2);
    for number in 0..14 {
        let message = [&[number % 2][..], &clip_frame(0)].concat();
        client.send_frame(message).await;
        server
            .wait_for_metric(
                "live_keypoints_frames_decoded_total",
                f64::from(number) + 2.0,
            )
            .await;
    }
    assert_eq!(text(&mut client).await, r#"{"status":"idle"}"#);
    client.0.close(None).await.unwrap();
    // Who asks for this protocol gets it.
    let mut request = server.request();
    let offer = PROTOCOL.parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offer);
    let (mut other, _) = Client::connect(request).await;
    assert_eq!(other.json().await["type"], "welcome");
    assert_eq!(
        server.metric("live_keypoints_results_sent_total").await,
        0.0
    );
}

#[tokio::test]
async fn the_originals_sessions_end_without_stats() {
    let mut server = Server::start(ServeConfig {
        replies: Replies::Original,
        ..config_with_signs()
    })
    .await;
    let mut client = server.connect().await;
    server.begin_end();
    let (rest, code) = client.rest().await;
    assert_eq!((rest.as_slice(), code), (&[] as &[Value], 1001));
    server.ended().await;
}
