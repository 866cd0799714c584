//! The machine: sends frames as fast as the relay answers, and no more a second than it takes.

mod sending;

use std::collections::VecDeque;

use live_keypoints_pipeline::signs::SignEvent;
use live_keypoints_pipeline::{ErrorCode, FrameError, FrameResult};
use live_keypoints_protocol::{ClientMessage, Label};

use super::back_off::Random;
use super::connection::{Closing, Connection, Heard, Subject};
use super::link::{AfterLoss, ConnectionState, Link, SocketId, Transmit};
use super::options::RelayOptions;
use super::outbox::Outbox;
use super::pacer::Pacer;
use super::watchdog::Watchdog;
use crate::link_state::LinkState;
pub use sending::FrameToEncode;

/// What the owner of a stream is told.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayEvent {
    /// The first connection can take frames.
    Started,
    /// A frame's result: keypoints in the order of the frames, stills as they are answered.
    Result {
        /// With the stream's own index and `dropped`. `total` is what this side waited for it.
        result: FrameResult,
        /// Capture time as it was given.
        timestamp_ms: f64,
    },
    /// The connection changed. Nothing is said of the first one: [`RelayEvent::Started`] or [`RelayEvent::Ended`] is.
    Connection(ConnectionState),
    /// A sign was recognised in the frames before, or nothing moves. Times are those that the frames were given.
    Sign(SignEvent<Label>),
    /// Frames that were in flight get no result: a reset threw them away.
    Forgotten,
    /// The stream cannot go on, or did not even start. It is closed.
    Ended(FrameError),
}

/// Counts since the stream began, and what it is at.
/// `received` = `dropped` + `completed` + `failed` + `buffered` + `in_flight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayStats {
    /// Frames added, stills included.
    pub received: u64,
    /// Frames that were dropped, here and on the relay.
    pub dropped: u64,
    /// Frames that have keypoints.
    pub completed: u64,
    /// Those of them that are still.
    pub still: u64,
    /// Frames that have an error.
    pub failed: u64,
    /// Frames that wait to be sent.
    pub buffered: usize,
    /// Frames that are being encoded, or were sent and have no answer.
    pub in_flight: usize,
    /// What the link is at.
    pub state: LinkState,
    /// Connections that were lost.
    pub lost: u64,
    /// Bytes that the socket has not sent yet, as far as is known.
    pub unsent_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Closed,
}

/// One stream on one relay. `F` is a frame as it is added; it is let go once it is encoded or dropped.
#[derive(Debug)]
pub struct RelayClient<F> {
    options: RelayOptions,
    phase: Phase,
    link: Link,
    outbox: Outbox<F>,
    pacer: Pacer,
    watchdog: Watchdog,
    events: VecDeque<RelayEvent>,
    /// The frame that the encoder has.
    encoding: Option<u64>,
    /// When it is to be seen whether a frame may be sent.
    pump_at_ms: Option<f64>,
    unsent_bytes: u64,
    last_frame_bytes: u64,
    completed: u64,
    still: u64,
    failed: u64,
}

impl<F> RelayClient<F> {
    /// Opens the first connection. `name` is the relay's address without what may be secret in it; `seed` is any number, a
    /// different one for each client.
    ///
    /// # Errors
    /// `invalid-option`, as [`RelayOptions::validate`].
    pub fn new(
        name: &str,
        options: RelayOptions,
        seed: u64,
        now_ms: f64,
    ) -> Result<Self, FrameError> {
        options.validate()?;
        let subject = Subject {
            name: name.to_owned(),
            parts: options.parts,
        };
        let mut link = Link::new(subject, Random(seed));
        link.open(&options, now_ms);
        Ok(Self {
            phase: Phase::Starting,
            link,
            outbox: Outbox::new(options.buffer_size as usize),
            pacer: Pacer::new(None, now_ms),
            watchdog: Watchdog::new(options.answer_timeout_ms),
            events: VecDeque::new(),
            encoding: None,
            pump_at_ms: None,
            unsent_bytes: 0,
            last_frame_bytes: 0,
            completed: 0,
            still: 0,
            failed: 0,
            options,
        })
    }

    /// Takes a frame of the stream; a full buffer drops its oldest. Returns its index.
    ///
    /// # Errors
    /// `closed`.
    pub fn add_frame(
        &mut self,
        frame: F,
        timestamp_ms: f64,
        now_ms: f64,
    ) -> Result<u64, FrameError> {
        self.require_open()?;
        Ok(self.outbox.add(frame, timestamp_ms, now_ms))
    }

