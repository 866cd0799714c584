//! How a session ends.

use live_keypoints_protocol::CloseCode;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client said `bye`.
    Bye,
    /// The client sent nothing for too long.
    Idle,
    /// The session is as old as it may get.
    TooOld,
    /// The relay shuts down.
    ShuttingDown,
    /// Too many bad frames in a row.
    TooManyBadFrames,
    /// A text message is not JSON.
    InvalidJson,
    /// A text message is not UTF-8.
    InvalidUtf8,
    /// A message is too long.
    TooLarge,
    /// The peer does not keep to the WebSocket protocol.
    ProtocolViolation,
    /// The relay is short of memory, and the session's message is one of the longest.
    ShortOfMemory,
    /// A fault of ours.
    OurFault,
    /// The client closed the connection.
    ClosedByClient,
    /// The connection broke.
    Lost,
    /// The peer does not answer a ping.
    Silent,
    /// The peer takes nothing of what there is for it.
    NotReading,
}

/// What is still done before the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastWork {
    /// The frames that were received are computed and answered.
    Frames,
    /// What has been computed is sent.
    Answers,
    /// Nothing: nobody is there to read it.
    Nothing,
}

impl End {
    pub(super) fn last_work(self) -> LastWork {
        match self {
            Self::Bye | Self::Idle | Self::TooOld | Self::ShuttingDown => LastWork::Frames,
            Self::TooManyBadFrames
            | Self::InvalidJson
            | Self::InvalidUtf8
            | Self::TooLarge
            | Self::ProtocolViolation
            | Self::ShortOfMemory
            | Self::OurFault => LastWork::Answers,
            Self::ClosedByClient | Self::Lost | Self::Silent | Self::NotReading => {
                LastWork::Nothing
            }
        }
    }

    /// Code and reason of the close frame.
    pub(super) fn close_frame(self) -> (CloseCode, &'static str) {
        match self {
            Self::Bye => (CloseCode::Normal, "bye"),
            Self::Idle => (CloseCode::Normal, "idle"),
            Self::ClosedByClient => (CloseCode::Normal, ""),
            Self::ShuttingDown => (CloseCode::Leaving, "shutting down"),
            // Nothing that the client did: it may come again, as after a shutdown.
            Self::TooOld => (CloseCode::Leaving, "the session is as old as it may get"),
            Self::ProtocolViolation => (CloseCode::ProtocolViolation, "not the WebSocket protocol"),
            Self::InvalidJson => (CloseCode::InvalidText, "a text message is not JSON"),
            Self::InvalidUtf8 => (CloseCode::InvalidText, "a text message is not UTF-8"),
            Self::TooManyBadFrames => (CloseCode::Policy, "too many bad frames in a row"),
            Self::Silent => (CloseCode::Policy, "no answer to a ping"),
            Self::NotReading => (CloseCode::Policy, "results are not read"),
            Self::TooLarge => (CloseCode::TooLong, "a message is too long"),
            Self::ShortOfMemory => (CloseCode::Overloaded, "the relay is short of memory"),
            Self::OurFault | Self::Lost => (CloseCode::Fault, "a fault of the relay"),
        }
    }

    /// For logs and metrics.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Bye => "bye",
            Self::Idle => "idle",
            Self::TooOld => "too-old",
            Self::ShuttingDown => "shutting-down",
            Self::TooManyBadFrames => "too-many-bad-frames",
            Self::InvalidJson => "invalid-json",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::TooLarge => "too-large",
            Self::ProtocolViolation => "protocol-violation",
            Self::ShortOfMemory => "short-of-memory",
            Self::OurFault => "our-fault",
            Self::ClosedByClient => "closed-by-client",
            Self::Lost => "lost",
            Self::Silent => "silent",
            Self::NotReading => "not-reading",
        }
    }
}
