//! Keypoints of a finite run of pictures, in their order and without a drop: the command `extract`.
//!
//! - `inputs`: files, folders and standard input as a run of frames.
//! - `name_order`: whether a folder's bytewise order turns numbers round.
//! - `mjpeg`: concatenated JPEGs taken apart; `byte_source`: what it reads from.
//! - `frame_rate`: capture times from frames a second.
//! - `output`: JSON Lines and `.pose`; `output_file`: the file that they go to.
//! - `sign_lines`: JSON Lines with those of signs.
//!
//! A thread reads ahead by a few pictures; the caller's thread drives the session; the pool computes.

mod byte_source;
mod frame_rate;
mod inputs;
mod mjpeg;
mod name_order;
mod output;
mod output_file;
mod sign_lines;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use live_keypoints_pipeline::{FrameResult, MAX_STILLS, Options, SessionError, Steps};
use thiserror::Error;

pub use frame_rate::{FrameRate, InvalidFrameRate};
pub use inputs::{Inputs, InputsError, StandardInput};
pub use mjpeg::MjpegReader;
pub use output::{JsonLines, PoseFile, ResultSink};
pub use output_file::OutputFile;
pub use sign_lines::SignLines;

use crate::frame::Frame;
use crate::pool::{Client, Finished, Session, WorkerPool, microseconds_since};

/// Pictures between reading and writing: what bounds the memory.
const MAX_PICTURES: usize = MAX_STILLS;

/// How pictures hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Frames of one video: tracked and smoothed.
    #[default]
    Video,
    /// Each from scratch.
    Image,
}

/// A picture, and the file that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What is decoded.
    pub frame: Frame,
    /// Path of the file as it was given, or in the folder that was given; bytes that are no UTF-8 are replaced.
    pub file: Option<String>,
}

impl From<Frame> for Picture {
    /// A picture that comes from no file.
    fn from(frame: Frame) -> Self {
        Self { frame, file: None }
    }
}

/// What to do with the pictures.
#[derive(Clone, Debug, Default)]
pub struct ExtractConfig {
    /// How they hang together.
    pub mode: Mode,
    /// Gives the capture times.
    pub frame_rate: FrameRate,
    /// For the session; the sizes of its buffers are set here.
    pub options: Options,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pictures in all.
    pub pictures: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// Why a run ended before its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// An option is outside its range.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The thread that reads could not be started.
    #[error("the thread that reads pictures cannot be started")]
    Thread(#[source] io::Error),
    /// The results could not be written.
    #[error("the results cannot be written")]
    Output(#[source] io::Error),
    /// A thread of ours ended that should not have.
    #[error("a thread ended early")]
    ThreadEnded,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a handful at a time: copying a face's five kilobytes costs less than allocating them for every frame"
)]
enum Event {
    Picture(Picture),
    EndOfInput,
    Finished(Finished),
}

/// Computes the keypoints of `pictures` on the pool and writes them to `sink` in order. `on_written` is called after
/// every result.
///
/// # Errors
/// [`ExtractError`]. A picture that fails is a result, not an error.
pub fn extract(
    pool: &WorkerPool,
    pictures: impl Iterator<Item: Into<Picture>> + Send + 'static,
    config: &ExtractConfig,
    sink: &mut dyn ResultSink,
    on_written: &mut dyn FnMut(),
) -> Result<Summary, ExtractError> {
    let options = Options {
        buffer_size: MAX_PICTURES,
        max_unread_results: MAX_PICTURES,
        ..config.options.clone()
    };
    let (events, inbox) = mpsc::channel();
    let mut run = Run {
        session: Session::new(options)?,
        client: pool.client(),
        under_way: 0,
        most_under_way: 2 * pool.workers(),
        config,
        started: Instant::now(),
        wanted: read_ahead(pictures, events.clone())?,
        asked_for: 0,
        admitted: 0,
        is_at_end: false,
        events,
        inbox,
        files: VecDeque::new(),
        unwritten: BTreeMap::new(),
        written: Summary::default(),
    };
    run.finish(sink, on_written)?;
    sink.finish().map_err(ExtractError::Output)?;
    Ok(run.written)
}

/// Starts the thread that reads one picture for every `()` sent to it.
fn read_ahead(
    mut pictures: impl Iterator<Item: Into<Picture>> + Send + 'static,
    events: Sender<Event>,
) -> Result<Sender<()>, ExtractError> {
    let (wanted, orders) = mpsc::channel::<()>();
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            while orders.recv().is_ok() {
                let event = match pictures.next() {
                    Some(picture) => Event::Picture(picture.into()),
                    None => Event::EndOfInput,
                };
                let is_end = matches!(event, Event::EndOfInput);
                if events.send(event).is_err() || is_end {
                    return;
                }
            }
        })
        .map_err(ExtractError::Thread)?;
    Ok(wanted)
}

