//! One session from `welcome` to the closing handshake.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::unfold;
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use live_keypoints_pipeline::{FrameError, FrameResult};
use live_keypoints_protocol::{Stats, Welcome};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::answering::Sendable;
use super::closing::close;
use super::conversation::Conversation;
use super::end::{End, LastWork};
use super::get_frame_kps::{FrameProcessor, get_frame_kps};
use super::limits::Limits;
use super::live_session::LiveSession;
use super::meter::{Meter, Metered};
use super::metrics::{EndLabel, Metrics};
use super::producer_handler::producer_handler;
use super::watch::watch;
use crate::memory::MessageMemory;
use crate::model_sets::ModelSets;
use crate::pool::WorkerPool;
use crate::signs::Signs;

/// What every session of a server has in common.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) pool: Arc<WorkerPool>,
    pub(crate) models: Arc<ModelSets>,
    pub(crate) signs: Option<Arc<Signs>>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) memory: Arc<MessageMemory>,
    pub(crate) shutdown: CancellationToken,
}

/// A connection after its upgrade.
pub(super) type Socket<S> = WebSocketStream<Metered<S>>;

/// Serves one session: frames in, keypoints out, until one side ends it. Without `welcome`, the original's messages go out.
pub(super) async fn ws_live_signs<S>(socket: Socket<S>, common: Common, welcome: Option<Welcome>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let metrics = &common.metrics;
    let meter = socket.get_ref().meter();
    let open = OpenSession::count(metrics);
    info!("session opened");
    let (end, stats) = match converse(socket, &meter, &common, welcome).await {
        Ok(ended) => ended,
        Err(error) => {
            tracing::error!(%error, "session not started");
            (End::OurFault, Stats::default())
        }
    };
    let (received_bytes, sent_bytes) = meter.bytes();
    drop(open);
    let label = EndLabel { end: end.label() };
    metrics.sessions_closed.get_or_create(&label).inc();
    let Stats {
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

/// Counts a session as open until it is dropped, however it ends.
struct OpenSession<'a>(&'a Metrics);

impl<'a> OpenSession<'a> {
    fn count(metrics: &'a Metrics) -> Self {
        metrics.sessions.inc();
        metrics.sessions_opened.inc();
        Self(metrics)
    }
}

impl Drop for OpenSession<'_> {
    fn drop(&mut self) {
        self.0.sessions.dec();
    }
}

async fn converse<S>(
    socket: Socket<S>,
    meter: &Meter,
    common: &Common,
    welcome: Option<Welcome>,
) -> Result<(End, Stats), FrameError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Common {
        pool,
        limits,
        memory,
        shutdown,
        ..
    } = common;
    let is_original = welcome.is_none();
    let conversation = Conversation::new(common, welcome)?;
    let session = LiveSession::new(conversation, memory);
    let (mut sink, mut messages) = socket.split();
    let results = unfold(FrameProcessor::new(pool), |mut processor| {
        let session = &session;
        async move {
            let result = get_frame_kps(&mut processor, session).await?;
            Some((result, processor))
        }
    });
    let end = {
        let all = async {
            tokio::join!(
                producer_handler(&mut messages, &session, meter),
                consumer(results, &session),
                send_answers(&mut sink, &session),
                watch(&session, meter, limits),
            );
        };
        // What they share is behind a lock under which nothing is left half-done, and the socket stays for the last words.
        let all = AssertUnwindSafe(all).catch_unwind();
        tokio::select! {
            end = until_last_work(&session, limits, shutdown) => end,
            // The watch never returns.
            _ = all => {
                tracing::error!("a fault of the relay ends the session");
                End::OurFault
            }
        }
    };
    let stats = session.stats();
    let last_words = (!is_original).then_some(stats);
    // Both halves are of one socket.
    if let Ok(socket) = messages.reunite(sink) {
        let _ = timeout(limits.patience.close, close(socket, end, last_words)).await;
    }
    Ok((end, stats))
}

/// Waits until the session is to end and its last work is done, or the time for that is over.
async fn until_last_work(
    session: &LiveSession,
    limits: &Limits,
    shutdown: &CancellationToken,
) -> End {
    let end = tokio::select! {
        end = session.ended() => end,
        () = shutdown.cancelled() => {
            session.end(End::ShuttingDown);
            End::ShuttingDown
        }
    };
    let deadline = match end.last_work() {
        LastWork::Frames => limits.drain,
        LastWork::Answers | LastWork::Nothing => limits.patience.close,
    };
    let last_work = session.last_work_done(end.last_work());
    if timeout(deadline, last_work).await.is_err() {
        debug!("the deadline passed before the last work was done");
    }
    end
}

/// Takes the results in their order and has them sent.
async fn consumer(results: impl Stream<Item = FrameResult>, session: &LiveSession) {
    let mut results = pin!(results);
    while let Some(result) = results.next().await {
        session.answer(result).await;
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

#[cfg(test)]
pub(super) mod tests;
