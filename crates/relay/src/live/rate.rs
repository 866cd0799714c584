//! The limit on frames a second, as a bucket that holds one second's worth. A frame is paid for when it is taken up.

use std::num::NonZeroU32;

const MICROSECONDS: u64 = 1_000_000;

/// Says how many frames are within the limit.
#[derive(Clone, Debug)]
pub(super) struct RateLimit {
    /// Microseconds that one frame costs.
    cost_us: u64,
    /// What may be spent now, at most one second.
    credit_us: u64,
    last_us: u64,
}

impl RateLimit {
    /// At most `fps` frames a second in the long run.
    pub(super) fn new(fps: NonZeroU32) -> Self {
        Self {
            // Above a million a second, a limit is none.
            cost_us: MICROSECONDS / u64::from(fps.get()),
            credit_us: MICROSECONDS,
            last_us: 0,
        }
    }

    /// How many frames are within the limit at this time.
    pub(super) fn within(&mut self, now_us: u64) -> usize {
        let earned = now_us.saturating_sub(self.last_us);
        self.last_us = self.last_us.max(now_us);
        self.credit_us = self.credit_us.saturating_add(earned).min(MICROSECONDS);
        let frames = self.credit_us.checked_div(self.cost_us);
        frames.map_or(usize::MAX, |frames| {
            usize::try_from(frames).unwrap_or(usize::MAX)
        })
    }

    /// Pays for a frame that is [`within`](Self::within) the limit.
    pub(super) fn pay(&mut self) {
        self.credit_us = self.credit_us.saturating_sub(self.cost_us);
    }

    /// Microseconds until the next frame is within the limit, from the time that it was last asked.
    pub(super) fn next_in_us(&self) -> u64 {
        self.cost_us.saturating_sub(self.credit_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(fps: u32) -> RateLimit {
        RateLimit::new(NonZeroU32::new(fps).unwrap())
    }

    fn within(fps: u32, times_us: impl Iterator<Item = u64>) -> usize {
        let mut limit = limit(fps);
        let mut pay_if_within = |now_us: &u64| {
            let is_within = limit.within(*now_us) > 0;
            if is_within {
                limit.pay();
            }
            is_within
        };
        times_us.filter(|now_us| pay_if_within(now_us)).count()
    }

    #[test]
    fn a_steady_sender_within_the_limit_never_waits() {
        assert_eq!(within(30, (0..300).map(|n| n * 33_334)), 300);
        assert_eq!(within(1, (0..10).map(|n| n * MICROSECONDS)), 10);
    }

    #[test]
    fn jitter_within_a_second_is_forgiven() {
        let bunched = (0..300).map(|n| n / 30 * MICROSECONDS);
        assert_eq!(within(30, bunched), 300);
    }

    #[test]
    fn a_flood_gets_the_limit_and_one_second_more() {
        let flood = (0..10_000).map(|n| n * 1000);
        assert_eq!(within(30, flood), 329);
    }

    #[test]
    fn the_next_frame_is_within_the_limit_when_it_was_said() {
        let mut limit = limit(4);
        assert_eq!((limit.within(0), limit.next_in_us()), (4, 0));
        for _ in 0..4 {
            limit.pay();
        }
        assert_eq!((limit.within(100_000), limit.next_in_us()), (0, 150_000));
        assert_eq!(limit.within(249_999), 0);
        assert_eq!(limit.within(250_000), 1);
    }

    #[test]
    fn more_than_the_clock_can_tell_is_no_limit() {
        let mut limit = limit(u32::MAX);
        assert_eq!((limit.within(0), limit.next_in_us()), (usize::MAX, 0));
    }
}
