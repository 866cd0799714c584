//! Concatenated JPEGs taken apart by their markers (ITU-T T.81, annex B), as `ffmpeg -f mjpeg -` writes them.
//!
//! Lengths of segments are followed, so that a thumbnail inside one does not end a picture. A picture that was cut short
//! ends where the next begins. What is between two pictures and is no padding counts as one picture, which fails.

use std::io::{self, BufRead};

use super::byte_source::ByteSource;
use super::inputs::too_many_bytes;
use crate::frame::Frame;

const FILL: u8 = 0xFF;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Bytes that may stand between pictures: zeros, fill bytes, line ends.
const PADDING: [u8; 4] = [0, FILL, b'\r', b'\n'];

/// A segment of so few bytes holds no thumbnail: tables and headers alone take more.
const MAX_WITHOUT_THUMBNAIL: usize = 128;

/// Reads one picture after the other.
#[derive(Debug)]
pub struct MjpegReader<R> {
    source: ByteSource<R>,
    max_bytes: usize,
    /// The start marker of the next picture has been read.
    has_start: bool,
    picture: Vec<u8>,
    /// Length of the picture; its bytes over `max_bytes` are counted and not kept.
    length: usize,
}

/// What follows in the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The marker of this code has been read.
    Marker(u8),
    /// The bytes are not as the format has them.
    Broken,
    EndOfStream,
}

impl<R: BufRead> MjpegReader<R> {
    /// Takes the stream; a picture longer than `max_bytes` fails.
    #[must_use]
    pub fn new(input: R, max_bytes: usize) -> Self {
        Self {
            source: ByteSource::new(input),
            max_bytes,
            has_start: false,
            picture: Vec::new(),
            length: 0,
        }
    }

    /// The next picture, as soon as its last byte is there; `None` at the end of the stream.
    ///
    /// # Errors
    /// What the stream says.
    pub fn next_picture(&mut self) -> io::Result<Option<Frame>> {
        if !self.has_start {
            self.read_to_start()?;
            if self.picture.iter().any(|byte| !PADDING.contains(byte)) {
                return Ok(Some(self.take_frame()));
            }
            self.truncate(0);
        }
        if !std::mem::take(&mut self.has_start) {
            return Ok(None);
        }
        self.keep(&[FILL, SOI]);
        self.read_picture()?;
        Ok(Some(self.take_frame()))
    }

    fn take_frame(&mut self) -> Frame {
        let length = std::mem::take(&mut self.length);
        let bytes = std::mem::take(&mut self.picture);
        if length > self.max_bytes {
            return Frame::Unreadable(too_many_bytes(length as u64, self.max_bytes).into());
        }
        Frame::Jpeg(bytes.into())
    }

    /// Reads to the end marker, to the next start, or to the end of the stream.
    fn read_picture(&mut self) -> io::Result<()> {
        let mut next = self.marker()?;
        loop {
            next = match next {
                Next::Marker(EOI) | Next::EndOfStream => return Ok(()),
                Next::Marker(SOI) => {
                    self.truncate(self.length - 2);
                    self.has_start = true;
                    return Ok(());
                }
                Next::Marker(code) if stands_alone(code) => self.marker()?,
                Next::Marker(code) => {
                    let (start, next) = (self.length, self.after_segment(code)?);
                    let is_whole = matches!(next, Next::Marker(_));
                    if !is_whole && self.gives_back_a_swallowed_start(code, start) {
                        return Ok(());
                    }
                    next
                }
                Next::Broken => return self.read_to_start(),
            };
        }
    }

    /// Reads a marker, fill bytes before its code included.
    fn marker(&mut self) -> io::Result<Next> {
        match self.byte()? {
            None => return Ok(Next::EndOfStream),
            Some(FILL) => {}
            Some(_) => return Ok(Next::Broken),
        }
        Ok(match self.code()? {
            None => Next::EndOfStream,
            Some(0) => Next::Broken,
            Some(code) => Next::Marker(code),
        })
    }

