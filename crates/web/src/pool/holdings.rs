//! Which worker holds the pixels of which frame.

use std::cell::RefCell;
use std::rc::Rc;

use super::MAX_WORKERS;

/// What each worker holds, and what it is to be told that it may forget.
#[derive(Debug, Default)]
pub(crate) struct Holdings([RefCell<Holding>; MAX_WORKERS]);

#[derive(Debug, Default)]
struct Holding {
    frames: Vec<u64>,
    /// Those whose pixels were on their way from a worker that died.
    lost: Vec<u64>,
    released: Vec<u64>,
}

impl Holdings {
    /// The worker holds the frame's pixels, or they are on their way to it.
    pub(crate) fn add(&self, place: usize, frame: u64) {
        let mut holding = self.0[place].borrow_mut();
        if !holding.frames.contains(&frame) {
            holding.frames.push(frame);
        }
    }

    pub(crate) fn has(&self, place: usize, frame: u64) -> bool {
        self.0[place].borrow().frames.contains(&frame)
    }

    /// The frame's pixels may not come.
    pub(crate) fn lose(&self, place: usize, frame: u64) {
        self.0[place].borrow_mut().lost.push(frame);
    }

    pub(crate) fn is_lost(&self, place: usize, frame: u64) -> bool {
        self.0[place].borrow().lost.contains(&frame)
    }

    /// What the worker may forget, to be sent to it with its next step.
    pub(crate) fn take_released(&self, place: usize) -> Vec<u64> {
        std::mem::take(&mut self.0[place].borrow_mut().released)
    }

    /// The worker may forget a frame's pixels, also those that it is only about to get.
    pub(crate) fn release(&self, place: usize, frame: u64) {
        let mut holding = self.0[place].borrow_mut();
        holding.frames.retain(|held| *held != frame);
        holding.released.push(frame);
    }

    /// The step never reached the worker.
    pub(crate) fn put_released_back(&self, place: usize, released: Vec<u64>) {
        self.0[place].borrow_mut().released.extend(released);
    }

    /// The worker is gone, and its pixels with it.
    pub(crate) fn forget(&self, place: usize) {
        self.0[place].take();
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self, place: usize) -> bool {
        self.0[place].borrow().frames.is_empty()
    }
}

/// The pixels of a frame, wherever they are. The last handle dropped lets every worker forget them.
#[derive(Debug)]
pub(crate) struct FramePixels {
    frame: u64,
    holdings: Rc<Holdings>,
}

impl FramePixels {
    pub(crate) fn new(frame: u64, holdings: &Rc<Holdings>) -> Self {
        Self {
            frame,
            holdings: Rc::clone(holdings),
        }
    }
}

impl Drop for FramePixels {
    fn drop(&mut self) {
        for holding in &self.holdings.0 {
            let Holding {
                frames,
                lost,
                released,
            } = &mut *holding.borrow_mut();
            lost.retain(|frame| *frame != self.frame);
            if let Some(position) = frames.iter().position(|frame| *frame == self.frame) {
                frames.swap_remove(position);
                released.push(self.frame);
            }
        }
    }
}
