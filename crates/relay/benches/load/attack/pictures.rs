//! Pictures that are small to send and dear to decode, each made once.

use std::sync::{Arc, OnceLock};

use jpeg_encoder::{ColorType, Encoder};

use super::bombs::{SIDE, lossless, refined, segment};
use crate::clip::Clip;

/// Of the relay's default `--max-message-bytes`.
const MESSAGE_BYTES: usize = 8 << 20;

/// What is sent as a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// 13 KB of a camera.
    Ordinary,
    /// Lossless (SOF3), 16 megapixels of four components, so many scans of 16 bytes that hold nothing.
    Lossless { scans: usize },
    /// Progressive, 16 megapixels of grey, so many scans of 34 bytes that are one end-of-band run. With one scan an ordinary picture
    /// of 165 bytes.
    Refined { scans: usize },
    /// Progressive, 16 megapixels of CMYK.
    ProgressiveCmyk,
    /// Baseline, 16 megapixels.
    Baseline,
    /// The same, followed by zeros up to the greatest message.
    Padded,
    /// Nothing but zeros behind `FF D8`, up to the greatest message.
    Zeros,
    /// The greatest message full of Exif, and a picture behind it.
    Exif,
}

impl Picture {
    /// The JPEG.
    pub(super) fn bytes(self, clip: &Clip) -> Arc<[u8]> {
        static CMYK: OnceLock<Arc<[u8]>> = OnceLock::new();
        static BASELINE: OnceLock<Arc<[u8]>> = OnceLock::new();
        let padded = |mut jpeg: Vec<u8>| {
            jpeg.resize(MESSAGE_BYTES, 0);
            jpeg
        };
        let baseline = || BASELINE.get_or_init(|| encoded(ColorType::Rgb, false).into());
        match self {
            Self::Ordinary => clip.frame(0).into(),
            Self::Lossless { scans } => lossless(scans).into(),
            Self::Refined { scans } => refined(scans).into(),
            Self::ProgressiveCmyk => {
                Arc::clone(CMYK.get_or_init(|| encoded(ColorType::Cmyk, true).into()))
            }
            Self::Baseline => Arc::clone(baseline()),
            Self::Padded => padded(baseline().to_vec()).into(),
            Self::Zeros => padded(vec![0xFF, 0xD8]).into(),
            Self::Exif => behind_exif(clip.frame(0)).into(),
        }
    }
}

#[expect(clippy::expect_used, reason = "a vector takes every picture")]
fn encoded(color: ColorType, is_progressive: bool) -> Vec<u8> {
    let components = if color == ColorType::Cmyk { 4 } else { 3 };
    let pixels = vec![128; usize::from(SIDE) * usize::from(SIDE) * components];
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 50);
    encoder.set_progressive(is_progressive);
    encoder
        .encode(&pixels, SIDE, SIDE, color)
        .expect("a picture of this size can be encoded");
    jpeg
}

fn behind_exif(jpeg: &[u8]) -> Vec<u8> {
    let mut content = b"Exif\0\0".to_vec();
    content.resize(usize::from(u16::MAX) - 2, 0);
    let exif = segment(0xE1, &content);
    let count = (MESSAGE_BYTES - jpeg.len()) / exif.len();
    [&jpeg[..2], &exif.repeat(count), &jpeg[2..]].concat()
}
