//! Pictures: 8-bit RGB pixels, and the way to them from JPEG bytes.
//!
//! - `jpeg`: decoding with limits that are checked from the header, and the colours of every JPEG kind.
//! - `own_thread`: what keeps the decoder from starting threads.
//! - `orientation`: what Exif says of how the camera was held.

#[cfg(feature = "pictures")]
mod jpeg;
#[cfg(feature = "pictures")]
mod orientation;
#[cfg(all(feature = "pictures", not(target_arch = "wasm32")))]
mod own_thread;

#[cfg(feature = "pictures")]
pub use jpeg::{
    DecodeEstimate, DecodeLimits, FAST_SIDE, decode_jpeg, decode_jpeg_fast, decode_jpeg_while,
    estimate_jpeg,
};

use crate::error::PictureError;
use crate::rect::ImageSize;

/// A picture: rows from the top, pixels from the left, 3 bytes each in the order red, green, blue, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct RgbImage {
    size: ImageSize,
    pixels: Vec<u8>,
}

impl RgbImage {
    /// Takes RGB bytes over.
    ///
    /// # Errors
    /// [`PictureError::InvalidPixels`] if a side is 0 or the length is not width · height · 3.
    pub fn from_rgb(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, PictureError> {
        check_length(width, height, 3, pixels.len())?;
        let size = ImageSize { width, height };
        Ok(Self { size, pixels })
    }

    /// Copies RGBA bytes, as a canvas holds them, without the alpha.
    ///
    /// # Errors
    /// [`PictureError::InvalidPixels`] if a side is 0 or the length is not width · height · 4.
    pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<Self, PictureError> {
        check_length(width, height, 4, rgba.len())?;
        let (pixels, _) = rgba.as_chunks::<4>();
        let pixels = pixels
            .iter()
            .flat_map(|[r, g, b, _]| [*r, *g, *b])
            .collect();
        let size = ImageSize { width, height };
        Ok(Self { size, pixels })
    }

    /// The picture as it should be seen by an Exif block (TIFF header first). One that says nothing sound of the
    /// orientation leaves it as it is.
    #[cfg(feature = "pictures")]
    #[must_use]
    pub fn upright_by_exif(self, exif: &[u8]) -> Self {
        orientation::upright(self, orientation::orientation_of(exif))
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// Width in pixels, at least 1.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.size.width
    }

    /// Height in pixels, at least 1.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.size.height
    }

    /// The bytes, width · height · 3 of them.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

impl std::fmt::Debug for RgbImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RgbImage({}×{})", self.size.width, self.size.height)
    }
}

fn check_length(
    width: u32,
    height: u32,
    channels: usize,
    bytes: usize,
) -> Result<(), PictureError> {
    let expected = u64::from(width) * u64::from(height) * channels as u64;
    if expected == 0 || expected != bytes as u64 {
        return Err(PictureError::InvalidPixels {
            width,
            height,
            channels,
            bytes,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_a_wrong_length_or_no_area_are_refused() {
        assert!(RgbImage::from_rgb(2, 1, vec![0; 6]).is_ok());
        assert!(RgbImage::from_rgb(2, 1, vec![0; 5]).is_err());
        assert!(RgbImage::from_rgb(0, 1, vec![]).is_err());
        assert!(RgbImage::from_rgba(1, 1, &[0; 3]).is_err());
        assert!(RgbImage::from_rgba(u32::MAX, u32::MAX, &[0; 4]).is_err());
    }

    #[test]
    fn alpha_is_left_out() {
        let image = RgbImage::from_rgba(2, 1, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(image.pixels(), [1, 2, 3, 5, 6, 7]);
    }
}
