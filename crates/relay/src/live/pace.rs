//! How fast a session is read. A peer that sends faster is read later, and its connection holds it back.

use std::time::Duration;

/// Messages of a session in a second: several times what a camera sends.
const MESSAGES_A_SECOND: f64 = 500.0;
/// Bytes of a session in a second, where its messages are small.
const LEAST_BYTES_A_SECOND: f64 = 16e6;
/// Messages of the greatest length in a second.
const LONGEST_MESSAGES_A_SECOND: f64 = 2.0;
/// Seconds' worth that may come at once.
const BURST: f64 = 1.0;

/// A limit on amounts in a second.
#[derive(Debug)]
pub(super) struct Pace {
    a_second: f64,
    /// When what was read would have come at the pace, in seconds of the clock of the calls.
    due: f64,
}

impl Pace {
    pub(super) fn of_messages() -> Self {
        Self {
            a_second: MESSAGES_A_SECOND,
            due: 0.0,
        }
    }

    pub(super) fn of_bytes(max_message_bytes: usize) -> Self {
        let longest = LONGEST_MESSAGES_A_SECOND * max_message_bytes as f64;
        Self {
            a_second: longest.max(LEAST_BYTES_A_SECOND),
            due: 0.0,
        }
    }

    /// Takes note of an amount read at `now`; says how long the next is to wait.
    pub(super) fn read(&mut self, amount: usize, now: Duration) -> Duration {
        let now = now.as_secs_f64();
        self.due = self.due.max(now) + amount as f64 / self.a_second;
        Duration::from_secs_f64((self.due - BURST - now).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_keeps_to_the_pace_in_the_long_run() {
        let mut pace = Pace::of_messages();
        let (mut now, mut count) = (Duration::ZERO, 0);
        while now < Duration::from_secs(10) {
            now += pace.read(1, now);
            count += 1;
        }
        assert!((5500..5505).contains(&count), "{count}");
    }

    #[test]
    fn who_keeps_to_it_is_never_held_back() {
        let mut pace = Pace::of_bytes(1 << 20);
        for frame in 0..1000_u64 {
            let now = Duration::from_millis(frame * 1000 / 60);
            assert_eq!(pace.read(200 << 10, now), Duration::ZERO);
        }
        let mut pace = Pace::of_bytes(8 << 20);
        for _ in 0..2 {
            assert_eq!(pace.read(8 << 20, Duration::ZERO), Duration::ZERO);
        }
        assert!(pace.read(8 << 20, Duration::ZERO) > Duration::from_millis(200));
    }
}
