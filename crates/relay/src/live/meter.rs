//! A connection that notes how much went through it, and when, and is read at a pace.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::frame_count::FrameCount;
use super::metrics::Metrics;
use super::pace::Pace;
use crate::memory::{MessageMemory, Partial};
use crate::pool::microseconds_since;

/// What went through a connection.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    last_received_us: AtomicU64,
    last_sent_us: AtomicU64,
    partial: Partial,
    metrics: Arc<Metrics>,
}

impl Meter {
    fn new(metrics: Arc<Metrics>, memory: &Arc<MessageMemory>) -> Self {
        Self {
            metrics,
            partial: memory.partial(),
            started: Instant::now(),
            received_bytes: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            last_received_us: AtomicU64::new(0),
            last_sent_us: AtomicU64::new(0),
        }
    }

    /// Bytes that came and that went.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (
            self.received_bytes.load(Ordering::Relaxed),
            self.sent_bytes.load(Ordering::Relaxed),
        )
    }

    /// Notes that a message was handed on.
    pub(super) fn message_taken(&self) {
        self.partial.clear();
    }

    /// Notes that nothing was read up to now, whatever the peer sent.
    pub(super) fn note_pause(&self) {
        self.last_received_us
            .store(self.now_us(), Ordering::Relaxed);
    }

    /// Whether the peer has left off in a message for which memory is short.
    pub(super) fn is_hoarding(&self) -> bool {
        self.since_received() > HOARDED_AT_MOST && !self.partial.may_grow()
    }

    /// Time since the last byte came.
    pub(super) fn since_received(&self) -> Duration {
        self.since(&self.last_received_us)
    }

    /// Time since the last byte went.
    pub(super) fn since_sent(&self) -> Duration {
        self.since(&self.last_sent_us)
    }

    fn since(&self, last_us: &AtomicU64) -> Duration {
        let last = Duration::from_micros(last_us.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(last)
    }

    fn note(&self, bytes: &AtomicU64, last_us: &AtomicU64, count: usize) {
        if count > 0 {
            bytes.fetch_add(count as u64, Ordering::Relaxed);
            last_us.store(self.now_us(), Ordering::Relaxed);
        }
    }

    fn now_us(&self) -> u64 {
        microseconds_since(self.started)
    }
}

/// The connection itself.
#[derive(Debug)]
pub(super) struct Metered<S> {
    inner: S,
    meter: Arc<Meter>,
    pace: Pace,
    frames: FrameCount,
    pause: Option<Pin<Box<Sleep>>>,
    max_message_bytes: usize,
    /// Since when nothing is read for lack of memory.
    short_since: Option<Instant>,
    is_discarding: bool,
}

/// A frame is as much work as so many bytes.
const FRAME_BYTES: usize = 2048;
/// How long a message waits for memory before its connection is given up, and between two looks.
const SHORT_AT_MOST: Duration = Duration::from_secs(15);
const SHORT_LOOK: Duration = Duration::from_millis(20);
/// Without a byte for so long, a message that takes more than its share of what is short is given up.
const HOARDED_AT_MOST: Duration = Duration::from_secs(2);

impl<S> Metered<S> {
    pub(super) fn new(
        inner: S,
        metrics: Arc<Metrics>,
        memory: &Arc<MessageMemory>,
        max_message_bytes: usize,
    ) -> Self {
        Self {
            inner,
            meter: Arc::new(Meter::new(metrics, memory)),
            pace: Pace::of_bytes(max_message_bytes),
            frames: FrameCount::default(),
            pause: None,
            max_message_bytes,
            short_since: None,
            is_discarding: false,
        }
    }

    /// What comes from now on is thrown away: it takes no memory and is read as fast as it comes.
    pub(super) fn discard(&mut self) {
        self.is_discarding = true;
        self.pause = None;
        self.meter.partial.clear();
    }

    /// Whether the peer has sent a close frame.
    pub(super) fn is_closed_by_peer(&self) -> bool {
        self.frames.has_close()
    }

    /// Waits until more may be read, or says why it never may.
    fn poll_may_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
                self.meter.note_pause();
            }
            if self.meter.partial.may_grow() || self.meter.partial.takes_turn() {
                self.short_since = None;
                return Poll::Ready(Ok(()));
            }
            if self.short_since.get_or_insert_with(Instant::now).elapsed() > SHORT_AT_MOST {
                return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
            }
            self.pause = Some(Box::pin(sleep(SHORT_LOOK)));
        }
    }

    /// Takes note of what was read.
    fn note_read(&mut self, bytes: &[u8]) {
        let frames = self.frames.count(bytes);
        if self.is_discarding {
            return;
        }
        let count = bytes.len();
        let meter = &self.meter;
        // No more of a message is kept, whatever comes between its parts.
        let kept = self.max_message_bytes.saturating_sub(meter.partial.bytes());
        meter.partial.add(count.min(kept));
        let wait = self
            .pace
            .read(count + frames * FRAME_BYTES, meter.started.elapsed());
        if !wait.is_zero() {
            self.pause = Some(Box::pin(sleep(wait)));
        }
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_discarding {
            ready!(this.poll_may_read(cx))?;
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.inner).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        this.note_read(&buffer.filled()[before..]);
        let meter = &this.meter;
        meter.metrics.bytes_received.inc_by(count as u64);
        meter.note(&meter.received_bytes, &meter.last_received_us, count);
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = outcome {
            let meter = &self.meter;
            meter.metrics.bytes_sent.inc_by(count as u64);
            meter.note(&meter.sent_bytes, &meter.last_sent_us, count);
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
