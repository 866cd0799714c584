//! What waits to be taken up: frames of the stream, of which the oldest go when there are too many, and stateless
//! pictures, which stay.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::SessionError;
use crate::frame_buffer::FrameBuffer;
use crate::options::Options;

/// A frame that waits for its turn.
#[derive(Debug)]
pub(super) struct Queued<F> {
    pub(super) index: u64,
    pub(super) timestamp_us: i64,
    pub(super) added_us: u64,
    pub(super) generation: u64,
    /// Those that held when it was added.
    pub(super) options: Arc<Options>,
    pub(super) frame: F,
}

#[derive(Debug)]
pub(super) struct Intake<F> {
    /// For the frames that are added from now on.
    options: Arc<Options>,
    /// Goes up with every reset.
    generation: u64,
    next_index: u64,
    buffer: FrameBuffer<Queued<F>>,
    stills: VecDeque<Queued<F>>,
}

impl<F> Intake<F> {
    pub(super) fn new(options: Options) -> Result<Self, SessionError> {
        options.validate()?;
        Ok(Self {
            buffer: FrameBuffer::new(options.buffer_size)?,
            options: Arc::new(options),
            generation: 0,
            next_index: 0,
            stills: VecDeque::new(),
        })
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn next_index(&self) -> u64 {
        self.next_index
    }

    /// Gives out an index.
    pub(super) fn take_index(&mut self) -> u64 {
        let index = self.next_index;
        self.next_index += 1;
        index
    }

    /// Adds a frame of the stream: its index, and the frame that it pushed out.
    pub(super) fn add_frame(
        &mut self,
        frame: F,
        timestamp_us: i64,
        now_us: u64,
    ) -> (u64, Option<Queued<F>>) {
        let queued = self.queued(frame, timestamp_us, now_us);
        let index = queued.index;
        (index, self.buffer.add_frame_evicting(queued).1)
    }

    pub(super) fn add_still(&mut self, frame: F, timestamp_us: i64, now_us: u64) -> u64 {
        let queued = self.queued(frame, timestamp_us, now_us);
        let index = queued.index;
        self.stills.push_back(queued);
        index
    }

    fn queued(&mut self, frame: F, timestamp_us: i64, now_us: u64) -> Queued<F> {
        Queued {
            index: self.take_index(),
            timestamp_us,
            added_us: now_us,
            generation: self.generation,
            options: Arc::clone(&self.options),
            frame,
        }
    }

    /// The next to be taken up, and whether it is a stateless picture; these go first.
    pub(super) fn take_next(&mut self) -> Option<(Queued<F>, bool)> {
        match self.stills.pop_front() {
            Some(still) => Some((still, true)),
            None => self.buffer.take_oldest().map(|(_, queued)| (queued, false)),
        }
    }

    /// Sets the options for the frames to come; hands out the frames that a smaller buffer has no room for.
    pub(super) fn configure(&mut self, options: Options) -> Result<Vec<(u64, F)>, SessionError> {
        options.validate()?;
        let excess = self.buffer.set_max_size(options.buffer_size)?;
        self.options = Arc::new(options);
        Ok(excess.into_iter().map(|q| (q.index, q.frame)).collect())
    }

    /// Hands out the frames of the stream that wait; those to come are of another generation.
    pub(super) fn reset(&mut self) -> Vec<(u64, F)> {
        self.generation += 1;
        let mut discarded = Vec::with_capacity(self.buffer.len());
        while let Some((_, queued)) = self.buffer.take_oldest() {
            discarded.push((queued.index, queued.frame));
        }
        self.buffer.clear();
        discarded
    }

    /// Hands out the oldest frame of the stream that waits, with its index.
    pub(super) fn take_oldest(&mut self) -> Option<(u64, F)> {
        let (_, queued) = self.buffer.take_oldest()?;
        Some((queued.index, queued.frame))
    }

    /// Index of the oldest frame of the stream that waits.
    pub(super) fn oldest_index(&self) -> Option<u64> {
        let position = self.buffer.oldest_idx()?;
        self.buffer.get_frame(position).map(|queued| queued.index)
    }

    pub(super) fn waiting_stills(&self) -> usize {
        self.stills.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.buffer.is_full()
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len() + self.stills.len()
    }
}
