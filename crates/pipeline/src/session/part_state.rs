//! What a stream remembers of one hand or of the face.

/// Which stretch of the stream a frame belongs to. Stills have the default; those of a stream count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch {
    /// Goes up when tracking starts from scratch: after a reset, or when the size of the pictures changes.
    pub(super) tracking: u64,
    /// Goes up with `tracking`, and when the capture times step back.
    pub(super) filters: u64,
}

/// The landmarks of the frame before and the filters, both good within their epoch and while the part is there.
#[derive(Debug)]
pub(super) struct PartState<T, S> {
    epoch: Epoch,
    /// Unsmoothed.
    landmarks: Option<T>,
    filters: S,
}

impl<T, S: Default> PartState<T, S> {
    /// The part has not been there in this epoch.
    pub(super) fn absent(epoch: Epoch) -> Self {
        Self {
            epoch,
            landmarks: None,
            filters: S::default(),
        }
    }

    /// The landmarks of the frame before.
    pub(super) fn previous(&self, epoch: Epoch) -> Option<&T> {
        let is_tracked = self.epoch.tracking == epoch.tracking;
        self.landmarks.as_ref().filter(|_| is_tracked)
    }

    /// Remembers unsmoothed landmarks; the filters to smooth them with, new ones if the part was not there before.
    pub(super) fn found(&mut self, epoch: Epoch, landmarks: T) -> &mut S {
        if self.epoch != epoch || self.landmarks.is_none() {
            self.filters = S::default();
        }
        self.epoch = epoch;
        self.landmarks = Some(landmarks);
        &mut self.filters
    }

    /// Remembers that the part was not there.
    pub(super) fn lost(&mut self, epoch: Epoch) {
        *self = Self::absent(epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_and_filters_last_until_the_part_is_lost_or_their_epoch_ends() {
        let epoch = |tracking, filters| Epoch { tracking, filters };
        let mut part = PartState::<char, u32>::absent(Epoch::default());
        *part.found(epoch(1, 1), 'a') = 7;
        assert_eq!(part.previous(epoch(1, 1)), Some(&'a'));
        assert_eq!(part.previous(epoch(2, 2)), None);
        assert_eq!(*part.found(epoch(1, 1), 'b'), 7);
        assert_eq!(part.previous(epoch(1, 2)), Some(&'b'));
        assert_eq!(*part.found(epoch(1, 2), 'c'), 0);
        *part.found(epoch(1, 2), 'd') = 7;
        assert_eq!(*part.found(epoch(2, 3), 'e'), 0);
        *part.found(epoch(2, 3), 'f') = 7;
        part.lost(epoch(2, 3));
        assert_eq!(part.previous(epoch(2, 3)), None);
        assert_eq!(*part.found(epoch(2, 3), 'g'), 0);
    }
}
