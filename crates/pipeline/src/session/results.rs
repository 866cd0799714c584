//! Results that wait to be read, bounded: the oldest go, and are counted.

use std::collections::VecDeque;

use super::Stats;
use crate::keypoints::FrameResult;

#[derive(Debug)]
pub(super) struct Results {
    frames: VecDeque<FrameResult>,
    stills: VecDeque<FrameResult>,
    max_unread: usize,
    /// Dropped since the last result of the stream.
    dropped: u64,
    dropped_in_all: u64,
    completed: u64,
    failed: u64,
}

impl Results {
    pub(super) fn new(max_unread: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            stills: VecDeque::new(),
            max_unread,
            dropped: 0,
            dropped_in_all: 0,
            completed: 0,
            failed: 0,
        }
    }

    pub(super) fn note_dropped(&mut self, count: u64) {
        self.dropped += count;
        self.dropped_in_all += count;
    }

    pub(super) fn push(&mut self, mut result: FrameResult, is_still: bool) {
        match result {
            FrameResult::Keypoints(_) => self.completed += 1,
            FrameResult::Failed(_) => self.failed += 1,
        }
        if is_still {
            self.stills.push_back(result);
            return;
        }
        *result.dropped_mut() = std::mem::take(&mut self.dropped);
        self.frames.push_back(result);
        if self.frames.len() > self.max_unread
            && let Some(mut oldest) = self.frames.pop_front()
            && let Some(next) = self.frames.front_mut()
        {
            *next.dropped_mut() += *oldest.dropped_mut() + 1;
            self.dropped_in_all += 1;
        }
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
            failed: self.failed,
            unread: self.frames.len() + self.stills.len(),
            ..Stats::default()
        }
    }
}
