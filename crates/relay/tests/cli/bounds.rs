//! What a running relay takes of its machine, and gives back.

#[cfg(unix)]
#[path = "../../benches/load/attack/bombs.rs"]
mod bombs;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::program::{clip_bytes, relay};

const SOON: Duration = Duration::from_secs(30);

struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--drain-secs", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// Sends a frame, takes its answer and closes.
    async fn answer(&self, frame: Vec<u8>) -> String {
        let url = format!("ws://{}/live-signs", self.address);
        let (mut socket, _) = connect_async(url).await.unwrap();
        socket.send(Message::binary(frame)).await.unwrap();
        let _welcome = socket.next().await.unwrap().unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        socket.close(None).await.unwrap();
        answer.into_text().unwrap().to_string()
    }

    /// Megabytes that it holds.
    #[cfg(target_os = "linux")]
    fn resident_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.parse::<u64>().unwrap() >> 10
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_goes_back_when_sessions_of_large_pictures_are_over() {
    let relay = Relay::start(&mut relay());
    assert!(relay.answer(clip_bytes(0)).await.contains("keypoints"));
    let before = relay.resident_mb();
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
        peak = peak.max(relay.resident_mb());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(peak > before + 100, "{peak} MB at most is no load");
    let began = Instant::now();
    let may_stay = (before + 60).max(before * 3 / 2);
    while relay.resident_mb() > may_stay {
        let now = relay.resident_mb();
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
    let mut relay = Relay::start(&mut relay());
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
    let id = relay.child.id().to_string();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
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
    let relay = Relay::start(&mut command);
    assert!(relay.answer(clip_bytes(0)).await.contains("keypoints"));
    assert!(
        relay
            .answer(b"no JPEG".to_vec())
            .await
            .contains("not-a-jpeg")
    );
    assert_eq!(count_files(folder.path()), 0);
}
