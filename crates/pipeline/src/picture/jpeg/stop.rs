//! Giving a picture up while it is decoded.

use std::cell::Cell;

use crate::error::PictureError;

/// Asks now and then whether decoding may go on. Once the answer was no, it stays no.
pub(super) struct Stop<'a> {
    keep_going: &'a dyn Fn() -> bool,
    has_stopped: Cell<bool>,
}

impl<'a> Stop<'a> {
    pub(super) fn new(keep_going: &'a dyn Fn() -> bool) -> Self {
        Self {
            keep_going,
            has_stopped: Cell::new(false),
        }
    }

    /// Asks once more.
    ///
    /// # Errors
    /// [`PictureError::TooSlow`] if decoding is to stop.
    pub(super) fn check(&self) -> Result<(), PictureError> {
        if !self.has_stopped() && !(self.keep_going)() {
            self.has_stopped.set(true);
        }
        match self.has_stopped() {
            true => Err(PictureError::TooSlow),
            false => Ok(()),
        }
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.has_stopped.get()
    }
}
