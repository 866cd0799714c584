//! What a client may ask of the relay.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use live_keypoints_pipeline::picture::DecodeLimits;

/// The limits of each session, and of their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message; a longer one ends its session.
    pub max_message_bytes: usize,
    /// Width times height of a picture; a larger one is a bad frame.
    pub max_pixels: u64,
    /// Frames a second; above it the newest waits, and what waits before it is dropped and counted.
    pub max_fps: Option<NonZeroU32>,
    /// Sessions at once.
    pub max_sessions: NonZeroUsize,
    /// Sessions at once from one address, of IPv6 from one /64; `None`: as many as in all.
    pub max_sessions_per_address: Option<NonZeroUsize>,
    /// Bytes of memory that all sessions may take together. Over it the largest session's oldest waiting frame goes,
    /// and decoding waits.
    pub max_memory: u64,
    /// Connections at once that are not sessions; one more takes the place of the idlest.
    pub max_connections: NonZeroUsize,
    /// Bad frames in a row that end a session.
    pub max_consecutive_bad: NonZeroU32,
    /// Time without a message from the client that ends a session.
    pub idle_timeout: Duration,
    /// Age that ends a session.
    pub max_session: Option<Duration>,
    /// Time that a session gets to answer the frames it has once it is to end.
    pub drain: Duration,
    /// How long a peer is watched before it is taken for gone.
    pub patience: Patience,
}

/// Times after which a silent peer is taken for gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the TLS handshake, for the head of a request, and between two requests of one connection.
    pub request: Duration,
    /// Without a byte from the peer, a ping is sent.
    pub ping_after: Duration,
    /// Without a byte from the peer after that ping, it is gone.
    pub pong_within: Duration,
    /// Without a byte that the peer takes while there are some for it, it is gone.
    pub stalled_write: Duration,
    /// For the closing handshake.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Patience {
    /// Long enough for a peer with a bad connection.
    pub const DEFAULT: Self = Self {
        request: Duration::from_secs(15),
        ping_after: Duration::from_secs(20),
        pong_within: Duration::from_secs(20),
        stalled_write: Duration::from_secs(30),
        close: Duration::from_secs(5),
    };
}

impl Limits {
    /// A 4K frame and a photo of 16 megapixels pass; memory that a session may take stays in bounds.
    pub const DEFAULT: Self = Self {
        max_message_bytes: 8 << 20,
        max_pixels: 1 << 24,
        max_fps: None,
        max_sessions: NonZeroUsize::new(64).unwrap(),
        max_sessions_per_address: None,
        max_memory: 2 << 30,
        max_connections: NonZeroUsize::new(1024).unwrap(),
        max_consecutive_bad: NonZeroU32::new(30).unwrap(),
        idle_timeout: Duration::from_secs(300),
        max_session: None,
        drain: Duration::from_secs(10),
        patience: Patience::DEFAULT,
    };

    /// For decoding.
    #[must_use]
    pub fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            max_bytes: self.max_message_bytes,
            max_pixels: self.max_pixels,
        }
    }

    /// Memory that one session may take, in bytes, whatever its client does. What the worker threads need to decode a
    /// picture is not of a session; what signs take comes on top ([`Signs::max_session_bytes`](crate::signs::Signs)).
    ///
    /// - 10 messages: while one is received and copied 4, waiting for decoding 3, being decoded 3;
    /// - 3 decoded pictures of 3 bytes a pixel;
    /// - 4 MiB for answers, buffers, what is noted of 2,000 frames that wait for their answers (each may have a list of
    ///   points of its own), and the session itself.
    #[must_use]
    pub fn max_session_bytes(&self) -> u64 {
        let messages = 10 * self.max_message_bytes as u64;
        let pictures = 9 * self.max_pixels;
        messages + pictures + (4 << 20)
    }

    /// Half of the memory of all sessions: for messages, in equal parts for those that are received and those that wait.
    /// In any case what two of the longest take.
    #[must_use]
    pub fn max_messages_bytes(&self) -> usize {
        let half = usize::try_from(self.max_memory / 2).unwrap_or(usize::MAX);
        half.max(self.max_message_bytes.saturating_mul(8))
    }

    /// The other half: for pictures that are decoded, and their decoding. In any case what two of the largest take.
    #[must_use]
    pub fn max_pictures_bytes(&self) -> u64 {
        (self.max_memory / 2).max(self.max_pixels.saturating_mul(2 * 16))
    }

    /// Bytes of the frames that wait for decoding: beyond them the oldest go, whatever their number.
    #[must_use]
    pub fn max_buffered_bytes(&self) -> usize {
        self.max_message_bytes.saturating_mul(2)
    }
}
