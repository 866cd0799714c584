//! The pixels that a worker holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::worker_id::WorkerId;

/// Pixels of type `T` by frame, and what waits for those that are on their way.
#[derive(Debug)]
pub(crate) struct Store<T, W> {
    frames: BTreeMap<u64, T>,
    /// Released before their pixels came.
    forgotten: BTreeSet<u64>,
    /// Frames that others asked for before their pixels came.
    owed: Vec<(u64, WorkerId)>,
    /// Steps that wait for a frame's pixels.
    waiting: Vec<(u64, W)>,
}

/// What the arrival of pixels sets off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrival<W> {
    /// To whom to send them on.
    pub(crate) owed: Vec<WorkerId>,
    /// What can be run now.
    pub(crate) steps: Vec<W>,
}

impl<T, W> Default for Store<T, W> {
    fn default() -> Self {
        Self {
            frames: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            owed: Vec::new(),
            waiting: Vec::new(),
        }
    }
}

impl<T, W> Store<T, W> {
    /// Pixels that were read here, or have come.
    pub(crate) fn put(&mut self, frame: u64, pixels: T) -> Arrival<W> {
        let (owed, others) = self.owed.drain(..).partition(|(owed, _)| *owed == frame);
        self.owed = others;
        let owed: Vec<(u64, WorkerId)> = owed;
        if !self.forgotten.remove(&frame) {
            self.frames.insert(frame, pixels);
        }
        Arrival {
            owed: owed.into_iter().map(|(_, to)| to).collect(),
            steps: self.take_waiting(frame),
        }
    }

    pub(crate) fn get(&self, frame: u64) -> Option<&T> {
        self.frames.get(&frame)
    }

    /// A step waits for a frame's pixels.
    pub(crate) fn wait(&mut self, frame: u64, step: W) {
        self.waiting.push((frame, step));
    }

    /// The steps that wait for this frame.
    pub(crate) fn take_waiting(&mut self, frame: u64) -> Vec<W> {
        let waiting = self.waiting.extract_if(.., |(wanted, _)| *wanted == frame);
        waiting.map(|(_, step)| step).collect()
    }

    /// Another wants a frame whose pixels are not here yet.
    pub(crate) fn owe(&mut self, frame: u64, to: WorkerId) {
        self.owed.push((frame, to));
    }

    /// Nobody needs these frames any more.
    pub(crate) fn release(&mut self, frames: &[u64]) {
        for frame in frames {
            self.owed.retain(|(owed, _)| owed != frame);
            if self.frames.remove(frame).is_none() {
                self.forgotten.insert(*frame);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: WorkerId = WorkerId {
        place: 1,
        generation: 2,
    };

    #[test]
    fn steps_and_other_workers_wait_for_pixels() {
        let mut store = Store::default();
        store.wait(7, "step");
        store.wait(8, "another frame's");
        store.wait(7, "step ahead");
        store.owe(7, OTHER);
        store.owe(8, OTHER);
        let arrival = store.put(7, 'a');
        assert_eq!(
            arrival,
            Arrival {
                owed: vec![OTHER],
                steps: vec!["step", "step ahead"]
            }
        );
        assert_eq!(store.get(7), Some(&'a'));
        assert_eq!(
            store.put(9, 'b'),
            Arrival {
                owed: vec![],
                steps: vec![]
            }
        );
    }

    #[test]
    fn pixels_that_come_after_their_release_are_dropped() {
        let mut store: Store<char, ()> = Store::default();
        store.put(1, 'a');
        store.release(&[1, 2]);
        assert_eq!(store.get(1), None);
        store.put(2, 'b');
        assert_eq!(store.get(2), None);
        assert!(store.forgotten.is_empty());
    }
}
