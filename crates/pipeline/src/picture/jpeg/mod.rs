//! JPEG to RGB by the crate `jpeg-decoder`: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK.
//!
//! A walk over the marker segments goes first: it checks limits from the header, before memory for pixels is taken, and
//! puts right what `jpeg-decoder` would refuse or misread and libjpeg does not. Exif orientation is respected.
//!
//! - `walk`: the segments, and the stream that `jpeg-decoder` gets.
//! - `frame`: frame and scan headers.
//! - `huffman`: Huffman tables, the standard ones included.
//! - `marker_reader`: from one segment to the next.
//! - `restarts`: scans with missing restart markers or damaged data between them.
//! - `pieces`: a reader over what the walk laid out.
//! - `stop`: giving up.
//! - `estimate`: what decoding will take.

mod estimate;
mod frame;
mod huffman;
mod marker_reader;
mod pieces;
mod restarts;
mod stop;
mod walk;

use jpeg_decoder::{Decoder, Error, ImageInfo, PixelFormat};

pub use self::estimate::{DecodeEstimate, estimate_jpeg};
use self::pieces::Pieces;
use self::stop::Stop;
use self::walk::{Walk, walk};
use super::RgbImage;
use super::orientation::{orientation_of, upright, upright_size};
use crate::error::PictureError;
use crate::rect::ImageSize;

/// The largest JPEG that is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Greatest length of the JPEG in bytes.
    pub max_bytes: usize,
    /// Greatest width times height. While it is decoded, a picture takes up to 16 bytes of memory for each pixel (a
    /// progressive one in CMYK; in YCbCr 12 at most, and 6 where it is not progressive), and twice its length where its
    /// restart markers are damaged. Sides count as multiples of 32 pixels.
    pub max_pixels: u64,
}

impl Default for DecodeLimits {
    /// 32 MiB and 2²⁵ pixels: an 8K frame passes.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_pixels: 1 << 25,
        }
    }
}

/// Decodes a JPEG to RGB, turned upright.
///
/// # Errors
/// [`PictureError`] says whether the bytes are none, no JPEG, a broken or cut off one, one that uses a feature that is
/// not decoded here (lossless, arithmetic or hierarchical coding, 12 bits, scans that go through the picture again and
/// again), or one over the limits.
pub fn decode_jpeg(bytes: &[u8], limits: DecodeLimits) -> Result<RgbImage, PictureError> {
    decode_jpeg_while(bytes, limits, &|| true)
}

/// As [`decode_jpeg`], as long as `keep_going` says so. It is asked before each scan and every 4 KiB of the JPEG, so that
/// time without an answer is that of one scan, or of turning samples into pixels.
///
/// # Errors
/// As [`decode_jpeg`], and [`PictureError::TooSlow`] once `keep_going` said no.
pub fn decode_jpeg_while(
    bytes: &[u8],
    limits: DecodeLimits,
    keep_going: &dyn Fn() -> bool,
) -> Result<RgbImage, PictureError> {
    Ok(walk_and_decode(bytes, limits, u16::MAX, &Stop::new(keep_going))?.0)
}

/// As [`decode_jpeg`], at a half, a quarter or an eighth of the size where that leaves [`FAST_SIDE`] pixels or more on the
/// longer side; with the size of the whole picture, upright.
///
/// # Errors
/// As [`decode_jpeg`].
pub fn decode_jpeg_fast(
    bytes: &[u8],
    limits: DecodeLimits,
) -> Result<(RgbImage, ImageSize), PictureError> {
    walk_and_decode(bytes, limits, FAST_SIDE, &Stop::new(&|| true))
}

/// The models look at the whole picture with 224 pixels a side, at a person with 256 and at a hand with 224: a hand that
/// is a quarter of the picture still has a pixel for each of its input.
pub const FAST_SIDE: u16 = 960;

fn walk_and_decode(
    bytes: &[u8],
    limits: DecodeLimits,
    least_side: u16,
    stop: &Stop<'_>,
) -> Result<(RgbImage, ImageSize), PictureError> {
    check_start(bytes, limits.max_bytes)?;
    let walked = walk(bytes, limits.max_pixels, false, stop)?;
    match decode(&walked, least_side, stop) {
        // Damage ends at the next restart marker.
        Err(PictureError::Malformed { .. }) if walked.has_restarts => {
            drop(walked.pieces);
            decode(
                &walk(bytes, limits.max_pixels, true, stop)?,
                least_side,
                stop,
            )
        }
        decoded => decoded,
    }
}

