//! How long to wait before a connection is tried again.

use super::options::Reconnect;

/// Milliseconds before an attempt, from 0 for the first one after a loss. At random in the upper half of its span, so that
/// a thousand clients that lost one relay do not come back in one moment; `random` is from 0 to 1.
pub(super) fn back_off_ms(reconnect: &Reconnect, attempt: u32, random: f64) -> f64 {
    let doubled = f64::from(reconnect.first_ms) * f64::from(1_u32 << attempt.min(30));
    f64::from(reconnect.most_ms()).min(doubled) * (0.5 + 0.5 * random)
}

/// Numbers without a pattern that anybody needs to guess (Steele, Lea and Flood's SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    /// From 0 to 1.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_in_the_upper_half_of_their_span() {
        let reconnect = Reconnect::default();
        let longest = [0, 1, 2, 5, 1000].map(|attempt| back_off_ms(&reconnect, attempt, 1.0));
        assert_eq!(longest, [500.0, 1000.0, 2000.0, 15_000.0, 15_000.0]);
        assert_eq!(back_off_ms(&reconnect, 1, 0.0), 500.0);
    }

    #[test]
    fn random_numbers_are_from_0_to_1_and_differ() {
        let mut random = Random(7);
        let numbers: Vec<f64> = (0..1000).map(|_| random.next()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
        assert_ne!(Random(7).next(), Random(8).next());
    }
}
