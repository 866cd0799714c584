//! A reader over pieces of bytes, so that what is put right in a picture costs no copy of the rest.

use std::borrow::Cow;
use std::io::{self, Read};
use std::slice::Iter;

use super::stop::Stop;

/// So many bytes are handed out between two questions whether decoding may go on: some tenths of a millisecond.
const BYTES_BETWEEN_CHECKS: usize = 4096;

/// Reads the pieces one after the other, and fails once decoding is to stop.
pub(super) struct Pieces<'a> {
    /// What can be read before the next check.
    current: &'a [u8],
    /// The rest of its piece.
    later: &'a [u8],
    rest: Iter<'a, Cow<'a, [u8]>>,
    stop: &'a Stop<'a>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(pieces: &'a [Cow<'a, [u8]>], stop: &'a Stop<'a>) -> Self {
        Self {
            current: &[],
            later: &[],
            rest: pieces.iter(),
            stop,
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            self.stop.check().map_err(io::Error::other)?;
            if self.later.is_empty() {
                match self.rest.next() {
                    Some(piece) => self.later = piece,
                    None => return Ok(0),
                }
            }
            let length = self.later.len().min(BYTES_BETWEEN_CHECKS);
            (self.current, self.later) = self.later.split_at(length);
        }
        self.current.read(buffer)
    }

    // `jpeg-decoder` reads byte by byte.
    fn read_exact(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while self.current.len() < buffer.len() {
            match self.read(buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => buffer = &mut buffer[length..],
            }
        }
        self.current.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn pieces_read_as_one_and_end_once() {
        let pieces = [&b"ab"[..], b"", b"cde", b""].map(Cow::Borrowed);
        let stop = Stop::new(&|| true);
        let mut reader = Pieces::new(&pieces, &stop);
        let mut four = [0; 4];
        reader.read_exact(&mut four).unwrap();
        assert_eq!(&four, b"abcd");
        assert!(reader.read_exact(&mut four).is_err());
        let mut whole = Vec::new();
        Pieces::new(&pieces, &stop).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"abcde");
    }

    #[test]
    fn reading_fails_soon_after_the_stop_and_ever_after() {
        let pieces = [Cow::Owned(vec![1; 10 * BYTES_BETWEEN_CHECKS])];
        let asked = Cell::new(0);
        let keep_going = || asked.replace(asked.get() + 1) != 2;
        let stop = Stop::new(&keep_going);
        let mut reader = Pieces::new(&pieces, &stop);
        let mut byte = [0];
        let read = (0..).take_while(|_| reader.read_exact(&mut byte).is_ok());
        assert_eq!(read.count(), 2 * BYTES_BETWEEN_CHECKS);
        assert!(reader.read_exact(&mut byte).is_err() && stop.has_stopped());
        assert_eq!(asked.get(), 3, "a no is not asked for twice");
    }
}
