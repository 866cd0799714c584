//! Results that wait to be read, bounded: the oldest go, and are counted.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::keypoints::{FailedFrame, FrameResult};

/// Counts since the session began, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Frames added: stills, failed and dropped ones included.
    pub received: u64,
    /// Frames that were pushed out of the buffer, thrown away by a reset or added as dropped, and results that were
    /// never read.
    pub dropped: u64,
    /// Frames whose keypoints were computed.
    pub completed: u64,
    /// Those of them that are still ([`Options::skip_still`](crate::Options)).
    pub still: u64,
    /// Frames that failed.
    pub failed: u64,
    /// Frames that wait.
    pub buffered: usize,
    /// Frames in work.
    pub in_work: usize,
    /// Results to be read.
    pub unread: usize,
}

#[derive(Debug)]
pub(super) struct Results {
    frames: VecDeque<FrameResult>,
    stills: VecDeque<FrameResult>,
    /// Frames that failed when they were added, while earlier ones have no result yet.
    early: VecDeque<FailedFrame>,
    max_unread: usize,
    /// Dropped since the last result of the stream.
    dropped: u64,
    dropped_in_all: u64,
    completed: u64,
    still: u64,
    failed: u64,
}

impl Results {
    pub(super) fn new(max_unread: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            stills: VecDeque::new(),
            early: VecDeque::new(),
            max_unread,
            dropped: 0,
            dropped_in_all: 0,
            completed: 0,
            still: 0,
            failed: 0,
        }
    }

    pub(super) fn note_dropped(&mut self, count: u64) {
        self.dropped += count;
        self.dropped_in_all += count;
    }

    pub(super) fn push(&mut self, mut result: FrameResult, is_still: bool) {
        match result {
            FrameResult::Keypoints(ref keypoints) => {
                self.completed += 1;
                self.still += u64::from(keypoints.still);
            }
            FrameResult::Failed(_) => self.failed += 1,
        }
        if is_still {
            self.stills.push_back(result);
            return;
        }
        *result.dropped_mut() = std::mem::take(&mut self.dropped);
        self.frames.push_back(result);
        self.trim();
    }

    /// Sets how many results of the stream may wait; the oldest beyond are dropped.
    pub(super) fn set_max_unread(&mut self, max_unread: usize) {
        self.max_unread = max_unread;
        self.trim();
    }

    fn trim(&mut self) {
        while self.early.len() > self.max_unread {
            self.early.pop_front();
            self.note_dropped(1);
        }
        while self.frames.len() > self.max_unread
            && let Some(mut oldest) = self.frames.pop_front()
        {
            let dropped = *oldest.dropped_mut() + 1;
            match self.frames.front_mut() {
                Some(next) => *next.dropped_mut() += dropped,
                None => self.dropped += dropped,
            }
            self.dropped_in_all += 1;
        }
    }

    /// Takes a frame of the stream that failed before it was taken up, until the frames before it have their results
    /// ([`release_early`](Self::release_early)). Of too many the oldest is dropped.
    pub(super) fn push_early(&mut self, failed: FailedFrame) {
        self.early.push_back(failed);
        self.trim();
    }

    /// Gives the early failures before frame `oldest` their place among the results; all where it is `None`.
    pub(super) fn release_early(&mut self, oldest: Option<u64>) {
        let is_next = |failed: &mut FailedFrame| oldest.is_none_or(|oldest| failed.index < oldest);
        while let Some(failed) = self.early.pop_front_if(is_next) {
            self.push(FrameResult::Failed(failed), false);
        }
    }

    pub(super) fn waiting_early(&self) -> usize {
        self.early.len()
    }

    pub(super) fn next(&mut self) -> Option<FrameResult> {
        self.stills.pop_front().or_else(|| self.frames.pop_front())
    }

    pub(super) fn unread_stills(&self) -> usize {
        self.stills.len()
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            dropped: self.dropped_in_all,
            completed: self.completed,
            still: self.still,
            failed: self.failed,
            unread: self.frames.len() + self.stills.len(),
            ..Stats::default()
        }
    }
}
