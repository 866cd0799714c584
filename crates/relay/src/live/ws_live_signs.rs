//! One session from `welcome` to the closing handshake.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::conversation::{Conversation, Sendable};
use super::end::{End, LastWork};
use super::get_frame_kps::{FrameProcessor, get_frame_kps};
use super::limits::Limits;
use super::live_session::LiveSession;
use super::meter::{Meter, Metered};
use super::metrics::{EndLabel, Metrics};
use super::producer_handler::producer_handler;
use super::protocol::{ServerMessage, StatsMessage, WelcomeMessage};
use crate::model_sets::ModelSets;
use crate::pool::WorkerPool;

/// Bytes that are thrown away at most while a peer is to read the close frame.
const MAX_DISCARDED_BYTES: u64 = 64 << 20;

/// What every session of a server has in common.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) pool: Arc<WorkerPool>,
    pub(crate) models: Arc<ModelSets>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shutdown: CancellationToken,
}

/// A connection after its upgrade.
pub(super) type Socket<S> = WebSocketStream<Metered<S>>;

/// Serves one session: frames in, keypoints out, until one side ends it.
pub(super) async fn ws_live_signs<S>(socket: Socket<S>, common: Common, welcome: WelcomeMessage)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let metrics = &common.metrics;
    let meter = socket.get_ref().meter();
    metrics.sessions.inc();
    metrics.sessions_opened.inc();
    info!("session opened");
    let (end, stats) = match converse(socket, &meter, &common, welcome).await {
        Ok(ended) => ended,
        Err(error) => {
            tracing::error!(%error, "session not started");
            (End::OurFault, StatsMessage::default())
        }
    };
    let (received_bytes, sent_bytes) = meter.bytes();
    metrics.sessions.dec();
    let label = EndLabel { end: end.label() };
    metrics.sessions_closed.get_or_create(&label).inc();
    let StatsMessage {
        received,
        keypoints,
        errors,
        dropped,
        left_over,
    } = stats;
    info!(
        end = end.label(),
        received,
        keypoints,
        errors,
        dropped,
        left_over,
        received_bytes,
        sent_bytes,
        "session closed"
    );
}

async fn converse<S>(
    socket: Socket<S>,
    meter: &Meter,
    common: &Common,
    welcome: WelcomeMessage,
) -> Result<(End, StatsMessage), live_keypoints_pipeline::SessionError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Common {
        pool,
        models,
        limits,
        metrics,
        shutdown,
    } = common;
    let conversation = Conversation::new(
        Arc::clone(limits),
        Arc::clone(metrics),
        Arc::clone(models),
        welcome,
    )?;
    let session = LiveSession::new(conversation);
    let (mut sink, mut messages) = socket.split();
    let end = {
        let all = async {
            tokio::join!(
                producer_handler(&mut messages, &session),
                consumer(FrameProcessor::new(Arc::clone(pool)), &session),
                send_answers(&mut sink, &session),
                watch(&session, meter, limits),
            );
        };
        let mut all = std::pin::pin!(all);
        let end = tokio::select! {
            end = session.ended() => end,
            () = shutdown.cancelled() => {
                session.end(End::ShuttingDown);
                End::ShuttingDown
            }
            () = &mut all => End::OurFault,
        };
        let last_work = async {
            tokio::select! {
                () = session.last_work_done(end.last_work()) => {}
                () = &mut all => {}
            }
        };
        let deadline = match end.last_work() {
            LastWork::Frames => limits.drain,
            LastWork::Answers | LastWork::Nothing => limits.patience.close,
        };
        if timeout(deadline, last_work).await.is_err() {
            debug!("the deadline passed before the last work was done");
        }
        end
    };
    let stats = session.stats();
    // Both halves are of one socket.
    if let Ok(socket) = messages.reunite(sink) {
        let _ = timeout(limits.patience.close, close(socket, end, Some(stats))).await;
    }
    Ok((end, stats))
}

/// Takes the results in their order and has them sent.
async fn consumer(mut processor: FrameProcessor, session: &LiveSession) {
    while let Some(result) = get_frame_kps(&mut processor, session).await {
        session.answer(result);
    }
    session.end(End::OurFault);
}

/// Sends what is to be sent, one message after the other, as fast as the peer takes them.
async fn send_answers<S>(sink: &mut S, session: &LiveSession)
where
    S: Sink<Message, Error = Error> + Unpin,
{
    loop {
        let message = match session.next_message().await {
            Sendable::Text(text) => Message::text(text),
            Sendable::Binary(bytes) => Message::binary(bytes),
            Sendable::Ping => Message::Ping(Bytes::new()),
        };
        if sink.send(message).await.is_err() {
            // Who receives says why.
            session.stopped_sending();
            session.end(End::Lost);
            return;
        }
    }
}

/// Ends the session when its time is over or its peer is gone.
async fn watch(session: &LiveSession, meter: &Meter, limits: &Limits) {
    let patience = &limits.patience;
    let shortest = patience
        .ping_after
        .min(patience.stalled_write)
        .min(limits.idle_timeout);
    let mut ticks =
        interval((shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pinged: Option<Instant> = None;
    let mut sending_since: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let silence = meter.since_received();
        if silence < patience.ping_after {
            pinged = None;
        } else if let Some(pinged) = pinged {
            if pinged.elapsed() > patience.pong_within {
                session.end(End::Silent);
            }
        } else {
            pinged = Some(Instant::now());
            session.ping();
        }
        let sending = session.is_sending();
        let since = *sending_since.get_or_insert_with(Instant::now);
        if !sending {
            sending_since = None;
        } else if since.elapsed().min(meter.since_sent()) > patience.stalled_write {
            session.end(End::NotReading);
        }
        if session.since_message() > limits.idle_timeout {
            session.end(End::Idle);
        }
        if limits.max_session.is_some_and(|max| session.age() > max) {
            session.end(End::TooOld);
        }
    }
}

/// Says how it ended and waits for the peer to close, so that it reads the close frame before the connection is gone.
pub(super) async fn close<S>(mut socket: Socket<S>, end: End, stats: Option<StatsMessage>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if end != End::ClosedByClient
        && end.last_work() != LastWork::Nothing
        && let Some(stats) = stats
    {
        let message = Message::text(ServerMessage::Stats(stats).to_json());
        if socket.send(message).await.is_err() {
            return;
        }
    }
    let (code, reason) = end.close_frame();
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    close_with(socket, frame, end == End::ClosedByClient).await;
}

/// The closing handshake, of which the peer may have done its part.
pub(super) async fn close_with<S>(
    mut socket: Socket<S>,
    frame: CloseFrame,
    mut is_closed_by_peer: bool,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if socket.close(Some(frame)).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        is_closed_by_peer |= matches!(message, Message::Close(_));
    }
    let connection = socket.get_mut();
    // The server is the first to close the connection (RFC 6455 §7.1.1).
    if connection.shutdown().await.is_err() || is_closed_by_peer {
        return;
    }
    // What the peer still sends is thrown away: to close over unread bytes resets the connection, and the peer may then
    // lose the close frame.
    let mut rest = connection.take(MAX_DISCARDED_BYTES);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
