//! A picture as it comes in, and its decoding.

use std::sync::Arc;

use axum::body::Bytes;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg_while};
use live_keypoints_pipeline::{Decoded, ErrorCode, FrameError, Outcome, PictureError};

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
    ) -> Outcome<Arc<RgbImage>> {
        match self {
            Self::Jpeg(bytes) => outcome_of(decode_jpeg_while(bytes, limits, keep_going)),
            Self::Png(bytes) => outcome_of(png_picture::decode(bytes, limits)),
            Self::Unreadable(error) => Outcome::Failed(error.clone()),
        }
    }
}

fn outcome_of(image: Result<RgbImage, PictureError>) -> Outcome<Arc<RgbImage>> {
    match image {
        Ok(image) => Outcome::Decoded(Decoded {
            size: image.size(),
            pixels: Arc::new(image),
        }),
        Err(error) => Outcome::Failed(error.into()),
    }
}
