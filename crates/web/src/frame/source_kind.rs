//! The kinds of picture that are read.

use serde::{Deserialize, Serialize};

/// What a frame is that is sent, or encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SourceKind {
    /// A `Uint8Array`.
    Jpeg,
    /// A `Blob`.
    JpegBlob,
    /// A `Uint8Array` of 4 bytes a pixel.
    Rgba { width: u32, height: u32 },
    /// An `ImageBitmap`.
    Bitmap,
    /// A `VideoFrame`.
    VideoFrame,
}
