//! A buffered stream that can be looked ahead into.

use std::io::{self, BufRead};

#[derive(Debug)]
pub(super) struct ByteSource<R> {
    input: R,
    /// Bytes that come before those of `input`, from `next` on.
    ahead: Vec<u8>,
    next: usize,
}

impl<R: BufRead> ByteSource<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            ahead: Vec::new(),
            next: 0,
        }
    }

    /// What is to be read next, empty only at the end.
    pub(super) fn buffer(&mut self) -> io::Result<&[u8]> {
        if self.next < self.ahead.len() {
            return Ok(&self.ahead[self.next..]);
        }
        self.fill_input()
    }

    /// Marks bytes of the buffer as read.
    pub(super) fn consume(&mut self, count: usize) {
        if self.next < self.ahead.len() {
            self.next += count;
        } else {
            self.input.consume(count);
        }
    }

    /// So many of the bytes that are to be read next, fewer only at the end. They stay to be read: looking again at what
    /// was looked at before costs nothing.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        // Each byte is moved only after as many were read.
        if self.next > self.ahead.len() / 2 {
            self.ahead.drain(..self.next);
            self.next = 0;
        }
        while self.ahead.len() - self.next < count {
            let missing = count - (self.ahead.len() - self.next);
            let buffered = self.fill_input()?;
            let taken = buffered.len().min(missing);
            if taken == 0 {
                break;
            }
            let buffered = buffered[..taken].to_vec();
            self.ahead.extend(buffered);
            self.input.consume(taken);
        }
        let end = self.ahead.len().min(self.next + count);
        Ok(&self.ahead[self.next..end])
    }

    fn fill_input(&mut self) -> io::Result<&[u8]> {
        while let Err(error) = self.input.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.input.fill_buf()
    }
}
