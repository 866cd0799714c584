//! The limit on frames a second, as a bucket that holds one second's worth.

use std::num::NonZeroU32;

const MICROSECONDS: u64 = 1_000_000;

/// Says of each frame whether it is within the limit.
#[derive(Clone, Debug)]
pub(super) struct RateLimit {
    /// Microseconds that one frame costs.
    cost_us: u64,
    /// What may be spent now, at most one second or one frame.
    credit_us: u64,
    last_us: u64,
}

impl RateLimit {
    /// At most `fps` frames a second in the long run.
    pub(super) fn new(fps: NonZeroU32) -> Self {
        Self {
            cost_us: MICROSECONDS / u64::from(fps.get()),
            credit_us: MICROSECONDS,
            last_us: 0,
        }
    }

    /// Whether a frame at this time is within the limit.
    pub(super) fn admits(&mut self, now_us: u64) -> bool {
        let earned = now_us.saturating_sub(self.last_us);
        self.last_us = self.last_us.max(now_us);
        self.credit_us = self.credit_us.saturating_add(earned).min(MICROSECONDS);
        let is_within = self.credit_us >= self.cost_us;
        if is_within {
            self.credit_us -= self.cost_us;
        }
        is_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(fps: u32, times_us: impl Iterator<Item = u64>) -> usize {
        let mut limit = RateLimit::new(NonZeroU32::new(fps).unwrap());
        times_us.filter(|now_us| limit.admits(*now_us)).count()
    }

    #[test]
    fn a_steady_sender_within_the_limit_loses_nothing() {
        assert_eq!(admitted(30, (0..300).map(|n| n * 33_334)), 300);
        assert_eq!(admitted(1, (0..10).map(|n| n * MICROSECONDS)), 10);
    }

    #[test]
    fn jitter_within_a_second_is_forgiven() {
        let bunched = (0..300).map(|n| n / 30 * MICROSECONDS);
        assert_eq!(admitted(30, bunched), 300);
    }

    #[test]
    fn a_flood_gets_the_limit_and_one_second_more() {
        let flood = (0..10_000).map(|n| n * 1000);
        assert_eq!(admitted(30, flood), 329);
    }
}
