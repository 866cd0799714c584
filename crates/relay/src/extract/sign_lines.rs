//! JSON Lines of keypoints with those of signs.

use std::io::{self, Write};

use live_keypoints_pipeline::FrameResult;
use live_keypoints_pipeline::signs::{SignEvent, SignRecognizer};

use super::{JsonLines, ResultSink};
use crate::signs::Signs;

/// JSON Lines; behind the line of a frame come those of what it tells: `{"type":"idle"}` and
/// `{"type":"sign","label":…,"confidence":…,"start_us":…,"end_us":…,"top":[{"label":…,"confidence":…},…]}`. Every window that is
/// due is classified, on the caller's thread.
#[derive(Debug)]
pub struct SignLines<W> {
    lines: JsonLines<W>,
    signs: Signs,
    recognizer: SignRecognizer,
}

impl<W: Write> SignLines<W> {
    /// Lines of the signs that are recognised by this.
    #[must_use]
    pub fn new(out: W, signs: Signs) -> Self {
        Self {
            lines: JsonLines(out),
            recognizer: signs.recognizer(),
            signs,
        }
    }

    fn write_event(&mut self, event: &SignEvent) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.lines.0.write_all(&line)
    }
}

impl<W: Write> ResultSink for SignLines<W> {
    fn write(&mut self, result: &FrameResult, file: Option<&str>) -> io::Result<()> {
        self.lines.write(result, file)?;
        let FrameResult::Keypoints(keypoints) = result else {
            return Ok(());
        };
        if let Some(idle) = self.recognizer.push(keypoints) {
            self.write_event(&idle)?;
        }
        let told = self.signs.classify_due(&mut self.recognizer);
        match told.map_err(io::Error::other)? {
            Some(sign) => self.write_event(&sign),
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.lines.finish()
    }
}
