//! What a running relay takes of its machine, and gives back.

#[cfg(unix)]
#[path = "../../benches/load/attack/bombs.rs"]
pub(crate) mod bombs;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::program::{Relay, clip_bytes, relay};

const SOON: Duration = Duration::from_secs(30);

/// Sends a frame, takes its answer and closes.
async fn answer(relay: &Relay, frame: Vec<u8>) -> String {
    let url = format!("ws://{}/live-signs", relay.address);
    let (mut socket, _) = connect_async(url).await.unwrap();
    socket.send(Message::binary(frame)).await.unwrap();
    let _welcome = socket.next().await.unwrap().unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    socket.close(None).await.unwrap();
    answer.into_text().unwrap().to_string()
}

/// Megabytes that it holds.
#[cfg(target_os = "linux")]
fn resident_mb(relay: &Relay) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kilobytes.parse::<u64>().unwrap() >> 10
}

/// Logs to nobody.
fn start() -> Relay {
    Relay::start(relay().stderr(Stdio::null()), &["--drain-secs", "1"])
}

/// A picture of 16 megapixels.
#[cfg(target_os = "linux")]
fn large_jpeg() -> Vec<u8> {
    let mut jpeg = Vec::new();
    let pixels = vec![128; 4096 * 4096 * 3];
    jpeg_encoder::Encoder::new(&mut jpeg, 50)
        .encode(&pixels, 4096, 4096, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    jpeg
}

/// Pages that the system had to find for it so far.
#[cfg(target_os = "linux")]
fn page_faults(relay: &Relay) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", relay.child.id())).unwrap();
    // Behind the program's name: state, parent, group, session, terminal, its group, flags.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(7).unwrap().parse().unwrap()
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[tokio::test]
async fn a_frame_is_computed_in_memory_that_is_there() {
    let relay = start();
    let url = format!("ws://{}/live-signs", relay.address);
    let (mut socket, _) = connect_async(url).await.unwrap();
    let _welcome = socket.next().await.unwrap().unwrap();
    let mut faults = 0;
    for number in 0..20 {
        if number == 10 {
            faults = page_faults(&relay);
        }
        let frame = Message::binary(clip_bytes(number));
        socket.send(frame).await.unwrap();
        let _keypoints = socket.next().await.unwrap().unwrap();
    }
    let of_a_frame = (page_faults(&relay) - faults) / 10;
    // Some 15,000 where each tensor is mapped by itself.
    assert!(of_a_frame < 1000, "{of_a_frame} page faults a frame");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_goes_back_when_sessions_of_large_pictures_are_over() {
    let relay = start();
    assert!(answer(&relay, clip_bytes(0)).await.contains("keypoints"));
    let before = resident_mb(&relay);
    let jpeg = large_jpeg();
    let url = format!("ws://{}/live-signs", relay.address);
    let mut sessions = Vec::new();
    for _ in 0..8 {
        let (mut socket, _) = connect_async(&url).await.unwrap();
        let frame = Message::binary(jpeg.clone());
        sessions.push(tokio::spawn(async move {
            for _ in 0..4 {
                socket.send(frame.clone()).await.unwrap();
            }
            while let Some(Ok(message)) = socket.next().await {
                if message
                    .to_text()
                    .is_ok_and(|text| text.contains(r#""index":3"#))
                {
                    break;
                }
            }
        }));
    }
    let mut peak = before;
    while sessions.iter().any(|session| !session.is_finished()) {
        peak = peak.max(resident_mb(&relay));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(peak > before + 100, "{peak} MB at most is no load");
    let began = Instant::now();
    let may_stay = (before + 60).max(before * 3 / 2);
    while resident_mb(&relay) > may_stay {
        let now = resident_mb(&relay);
        assert!(
            began.elapsed() < SOON,
            "{before} MB before, {peak} MB at most, {now} MB after {SOON:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn work_for_minutes_does_not_hold_the_end_up() {
    let mut relay = start();
    let url = format!("ws://{}/live-signs", relay.address);
    let mut clients = Vec::new();
    for jpeg in [
        bombs::refined(400),
        bombs::lossless(200),
        bombs::refined(20),
    ] {
        let (mut socket, _) = connect_async(&url).await.unwrap();
        // A still: flag 1.
        let still = [b"LK\x01\x01", &[0; 12][..], &jpeg].concat();
        for _ in 0..4 {
            let message = Message::binary(still.clone());
            socket.send(message).await.unwrap();
        }
        clients.push(socket);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    relay.signal("-TERM");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = relay.child.try_wait().unwrap() {
            break status;
        }
        // A second for draining and six for closing are allowed.
        assert!(began.elapsed() < Duration::from_secs(15), "still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
}

/// The files in a folder.
fn count_files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn a_relay_keeps_nothing_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = relay();
    command.current_dir(folder.path());
    for variable in ["HOME", "TMPDIR"] {
        command.env(variable, folder.path());
    }
    let relay = Relay::start(&mut command, &[]);
    assert!(answer(&relay, clip_bytes(0)).await.contains("keypoints"));
    assert!(
        answer(&relay, b"no JPEG".to_vec())
            .await
            .contains("not-a-jpeg")
    );
    assert_eq!(count_files(folder.path()), 0);
}
