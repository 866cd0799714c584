//! A connection that notes how much went through it, and when.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::metrics::Metrics;

/// What went through a connection.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    last_received_us: AtomicU64,
    last_sent_us: AtomicU64,
    metrics: Arc<Metrics>,
}

impl Meter {
    fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
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
            // 2⁶⁴ µs are 584,000 years.
            let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
            last_us.store(now, Ordering::Relaxed);
        }
    }
}

/// The connection itself.
#[derive(Debug)]
pub(super) struct Metered<S> {
    inner: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    pub(super) fn new(inner: S, metrics: Arc<Metrics>) -> Self {
        let meter = Arc::new(Meter::new(metrics));
        Self { inner, meter }
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let meter = &self.meter;
        let count = buffer.filled().len() - before;
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
