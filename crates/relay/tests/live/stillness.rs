//! Frames without motion, where `configure` asks for them to be skipped.

use live_keypoints_pipeline::Parts;
use live_keypoints_protocol::binary_result;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Server, clip_frame, config, framed};

/// Frames without motion up to the last that is computed.
const COMPUTED: u32 = 7;

async fn configured(client: &mut Client, fields: &str) {
    client
        .send_text(&format!(r#"{{"type":"configure",{fields}}}"#))
        .await;
    assert_eq!(client.json().await["type"], "configured");
}

/// The same picture as frame `number`.
async fn send(client: &mut Client, number: u32, flags: u8) {
    let time_us = i64::from(number + 1) * 33_333;
    let message = framed(number, time_us, flags, &clip_frame(0));
    client.send_frame(message).await;
}

async fn answer(client: &mut Client, number: u32, flags: u8) -> Value {
    send(client, number, flags).await;
    client.json().await
}

#[tokio::test]
async fn a_still_scene_is_computed_until_it_has_settled_then_repeated_and_counted() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    configured(&mut client, r#""skip_still":true,"parts":["pose","hands"]"#).await;
    let mut computed = Value::Null;
    for number in 0..COMPUTED {
        computed = answer(&mut client, number, 0).await;
        assert_eq!(computed.get("still"), None, "frame {number}");
    }
    for number in COMPUTED..COMPUTED + 3 {
        let mut still = answer(&mut client, number, 0).await;
        let timings = still["timings_us"].take();
        assert_eq!(
            (&timings["pose"], &timings["left_hand"]),
            (&json!(0), &json!(0))
        );
        assert!(timings["decode"].as_u64().unwrap() > 0);
        let mut expected = computed.clone();
        expected["index"] = number.into();
        expected["frame_id"] = number.into();
        expected["timestamp_us"] = ((i64::from(number) + 1) * 33_333).into();
        expected["still"] = true.into();
        expected["timings_us"] = Value::Null;
        assert_eq!(still, expected);
    }
    // One that is stateless is computed.
    let stateless = answer(&mut client, 50, 1).await;
    assert_eq!(stateless.get("still"), None);
    assert!(stateless["timings_us"]["pose"].as_u64().unwrap() > 0);
    configured(&mut client, r#""skip_still":false"#).await;
    assert_eq!(answer(&mut client, 60, 0).await.get("still"), None);
    let metric = "live_keypoints_frames_still_total";
    server.wait_for_metric(metric, 3.0).await;
}

#[tokio::test]
async fn binary_results_say_so_from_version_2_on() {
    let server = Server::start(config()).await;
    for version in [1, 2] {
        let mut client = server.welcomed().await;
        let fields = format!(
            r#""skip_still":true,"parts":["pose"],"format":"binary","binary_version":{version}"#
        );
        configured(&mut client, &fields).await;
        for number in 0..COMPUTED + 2 {
            send(&mut client, number, 0).await;
            let Message::Binary(bytes) = client.message().await else {
                panic!("no binary result");
            };
            let result = binary_result::decode(&bytes, Parts::ALL).unwrap();
            let is_still = version == 2 && number >= COMPUTED;
            assert_eq!(result.keypoints.still, is_still, "frame {number}");
        }
    }
}
