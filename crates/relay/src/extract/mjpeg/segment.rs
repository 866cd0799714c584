//! Starts of pictures inside segments: thumbnails, or the next picture where this one was cut short.

use std::collections::BTreeSet;

use super::{FILL, START};

const EXIF: &[u8] = b"Exif\0\0";

/// Where the next picture starts in a segment whose length leads into it, because its own picture was cut short there.
/// The first `length` of `bytes` are the segment, which begins with its length, and the rest are bytes that follow it;
/// `has_sound_end` says whether they are a marker. Starts of thumbnails mean nothing.
///
/// Looking takes as long as what lies before the start that is found; a segment without one is not looked at again.
pub(super) fn swallowed_start(bytes: &[u8], length: usize, has_sound_end: bool) -> Option<usize> {
    let segment = &bytes[..length];
    let mut starts = (0..length).filter(|start| bytes[*start..].starts_with(&START));
    if has_sound_end {
        let mut seen = BTreeSet::new();
        starts.find(|start| segments_fill(segment, start + 2, &mut seen))
    } else {
        let mut thumbnails = Thumbnails::of(segment);
        starts.find(|start| !thumbnails.have(*start))
    }
}

/// Whether segments fill these bytes from `position` on, the last of them whole or Exif. Behind the start of a picture
/// they do where the length of a segment that was cut leads by chance to a later marker of the next picture, or of its
/// thumbnail; a thumbnail has a scan as well. From positions that were `seen` they do not.
fn segments_fill(bytes: &[u8], mut position: usize, seen: &mut BTreeSet<usize>) -> bool {
    while let [FILL, _, high, low, rest @ ..] = &bytes[position..] {
        if !seen.insert(position) {
            return false;
        }
        position += 2 + usize::from(u16::from_be_bytes([*high, *low]));
        if position > bytes.len() {
            return rest.starts_with(EXIF);
        }
    }
    position == bytes.len()
}

/// Where Exif has its thumbnail: the tag JPEGInterchangeFormat (0x0201), one unsigned 32-bit number, has the distance
/// from the TIFF header (Exif 2.32, 4.6.2).
struct Thumbnails<'a> {
    segment: &'a [u8],
    /// Bytes that were looked through for the tag.
    looked_through: usize,
    places: BTreeSet<usize>,
}

impl<'a> Thumbnails<'a> {
    const TIFF: usize = 2 + EXIF.len();

    fn of(segment: &'a [u8]) -> Self {
        let is_exif = segment.get(2..Self::TIFF) == Some(EXIF);
        Self {
            segment: if is_exif { segment } else { &[] },
            looked_through: 0,
            places: BTreeSet::new(),
        }
    }

    /// Whether there is one at `start` by a tag before it. To be asked in rising order.
    fn have(&mut self, start: usize) -> bool {
        while let Some(entry) = self.segment[..start.min(self.segment.len())]
            .get(self.looked_through..)
            .and_then(|rest| rest.first_chunk::<12>())
        {
            let (head, distance) = (&entry[..8], [entry[8], entry[9], entry[10], entry[11]]);
            let distance = match head {
                b"\x01\x02\x04\0\x01\0\0\0" => Some(u32::from_le_bytes(distance)),
                b"\x02\x01\0\x04\0\0\0\x01" => Some(u32::from_be_bytes(distance)),
                _ => None,
            };
            self.places
                .extend(distance.map(|distance| distance as usize + Self::TIFF));
            self.looked_through += 1;
        }
        self.places.contains(&start)
    }
}
