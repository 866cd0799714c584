//! Log lines on their way to where they are written: the service never waits for that, nor dies of it.
//!
//! A thread writes them. What comes while as many lines as there is room for wait is dropped and counted, and what cannot
//! be written is lost. (tracing-appender does the same, but prints to standard output in its destructor, which panics
//! where that is closed, and brings a calendar for files that this program does not write.)

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written.
const MAX_WAITING: usize = 1024;

/// Of this process, which has one log.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Log lines that were dropped or could not be written.
pub(super) fn dropped_lines() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// Where log lines go.
#[derive(Clone, Debug)]
pub struct LogWriter(SyncSender<Line>);

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    /// Answered when all lines before it have been written.
    Flush(SyncSender<()>),
}

impl LogWriter {
    /// Starts a thread that writes to standard error.
    ///
    /// # Errors
    /// What the system says if it has no thread or file descriptor left.
    pub fn to_standard_error() -> io::Result<Self> {
        // Not through `io::stderr()`: a write that hangs would hold its lock, and whoever prints would hang as well.
        #[cfg(unix)]
        let output = {
            use std::os::fd::AsFd;
            std::fs::File::from(io::stderr().as_fd().try_clone_to_owned()?)
        };
        #[cfg(not(unix))]
        let output = io::stderr();
        Self::to(output)
    }

    fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&receiver, output))?;
        Ok(Self(sender))
    }

    /// Waits until what was logged has been written, at most for so long.
    pub fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let (done, all_written) = sync_channel(1);
        let mut flush = Line::Flush(done);
        while let Err(TrySendError::Full(back)) = self.0.try_send(flush) {
            if Instant::now() >= deadline {
                return;
            }
            flush = back;
            thread::sleep(Duration::from_millis(10));
        }
        let _ = all_written.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

fn write_all(lines: &Receiver<Line>, mut output: impl Write) {
    for line in lines {
        match line {
            Line::Text(line) => {
                if output.write_all(&line).is_err() {
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                }
            }
            Line::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

/// A log line, whole.
impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Line::Text(line.to_vec())).is_err() {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hangs at the first write until the test lets it go on.
    struct Stuck(Receiver<()>, std::sync::mpsc::Sender<Vec<u8>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_dropped_and_counted_and_nobody_waits() {
        let (go_on, gate) = std::sync::mpsc::channel();
        let (written, lines) = std::sync::mpsc::channel();
        let mut writer = LogWriter::to(Stuck(gate, written)).unwrap();
        let before = dropped_lines();
        for _ in 0..2 * MAX_WAITING {
            writer.write_all(b"line\n").unwrap();
        }
        let dropped = dropped_lines() - before;
        // One may be in the thread's hands.
        assert!((MAX_WAITING - 1..=MAX_WAITING).contains(&(dropped as usize)));
        LogWriter::flush(&writer, Duration::from_millis(20));
        drop(go_on);
        LogWriter::flush(&writer, Duration::from_secs(30));
        assert_eq!(lines.try_iter().count(), 2 * MAX_WAITING - dropped as usize);
    }
}
