//! PNG to RGB: 1 to 16 bits, grey, RGB, palette, interlaced; alpha is dropped, of 16 bits the high eight are kept. Of an
//! animation it is the first frame. The orientation of an `eXIf` chunk is respected, wherever the chunk stands.

use std::io::Cursor;

use live_keypoints_pipeline::PictureError;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use png::{ColorType, Decoder, DecodingError, Transformations};

/// The first bytes of every PNG.
pub(crate) const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Decodes a PNG. Limits are checked before memory for pixels is taken.
pub(crate) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<RgbImage, PictureError> {
    if bytes.len() > limits.max_bytes {
        return Err(PictureError::TooManyBytes {
            bytes: bytes.len(),
            max_bytes: limits.max_bytes,
        });
    }
    let mut decoder = Decoder::new(Cursor::new(bytes));
    // Nobody asks for them, and they may be much larger than they are stored.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(picture_error)?;
    let (width, height) = (header.width, header.height);
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(PictureError::TooManyPixels {
            width,
            height,
            max_pixels: limits.max_pixels,
        });
    }
    let mut reader = decoder.read_info().map_err(picture_error)?;
    check_palette(reader.info().palette.as_deref())?;
    let length = reader
        .output_buffer_size()
        .ok_or(PictureError::TooManyPixels {
            width,
            height,
            max_pixels: limits.max_pixels,
        })?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(picture_error)?;
    samples.truncate(frame.buffer_size());
    let stored = RgbImage::from_rgb(width, height, rgb_from_samples(samples, frame.color_type)?)?;
    // The chunk may also come after the pixels, where a broken file does no harm any more.
    let _ = reader.finish();
    Ok(match &reader.info().exif_metadata {
        Some(exif) => stored.upright_by_exif(exif),
        None => stored,
    })
}

/// `png` 0.18 panics where a palette is not of whole entries, or has too many.
fn check_palette(palette: Option<&[u8]>) -> Result<(), PictureError> {
    let is_sound = |length: usize| (3..=3 * 256).contains(&length) && length.is_multiple_of(3);
    match palette {
        Some(palette) if !is_sound(palette.len()) => Err(PictureError::Malformed {
            reason: format!("a palette of {} bytes", palette.len()),
        }),
        _ => Ok(()),
    }
}

fn rgb_from_samples(samples: Vec<u8>, color: ColorType) -> Result<Vec<u8>, PictureError> {
    Ok(match color {
        ColorType::Rgb => samples,
        ColorType::Rgba => {
            let (pixels, _) = samples.as_chunks::<4>();
            pixels
                .iter()
                .flat_map(|[r, g, b, _]| [*r, *g, *b])
                .collect()
        }
        ColorType::Grayscale => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::GrayscaleAlpha => {
            let (pixels, _) = samples.as_chunks::<2>();
            pixels.iter().flat_map(|[grey, _]| [*grey; 3]).collect()
        }
        ColorType::Indexed => {
            return Err(PictureError::Unsupported {
                feature: "a palette that was not expanded".to_owned(),
            });
        }
    })
}

