//! One connection to a relay, from the socket's opening until it is over. What is lost with it is the client's matter.

use live_keypoints_pipeline::signs::SignEvent;
use live_keypoints_pipeline::{ErrorCode, FrameError, FrameKeypoints, Parts};
use live_keypoints_protocol::{
    CloseCode, Configure, InvalidServerMessage, Keypoints, Label, PROTOCOL, ServerMessage, Welcome,
    binary_result,
};

use super::link::SocketId;
use crate::error::camel_case;

/// An answer to one frame.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) frame_id: u32,
    pub(super) outcome: Result<Box<FrameKeypoints>, FrameError>,
}

/// How a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClosingKind {
    /// Another attempt would end the same way.
    Refused,
    /// The relay ended it in order, as for want of frames.
    Ended,
    /// Everything else.
    Lost,
}

/// That a connection is over, and why.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) kind: ClosingKind,
    pub(super) error: FrameError,
}

/// What comes of something that happened to a connection.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing that others need to know.
    Nothing,
    /// Frames can be sent: so many a second; `None` is no limit.
    Ready { max_fps: Option<u32> },
    /// A frame has its answer.
    Answer(Answer),
    /// A sign was recognised, or nothing moves.
    Sign(SignEvent<Label>),
    /// It is over.
    Over(Closing),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Welcomed,
    Ready,
}

/// What a connection is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The address without what may be secret in it, for errors.
    pub(super) name: String,
    /// The parts that are asked for.
    pub(super) parts: Parts,
}

/// Codes that say that this client is not wanted as it is. 1003, unsupported data, is of servers that are no relays.
const REFUSALS: [u16; 4] = [
    CloseCode::ProtocolViolation.number(),
    1003,
    CloseCode::InvalidText.number(),
    CloseCode::Policy.number(),
];

/// The state of a connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: SocketId,
    state: State,
    /// Whether the socket is open. One that is closing takes what it is given and sends nothing.
    is_open: bool,
    /// Until when it must be ready, or closed where it is closing.
    deadline_ms: Option<f64>,
    timeout_ms: u32,
    max_message_bytes: Option<u64>,
    max_fps: Option<u32>,
    /// Why the relay closes, where it does: its last complaint about no frame, or what the socket says.
    complaint: Option<String>,
}

impl Connection {
    /// A connection over a socket that is not open yet.
    pub(super) fn new(socket: SocketId, timeout_ms: u32, now_ms: f64) -> Self {
        Self {
            socket,
            state: State::Opening,
            is_open: false,
            deadline_ms: Some(now_ms + f64::from(timeout_ms)),
            timeout_ms,
            max_message_bytes: None,
            max_fps: None,
            complaint: None,
        }
    }

    /// Whether frames can be sent: not while the relay is closing, when they would vanish.
    pub(super) fn is_ready(&self) -> bool {
        self.state == State::Ready && self.is_open
    }

    /// Whether anything can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Longest message that the relay takes; `None` is no limit.
    pub(super) fn max_message_bytes(&self) -> Option<u64> {
        self.max_message_bytes
    }

    /// When it is to be asked whether it is overdue.
    pub(super) fn deadline_ms(&self) -> Option<f64> {
        self.deadline_ms
    }

    /// The socket is open.
    pub(super) fn opened(&mut self) {
        self.is_open = true;
    }

    /// The socket is closing, and says later how it closed.
    pub(super) fn is_closing(&mut self, now_ms: f64) {
        if self.is_open {
            self.is_open = false;
            let deadline_ms = now_ms + f64::from(self.timeout_ms);
            self.deadline_ms.get_or_insert(deadline_ms);
        }
    }

    /// The socket says what is wrong; that it is closed follows.
    pub(super) fn note(&mut self, complaint: &str) {
        if !complaint.is_empty() {
            self.complaint = Some(complaint.to_owned());
        }
    }

    /// The end of a connection that is overdue.
    pub(super) fn overdue(&self, subject: &Subject) -> Closing {
        let what = if self.state == State::Ready {
            "closed"
        } else {
            "ready"
        };
        let reason = format!("it was not {what} after {} ms", self.timeout_ms);
        self.lost(&reason, subject)
    }

    /// The relay sent a text message.
    pub(super) fn read_text(&mut self, text: &str, subject: &Subject) -> Heard {
        match ServerMessage::read(text) {
            Ok(Some(message)) => self.read_message(message, subject),
            Ok(None) => Heard::Nothing,
            Err(InvalidServerMessage::OtherProtocol { protocol }) => {
                let message = format!(
                    "The relay at {} speaks {protocol}; this page speaks {PROTOCOL}",
                    subject.name
                );
                refused(FrameError::new(ErrorCode::VersionMismatch, message))
            }
            Err(error) => self.spoiled(&error.to_string(), subject),
        }
    }

    /// The relay sent a binary message.
    pub(super) fn read_binary(&mut self, bytes: &[u8], subject: &Subject) -> Heard {
        match binary_result::decode(bytes, subject.parts) {
            Ok(result) => Heard::Answer(Answer {
                frame_id: result.frame_id,
                outcome: Ok(Box::new(result.keypoints)),
            }),
            Err(error) => self.spoiled(&error.to_string(), subject),
        }
    }

