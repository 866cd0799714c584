//! The frames that are not answered yet: how they are to be answered, and the bytes of those that wait for decoding.

use std::collections::BTreeMap;

/// The frames, by index. `T` is what is to be known of each.
#[derive(Debug)]
pub(super) struct Unanswered<T> {
    frames: BTreeMap<u64, Entry<T>>,
    buffered_bytes: usize,
    decoding_bytes: usize,
    waiting_frames: usize,
    stills: usize,
}

#[derive(Debug)]
struct Entry<T> {
    tag: T,
    is_still: bool,
    /// While it waits for decoding.
    buffered_bytes: usize,
    /// From then on until it is decoded.
    decoding_bytes: usize,
}

impl<T> Default for Unanswered<T> {
    fn default() -> Self {
        Self {
            frames: BTreeMap::new(),
            buffered_bytes: 0,
            decoding_bytes: 0,
            waiting_frames: 0,
            stills: 0,
        }
    }
}

impl<T> Unanswered<T> {
    /// Adds a frame whose bytes wait for decoding; none where it needs no decoding.
    pub(super) fn add(&mut self, index: u64, tag: T, is_still: bool, buffered_bytes: usize) {
        self.buffered_bytes += buffered_bytes;
        self.waiting_frames += usize::from(!is_still && buffered_bytes > 0);
        self.stills += usize::from(is_still);
        let entry = Entry {
            tag,
            is_still,
            buffered_bytes,
            decoding_bytes: 0,
        };
        self.frames.insert(index, entry);
    }

    /// Notes that a frame's bytes wait no more: it is being decoded.
    pub(super) fn begin_decoding(&mut self, index: u64) {
        if let Some(entry) = self.frames.get_mut(&index) {
            let bytes = std::mem::take(&mut entry.buffered_bytes);
            self.buffered_bytes -= bytes;
            self.waiting_frames -= usize::from(!entry.is_still && bytes > 0);
            entry.decoding_bytes += bytes;
            self.decoding_bytes += bytes;
        }
    }

    /// Notes that a frame's bytes are there no more.
    pub(super) fn end_decoding(&mut self, index: u64) {
        if let Some(entry) = self.frames.get_mut(&index) {
            self.decoding_bytes -= std::mem::take(&mut entry.decoding_bytes);
        }
    }

    /// Takes a frame out; says whether it is a still.
    pub(super) fn take(&mut self, index: u64) -> Option<(T, bool)> {
        self.begin_decoding(index);
        self.end_decoding(index);
        let Entry { tag, is_still, .. } = self.frames.remove(&index)?;
        self.stills -= usize::from(is_still);
        Some((tag, is_still))
    }

    /// Takes the frames of the stream out that are older than this one; gives their number.
    pub(super) fn take_older_frames(&mut self, index: u64) -> u64 {
        let older = self.frames.range(..index);
        let older: Vec<u64> = older
            .filter(|(_, entry)| !entry.is_still)
            .map(|(index, _)| *index)
            .collect();
        for index in &older {
            self.take(*index);
        }
        older.len() as u64
    }

    /// Bytes of the frames that wait for decoding.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.buffered_bytes
    }

    /// Bytes of the frames that wait for decoding or are being decoded.
    pub(super) fn held_bytes(&self) -> usize {
        self.buffered_bytes + self.decoding_bytes
    }

    /// Frames of the stream that wait for decoding.
    pub(super) fn waiting_frames(&self) -> usize {
        self.waiting_frames
    }

    /// Number of frames.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Number of stills.
    pub(super) fn stills(&self) -> usize {
        self.stills
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_until_a_frame_waits_no_more() {
        let mut unanswered = Unanswered::default();
        unanswered.add(0, 'a', false, 10);
        assert_eq!(unanswered.waiting_frames(), 1);
        unanswered.add(1, 'b', true, 5);
        unanswered.begin_decoding(0);
        unanswered.begin_decoding(0);
        assert_eq!(
            (unanswered.buffered_bytes(), unanswered.held_bytes()),
            (5, 15)
        );
        unanswered.end_decoding(0);
        assert_eq!(unanswered.held_bytes(), 5);
        assert_eq!(unanswered.waiting_frames(), 0);
        assert_eq!(unanswered.take(1), Some(('b', true)));
        assert_eq!((unanswered.held_bytes(), unanswered.stills()), (0, 0));
        assert_eq!(unanswered.take(1), None);
        assert_eq!(unanswered.take(0), Some(('a', false)));
    }

    #[test]
    fn an_answer_leaves_no_older_frame_of_the_stream_behind_but_stills() {
        let mut unanswered = Unanswered::default();
        for index in 0..6 {
            unanswered.add(index, (), index == 2, 1);
        }
        assert_eq!(unanswered.take_older_frames(4), 3);
        assert_eq!(unanswered.take_older_frames(4), 0);
        assert_eq!((unanswered.buffered_bytes(), unanswered.stills()), (3, 1));
        assert_eq!(unanswered.take(2), Some(((), true)));
    }
}