    /// Whether a still is taken, which is asked before anything is done to it.
    ///
    /// # Errors
    /// `closed`; `busy` where as many are on their way as a relay takes.
    pub fn has_room_for_still(&self) -> Result<(), FrameError> {
        self.require_open()?;
        self.outbox.has_room_for_still()
    }

    /// Takes a still, which uses and changes no tracking and is not dropped. Returns its index.
    ///
    /// # Errors
    /// As [`Self::has_room_for_still`].
    pub fn add_still(&mut self, frame: F, now_ms: f64) -> Result<u64, FrameError> {
        self.require_open()?;
        self.outbox.add_still(frame, now_ms, now_ms)
    }

    /// Throws the frames that wait away; tracking starts from scratch with the next one.
    pub fn reset(&mut self) {
        self.outbox.reset();
        // A connection that comes later starts from scratch in any case.
        if self.link.ready().is_some() {
            self.link.send(&ClientMessage::Reset);
        }
    }

    /// Ends it for good: says goodbye, drops all frames. No event comes any more.
    pub fn close(&mut self) {
        if self.phase == Phase::Closed {
            return;
        }
        self.link.send(&ClientMessage::Bye);
        self.end();
        self.events.clear();
    }

    fn end(&mut self) {
        self.phase = Phase::Closed;
        self.link.drop_connection();
        self.watchdog.stop();
        self.pump_at_ms = None;
        self.outbox.clear();
    }

    fn require_open(&self) -> Result<(), FrameError> {
        if self.phase == Phase::Closed {
            let message = "This LiveKeypoints is closed.";
            return Err(FrameError::new(ErrorCode::Closed, message));
        }
        Ok(())
    }

    /// The socket is open.
    pub fn handle_open(&mut self, socket: SocketId) {
        let opened = self
            .link
            .over_socket(socket, |connection, _| connection.opened());
        if opened.is_some() {
            self.link.send(&self.options.configure().into());
        }
    }

    /// What the socket tells when it is looked at, before anything else is said: whether it is open, and not closing, and
    /// how many bytes it has not sent yet.
    pub fn observe(&mut self, socket: SocketId, is_open: bool, unsent_bytes: u64, now_ms: f64) {
        let observed = self.link.over_socket(socket, |connection, _| {
            if !is_open {
                connection.is_closing(now_ms);
            }
        });
        if observed.is_some() {
            self.unsent_bytes = unsent_bytes;
        }
    }

    /// The relay sent a text message.
    pub fn handle_text(&mut self, socket: SocketId, text: &str, now_ms: f64) {
        let read =
            |connection: &mut Connection, subject: &Subject| connection.read_text(text, subject);
        let heard = self.link.over_socket(socket, read);
        self.hear(heard, now_ms);
    }

    /// The relay sent a binary message.
    pub fn handle_binary(&mut self, socket: SocketId, bytes: &[u8], now_ms: f64) {
        let read =
            |connection: &mut Connection, subject: &Subject| connection.read_binary(bytes, subject);
        let heard = self.link.over_socket(socket, read);
        self.hear(heard, now_ms);
    }

    /// The relay sent what is neither text nor bytes.
    pub fn handle_other(&mut self, socket: SocketId, now_ms: f64) {
        let read = |connection: &mut Connection, subject: &Subject| connection.read_other(subject);
        let heard = self.link.over_socket(socket, read);
        self.hear(heard, now_ms);
    }

    /// The socket says what is wrong with it; that it is closed follows.
    pub fn handle_complaint(&mut self, socket: SocketId, message: &str) {
        self.link
            .over_socket(socket, |connection, _| connection.note(message));
    }

    /// The socket could not be made, or takes nothing.
    pub fn handle_failure(&mut self, socket: SocketId, error: FrameError, now_ms: f64) {
        let fail =
            |connection: &mut Connection, subject: &Subject| connection.failed(error, subject);
        let closing = self.link.over_socket(socket, fail);
        self.over(closing, now_ms);
    }

    /// The socket is closed, with the code and reason of RFC 6455.
    pub fn handle_close(&mut self, socket: SocketId, code: u16, reason: &str, now_ms: f64) {
        let close = |connection: &mut Connection, subject: &Subject| {
            connection.closed(code, reason, subject)
        };
        let closing = self.link.over_socket(socket, close);
        self.over(closing, now_ms);
    }

