//! A picture as it comes in, and its decoding.

use std::sync::Arc;

use axum::body::Bytes;
use live_keypoints_pipeline::motion::SmallGrey;
use live_keypoints_pipeline::picture::{DecodeLimits, decode_jpeg_while};
use live_keypoints_pipeline::{Decoded, ErrorCode, FrameError, Outcome};

use crate::memory::{Held, Pixels};
use crate::png_picture::{self, PNG_SIGNATURE};

/// A picture as it comes in. Clones share their bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// To be decoded as JPEG, whatever the bytes are.
    Jpeg(Bytes),
    /// To be decoded as PNG.
    Png(Bytes),
    /// No bytes could be had; the frame keeps its index and fails with this.
    Unreadable(FrameError),
}

impl Frame {
    /// PNG if the bytes start like one, else JPEG.
    #[must_use]
    pub fn from_file_bytes(bytes: Vec<u8>) -> Self {
        if bytes.starts_with(&PNG_SIGNATURE) {
            Self::Png(bytes.into())
        } else {
            Self::Jpeg(bytes.into())
        }
    }

    /// A frame that fails with [`ErrorCode::FileUnreadable`].
    #[must_use]
    pub fn unreadable(message: String) -> Self {
        Self::Unreadable(FrameError::new(ErrorCode::FileUnreadable, message))
    }

    /// Decodes the picture as an outcome for a session, as long as `keep_going` says so: it is asked again and again while
    /// a JPEG is decoded, and a no is answered with [`ErrorCode::TooSlow`]. A PNG takes no more time than its length and
    /// its pixels ask for.
    #[must_use]
    pub fn decode(
        &self,
        limits: DecodeLimits,
        keep_going: &dyn Fn() -> bool,
    ) -> Outcome<Arc<Pixels>> {
        self.decode_within(limits, false, None, keep_going)
    }

    /// As [`decode`](Self::decode), with the picture in small where it is wanted; the picture keeps of what is `held` of
    /// memory what it needs.
    pub(crate) fn decode_within(
        &self,
        limits: DecodeLimits,
        wants_grey: bool,
        held: Option<Held>,
        keep_going: &dyn Fn() -> bool,
    ) -> Outcome<Arc<Pixels>> {
        let image = match self {
            Self::Jpeg(bytes) => decode_jpeg_while(bytes, limits, keep_going),
            Self::Png(bytes) => png_picture::decode(bytes, limits),
            Self::Unreadable(error) => return Outcome::Failed(error.clone()),
        };
        match image {
            Ok(image) => Outcome::Decoded(Decoded {
                size: image.size(),
                grey: wants_grey.then(|| SmallGrey::of(&image)),
                pixels: Arc::new(Pixels::new(image, held)),
            }),
            Err(error) => Outcome::Failed(error.into()),
        }
    }
}
