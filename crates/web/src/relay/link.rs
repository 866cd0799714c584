//! The way to a relay over as many connections as it takes: opens lost ones again, after a while that grows.

use std::collections::VecDeque;

use live_keypoints_pipeline::FrameError;
use live_keypoints_protocol::{ClientMessage, FrameHeader, subprotocol};

use super::back_off::{Random, back_off_ms};
use super::connection::{Closing, ClosingKind, Connection, Subject};
use super::options::RelayOptions;
use crate::link_state::LinkState;

/// Names one socket; there is never a second one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId(u64);

/// What is to be done with sockets, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Transmit {
    /// Make a socket that offers these subprotocols.
    Open {
        /// Its name from now on.
        socket: SocketId,
        /// What it offers.
        subprotocols: Vec<String>,
    },
    /// Send a text message.
    Text {
        /// Over this socket.
        socket: SocketId,
        /// The message.
        text: String,
    },
    /// Send a frame as one binary message: the header, and the JPEG behind it.
    Frame {
        /// Over this socket.
        socket: SocketId,
        /// What comes first.
        header: [u8; FrameHeader::LENGTH],
        /// The rest.
        jpeg: Vec<u8>,
    },
    /// Close the socket, with code 1000, and forget it.
    Close {
        /// The one that is needed no more. It may be closed already.
        socket: SocketId,
    },
}

/// A change of the link.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionState {
    /// What it is at now.
    pub state: LinkState,
    /// Why the connection is over, where it is.
    pub reason: Option<String>,
    /// Milliseconds until the next attempt, where one comes.
    pub retry_in_ms: Option<f64>,
}

/// What a connection that is over leads to.
#[derive(Debug)]
pub(super) enum AfterLoss {
    /// The link goes on.
    GoesOn(ConnectionState),
    /// There will be no other connection.
    Fatal(FrameError),
}

/// Has at most one connection at a time.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) subject: Subject,
    pub(super) connection: Option<Connection>,
    pub(super) state: LinkState,
    /// Connections that were lost.
    pub(super) lost: u64,
    pub(super) transmits: VecDeque<Transmit>,
    retry_at_ms: Option<f64>,
    attempt: u32,
    next_socket: u64,
    random: Random,
}

impl Link {
    pub(super) fn new(subject: Subject, random: Random) -> Self {
        Self {
            subject,
            connection: None,
            state: LinkState::Connecting,
            lost: 0,
            transmits: VecDeque::new(),
            retry_at_ms: None,
            attempt: 0,
            next_socket: 0,
            random,
        }
    }

    /// Does something with the connection over this socket; whatever another one still says is nobody's.
    pub(super) fn over_socket<T>(
        &mut self,
        socket: SocketId,
        act: impl FnOnce(&mut Connection, &Subject) -> T,
    ) -> Option<T> {
        let connection = self.connection.as_mut();
        let connection = connection.filter(|connection| connection.socket == socket)?;
        Some(act(connection, &self.subject))
    }

    /// How the connection ends, if there is one.
    pub(super) fn closing(
        &self,
        how: impl FnOnce(&Connection, &Subject) -> Closing,
    ) -> Option<Closing> {
        let connection = self.connection.as_ref()?;
        Some(how(connection, &self.subject))
    }

    /// The connection, where it can take frames.
    pub(super) fn ready(&self) -> Option<&Connection> {
        self.connection
            .as_ref()
            .filter(|connection| connection.is_ready())
    }

    /// Makes an attempt.
    pub(super) fn open(&mut self, options: &RelayOptions, now_ms: f64) -> ConnectionState {
        let socket = SocketId(self.next_socket);
        self.next_socket += 1;
        self.retry_at_ms = None;
        let timeout_ms = options.connect_timeout_ms;
        self.connection = Some(Connection::new(socket, timeout_ms, now_ms));
        self.transmits.push_back(Transmit::Open {
            socket,
            subprotocols: subprotocol::offered(options.token.as_deref()),
        });
        self.at(LinkState::Connecting)
    }

    /// Whether the next attempt is due.
    pub(super) fn is_retry_due(&self, now_ms: f64) -> bool {
        self.retry_at_ms.is_some_and(|at_ms| now_ms >= at_ms)
    }

    /// When something is to be done without anything happening before.
    pub(super) fn next_timeout_ms(&self) -> Option<f64> {
        let connection = self.connection.as_ref();
        self.retry_at_ms
            .or_else(|| connection.and_then(Connection::deadline_ms))
    }

    /// The connection can take frames.
    pub(super) fn opened(&mut self) -> ConnectionState {
        self.at(LinkState::Open)
    }

    /// The relay does what it should: the next loss is the first one again.
    pub(super) fn proved(&mut self) {
        self.attempt = 0;
    }

    /// Sends a text message, unless the socket is closed or closing.
    pub(super) fn send(&mut self, message: &ClientMessage) {
        if let Some(connection) = &self.connection
            && connection.is_open()
        {
            let socket = connection.socket;
            let text = message.to_json();
            let transmit = Transmit::Text { socket, text };
            // Once says as much as twice.
            if self.transmits.back() != Some(&transmit) {
                self.transmits.push_back(transmit);
            }
        }
    }

    /// Lets the connection go.
    pub(super) fn drop_connection(&mut self) {
        self.retry_at_ms = None;
        if let Some(Connection { socket, .. }) = self.connection.take() {
            self.transmits.push_back(Transmit::Close { socket });
        }
    }

    /// The connection is over; `is_needed` says whether there is something to send.
    pub(super) fn over(
        &mut self,
        closing: Closing,
        is_needed: bool,
        options: &RelayOptions,
        now_ms: f64,
    ) -> AfterLoss {
        let Closing { kind, error } = closing;
        self.lost += 1;
        let reconnect = &options.reconnect;
        let is_last = reconnect
            .max_attempts
            .is_some_and(|most| self.attempt >= most);
        match kind {
            ClosingKind::Ended if !is_needed => AfterLoss::GoesOn(ConnectionState {
                reason: Some(error.message),
                ..self.at(LinkState::Idle)
            }),
            ClosingKind::Lost | ClosingKind::Ended if !is_last => {
                let retry_in_ms = back_off_ms(reconnect, self.attempt, self.random.next());
                self.attempt += 1;
                self.retry_at_ms = Some(now_ms + retry_in_ms);
                AfterLoss::GoesOn(ConnectionState {
                    reason: Some(error.message),
                    retry_in_ms: Some(retry_in_ms),
                    ..self.at(LinkState::Waiting)
                })
            }
            _ => AfterLoss::Fatal(error),
        }
    }

    fn at(&mut self, state: LinkState) -> ConnectionState {
        self.state = state;
        ConnectionState {
            state,
            reason: None,
            retry_in_ms: None,
        }
    }
}
