//! Where results go.

use std::io::{self, Write};

use live_keypoints_pipeline::FrameResult;
use live_keypoints_pipeline::format::jsonl::{self, HandWorld};

/// Takes results in the order of their frames.
pub trait ResultSink {
    /// Takes one.
    ///
    /// # Errors
    /// What the target says.
    fn write(&mut self, result: &FrameResult) -> io::Result<()>;

    /// Makes sure that what was taken can be read.
    ///
    /// # Errors
    /// What the target says.
    fn flush(&mut self) -> io::Result<()>;
}

/// JSON Lines, each readable as soon as it is there.
#[derive(Debug)]
pub struct JsonLines<W>(pub W);

impl<W: Write> ResultSink for JsonLines<W> {
    fn write(&mut self, result: &FrameResult) -> io::Result<()> {
        jsonl::write_line(&mut self.0, result, HandWorld::Omitted)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
