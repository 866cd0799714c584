//! A connection before its upgrade: what moves on it is noted, and a peer that does not take its answer is let go.
//!
//! A peer may keep the relay waiting for as long as its patience lasts, and earns a second back with each KiB that it
//! takes: so neither silence nor taking a byte now and then holds a connection for ever. (tokio-io-timeout has the
//! first of these only.)

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::places::Seat;

/// The least speed at which an answer is taken in the long run. Kestrel asks for 240.
const MIN_BYTES_PER_SEC: f64 = 1024.0;

/// The connection and its clock.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    seat: Arc<Seat>,
    /// The most that it can be kept waiting.
    patience: Duration,
    /// How much longer it may be kept waiting.
    left: Duration,
    /// When that is over, while bytes wait to be taken.
    deadline: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    is_given_up: bool,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, seat: Arc<Seat>, patience: Duration) -> Self {
        Self {
            stream,
            seat,
            patience,
            left: patience,
            deadline: None,
            alarm: Box::pin(sleep_until(Instant::now())),
            is_given_up: false,
        }
    }

    /// What came of a write, or that the peer has been waited for long enough.
    fn clocked(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.seat.is_session() {
            return outcome;
        }
        match outcome {
            Poll::Ready(Ok(count)) => {
                self.seat.note_progress();
                if let Some(deadline) = self.deadline.take() {
                    self.left = deadline.saturating_duration_since(Instant::now());
                }
                let earned = Duration::from_secs_f64(count as f64 / MIN_BYTES_PER_SEC);
                self.left = self.left.saturating_add(earned).min(self.patience);
                outcome
            }
            Poll::Ready(Err(_)) => outcome,
            Poll::Pending => {
                if self.deadline.is_none() {
                    let deadline = Instant::now() + self.left;
                    self.deadline = Some(deadline);
                    self.alarm.as_mut().reset(deadline);
                }
                ready!(self.alarm.as_mut().poll(cx));
                self.is_given_up = true;
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if outcome.is_ready() && !self.seat.is_session() {
            self.seat.note_progress();
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.clocked(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.clocked(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The system would go on offering what was not taken.
        if self.is_given_up || self.seat.is_evicted() {
            let _ = self.stream.set_zero_linger();
        }
    }
}
