//! The frames of a stream on their way to a relay: what waits to be sent, and what was sent and has no answer yet.

use std::collections::VecDeque;

use live_keypoints_pipeline::{ErrorCode, FrameError, MAX_STILLS, SessionError};

/// What is known of a frame that has no result yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    /// Running number of the frame within its stream.
    pub(super) index: u64,
    pub(super) is_still: bool,
    /// Capture time as it was given.
    pub(super) timestamp_ms: f64,
    /// When it was added.
    pub(super) added_ms: f64,
    /// Frames before it that were dropped and are to be counted in its result.
    pub(super) dropped_before: u64,
}

impl Stamp {
    /// The lower 32 bits of the index.
    pub(super) fn frame_id(&self) -> u32 {
        self.index as u32
    }

    /// Capture time in whole microseconds.
    pub(super) fn timestamp_us(&self) -> i64 {
        (self.timestamp_ms * 1000.0).round() as i64
    }
}

/// The picture of a frame that waits.
#[derive(Debug)]
pub(super) enum Picture<F> {
    /// As it was added.
    Given(F),
    /// It was encoded, and could not be sent then.
    Jpeg(Vec<u8>),
}

/// What an answer settles.
#[derive(Debug, PartialEq)]
pub(super) struct Settled {
    pub(super) stamp: Stamp,
    /// Frames before it that get no message of their own, dropped here and on the relay.
    pub(super) dropped: u64,
}

/// Holds `buffer_size` waiting frames at most, the newest.
///
/// A relay answers the frames of a stream in their order. So an answer settles all that were sent before its frame: those
/// without an answer of their own were dropped. Only a `reset` may throw the last ones away, with no answer to follow.
#[derive(Debug)]
pub(super) struct Outbox<F> {
    buffer_size: usize,
    waiting: VecDeque<(Stamp, Picture<F>)>,
    stills: VecDeque<(Stamp, Picture<F>)>,
    taken: Option<Stamp>,
    /// In the order in which they were sent.
    sent: Vec<Stamp>,
    next_index: u64,
    newest_sent: Option<u64>,
    /// Frames of the stream before this one may have been thrown away by a reset.
    first_since_reset: u64,
    dropped: u64,
    dropped_before_next: u64,
}

impl<F> Outbox<F> {
    /// An empty one. A buffer has room for one frame at least.
    pub(super) fn new(buffer_size: usize) -> Self {
        Self {
            buffer_size: buffer_size.max(1),
            waiting: VecDeque::new(),
            stills: VecDeque::new(),
            taken: None,
            sent: Vec::new(),
            next_index: 0,
            newest_sent: None,
            first_since_reset: 0,
            dropped: 0,
            dropped_before_next: 0,
        }
    }

    /// An empty one whose first frame has this index.
    #[cfg(test)]
    pub(super) fn starting_at(buffer_size: usize, next_index: u64) -> Self {
        Self {
            next_index,
            ..Self::new(buffer_size)
        }
    }

    /// Frames of both kinds so far.
    pub(super) fn received(&self) -> u64 {
        self.next_index
    }

