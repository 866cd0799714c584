//! Starts of pictures inside segments: thumbnails, or the next picture where this one was cut short.

use super::{FILL, START};

const EXIF: &[u8] = b"Exif\0\0";

/// Where the next picture starts in a segment whose length leads into it, because its own picture was cut short there.
/// `segment` begins with its length, `behind` are the bytes that follow it, and `has_sound_end` says whether they are a
/// marker. Starts of thumbnails mean nothing.
pub(super) fn swallowed_start(segment: &[u8], behind: &[u8], has_sound_end: bool) -> Option<usize> {
    let bytes = [segment, behind].concat();
    let mut starts = (0..segment.len()).filter(|start| bytes[*start..].starts_with(&START));
    starts.find(|start| {
        if has_sound_end {
            segments_fill(&segment[start + 2..])
        } else {
            !is_exif_thumbnail(segment, *start)
        }
    })
}

/// Whether segments fill these bytes, the last of them whole or Exif. Behind the start of a picture they do where the
/// length of a segment that was cut leads by chance to a later marker of the next picture, or of its thumbnail; a
/// thumbnail has a scan as well.
fn segments_fill(mut bytes: &[u8]) -> bool {
    while let [FILL, _, high, low, ..] = bytes {
        let length = 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some(rest) = bytes.get(length..) else {
            return bytes[4..].starts_with(EXIF);
        };
        bytes = rest;
    }
    bytes.is_empty()
}

/// Whether Exif has its thumbnail there: the tag JPEGInterchangeFormat (0x0201), one unsigned 32-bit number, has the
/// distance from the TIFF header (Exif 2.32, 4.6.2).
fn is_exif_thumbnail(segment: &[u8], start: usize) -> bool {
    const TIFF: usize = 2 + EXIF.len();
    if segment.get(2..TIFF) != Some(EXIF) || start < TIFF {
        return false;
    }
    let distance = (start - TIFF) as u32;
    let mut little_endian = *b"\x01\x02\x04\0\x01\0\0\0....";
    let mut big_endian = *b"\x02\x01\0\x04\0\0\0\x01....";
    little_endian[8..].copy_from_slice(&distance.to_le_bytes());
    big_endian[8..].copy_from_slice(&distance.to_be_bytes());
    let mut entries = segment[..start].windows(12);
    entries.any(|entry| entry == little_endian || entry == big_endian)
}
