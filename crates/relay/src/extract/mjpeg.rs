//! Concatenated JPEGs taken apart by their markers (ITU-T T.81, annex B), as `ffmpeg -f mjpeg -` writes them.
//!
//! Lengths of segments are followed, so that a thumbnail inside one does not end a picture. A picture that was cut short
//! ends where the next begins. It takes time by the length of the stream, whatever is in it. Bytes that belong to no picture, such as the headers of `multipart/x-mixed-replace` or of
//! AVI chunks, are skipped and counted.

mod segment;

use std::io::{self, BufRead};

use super::byte_source::ByteSource;
use super::inputs::too_many_bytes;
use crate::frame::Frame;

const FILL: u8 = 0xFF;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// How a picture starts: no other marker may come first, and every marker has this first byte.
const START: [u8; 3] = [FILL, SOI, FILL];

/// Reads one picture after the other.
#[derive(Debug)]
pub struct MjpegReader<R> {
    source: ByteSource<R>,
    max_bytes: usize,
    /// The start marker of the next picture has been read.
    has_start: bool,
    picture: Vec<u8>,
    /// Length of the picture; its bytes over `room` are counted and not kept.
    length: usize,
    room: usize,
    skipped_bytes: u64,
}

/// What follows in the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The marker of this code has been read.
    Marker(u8),
    /// The start marker of another picture has been read and not kept.
    Start,
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
            room: 0,
            skipped_bytes: 0,
        }
    }

    /// Bytes so far that belong to no picture.
    #[must_use]
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes
    }

    /// The next picture, as soon as its last byte is there; `None` at the end of the stream.
    ///
    /// # Errors
    /// What the stream says.
    pub fn next_picture(&mut self) -> io::Result<Option<Frame>> {
        if !self.has_start {
            self.room = 0;
            let outcome = self.read_to_start();
            self.skipped_bytes += std::mem::take(&mut self.length) as u64;
            outcome?;
        }
        if !std::mem::take(&mut self.has_start) {
            return Ok(None);
        }
        self.room = self.max_bytes + 1;
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
                Next::Marker(EOI) | Next::Start | Next::EndOfStream => return Ok(()),
                Next::Marker(code) if stands_alone(code) => self.marker()?,
                Next::Marker(code) => self.after_segment(code)?,
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
        match self.code()? {
            None => Ok(Next::EndOfStream),
            Some(code) => self.marker_of(code),
        }
    }

    /// What a code that has been read behind a fill byte stands for.
    fn marker_of(&mut self, code: u8) -> io::Result<Next> {
        Ok(match code {
            SOI if self.takes_start()? => Next::Start,
            SOI => Next::Broken,
            code if is_marker(code) => Next::Marker(code),
            _ => Next::Broken,
        })
    }

    /// Whether the SOI that has been read starts a picture; if so, it is not kept.
    fn takes_start(&mut self) -> io::Result<bool> {
        self.has_start = matches!(self.source.buffer()?.first(), None | Some(&FILL));
        if self.has_start {
            self.truncate(self.length - 2);
        }
        Ok(self.has_start)
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
        let length = self.source.peek(2)?.first_chunk();
        let stated = length.map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        let length = stated.max(2);
        let bytes = self.source.peek(length + START.len())?;
        let (segment, behind) = bytes.split_at(bytes.len().min(length));
        let has_sound_end = code != SOS && leads_to_marker(behind);
        let length = segment.len();
        if let Some(start) = segment::swallowed_start(bytes, length, has_sound_end) {
            self.keep_next(start)?;
            self.source.consume(2);
            self.has_start = true;
            return Ok(Next::Start);
        }
        self.keep_next(length)?;
        match code {
            _ if stated < 2 => Ok(Next::Broken),
            SOS => self.entropy_coded_data(),
            _ => self.marker(),
        }
    }

    /// Reads entropy-coded data, stuffed bytes and restarts included, and the marker that ends it.
    fn entropy_coded_data(&mut self) -> io::Result<Next> {
        loop {
            self.read_to_fill()?;
            match self.code()? {
                None => return Ok(Next::EndOfStream),
                Some(code) if is_restart(code) || !is_marker(code) => {}
                Some(SOI) if !self.takes_start()? => {}
                Some(SOI) => return Ok(Next::Start),
                Some(code) => return Ok(Next::Marker(code)),
            }
        }
    }

    /// Reads up to the start of a picture, which is not kept, or to the end of the stream.
    fn read_to_start(&mut self) -> io::Result<()> {
        while !self.has_start {
            self.read_to_fill()?;
            match self.code()? {
                None => return Ok(()),
                Some(SOI) => _ = self.takes_start()?,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Reads up to and with a fill byte, or to the end of the stream.
    fn read_to_fill(&mut self) -> io::Result<()> {
        loop {
            let buffered = self.source.buffer()?;
            let fill = buffered.iter().position(|byte| *byte == FILL);
            let count = fill.map_or(buffered.len(), |position| position + 1);
            let room = self.room.saturating_sub(self.picture.len());
            self.picture.extend_from_slice(&buffered[..count.min(room)]);
            self.length += count;
            self.source.consume(count);
            if fill.is_some() || count == 0 {
                return Ok(());
            }
        }
    }

    /// Reads and keeps so many bytes that were looked at.
    fn keep_next(&mut self, mut count: usize) -> io::Result<()> {
        while count > 0 {
            let buffered = self.source.buffer()?;
            let taken = buffered.len().min(count);
            let room = self.room.saturating_sub(self.picture.len());
            self.picture.extend_from_slice(&buffered[..taken.min(room)]);
            self.length += taken;
            self.source.consume(taken);
            count -= taken;
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

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.room.saturating_sub(self.picture.len());
        self.picture
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len();
    }

    fn truncate(&mut self, length: usize) {
        self.length = length;
        self.picture.truncate(length);
    }
}

/// Whether a code behind a fill byte is one that JPEGs use: TEM, or one that is not reserved.
fn is_marker(code: u8) -> bool {
    matches!(code, 0x01 | 0xC0..=0xFE)
}

fn is_restart(code: u8) -> bool {
    matches!(code, 0xD0..=0xD7)
}

/// Whether a marker has no segment: TEM and restarts.
fn stands_alone(code: u8) -> bool {
    code == 0x01 || is_restart(code)
}

/// Whether the bytes behind a segment are a marker that may stand there in the same picture.
fn leads_to_marker(behind: &[u8]) -> bool {
    let is_sound = |code| code == FILL || is_marker(code) && code != SOI && !stands_alone(code);
    matches!(behind, [FILL, code, ..] if is_sound(*code))
}

#[cfg(test)]
mod tests;