fn check_start(bytes: &[u8], max_bytes: usize) -> Result<(), PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        let start = bytes[..bytes.len().min(4)].to_vec();
        return Err(PictureError::NotAJpeg { start });
    }
    if bytes.len() > max_bytes {
        return Err(PictureError::TooManyBytes {
            bytes: bytes.len(),
            max_bytes,
        });
    }
    Ok(())
}

fn check_area(width: u16, height: u16, max_pixels: u64) -> Result<(), PictureError> {
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(PictureError::TooManyPixels {
            width: width.into(),
            height: height.into(),
            max_pixels,
        });
    }
    Ok(())
}

fn decode(
    walked: &Walk<'_>,
    least_side: u16,
    stop: &Stop<'_>,
) -> Result<(RgbImage, ImageSize), PictureError> {
    let (samples, info) = samples_of(walked, least_side, stop)?;
    stop.check()?;
    let pixels = rgb_from_samples(samples, info.pixel_format);
    let stored = RgbImage::from_rgb(info.width.into(), info.height.into(), pixels)?;
    stop.check()?;
    let orientation = walked.exif.map_or(1, orientation_of);
    let (width, height) = walked.size;
    let whole = ImageSize {
        width: width.into(),
        height: height.into(),
    };
    Ok((
        upright(stored, orientation),
        upright_size(whole, orientation),
    ))
}

/// What `jpeg-decoder` makes of the stream. Its coefficients and planes are gone when this returns.
fn samples_of(
    walked: &Walk<'_>,
    least_side: u16,
    stop: &Stop<'_>,
) -> Result<(Vec<u8>, ImageInfo), PictureError> {
    let picture_error = |error| match error {
        _ if stop.has_stopped() => PictureError::TooSlow,
        Error::Format(_) if walked.is_cut_off => malformed("truncated"),
        error => picture_error(error),
    };
    let mut decoder = Decoder::new(Pieces::new(&walked.pieces, stop));
    decoder.set_color_transform(walked.color);
    decoder
        .scale(least_side, least_side)
        .map_err(picture_error)?;
    #[cfg(not(target_arch = "wasm32"))]
    super::own_thread::enter();
    let samples = decoder.decode().map_err(picture_error)?;
    let info = decoder.info().ok_or_else(|| malformed("no frame header"))?;
    Ok((samples, info))
}

fn rgb_from_samples(samples: Vec<u8>, format: PixelFormat) -> Vec<u8> {
    match format {
        PixelFormat::RGB24 => samples,
        PixelFormat::L8 => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        // Of lossless pictures only, which the walk refuses.
        PixelFormat::L16 => Vec::new(),
        // Stored inverted, as Adobe's programs do and every decoder expects; `jpeg-decoder` hands out ink.
        PixelFormat::CMYK32 => {
            let (inks, _) = samples.as_chunks::<4>();
            let light = |ink: u8, black: u8| {
                let product = u16::from(255 - ink) * u16::from(255 - black);
                ((product + 127) / 255) as u8
            };
            let rgb = |[c, m, y, k]: &[u8; 4]| [light(*c, *k), light(*m, *k), light(*y, *k)];
            inks.iter().flat_map(rgb).collect()
        }
    }
}

fn picture_error(error: Error) -> PictureError {
    match error {
        Error::Format(reason) => malformed(reason),
        Error::Unsupported(feature) => PictureError::Unsupported {
            feature: format!("{feature:?}"),
        },
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            malformed("truncated")
        }
        // The bytes lie in memory: what else fails is a lack of resources.
        Error::Io(_) | Error::Internal(_) => PictureError::Internal {
            reason: error.to_string(),
        },
    }
}

fn malformed(reason: impl Into<String>) -> PictureError {
    PictureError::Malformed {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn a_lack_of_resources_is_not_the_pictures_fault() {
        let code = |kind: io::ErrorKind| picture_error(Error::Io(kind.into())).code();
        assert_eq!(
            code(io::ErrorKind::UnexpectedEof),
            ErrorCode::MalformedPicture
        );
        for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::OutOfMemory] {
            assert_eq!(code(kind), ErrorCode::Internal);
        }
        let other = Error::Internal("no thread".into());
        assert_eq!(picture_error(other).code(), ErrorCode::Internal);
    }
}
