//! A client that sends a frame at every tick, answered or not, as a camera does.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::clip::{Clip, framed, live_signs};

pub(crate) const FRAMES_A_SECOND: u32 = 15;
/// Until the first answer: a session may have to load its models.
const FIRST_ANSWER: Duration = Duration::from_secs(20);

/// When a frame was due to be sent, and when its keypoints came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shot {
    pub(crate) sent: Instant,
    pub(crate) answered: Option<Instant>,
    pub(crate) has_body: bool,
}

/// What a camera saw, while it runs.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) shots: Vec<Shot>,
    pub(crate) answers: usize,
}

/// A camera that has its first answer.
pub(crate) struct Camera {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    between_frames: Duration,
}

impl Camera {
    /// Connects, sends a frame and waits for its answer.
    pub(crate) async fn connect(
        address: SocketAddr,
        clip: &Clip,
        frames_a_second: u32,
    ) -> Result<Self> {
        let (mut socket, _) = connect_async(live_signs(address)).await?;
        let first = framed(u32::MAX, 0, clip.frame(0));
        let answer = async {
            socket.send(Message::binary(first)).await?;
            while let Some(message) = socket.next().await {
                if let Some((u32::MAX, _)) = answered(&message?)? {
                    return Ok(());
                }
            }
            bail!("the server closed the connection")
        };
        tokio::time::timeout(FIRST_ANSWER, answer)
            .await
            .context("a session has no first answer")??;
        Ok(Self {
            socket,
            between_frames: Duration::from_secs(1) / frames_a_second,
        })
    }

    /// Sends from `begin` to `end`, and listens until `listen_until`. What it has seen stands in `seen`, whatever its end.
    pub(crate) async fn run(
        self,
        clip: &Clip,
        [begin, end, listen_until]: [Instant; 3],
        seen: &RefCell<Seen>,
    ) -> Result<()> {
        let between_frames = self.between_frames;
        let (mut sink, mut stream) = self.socket.split();
        let send = async {
            let mut ticks = interval_at(begin, between_frames);
            // A late frame is due when it was due.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for number in 0_u32.. {
                let due = ticks.tick().await;
                if due >= end {
                    break;
                }
                let timestamp_us = i64::from(number + 1) * between_frames.as_micros() as i64;
                let message = framed(number, timestamp_us, clip.frame(number as usize));
                seen.borrow_mut().shots.push(Shot {
                    sent: due,
                    answered: None,
                    has_body: false,
                });
                sink.send(Message::binary(message)).await?;
            }
            anyhow::Ok(())
        };
        let listen = async {
            while let Some(message) = stream.next().await {
                let Some((frame_id, has_body)) = answered(&message?)? else {
                    continue;
                };
                let mut seen = seen.borrow_mut();
                seen.answers += 1;
                if let Some(shot) = seen.shots.get_mut(frame_id as usize) {
                    shot.answered = Some(Instant::now());
                    shot.has_body = has_body;
                }
            }
            bail!("the server closed the connection")
        };
        let both = async { tokio::try_join!(send, listen).map(|_: ((), ())| ()) };
        match tokio::time::timeout_at(listen_until, both).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        }
    }
}

/// The frame that a message answers, and whether there is a body in it. Fails at what is neither keypoints nor a greeting.
/// Read without the protocol's types: rivals say less than these ask for.
fn answered(message: &Message) -> Result<Option<(u32, bool)>> {
    let Message::Text(text) = message else {
        return Ok(None);
    };
    if text.starts_with(r#"{"type":"welcome""#) {
        return Ok(None);
    }
    ensure!(
        text.starts_with(r#"{"type":"keypoints""#),
        "not keypoints: {}",
        text.chars().take(200).collect::<String>()
    );
    // To parse half a thousand points would take more from the server than to look for what is needed.
    let (_, rest) = text.rsplit_once(r#""frame_id":"#).context("no frame_id")?;
    let digits = rest
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    let frame_id = digits.context("no frame_id")?.parse()?;
    let has_body = text.contains(r#""pose":[["#) || text.contains(r#""pose": [["#);
    Ok(Some((frame_id, has_body)))
}
