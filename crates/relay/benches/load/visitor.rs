//! A client of the soak: good frames and bad ones, stills, options and resets, and one of several ways to leave.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use live_keypoints_pipeline::Parts;
use live_keypoints_protocol::{ClientMessage, CloseCode, Configure, Format, PointLists};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::clip::{Clip, framed, live_signs, still};
use crate::ledger::Ledger;

/// Frames without an answer that one who waits lets be.
const MAX_OPEN: u64 = 4;
/// How long such a one waits: what a reset threw away may never be told.
const PATIENCE: Duration = Duration::from_millis(200);
/// For the last answers and the closing handshake: the relay's own deadline and some more.
const LEAVING: Duration = Duration::from_secs(30);

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Sends without waiting, says `bye`.
    Flood,
    /// Waits for answers, says `bye`.
    Polite,
    /// Waits for answers, closes the connection.
    Close,
    /// Sends without waiting, and is gone.
    Vanish,
    /// Sends nothing but bad frames, until the relay has had enough.
    Spoil,
}

/// Up to when a client sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stay {
    Messages(usize),
    Until(Instant),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One session. Returns what became of its frames, as far as a client of this manner is told.
///
/// # Errors
/// Where a frame is not accounted for, or the session ends otherwise than it should.
pub(crate) async fn visit(
    address: SocketAddr,
    clip: &Clip,
    manner: Manner,
    stay: Stay,
) -> Result<Ledger> {
    let (socket, _) = connect_async(live_signs(address)).await?;
    let (mut sink, mut stream) = socket.split();
    let ledger = RefCell::new(Ledger::default());
    if manner == Manner::Vanish {
        let sending = send(&mut sink, clip, manner, stay, &ledger);
        tokio::select! {
            sent = sending => sent?,
            ended = listen(&mut stream, &ledger) => bail!("the relay ended it: {:?}", ended?),
        }
        return Ok(ledger.into_inner());
    }
    let sending = async {
        send(&mut sink, clip, manner, stay, &ledger).await?;
        match manner {
            // It has been sent away.
            Manner::Spoil => Ok(()),
            Manner::Close => sink.send(Message::Close(None)).await,
            _ => sink.send(Message::text(ClientMessage::Bye.to_json())).await,
        }?;
        anyhow::Ok(())
    };
    let listening = listen(&mut stream, &ledger);
    let ((), frame) = match stay {
        Stay::Messages(_) => {
            timeout(2 * LEAVING, async { tokio::try_join!(sending, listening) }).await??
        }
        Stay::Until(end) => {
            let limit = end.saturating_duration_since(Instant::now()) + LEAVING;
            timeout(limit, async { tokio::try_join!(sending, listening) }).await??
        }
    };
    let code = frame.map(|frame| u16::from(frame.code));
    let expected = match manner {
        Manner::Spoil => Some(CloseCode::Policy.number()),
        Manner::Close => code,
        _ => Some(CloseCode::Normal.number()),
    };
    ensure!(code == expected, "{manner:?} was closed with {code:?}");
    Ok(ledger.into_inner())
}

async fn send(
    sink: &mut SplitSink<Socket, Message>,
    clip: &Clip,
    manner: Manner,
    stay: Stay,
    ledger: &RefCell<Ledger>,
) -> Result<()> {
    for number in 0.. {
        match stay {
            Stay::Messages(count) if number >= count => break,
            Stay::Until(end) if Instant::now() >= end => break,
            _ => {}
        }
        if matches!(manner, Manner::Polite | Manner::Close) {
            wait_for_answers(ledger).await;
        }
        let message = if manner == Manner::Spoil {
            Message::binary(Vec::new())
        } else {
            message(clip, number)
        };
        ledger.borrow_mut().sent += u64::from(message.is_binary());
        match sink.send(message).await {
            // It has been closed.
            Err(_) if manner == Manner::Spoil => break,
            sent => sent?,
        }
    }
    Ok(())
}

async fn wait_for_answers(ledger: &RefCell<Ledger>) {
    let began = Instant::now();
    while ledger.borrow().open() >= MAX_OPEN && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(2)).await;
    }
}

/// Listens until the connection is over; returns the close frame.
async fn listen(
    stream: &mut SplitStream<Socket>,
    ledger: &RefCell<Ledger>,
) -> Result<Option<CloseFrame>> {
    let mut frame = None;
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Close(close)) => frame = close,
            Ok(message) => ledger.borrow_mut().enter(&message)?,
            // After the close frame everything may happen.
            Err(_) if frame.is_some() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(frame)
}

/// What a client sends as its message of this number: mostly frames.
fn message(clip: &Clip, number: usize) -> Message {
    let jpeg = clip.frame(number);
    let frame_id = number as u32;
    let timestamp_us = (number as i64 + 1) * 33_333;
    match number % 40 {
        7 => Message::text(ClientMessage::Reset.to_json()),
        23 => Message::text(configuration(number / 40).to_json()),
        11 => Message::binary(still(frame_id, jpeg)),
        17 | 33 => Message::binary(bad_frame(number / 8, frame_id, jpeg)),
        _ => Message::binary(framed(frame_id, timestamp_us, jpeg)),
    }
}

/// Options of all kinds, one of which the relay refuses.
fn configuration(number: usize) -> ClientMessage {
    let eyes = PointLists {
        face: Some(vec![33, 263]),
        ..PointLists::default()
    };
    let configure = match number % 5 {
        0 => Configure {
            format: Some(Format::Binary),
            buffer_size: Some(2),
            ..Configure::default()
        },
        1 => Configure {
            parts: Some(Parts {
                hands: false,
                face: false,
                ..Parts::ALL
            }),
            buffer_size: Some(8),
            smoothing: Some(false),
            ..Configure::default()
        },
        2 => Configure {
            format: Some(Format::Json),
            parts: Some(Parts::ALL),
            points: eyes.try_into().ok(),
            ..Configure::default()
        },
        3 => Configure {
            buffer_size: Some(0),
            ..Configure::default()
        },
        _ => Configure {
            mirrored: Some(true),
            hand_smoothing: Some(true),
            buffer_size: Some(1),
            ..Configure::default()
        },
    };
    configure.into()
}

fn bad_frame(kind: usize, frame_id: u32, jpeg: &[u8]) -> Vec<u8> {
    match kind % 5 {
        0 => Vec::new(),
        1 => b"neither a header nor a picture".to_vec(),
        // Its end is missing.
        2 => framed(frame_id, 0, &jpeg[..jpeg.len() / 3]),
        3 => framed(frame_id, 0, &[]),
        // Begins as a JPEG and is noise.
        _ => {
            let noise = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
            [0xFF, 0xD8].into_iter().chain(noise).collect()
        }
    }
}
