//! A reader over pieces of bytes, so that what is put right in a picture costs no copy of the rest.

use std::borrow::Cow;
use std::io::{self, Read};
use std::slice::Iter;

/// Reads the pieces one after the other.
pub(super) struct Pieces<'a> {
    current: &'a [u8],
    rest: Iter<'a, Cow<'a, [u8]>>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(pieces: &'a [Cow<'a, [u8]>]) -> Self {
        Self {
            current: &[],
            rest: pieces.iter(),
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.rest.next() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
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
    use super::*;

    #[test]
    fn pieces_read_as_one_and_end_once() {
        let pieces = [&b"ab"[..], b"", b"cde", b""].map(Cow::Borrowed);
        let mut reader = Pieces::new(&pieces);
        let mut four = [0; 4];
        reader.read_exact(&mut four).unwrap();
        assert_eq!(&four, b"abcd");
        assert!(reader.read_exact(&mut four).is_err());
        let mut whole = Vec::new();
        Pieces::new(&pieces).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"abcde");
    }
}