fn picture_error(error: DecodingError) -> PictureError {
    let reason = match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "truncated".to_owned()
        }
        other => other.to_string(),
    };
    PictureError::Malformed { reason }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, Encoder};

    use super::*;

    fn png(color: ColorType, depth: BitDepth, size: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, size, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == ColorType::Indexed {
            encoder.set_palette(vec![9, 8, 7, 1, 2, 3]);
            encoder.set_trns(vec![0, 255]);
        }
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(data))
            .unwrap();
        bytes
    }

    fn pixels(bytes: &[u8]) -> Vec<u8> {
        let image = decode(bytes, DecodeLimits::default()).unwrap();
        image.pixels().to_vec()
    }

    #[test]
    fn every_colour_type_becomes_rgb_of_eight_bits() {
        use BitDepth::{Eight, One, Sixteen};
        let rgb = png(ColorType::Rgb, Eight, 1, &[1, 2, 3]);
        assert_eq!(pixels(&rgb), [1, 2, 3]);
        let rgba = png(ColorType::Rgba, Eight, 1, &[1, 2, 3, 0]);
        assert_eq!(pixels(&rgba), [1, 2, 3]);
        let rgb16 = png(ColorType::Rgb, Sixteen, 1, &[1, 255, 2, 255, 3, 255]);
        assert_eq!(pixels(&rgb16), [1, 2, 3]);
        let grey = png(ColorType::Grayscale, One, 2, &[0b0100_0000]);
        assert_eq!(pixels(&grey), [0, 0, 0, 255, 255, 255]);
        let grey_alpha = png(ColorType::GrayscaleAlpha, Sixteen, 1, &[7, 0, 0, 0]);
        assert_eq!(pixels(&grey_alpha), [7, 7, 7]);
        let palette = png(ColorType::Indexed, One, 2, &[0b0100_0000]);
        assert_eq!(pixels(&palette), [9, 8, 7, 1, 2, 3]);
    }

    /// A TIFF header and one directory with the tag Orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        tiff
    }

    /// A picture of two pixels, and where its pixels (chunk IDAT) and its end (IEND) begin.
    fn two_pixels() -> (Vec<u8>, [usize; 2]) {
        let bytes = png(ColorType::Grayscale, BitDepth::Eight, 2, &[10, 20]);
        let chunk = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap() - 4;
        let places = [chunk(b"IDAT"), chunk(b"IEND")];
        (bytes, places)
    }

    fn with_chunk(bytes: &[u8], at: usize, name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut chunk = Vec::new();
        let mut checked = name.to_vec();
        checked.extend(data);
        chunk.extend((data.len() as u32).to_be_bytes());
        chunk.extend(&checked);
        chunk.extend(crc32(&checked).to_be_bytes());
        [&bytes[..at], &chunk, &bytes[at..]].concat()
    }

    /// The CRC of PNG chunks (ISO 3309).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }

    #[test]
    fn exif_orientation_is_respected_before_and_after_the_pixels() {
        let (plain, places) = two_pixels();
        for at in places {
            let turned = with_chunk(&plain, at, b"eXIf", &exif(3));
            assert_eq!(pixels(&turned), [20, 20, 20, 10, 10, 10]);
            let on_its_side = with_chunk(&plain, at, b"eXIf", &exif(6));
            let image = decode(&on_its_side, DecodeLimits::default()).unwrap();
            assert_eq!((image.width(), image.height()), (1, 2));
            let broken = with_chunk(&plain, at, b"eXIf", b"no TIFF header");
            assert_eq!(pixels(&broken), pixels(&plain));
        }
    }

    #[test]
    fn a_palette_that_is_not_of_whole_entries_is_malformed() {
        let sound = png(ColorType::Indexed, BitDepth::One, 2, &[0b0100_0000]);
        let at = sound.windows(4).position(|w| w == b"PLTE").unwrap() - 4;
        let behind = at + 12 + 6;
        let without = [&sound[..at], &sound[behind..]].concat();
        for length in [0, 1, 2, 4, 5, 7, 769, 771, 1024] {
            let broken = with_chunk(&without, at, b"PLTE", &vec![1; length]);
            let error = decode(&broken, DecodeLimits::default()).unwrap_err();
            assert!(matches!(error, PictureError::Malformed { .. }), "{length}");
        }
        let sound_again = with_chunk(&without, at, b"PLTE", &[9, 8, 7, 1, 2, 3]);
        assert_eq!(pixels(&sound_again), pixels(&sound));
    }

    #[test]
    fn broken_and_huge_pictures_are_told_apart() {
        let whole = png(ColorType::Rgb, BitDepth::Eight, 1, &[1, 2, 3]);
        for length in 8..whole.len() - 12 {
            let error = decode(&whole[..length], DecodeLimits::default()).unwrap_err();
            assert!(
                matches!(error, PictureError::Malformed { .. }),
                "{length}: {error:?}"
            );
        }
        let mut limits = DecodeLimits {
            max_pixels: 0,
            ..DecodeLimits::default()
        };
        let error = decode(&whole, limits).unwrap_err();
        assert!(matches!(error, PictureError::TooManyPixels { .. }));
        limits.max_bytes = 10;
        let error = decode(&whole, limits).unwrap_err();
        assert!(matches!(error, PictureError::TooManyBytes { .. }));
    }
}
