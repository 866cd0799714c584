//! Reads a JPEG's marker segments one after the other (T.81 B.1), each byte of the picture once.

/// Where the reading stands. It starts behind the marker that every JPEG begins with.
pub(super) struct MarkerReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

pub(super) const END_OF_IMAGE: u8 = 0xD9;

impl<'a> MarkerReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 2 }
    }

    /// The next marker with its segment from the marker on. `None` where the file ends.
    pub(super) fn next_segment(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            // Bytes between segments are skipped, as libjpeg does.
            let rest = self.bytes.get(self.position..)?;
            let filled = rest.iter().position(|byte| *byte == 0xFF)?;
            let length = rest[filled..].iter().position(|byte| *byte != 0xFF)?;
            let start = self.position + filled + length - 1;
            let marker = self.bytes[start + 1];
            self.position = start + 2;
            match marker {
                0x00 | 0x01 | 0xD0..=0xD7 => {}
                0xD8 | END_OF_IMAGE => return Some((marker, &self.bytes[start..start + 2])),
                _ => {
                    let length = self.bytes.get(start + 2..)?.first_chunk::<2>()?;
                    self.position += usize::from(u16::from_be_bytes(*length)).max(2);
                    return Some((marker, self.bytes.get(start..self.position)?));
                }
            }
        }
    }

    /// The data of a scan whose header was just read, up to a marker that cannot be in it.
    pub(super) fn scan_data(&mut self, has_restarts: bool) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or(&[]);
        let mut end = 0;
        loop {
            let Some(found) = rest[end..].iter().position(|byte| *byte == 0xFF) else {
                end = rest.len();
                break;
            };
            let marker = rest[end + found..].iter().position(|byte| *byte != 0xFF);
            let Some(length) = marker else {
                // The file ends in the middle of a marker.
                self.position = self.bytes.len();
                return &rest[..end + found];
            };
            let at = end + found + length;
            let is_data = match rest[at] {
                0x00 => true,
                0xD0..=0xD7 => has_restarts,
                _ => false,
            };
            if !is_data {
                end += found;
                break;
            }
            end = at + 1;
        }
        self.position += end;
        &rest[..end]
    }

    /// Whether the file has ended.
    pub(super) fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// Whether a restart marker comes next.
    pub(super) fn is_at_restart(&self) -> bool {
        matches!(
            self.bytes.get(self.position..self.position + 2),
            Some([0xFF, 0xD0..=0xD7])
        )
    }
}
