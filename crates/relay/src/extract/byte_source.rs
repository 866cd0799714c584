//! A buffered stream that takes bytes back.

use std::io::{self, BufRead};

#[derive(Debug)]
pub(super) struct ByteSource<R> {
    input: R,
    /// Bytes that come before those of `input`, from `next` on.
    given_back: Vec<u8>,
    next: usize,
}

impl<R: BufRead> ByteSource<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            given_back: Vec::new(),
            next: 0,
        }
    }

    /// What is to be read next, empty only at the end.
    pub(super) fn buffer(&mut self) -> io::Result<&[u8]> {
        if self.next < self.given_back.len() {
            return Ok(&self.given_back[self.next..]);
        }
        while let Err(error) = self.input.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.input.fill_buf()
    }

    /// Marks bytes of the buffer as read.
    pub(super) fn consume(&mut self, count: usize) {
        if self.next < self.given_back.len() {
            self.next += count;
        } else {
            self.input.consume(count);
        }
    }

    /// Reads so many bytes, fewer only at the end.
    pub(super) fn read(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let buffered = self.buffer()?;
            let taken = buffered.len().min(count - bytes.len());
            if taken == 0 {
                break;
            }
            bytes.extend_from_slice(&buffered[..taken]);
            self.consume(taken);
        }
        Ok(bytes)
    }

    /// Puts bytes that were read back in front.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        self.given_back.splice(..self.next, bytes.iter().copied());
        self.next = 0;
    }
}