    /// Reads on after a fill byte, to the first byte that is none.
    fn code(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.byte()? {
                Some(FILL) => {}
                other => return Ok(other),
            }
        }
    }

    /// Reads a segment by its length, the data behind it if it starts a scan, and the marker that follows.
    fn after_segment(&mut self, code: u8) -> io::Result<Next> {
        let (Some(high), Some(low)) = (self.byte()?, self.byte()?) else {
            return Ok(Next::EndOfStream);
        };
        let Some(mut rest) = usize::from(u16::from_be_bytes([high, low])).checked_sub(2) else {
            return Ok(Next::Broken);
        };
        while rest > 0 {
            let count = self.take_while(rest, |_| true)?;
            if count == 0 {
                return Ok(Next::EndOfStream);
            }
            rest -= count;
        }
        if code == SOS {
            self.entropy_coded_data()
        } else {
            self.marker()
        }
    }

    /// Reads entropy-coded data, stuffed bytes and restarts included, and the marker that ends it.
    fn entropy_coded_data(&mut self) -> io::Result<Next> {
        loop {
            while self.take_while(usize::MAX, |byte| byte != FILL)? > 0 {}
            if self.byte()?.is_none() {
                return Ok(Next::EndOfStream);
            }
            match self.code()? {
                None => return Ok(Next::EndOfStream),
                Some(0 | 0xD0..=0xD7) => {}
                Some(code) => return Ok(Next::Marker(code)),
            }
        }
    }

    /// The length of a segment that was cut short leads into the next picture: looks for its start behind `start`, and
    /// gives back what is behind it. Application segments may hold a thumbnail, which is no next picture.
    fn gives_back_a_swallowed_start(&mut self, code: u8, start: usize) -> bool {
        let may_hold_thumbnail = matches!(code, 0xE0..=0xEF | 0xFE);
        let is_kept = self.length == self.picture.len();
        if !is_kept || (may_hold_thumbnail && self.length - start > MAX_WITHOUT_THUMBNAIL) {
            return false;
        }
        let behind = &self.picture[start..];
        let Some(offset) = behind.windows(3).position(|w| w == [FILL, SOI, FILL]) else {
            return false;
        };
        let position = start + offset;
        self.source.give_back(&self.picture[position + 2..]);
        self.truncate(position);
        self.has_start = true;
        true
    }

    /// Reads up to a start marker, which is not kept, or to the end of the stream.
    fn read_to_start(&mut self) -> io::Result<()> {
        let mut previous = 0;
        while let Some(byte) = self.byte()? {
            if previous == FILL && byte == SOI {
                self.truncate(self.length - 2);
                self.has_start = true;
                return Ok(());
            }
            previous = byte;
        }
        Ok(())
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.source.buffer()?.first().copied() else {
            return Ok(None);
        };
        self.source.consume(1);
        self.keep(&[byte]);
        Ok(Some(byte))
    }

    /// Keeps what is buffered as long as `is_wanted` says so, at most `most` bytes; 0 at the end or the first unwanted.
    fn take_while(&mut self, most: usize, is_wanted: fn(u8) -> bool) -> io::Result<usize> {
        let buffered = self.source.buffer()?;
        let buffered = &buffered[..buffered.len().min(most)];
        let unwanted = buffered.iter().position(|byte| !is_wanted(*byte));
        let wanted = &buffered[..unwanted.unwrap_or(buffered.len())];
        let room = (self.max_bytes + 1).saturating_sub(self.picture.len());
        let count = wanted.len();
        self.picture.extend_from_slice(&wanted[..count.min(room)]);
        self.length += count;
        self.source.consume(count);
        Ok(count)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = (self.max_bytes + 1).saturating_sub(self.picture.len());
        self.picture
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len();
    }

    fn truncate(&mut self, length: usize) {
        self.length = length;
        self.picture.truncate(length);
    }
}

/// Whether a marker has no segment: TEM and restarts.
fn stands_alone(code: u8) -> bool {
    matches!(code, 0x01 | 0xD0..=0xD7)
}

#[cfg(test)]
mod tests;