    /// The relay sent a message of another kind.
    pub(super) fn read_other(&self, subject: &Subject) -> Heard {
        self.spoiled("it is neither text nor bytes", subject)
    }

    fn read_message(&mut self, message: ServerMessage, subject: &Subject) -> Heard {
        match message {
            ServerMessage::Welcome(welcome) => self.welcomed(&welcome),
            ServerMessage::Configured { .. } if self.state == State::Welcomed => {
                self.state = State::Ready;
                // One that is closing still has to be closed in time.
                self.deadline_ms.take_if(|_| self.is_open);
                let max_fps = self.max_fps;
                return Heard::Ready { max_fps };
            }
            ServerMessage::Keypoints(keypoints) => return self.read_keypoints(*keypoints, subject),
            ServerMessage::Failed(failure) => {
                if let Some(frame_id) = failure.frame_id {
                    let outcome = Err(FrameError::new(failure.code, failure.message));
                    return Heard::Answer(Answer { frame_id, outcome });
                }
            }
            ServerMessage::Sign(sign) => return Heard::Sign(SignEvent::Sign(*sign)),
            ServerMessage::Idle => return Heard::Sign(SignEvent::Idle),
            ServerMessage::Error(error) => return self.complained(error, subject),
            ServerMessage::Configured { .. }
            | ServerMessage::Reset { .. }
            | ServerMessage::Stats(_) => {}
        }
        Heard::Nothing
    }

    fn welcomed(&mut self, welcome: &Welcome) {
        self.max_message_bytes = welcome.limits.max_message_bytes.filter(|bytes| *bytes > 0);
        self.max_fps = welcome.limits.max_fps.filter(|fps| *fps > 0);
        if self.state == State::Opening {
            self.state = State::Welcomed;
        }
    }

    fn read_keypoints(&mut self, keypoints: Keypoints, subject: &Subject) -> Heard {
        let Some(frame_id) = keypoints.frame_id else {
            return self.spoiled("frame_id is not a number", subject);
        };
        match keypoints.into_frame(subject.parts) {
            Ok(keypoints) => Heard::Answer(Answer {
                frame_id,
                outcome: Ok(Box::new(keypoints)),
            }),
            Err(error) => self.spoiled(&error.to_string(), subject),
        }
    }

    /// Before the connection is ready, a complaint is about `configure`.
    fn complained(&mut self, error: FrameError, subject: &Subject) -> Heard {
        let FrameError { code, message } = error;
        self.complaint = Some(format!("{message} ({code})"));
        if self.state != State::Welcomed {
            return Heard::Nothing;
        }
        // The relay names options as they are on the wire, the caller wrote them in camelCase.
        let named = Configure::FIELDS
            .iter()
            .fold(message, |text, name| text.replace(name, &camel_case(name)));
        let refusal = format!(
            "The relay at {} refuses these options: {named}",
            subject.name
        );
        refused(FrameError::new(code, refusal))
    }

    fn spoiled(&self, reason: &str, subject: &Subject) -> Heard {
        let message = format!("The relay sent a message that {PROTOCOL} does not have: {reason}.");
        let error = FrameError::new(ErrorCode::InvalidMessage, message);
        Heard::Over(self.failed(error, subject))
    }

    /// The end of a connection whose peer does not keep to the protocol, or whose socket fails.
    pub(super) fn failed(&self, error: FrameError, subject: &Subject) -> Closing {
        if self.state == State::Ready {
            self.lost(error.message.trim_end_matches('.'), subject)
        } else {
            Closing {
                kind: ClosingKind::Refused,
                error,
            }
        }
    }

    /// The socket is closed.
    pub(super) fn closed(&self, code: u16, reason: &str, subject: &Subject) -> Closing {
        let is_ready = self.state == State::Ready;
        let kind = if is_ready && code == CloseCode::Normal.number() {
            ClosingKind::Ended
        } else if !is_ready && REFUSALS.contains(&code) {
            ClosingKind::Refused
        } else {
            ClosingKind::Lost
        };
        let why = Some(reason)
            .filter(|reason| !reason.is_empty())
            .or(self.complaint.as_deref())
            .unwrap_or("no reason is given");
        let reason = format!("closed with code {code}, {why}");
        Closing {
            kind,
            ..self.lost(&reason, subject)
        }
    }

    /// The end of a connection that is given up.
    pub(super) fn lost(&self, reason: &str, subject: &Subject) -> Closing {
        let what = if self.state == State::Ready {
            "was lost"
        } else {
            "could not be opened"
        };
        let message = format!("The connection to {} {what}: {reason}.", subject.name);
        Closing {
            kind: ClosingKind::Lost,
            error: FrameError::new(ErrorCode::ConnectionLost, message),
        }
    }
}

fn refused(error: FrameError) -> Heard {
    Heard::Over(Closing {
        kind: ClosingKind::Refused,
        error,
    })
}