struct Run<'a> {
    session: Session,
    client: Client,
    under_way: usize,
    /// One waits for each worker, so that none idles.
    most_under_way: usize,
    config: &'a ExtractConfig,
    started: Instant,
    wanted: Sender<()>,
    asked_for: u64,
    admitted: u64,
    is_at_end: bool,
    events: Sender<Event>,
    inbox: Receiver<Event>,
    /// Files of the pictures that are admitted and not written.
    files: VecDeque<Option<String>>,
    /// Results that wait for one of an earlier picture; stills come in any order.
    unwritten: BTreeMap<u64, FrameResult>,
    written: Summary,
}

impl Run<'_> {
    fn finish(
        &mut self,
        sink: &mut dyn ResultSink,
        on_written: &mut dyn FnMut(),
    ) -> Result<(), ExtractError> {
        loop {
            self.write_results(sink, on_written)
                .map_err(ExtractError::Output)?;
            self.submit_tasks();
            self.ask_for_pictures();
            if self.is_at_end && self.written.pictures == self.admitted {
                return Ok(());
            }
            let event = self.inbox.recv().map_err(|_| ExtractError::ThreadEnded)?;
            self.handle(event)?;
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), ExtractError> {
        let now_us = microseconds_since(self.started);
        match event {
            Event::Picture(Picture { frame, file }) => {
                self.files.push_back(file);
                let timestamp_us = self.config.frame_rate.timestamp_us(self.admitted);
                self.admitted += 1;
                match self.config.mode {
                    Mode::Video => {
                        self.session.add_frame(frame, timestamp_us, now_us);
                    }
                    Mode::Image => {
                        self.session.add_still(frame, timestamp_us, now_us)?;
                    }
                }
            }
            Event::EndOfInput => self.is_at_end = true,
            Event::Finished(Finished {
                id,
                outcome,
                elapsed_us,
            }) => {
                self.under_way -= 1;
                self.session.complete(id, outcome, elapsed_us, now_us);
            }
        }
        Ok(())
    }

    /// Asks for as many pictures as there is room for, so that none is ever pushed out of the session.
    fn ask_for_pictures(&mut self) {
        while !self.is_at_end && self.asked_for - self.written.pictures < MAX_PICTURES as u64 {
            self.asked_for += 1;
            // The reader hangs up after its last event, which then lies in the inbox.
            let _ = self.wanted.send(());
        }
    }

    fn submit_tasks(&mut self) {
        while self.under_way < self.most_under_way {
            let now_us = microseconds_since(self.started);
            let Some(task) = self.session.next_task(Steps::ALL, now_us) else {
                return;
            };
            let events = self.events.clone();
            self.under_way += 1;
            self.client.submit(task, move |finished| {
                // Nobody listens any more once the run has failed.
                let _ = events.send(Event::Finished(finished));
            });
        }
    }

    fn write_results(
        &mut self,
        sink: &mut dyn ResultSink,
        on_written: &mut dyn FnMut(),
    ) -> io::Result<()> {
        while let Some(result) = self.session.next_result() {
            self.unwritten.insert(result.index(), result);
        }
        let mut has_written = false;
        while let Some(result) = self.unwritten.remove(&self.written.pictures) {
            let file = self.files.pop_front().flatten();
            sink.write(&result, file.as_deref())?;
            self.written.pictures += 1;
            self.written.failed += u64::from(matches!(result, FrameResult::Failed(_)));
            on_written();
            has_written = true;
        }
        if has_written {
            sink.flush()?;
        }
        Ok(())
    }
}
