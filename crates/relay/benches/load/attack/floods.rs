//! Attackers that speak WebSocket. Messages are made once, masked with zeros, and sent as they are: they cost the sender next to nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use live_keypoints_protocol::{ClientMessage, Configure, PATH, PointLists};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::pictures::Picture;
use crate::clip::{self, Clip};

const UPGRADING: Duration = Duration::from_secs(5);
/// A session that was sent away comes again after this.
const PAUSE: Duration = Duration::from_millis(100);
/// Small messages are written so many at a time.
const AT_ONCE: usize = 64;

/// A frame of the clip that differs from its first.
const FAR: usize = 20;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;

/// What each session of a flood sends again and again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flood {
    /// Frames, so many a second.
    Paced(Picture, f64),
    Frames(Picture),
    Stills(Picture),
    /// A frame, and a `reset` behind it.
    Resets,
    Pings,
    /// Empty fragments of a message that never ends.
    Fragments,
    /// `configure` with the greatest list of points.
    Points,
    /// A hundred frames a second that are never still, of a session that asked for signs.
    Signs,
    /// The same without a pause, asking for them anew behind every other frame.
    SignsAskedAnew,
}

/// A connection from another address of this machine: a stranger's does not share the honest one's.
pub(super) async fn connect(address: SocketAddr, source: u8) -> Result<TcpStream> {
    connect_with(TcpSocket::new_v4()?, address, source).await
}

pub(super) async fn connect_with(
    socket: TcpSocket,
    address: SocketAddr,
    source: u8,
) -> Result<TcpStream> {
    socket.bind((Ipv4Addr::new(127, 0, 1, source), 0).into())?;
    Ok(timeout(UPGRADING, socket.connect(address)).await??)
}

/// The head that asks for a session.
pub(super) fn upgrade_request(headers: &str) -> String {
    format!(
        "GET {PATH} HTTP/1.1\r\n{headers}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A session, its `welcome` unread.
pub(super) async fn session(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = connect(address, 1).await?;
    let request = upgrade_request(&format!("Host: {address}\r\n"));
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    timeout(UPGRADING, stream.read_exact(&mut head)).await??;
    ensure!(head.ends_with(b"101"), "the session is refused");
    Ok(stream)
}

/// A WebSocket frame of a client.
pub(super) fn websocket_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A message that asks for the keypoints of a still.
pub(super) fn still(jpeg: &[u8]) -> Vec<u8> {
    websocket_frame(BINARY, &clip::still(0, jpeg))
}

fn text(message: &ClientMessage) -> Vec<u8> {
    websocket_frame(TEXT, message.to_json().as_bytes())
}

fn ask_for_signs(signs: bool) -> Vec<u8> {
    let configure = Configure {
        signs: Some(signs),
        ..Configure::default()
    };
    text(&configure.into())
}

/// What is written once, what again and again, and how often.
struct Script {
    opening: Vec<u8>,
    repeated: Arc<[u8]>,
    every: Option<Duration>,
}

impl Flood {
    fn script(self, clip: &Clip) -> Script {
        let frame = |picture: Picture| websocket_frame(BINARY, &picture.bytes(clip));
        let moving = [0, FAR].map(|number| websocket_frame(BINARY, clip.frame(number)));
        let repeated = match self {
            Self::Paced(picture, _) | Self::Frames(picture) => frame(picture),
            Self::Stills(picture) => still(&picture.bytes(clip)),
            Self::Resets => {
                let reset = text(&ClientMessage::Reset);
                [frame(Picture::Ordinary), reset].concat()
            }
            Self::Pings => [&[PING, 0x80 | 125, 0, 0, 0, 0][..], &[0; 125]]
                .concat()
                .repeat(AT_ONCE),
            Self::Fragments => [0, 0x80, 0, 0, 0, 0].repeat(AT_ONCE),
            Self::Points => {
                let lists = PointLists {
                    pose: Some((0..33).collect()),
                    face: Some((0..478).collect()),
                    ..PointLists::default()
                };
                let configure = Configure {
                    points: lists.try_into().ok(),
                    ..Configure::default()
                };
                text(&configure.into())
            }
            Self::Signs => moving.concat(),
            Self::SignsAskedAnew => {
                [moving.concat(), ask_for_signs(false), ask_for_signs(true)].concat()
            }
        };
        Script {
            opening: match self {
                // A binary message begins.
                Self::Fragments => vec![0x02, 0x80, 0, 0, 0, 0],
                Self::Signs | Self::SignsAskedAnew => ask_for_signs(true),
                _ => Vec::new(),
            },
            repeated: repeated.into(),
            every: match self {
                Self::Paced(_, per_second) => Some(Duration::from_secs_f64(1.0 / per_second)),
                // Two frames at a time.
                Self::Signs => Some(Duration::from_millis(20)),
                _ => None,
            },
        }
    }

    /// So many sessions, each of which comes again when it is sent away.
    pub(super) async fn run(self, address: SocketAddr, clip: &Clip, sessions: usize, end: Instant) {
        let script = self.script(clip);
        join_all((0..sessions).map(|number| {
            let script = &script;
            async move {
                // They are not in step.
                sleep(PAUSE * number as u32 / sessions as u32).await;
                while Instant::now() < end {
                    let _ = script.play(address, end).await;
                    sleep(PAUSE).await;
                }
            }
        }))
        .await;
    }
}

impl Script {
    /// One session, up to its end.
    async fn play(&self, address: SocketAddr, end: Instant) -> Result<()> {
        let mut stream = session(address).await?;
        let (mut reader, mut writer) = stream.split();
        let mut nowhere = sink();
        let write = async {
            writer.write_all(&self.opening).await?;
            let mut ticks = self.every.map(|period| {
                let mut ticks = interval(period);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks
            });
            loop {
                match &mut ticks {
                    Some(ticks) => _ = ticks.tick().await,
                    None => tokio::task::yield_now().await,
                }
                writer.write_all(&self.repeated).await?;
            }
        };
        tokio::select! {
            written = write => written,
            read = copy(&mut reader, &mut nowhere) => Ok(_ = read?),
            () = sleep_until(end) => Ok(()),
        }
    }
}
