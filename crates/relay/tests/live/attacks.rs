//! What a stranger may ask for costs the others nothing that they would miss: the short form of `cargo xtask soak attack`. It counts
//! frames and says what must not take longer than some generous time; `soak attack` tells the milliseconds.

#[path = "../../benches/load/attack/bombs.rs"]
mod bombs;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use bombs::{lossless, refined, segment};

use crate::support::{Client, SOON, Server, clip_frame, config, framed, one_pixel_jpeg};

const STATELESS: u8 = 1;
const FLOODS: usize = 8;
/// Two seconds of a camera; a buffer holds 50.
const HONEST_FRAMES: u32 = 30;
const HONEST_PERIOD: Duration = Duration::from_millis(66);

fn still(jpeg: &[u8]) -> Vec<u8> {
    framed(0, 0, STATELESS, jpeg)
}

/// Work for minutes, were it done.
fn bombs() -> [Vec<u8>; 2] {
    [lossless(200), refined(400)]
}

/// So many sessions that send messages at their own pace and read what comes. Whoever is sent away comes again.
async fn flood(server: &Server, period: Duration, messages: Vec<Message>) -> Vec<JoinHandle<()>> {
    let mut floods = Vec::new();
    for _ in 0..FLOODS {
        let (request, messages) = (server.request(), messages.clone());
        let mut client = Some(server.welcomed().await);
        floods.push(tokio::spawn(async move {
            loop {
                let client = match client.take() {
                    Some(client) => client,
                    None => Client::connect(request.clone()).await.0,
                };
                let (mut sink, mut stream) = client.0.split();
                let mut ticks = interval(period);
                let send = async {
                    loop {
                        for message in &messages {
                            ticks.tick().await;
                            if sink.send(message.clone()).await.is_err() {
                                return;
                            }
                        }
                    }
                };
                let read = async { while let Some(Ok(_)) = stream.next().await {} };
                tokio::select! { () = send => {}, () = read => {} }
            }
        }));
    }
    floods
}

/// Answers up to that of the last frame, by their index.
async fn answers(
    mut stream: SplitStream<WebSocketStream<MaybeTlsStream<TcpStream>>>,
) -> BTreeMap<u64, Value> {
    let mut answers = BTreeMap::new();
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let answer: Value = serde_json::from_str(&text).unwrap();
        let index = answer["index"].as_u64().unwrap();
        answers.insert(index, answer);
        if index == u64::from(HONEST_FRAMES) - 1 {
            break;
        }
    }
    answers
}

/// A camera beside floods: each of its frames gets its keypoints.
async fn assert_every_frame_is_answered(server: &Server) {
    let (mut sink, stream) = server.welcomed().await.0.split();
    let answers = tokio::spawn(timeout(2 * SOON, answers(stream)));
    let mut ticks = interval(HONEST_PERIOD);
    for number in 0..HONEST_FRAMES {
        ticks.tick().await;
        let jpeg = clip_frame(number as usize % 43);
        let frame = framed(number, i64::from(number) * 66_667, 0, &jpeg);
        sink.send(Message::binary(frame)).await.unwrap();
    }
    let Ok(answers) = answers.await.unwrap() else {
        panic!("the last frame is not answered");
    };
    let keypoints = answers
        .values()
        .filter(|answer| answer["type"] == "keypoints");
    assert_eq!(keypoints.count(), HONEST_FRAMES as usize);
}

async fn assert_every_frame_is_answered_beside(period: Duration, messages: Vec<Message>) {
    let server = Server::start(config()).await;
    let floods = flood(&server, period, messages).await;
    assert_every_frame_is_answered(&server).await;
    for flood in floods {
        flood.abort();
    }
}

#[tokio::test]
async fn a_picture_that_is_work_for_minutes_is_refused_and_the_session_goes_on() {
    let server = Server::start(config()).await;
    let mut client = server.welcomed().await;
    for bomb in bombs() {
        for _ in 0..3 {
            client.send_frame(still(&bomb)).await;
            let answer = client.json().await;
            let code = answer["code"].as_str().unwrap_or("keypoints");
            assert!(
                ["unsupported-picture", "too-slow"].contains(&code),
                "{code}"
            );
        }
    }
    client.send_frame(clip_frame(0)).await;
    assert_eq!(client.json().await["type"], "keypoints");
}

#[tokio::test]
async fn work_for_who_is_gone_is_given_up() {
    let server = Server::start(config()).await;
    // One of them would be refused at once; the others are work for seconds.
    for (picture, received) in [(refined(400), 4.0), (refined(20), 8.0)] {
        let mut client = server.welcomed().await;
        for _ in 0..4 {
            client.send_frame(still(&picture)).await;
        }
        server
            .wait_for_metric("live_keypoints_frames_received_total", received)
            .await;
    }
    let idle = async {
        loop {
            let sessions = server.metric("live_keypoints_sessions").await;
            if sessions == 0.0 && server.metric("live_keypoints_pool_busy_workers").await == 0.0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON / 2, idle).await.unwrap();
}

#[tokio::test]
async fn beside_floods_of_large_pictures_of_few_bytes_every_frame_is_answered() {
    let large = [refined(1), still(&refined(1))].map(Message::binary);
    assert_every_frame_is_answered_beside(Duration::from_millis(100), large.to_vec()).await;
}

#[tokio::test]
async fn beside_floods_of_bombs_every_frame_is_answered() {
    let bombs = bombs().map(|bomb| Message::binary(still(&bomb))).to_vec();
    assert_every_frame_is_answered_beside(Duration::from_millis(100), bombs).await;
}

#[tokio::test]
async fn beside_floods_of_ordinary_frames_every_frame_is_answered() {
    let frame = Message::binary(clip_frame(0));
    assert_every_frame_is_answered_beside(Duration::from_millis(10), vec![frame]).await;
}

#[tokio::test]
async fn beside_floods_of_small_messages_every_frame_is_answered() {
    let points: Vec<String> = (0..478).map(|point| point.to_string()).collect();
    let points = points.join(",");
    let configure = format!(r#"{{"type":"configure","points":{{"face":[{points}]}}}}"#);
    let messages = vec![
        Message::text(configure),
        Message::Ping(vec![0; 125].into()),
        Message::binary(one_pixel_jpeg()),
        Message::binary(vec![0xFF, 0xD8]),
        Message::binary(one_pixel_jpeg()),
    ];
    assert_every_frame_is_answered_beside(Duration::from_millis(2), messages).await;
}

#[tokio::test]
async fn beside_floods_of_megabytes_before_a_picture_every_frame_is_answered() {
    let exif = segment(0xE1, &[b"Exif\0\0".to_vec(), vec![0; 60_000]].concat());
    let picture = clip_frame(0);
    let jpeg = [&picture[..2], &exif.repeat(100), &picture[2..]].concat();
    let message = Message::binary(jpeg);
    assert_every_frame_is_answered_beside(Duration::from_secs(1), vec![message]).await;
}
