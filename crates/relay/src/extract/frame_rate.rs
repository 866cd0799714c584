//! Capture times from frames a second.

use std::str::FromStr;

use thiserror::Error;

/// Frames a second: above 0, at most [`MAX_FPS`](Self::MAX_FPS).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameRate(f64);

/// A number that is no [`FrameRate`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("frames a second are a number from 0.001 to 1000, not {0:?}")]
pub struct InvalidFrameRate(String);

impl FrameRate {
    /// Least rate: one frame in 1000 seconds.
    pub const MIN_FPS: f64 = 0.001;
    /// Greatest rate.
    pub const MAX_FPS: f64 = 1000.0;

    /// Frames a second.
    #[must_use]
    pub fn fps(self) -> f64 {
        self.0
    }

    /// Capture time of frame number `index`, from 0: (index + 1) · floor(10⁶ / fps) microseconds.
    #[must_use]
    pub fn timestamp_us(self, index: u64) -> i64 {
        let interval_us = (1e6 / self.0).floor() as i64;
        let frames = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        frames.saturating_mul(interval_us)
    }
}

impl Default for FrameRate {
    /// 30 frames a second.
    fn default() -> Self {
        Self(30.0)
    }
}

impl FromStr for FrameRate {
    type Err = InvalidFrameRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .filter(|fps| (Self::MIN_FPS..=Self::MAX_FPS).contains(fps))
            .map(Self)
            .ok_or_else(|| InvalidFrameRate(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_times_are_whole_multiples_of_the_interval() {
        let timestamps = |rate: FrameRate| [0, 1, 42].map(|index| rate.timestamp_us(index));
        assert_eq!(
            timestamps(FrameRate::default()),
            [33_333, 66_666, 1_433_319]
        );
        assert_eq!(timestamps("29.97".parse().unwrap())[0], 33_366);
        assert_eq!(timestamps("1000".parse().unwrap())[0], 1000);
    }

    #[test]
    fn a_rate_outside_the_range_is_refused() {
        for text in ["0", "-30", "nan", "inf", "1001", "thirty", ""] {
            assert!(text.parse::<FrameRate>().is_err(), "{text}");
        }
    }
}
