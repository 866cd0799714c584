//! JPEG to RGB by the crate `jpeg-decoder`: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK.
//!
//! Size limits are checked from the header, before memory for pixels is taken. Exif orientation is respected.

use jpeg_decoder::{Decoder, Error, PixelFormat};

use super::{RgbImage, check_length};
use crate::error::PictureError;
use crate::rect::ImageSize;

/// The largest JPEG that is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Greatest length of the JPEG in bytes.
    pub max_bytes: usize,
    /// Greatest width times height. A progressive picture takes up to 15 bytes a pixel while it is decoded.
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
/// [`PictureError`] says whether the bytes are none, no JPEG, a broken one, one that uses a feature that is not decoded
/// here (arithmetic coding, 12 bits), or one over the limits.
pub fn decode_jpeg(bytes: &[u8], limits: DecodeLimits) -> Result<RgbImage, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        let start = bytes[..bytes.len().min(4)].to_vec();
        return Err(PictureError::NotAJpeg { start });
    }
    if bytes.len() > limits.max_bytes {
        return Err(PictureError::TooManyBytes {
            bytes: bytes.len(),
            max_bytes: limits.max_bytes,
        });
    }
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().map_err(picture_error)?;
    let info = decoder.info().ok_or_else(|| malformed("no frame header"))?;
    let size = ImageSize {
        width: u32::from(info.width),
        height: u32::from(info.height),
    };
    let count = u64::from(size.width) * u64::from(size.height);
    if count > limits.max_pixels {
        return Err(PictureError::TooManyPixels {
            width: size.width,
            height: size.height,
            max_pixels: limits.max_pixels,
        });
    }
    decoder.set_max_decoding_buffer_size(usize::try_from(count * 4).unwrap_or(usize::MAX));
    #[cfg(not(target_arch = "wasm32"))]
    super::own_thread::enter();
    let samples = decoder.decode().map_err(picture_error)?;
    let pixels = rgb_from_samples(samples, info.pixel_format);
    check_length(size.width, size.height, 3, pixels.len())?;
    let stored = RgbImage { size, pixels };
    Ok(match decoder.exif_data() {
        Some(exif) => stored.upright_by_exif(exif),
        None => stored,
    })
}

fn rgb_from_samples(samples: Vec<u8>, format: PixelFormat) -> Vec<u8> {
    match format {
        PixelFormat::RGB24 => samples,
        PixelFormat::L8 => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        // Native byte order, as the decoder writes it; the eight high bits are the picture.
        PixelFormat::L16 => {
            let (samples, _) = samples.as_chunks::<2>();
            let greys = samples.iter().map(|s| (u16::from_ne_bytes(*s) >> 8) as u8);
            greys.flat_map(|grey| [grey; 3]).collect()
        }
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
