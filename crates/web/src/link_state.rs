//! What a stream's link to a relay is at; results and counters of every stream have a word for it.

/// What the link is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// An attempt is being made.
    Connecting,
    /// Frames are sent.
    Open,
    /// The connection was lost, and another attempt comes.
    Waiting,
    /// The relay ended the connection for want of frames; the next one opens it again.
    Idle,
}

impl LinkState {
    /// The word that JavaScript shows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
        }
    }
}
