//! Exif orientation: how the stored rows and columns lie in the upright picture (Exif 2.32, tag 0x0112).

use super::RgbImage;
use crate::rect::ImageSize;

/// Orientation 1..=8 from an Exif block (TIFF header first); 1, "as stored", where it says nothing sound.
///
/// Only the one tag is read, from the first directory, so that no damage elsewhere hides it. As in browsers, it counts
/// as one SHORT and in no other type.
pub(super) fn orientation_of(exif: &[u8]) -> u8 {
    let is_little_endian = exif.starts_with(b"II*\0");
    if !is_little_endian && !exif.starts_with(b"MM\0*") {
        return 1;
    }
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = exif.get(at..)?.get(..length)?;
        let append = |number, byte: &u8| number << 8 | usize::from(*byte);
        Some(if is_little_endian {
            bytes.iter().rev().fold(0, append)
        } else {
            bytes.iter().fold(0, append)
        })
    };
    let orientation = || {
        let directory = number(4, 4)?;
        let entries = (0..number(directory, 2)?).map(|index| directory + 2 + 12 * index);
        let mut values = entries.map_while(|entry| {
            let head = (
                number(entry, 2)?,
                number(entry + 2, 2)?,
                number(entry + 4, 4)?,
            );
            let value = number(entry + 8, 2)?;
            Some((head == (0x0112, 3, 1) && (1..=8).contains(&value)).then_some(value as u8))
        });
        values.find_map(|value| value)
    };
    orientation().unwrap_or(1)
}

/// The picture as it should be seen.
pub(super) fn upright(stored: RgbImage, orientation: u8) -> RgbImage {
    if !(2..=8).contains(&orientation) {
        return stored;
    }
    let (stored_width, stored_height) = (stored.width() as usize, stored.height() as usize);
    let size = upright_size(stored.size(), orientation);
    let (width, height) = (size.width as usize, size.height as usize);
    let (last_column, last_row) = (stored_width - 1, stored_height - 1);
    let mut pixels = Vec::with_capacity(stored.pixels.len());
    for y in 0..height {
        for x in 0..width {
            let (column, row) = match orientation {
                2 => (last_column - x, y),
                3 => (last_column - x, last_row - y),
                4 => (x, last_row - y),
                5 => (y, x),
                6 => (y, last_row - x),
                7 => (last_column - y, last_row - x),
                _ => (last_column - y, x),
            };
            let start = (row * stored_width + column) * 3;
            pixels.extend_from_slice(&stored.pixels[start..start + 3]);
        }
    }
    RgbImage { size, pixels }
}

/// Its width and height.
pub(super) fn upright_size(stored: ImageSize, orientation: u8) -> ImageSize {
    if orientation < 5 {
        return stored;
    }
    ImageSize {
        width: stored.height,
        height: stored.width,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red values of the upright picture, row by row, for a stored picture of 3×2 pixels "abc def".
    fn upright_letters(orientation: u8) -> (u32, u32, String) {
        let pixels = b"abcdef"
            .iter()
            .flat_map(|letter| [*letter, 0, 0])
            .collect();
        let image = upright(RgbImage::from_rgb(3, 2, pixels).unwrap(), orientation);
        let letters = image.pixels().chunks(3).map(|p| p[0] as char).collect();
        (image.width(), image.height(), letters)
    }

    #[test]
    fn all_eight_orientations_are_turned_upright() {
        let expected = [
            (3, 2, "abcdef"),
            (3, 2, "cbafed"),
            (3, 2, "fedcba"),
            (3, 2, "defabc"),
            (2, 3, "adbecf"),
            (2, 3, "daebfc"),
            (2, 3, "fcebda"),
            (2, 3, "cfbead"),
        ];
        for (orientation, (width, height, letters)) in (1..=8).zip(expected) {
            assert_eq!(
                upright_letters(orientation),
                (width, height, letters.to_owned()),
                "orientation {orientation}"
            );
        }
    }

    #[test]
    fn an_exif_block_that_is_broken_means_as_stored() {
        assert_eq!(orientation_of(b""), 1);
        assert_eq!(orientation_of(b"II*\0\xff\xff\xff\xff"), 1);
        let with = |value: u8| {
            let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            tiff.extend([value, 0, 0, 0, 0, 0, 0, 0]);
            orientation_of(&tiff)
        };
        assert_eq!((with(6), with(9), with(0)), (6, 1, 1));
    }
}