    /// Frames that were dropped, here and on the relay.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Frames that wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.stills.len()
    }

    /// Frames that have left the buffer and have no answer.
    pub(super) fn in_flight(&self) -> usize {
        self.sent.len() + usize::from(self.taken.is_some())
    }

    /// Frames that were sent and have no answer.
    pub(super) fn unanswered(&self) -> usize {
        self.sent.len()
    }

    /// Frames that were sent and for which an answer must come, to them or to newer ones.
    pub(super) fn owed(&self) -> usize {
        self.sent.iter().filter(|stamp| self.is_owed(stamp)).count()
    }

    /// Whether another frame may be sent, where so many may be unanswered; as many more may be from before a reset.
    pub(super) fn has_room(&self, max_unanswered: usize) -> bool {
        let taken = usize::from(self.taken.is_some());
        self.owed() + taken < max_unanswered && self.in_flight() < 2 * max_unanswered
    }

    /// A frame of the stream waits; where there is no room, the oldest one goes and is counted.
    pub(super) fn add(&mut self, frame: F, timestamp_ms: f64, added_ms: f64) -> u64 {
        let stamp = self.stamp(false, timestamp_ms, added_ms);
        self.waiting.push_back((stamp, Picture::Given(frame)));
        self.evict_if_full();
        stamp.index
    }

    /// Whether a still is taken.
    ///
    /// # Errors
    /// `busy` where as many stills are on their way as a relay takes.
    pub(super) fn has_room_for_still(&self) -> Result<(), FrameError> {
        let on_their_way = self.sent.iter().chain(&self.taken);
        let waiting = self.stills.len() + on_their_way.filter(|stamp| stamp.is_still).count();
        if waiting >= MAX_STILLS {
            return Err(SessionError::Busy { waiting }.into());
        }
        Ok(())
    }

    /// A still waits.
    ///
    /// # Errors
    /// `busy`, as [`Outbox::has_room_for_still`].
    pub(super) fn add_still(
        &mut self,
        frame: F,
        timestamp_ms: f64,
        added_ms: f64,
    ) -> Result<u64, FrameError> {
        self.has_room_for_still()?;
        let stamp = self.stamp(true, timestamp_ms, added_ms);
        self.stills.push_back((stamp, Picture::Given(frame)));
        Ok(stamp.index)
    }

    fn stamp(&mut self, is_still: bool, timestamp_ms: f64, added_ms: f64) -> Stamp {
        let index = self.next_index;
        self.next_index += 1;
        let dropped_before = if is_still {
            0
        } else {
            std::mem::take(&mut self.dropped_before_next)
        };
        Stamp {
            index,
            is_still,
            timestamp_ms,
            added_ms,
            dropped_before,
        }
    }

    /// The next frame to be sent, stills first. `sent`, `failed` or `put_back` must follow before the next `take`; they do
    /// nothing where `reset` came between.
    pub(super) fn take(&mut self) -> Option<(Stamp, Picture<F>)> {
        let next = self.stills.pop_front().or_else(|| self.waiting.pop_front());
        self.taken = next.as_ref().map(|(stamp, _)| *stamp);
        next
    }

    /// The taken frame, if it is this one.
    pub(super) fn taken(&self, index: u64) -> Option<Stamp> {
        self.taken.filter(|stamp| stamp.index == index)
    }

    /// The taken frame is on its way.
    pub(super) fn sent(&mut self) {
        if let Some(stamp) = self.taken.take() {
            self.sent.push(stamp);
            // A still goes before older frames of the stream.
            self.newest_sent = self.newest_sent.max(Some(stamp.index));
        }
    }

    /// The taken frame cannot be sent at all.
    pub(super) fn failed(&mut self) -> Option<Stamp> {
        self.taken.take()
    }

    /// The taken frame could not be sent now: it waits again, in its place, unless newer ones fill the buffer.
    pub(super) fn put_back(&mut self, jpeg: Vec<u8>) {
        match self.taken.take() {
            Some(stamp) if stamp.is_still => self.stills.push_front((stamp, Picture::Jpeg(jpeg))),
            Some(stamp) => {
                self.waiting.push_front((stamp, Picture::Jpeg(jpeg)));
                self.evict_if_full();
            }
            None => {}
        }
    }

    /// An answer came: its frame is settled, and with it the frames of the stream that were sent before. `None` where it was
    /// settled already.
    ///
    /// # Errors
    /// `invalid-message` for a frame that was never sent.
    pub(super) fn answered(&mut self, frame_id: u32) -> Result<Option<Settled>, FrameError> {
        let index = self.index_of(frame_id).ok_or_else(|| {
            let message = format!("The relay answered frame {frame_id}, which was not sent.");
            FrameError::new(ErrorCode::InvalidMessage, message)
        })?;
        let Some(at) = self.sent.iter().position(|stamp| stamp.index == index) else {
            return Ok(None);
        };
        let stamp = self.sent.remove(at);
        let dropped = if stamp.is_still {
            0
        } else {
            self.drop_sent(|other| !other.is_still && other.index < index)
        };
        Ok(Some(Settled {
            stamp,
            dropped: dropped + stamp.dropped_before,
        }))
    }

    /// The newest index that was sent, or might have been, with this id.
    fn index_of(&self, frame_id: u32) -> Option<u64> {
        let newest = self.newest_sent?;
        let behind = (newest as u32).wrapping_sub(frame_id);
        newest.checked_sub(behind.into())
    }

    /// No answer comes any more to the frames that are not owed one: they were dropped.
    pub(super) fn forget_thrown_away(&mut self) {
        let first = self.first_since_reset;
        let count = self.drop_sent(|stamp| !stamp.is_still && stamp.index < first);
        let taken = self.taken.as_mut().filter(|stamp| !stamp.is_still);
        let next = taken.or_else(|| self.waiting.front_mut().map(|(stamp, _)| stamp));
        match next {
            Some(next) => next.dropped_before += count,
            None => self.dropped_before_next += count,
        }
    }

    /// The connection is lost: the frames that have no answer, which will get none.
    pub(super) fn lost(&mut self) -> Vec<Stamp> {
        std::mem::take(&mut self.sent)
    }

    /// Throws the waiting frames of the stream away, the taken one included.
    pub(super) fn reset(&mut self) {
        let taken = self.taken.take_if(|stamp| !stamp.is_still);
        let waiting = self.waiting.drain(..).map(|(stamp, _)| stamp);
        for stamp in waiting.chain(taken) {
            self.dropped_before_next += stamp.dropped_before + 1;
            self.dropped += 1;
        }
        self.first_since_reset = self.next_index;
    }

    /// Lets everything go, as dropped.
    pub(super) fn clear(&mut self) {
        self.dropped += (self.waiting() + self.in_flight()) as u64;
        self.waiting.clear();
        self.stills.clear();
        self.sent.clear();
        self.taken = None;
    }

    fn is_owed(&self, stamp: &Stamp) -> bool {
        stamp.is_still || stamp.index >= self.first_since_reset
    }

    /// Counts frames that were sent as dropped; returns their number, with what had been dropped before each.
    fn drop_sent(&mut self, is_dropped: impl Fn(&Stamp) -> bool) -> u64 {
        let mut count = 0;
        for stamp in self.sent.extract_if(.., |stamp| is_dropped(stamp)) {
            self.dropped += 1;
            count += stamp.dropped_before + 1;
        }
        count
    }

    fn evict_if_full(&mut self) {
        if self.waiting.len() <= self.buffer_size {
            return;
        }
        if let Some((oldest, _)) = self.waiting.pop_front()
            && let Some((next, _)) = self.waiting.front_mut()
        {
            self.dropped += 1;
            next.dropped_before += oldest.dropped_before + 1;
        }
    }
}
