//! What a stream remembers of one hand or of the face.

/// The landmarks of the frame before and the filters, both good within one epoch and while the part is there.
#[derive(Debug)]
pub(super) struct PartState<T, S> {
    epoch: u64,
    /// Unsmoothed.
    landmarks: Option<T>,
    filters: S,
}

impl<T: Clone, S: Default> PartState<T, S> {
    /// The part has not been there in this epoch.
    pub(super) fn absent(epoch: u64) -> Self {
        Self {
            epoch,
            landmarks: None,
            filters: S::default(),
        }
    }

    /// The landmarks of the frame before.
    pub(super) fn previous(&self, epoch: u64) -> Option<T> {
        self.landmarks.clone().filter(|_| self.epoch == epoch)
    }

    /// Remembers unsmoothed landmarks; the filters to smooth them with, new ones if the part was not there before.
    pub(super) fn found(&mut self, epoch: u64, landmarks: T) -> &mut S {
        if self.epoch != epoch || self.landmarks.is_none() {
            self.filters = S::default();
        }
        self.epoch = epoch;
        self.landmarks = Some(landmarks);
        &mut self.filters
    }

    /// Remembers that the part was not there.
    pub(super) fn lost(&mut self, epoch: u64) {
        *self = Self::absent(epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_and_filters_last_until_the_part_is_lost_or_the_epoch_ends() {
        let mut part = PartState::<char, u32>::absent(0);
        *part.found(1, 'a') = 7;
        assert_eq!((part.previous(1), part.previous(2)), (Some('a'), None));
        assert_eq!(*part.found(1, 'b'), 7);
        assert_eq!(*part.found(2, 'c'), 0);
        *part.found(2, 'd') = 7;
        part.lost(2);
        assert_eq!(part.previous(2), None);
        assert_eq!(*part.found(2, 'e'), 0);
    }
}
