//! The bounded buffer between a producer of frames and their consumer.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::error::SessionError;

/// A circular buffer of frames: when it is full, a new frame pushes the oldest out.
///
/// Frames are numbered from 0 in the order of [`add_frame`](Self::add_frame). Every call is `O(1)`, but for
/// [`clear`](Self::clear) and [`set_max_size`](Self::set_max_size), which drop what they must.
///
/// ```
/// use live_keypoints_pipeline::FrameBuffer;
///
/// let mut buffer = FrameBuffer::new(2)?;
/// for frame in ["a", "b", "c"] {
///     buffer.add_frame(frame);
/// }
/// assert_eq!((buffer.oldest_idx(), buffer.latest_idx()), (Some(1), Some(2)));
/// assert_eq!(buffer.get_frame(0), None);
/// assert_eq!(buffer.get_frame(2), Some(&"c"));
/// assert_eq!(buffer.dropped(), 1);
/// # Ok::<(), live_keypoints_pipeline::SessionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameBuffer<T> {
    frames: VecDeque<T>,
    max_size: NonZeroUsize,
    next_idx: u64,
    dropped: u64,
}

impl<T> FrameBuffer<T> {
    /// A buffer of at most `max_size` frames. Memory is taken as frames come.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`] if `max_size` is 0.
    pub fn new(max_size: usize) -> Result<Self, SessionError> {
        Ok(Self {
            frames: VecDeque::new(),
            max_size: at_least_one(max_size)?,
            next_idx: 0,
            dropped: 0,
        })
    }

    /// Adds a frame and returns its index. A full buffer drops its oldest frame.
    pub fn add_frame(&mut self, frame: T) -> u64 {
        self.add_frame_evicting(frame).0
    }

    /// As [`add_frame`](Self::add_frame), and hands out the frame that was pushed out, if any.
    pub fn add_frame_evicting(&mut self, frame: T) -> (u64, Option<T>) {
        let evicted = if self.frames.len() == self.max_size.get() {
            self.dropped += 1;
            self.frames.pop_front()
        } else {
            None
        };
        self.frames.push_back(frame);
        let idx = self.next_idx;
        self.next_idx += 1;
        (idx, evicted)
    }

    /// The frame of this index; `None` where it was pushed out or taken, or is still to come.
    #[must_use]
    pub fn get_frame(&self, idx: u64) -> Option<&T> {
        let position = idx.checked_sub(self.oldest_idx()?)?;
        self.frames.get(usize::try_from(position).ok()?)
    }

    /// Takes the oldest frame out, with its index. It does not count as dropped.
    pub fn take_oldest(&mut self) -> Option<(u64, T)> {
        let idx = self.oldest_idx()?;
        self.frames.pop_front().map(|frame| (idx, frame))
    }

    /// Index of the newest frame held; `None` when empty.
    #[must_use]
    pub fn latest_idx(&self) -> Option<u64> {
        if self.frames.is_empty() {
            return None;
        }
        self.next_idx.checked_sub(1)
    }

    /// Index of the oldest frame held; `None` when empty.
    #[must_use]
    pub fn oldest_idx(&self) -> Option<u64> {
        if self.frames.is_empty() {
            return None;
        }
        self.next_idx.checked_sub(self.frames.len() as u64)
    }

    /// Forgets every frame. The next index is 0 again; the count of dropped frames stays.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.next_idx = 0;
    }

    /// Sets the greatest number of frames held. The oldest that find no room any more are dropped, and handed out in
    /// their order.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`] if `max_size` is 0; the buffer is as before.
    pub fn set_max_size(&mut self, max_size: usize) -> Result<Vec<T>, SessionError> {
        self.max_size = at_least_one(max_size)?;
        let excess = self.frames.len().saturating_sub(max_size);
        self.dropped += excess as u64;
        Ok(self.frames.drain(..excess).collect())
    }

    /// Number of frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether no frame is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether the next frame will push the oldest out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.frames.len() == self.max_size.get()
    }

    /// Greatest number of frames held.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.max_size.get()
    }

    /// Frames pushed out since the buffer was made.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn at_least_one(max_size: usize) -> Result<NonZeroUsize, SessionError> {
    NonZeroUsize::new(max_size).ok_or(SessionError::InvalidOption {
        option: "buffer_size",
        expected: "at least 1",
        value: "0".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_size_of_zero_is_an_error() {
        assert!(FrameBuffer::<u8>::new(0).is_err());
    }

    #[test]
    fn an_empty_buffer_has_no_indices() {
        let buffer = FrameBuffer::<u8>::new(3).unwrap();
        assert_eq!((buffer.oldest_idx(), buffer.latest_idx()), (None, None));
        assert_eq!(buffer.get_frame(0), None);
    }

    #[test]
    fn after_clear_the_next_index_is_zero() {
        let mut buffer = FrameBuffer::new(2).unwrap();
        for frame in 0..5 {
            buffer.add_frame(frame);
        }
        buffer.clear();
        assert_eq!(buffer.latest_idx(), None);
        assert_eq!(buffer.add_frame(9), 0);
        assert_eq!(buffer.get_frame(0), Some(&9));
        assert_eq!(buffer.dropped(), 3);
    }

    #[test]
    fn a_taken_frame_is_not_dropped_and_makes_room() {
        let mut buffer = FrameBuffer::new(1).unwrap();
        buffer.add_frame('a');
        assert_eq!(buffer.take_oldest(), Some((0, 'a')));
        assert_eq!(buffer.add_frame_evicting('b'), (1, None));
        assert_eq!(buffer.add_frame_evicting('c'), (2, Some('b')));
        assert_eq!(buffer.dropped(), 1);
    }

    #[test]
    fn a_smaller_size_drops_the_oldest_and_a_larger_one_none() {
        let mut buffer = FrameBuffer::new(4).unwrap();
        for frame in 0..4 {
            buffer.add_frame(frame);
        }
        assert!(buffer.set_max_size(0).is_err());
        assert_eq!((buffer.len(), buffer.max_size()), (4, 4));
        assert_eq!(buffer.set_max_size(2), Ok(vec![0, 1]));
        assert_eq!(
            (buffer.oldest_idx(), buffer.latest_idx()),
            (Some(2), Some(3))
        );
        assert_eq!(buffer.dropped(), 2);
        assert_eq!(buffer.add_frame_evicting(4), (4, Some(2)));
        assert_eq!(buffer.set_max_size(3), Ok(vec![]));
        assert_eq!(buffer.add_frame_evicting(5), (5, None));
        assert_eq!(buffer.dropped(), 3);
    }

    proptest! {
        #[test]
        fn it_behaves_like_the_last_frames_of_a_list(max_size in 1usize..6, count in 0u64..40) {
            let mut buffer = FrameBuffer::new(max_size).unwrap();
            for n in 0..count {
                prop_assert_eq!(buffer.add_frame(n), n);
            }
            let first = count.saturating_sub(max_size as u64);
            for n in 0..count + 3 {
                let held = n >= first && n < count;
                prop_assert_eq!(buffer.get_frame(n).copied(), held.then_some(n));
            }
            prop_assert_eq!(buffer.dropped(), first);
            prop_assert_eq!(buffer.oldest_idx(), (count > 0).then_some(first));
        }
    }
}