    fn hear(&mut self, heard: Option<Heard>, now_ms: f64) {
        match heard {
            Some(Heard::Ready { max_fps }) => self.begin(max_fps, now_ms),
            Some(Heard::Answer(answer)) => self.settle(answer, now_ms),
            Some(Heard::Sign(event)) => self.events.push_back(RelayEvent::Sign(event)),
            Some(Heard::Over(closing)) => self.over(Some(closing), now_ms),
            Some(Heard::Nothing) | None => {}
        }
    }

    fn begin(&mut self, max_fps: Option<u32>, now_ms: f64) {
        self.pacer = Pacer::new(max_fps, now_ms);
        let opened = self.link.opened();
        if self.phase == Phase::Starting {
            self.phase = Phase::Running;
            self.events.push_back(RelayEvent::Started);
        } else {
            self.events.push_back(RelayEvent::Connection(opened));
        }
    }

    /// The connection is over, and every frame without an answer with it.
    fn over(&mut self, closing: Option<Closing>, now_ms: f64) {
        let Some(closing) = closing else { return };
        self.link.drop_connection();
        self.watchdog.stop();
        self.unsent_bytes = 0;
        if self.phase == Phase::Starting {
            return self.end_with(closing.error);
        }
        for stamp in self.outbox.lost() {
            let error = FrameError::new(ErrorCode::ConnectionLost, closing.error.message.clone());
            self.fail(stamp, error, stamp.dropped_before);
        }
        let is_needed = self.outbox.waiting() + self.outbox.in_flight() > 0;
        match self.link.over(closing, is_needed, &self.options, now_ms) {
            AfterLoss::GoesOn(state) => self.events.push_back(RelayEvent::Connection(state)),
            AfterLoss::Fatal(error) => self.end_with(error),
        }
    }

    fn end_with(&mut self, error: FrameError) {
        self.end();
        self.events.push_back(RelayEvent::Ended(error));
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; `None` where nothing is awaited.
    #[must_use]
    pub fn next_timeout(&self) -> Option<f64> {
        let timeouts = [
            self.link.next_timeout_ms(),
            self.watchdog.due_ms(),
            self.pump_at_ms,
        ];
        timeouts.into_iter().flatten().min_by(f64::total_cmp)
    }

    /// The time has come that [`next_timeout`](Self::next_timeout) named, or another one.
    pub fn handle_timeout(&mut self, now_ms: f64) {
        if self.pump_at_ms.is_some_and(|at_ms| now_ms >= at_ms) {
            self.pump_at_ms = None;
        }
        if self.link.is_retry_due(now_ms) {
            self.open(now_ms);
        }
        let overdue = self.link.connection.as_ref().is_some_and(|connection| {
            connection
                .deadline_ms()
                .is_some_and(|deadline_ms| now_ms >= deadline_ms)
        });
        if overdue {
            let closing = self.link.closing(Connection::overdue);
            self.over(closing, now_ms);
        }
        if self.watchdog.barks(now_ms) {
            self.give_up_waiting(now_ms);
        }
    }

    /// No answer came for too long, or nothing could be sent.
    fn give_up_waiting(&mut self, now_ms: f64) {
        let what = if self.outbox.owed() > 0 {
            "no answer"
        } else if self.outbox.unanswered() > 0 {
            self.outbox.forget_thrown_away();
            return self.events.push_back(RelayEvent::Forgotten);
        } else {
            "nothing could be sent"
        };
        let reason = format!("{what} for {} ms", self.options.answer_timeout_ms);
        let lose = |connection: &Connection, subject: &Subject| connection.lost(&reason, subject);
        let closing = self.link.closing(lose);
        self.over(closing, now_ms);
    }

    fn open(&mut self, now_ms: f64) {
        let state = self.link.open(&self.options, now_ms);
        self.events.push_back(RelayEvent::Connection(state));
    }

    /// What is to be done with sockets next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.link.transmits.pop_front()
    }

    /// What the stream's owner is told next.
    pub fn poll_event(&mut self) -> Option<RelayEvent> {
        self.events.pop_front()
    }

    /// Counts, and what the stream is at.
    #[must_use]
    pub fn stats(&self) -> RelayStats {
        RelayStats {
            received: self.outbox.received(),
            dropped: self.outbox.dropped(),
            completed: self.completed,
            still: self.still,
            failed: self.failed,
            buffered: self.outbox.waiting(),
            in_flight: self.outbox.in_flight(),
            state: self.link.state,
            lost: self.link.lost,
            unsent_bytes: self.unsent_bytes,
        }
    }
}
