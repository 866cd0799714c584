//! The one-euro filter: smooth when slow, quick when fast (`mediapipe/util/filtering/one_euro_filter.cc`).

use std::f64::consts::PI;

use super::LowPassFilter;

const START_FREQUENCY_HZ: f64 = 30.0;
const DERIVATE_CUTOFF_HZ: f64 = 1.0;

/// Constants of a [`OneEuroFilter`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneEuroParameters {
    /// Cut-off frequency of a value at rest, in Hz.
    pub min_cutoff_hz: f64,
    /// Rise of the cut-off with the speed of the value.
    pub beta: f64,
}

/// One filter for each of a fixed number of values, on one clock.
#[derive(Clone, Debug, PartialEq)]
pub struct OneEuroFilter {
    parameters: OneEuroParameters,
    last_timestamp_us: Option<i64>,
    frequency_hz: f64,
    raw: Vec<f32>,
    /// Of the last values; kept for its memory.
    speeds: Vec<f32>,
    value: LowPassFilter,
    derivative: LowPassFilter,
}

impl OneEuroFilter {
    /// A filter that has seen nothing.
    #[must_use]
    pub fn new(parameters: OneEuroParameters) -> Self {
        Self {
            parameters,
            last_timestamp_us: None,
            frequency_hz: START_FREQUENCY_HZ,
            raw: Vec::new(),
            speeds: Vec::new(),
            value: LowPassFilter::default(),
            derivative: LowPassFilter::default(),
        }
    }

    /// Forgets everything, and keeps its memory.
    pub fn reset(&mut self) {
        self.last_timestamp_us = None;
        self.frequency_hz = START_FREQUENCY_HZ;
        self.raw.clear();
        self.speeds.clear();
        self.value.reset();
        self.derivative.reset();
    }

    /// Filters `values` in place. Speeds are multiplied by `value_scale` (1 / size of the object).
    ///
    /// A timestamp that is not after the last one leaves values and filter untouched; whoever follows a stream that may
    /// step back in time calls [`reset`](Self::reset).
    pub fn apply(&mut self, values: &mut [f32], timestamp_us: i64, value_scale: f64) {
        if let Some(last) = self.last_timestamp_us {
            if last >= timestamp_us {
                return;
            }
            // MediaPipe's filter takes a last time of exactly 0 for "none yet".
            if last != 0 {
                self.frequency_hz = 1.0 / (timestamp_us.abs_diff(last) as f64 * 1e3 * 1e-9);
            }
        }
        self.last_timestamp_us = Some(timestamp_us);

        self.speeds.clear();
        self.speeds.resize(values.len(), 0.0);
        if self.raw.len() == values.len() {
            for ((speed, value), raw) in self.speeds.iter_mut().zip(&*values).zip(&self.raw) {
                let difference = f64::from(*value) - f64::from(*raw);
                *speed = (difference * value_scale * self.frequency_hz) as f32;
            }
        }
        self.raw.clear();
        self.raw.extend_from_slice(values);

        let derivate_alpha = alpha(DERIVATE_CUTOFF_HZ, self.frequency_hz);
        self.derivative.apply(&mut self.speeds, |_| derivate_alpha);
        let (parameters, frequency_hz) = (self.parameters, self.frequency_hz);
        self.value.apply(values, |i| {
            let speed = f64::from(self.speeds[i]).abs();
            alpha(
                parameters.min_cutoff_hz + parameters.beta * speed,
                frequency_hz,
            )
        });
    }
}

fn alpha(cutoff_hz: f64, frequency_hz: f64) -> f64 {
    1.0 / (1.0 + frequency_hz / (2.0 * PI * cutoff_hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: OneEuroParameters = OneEuroParameters {
        min_cutoff_hz: 0.05,
        beta: 80.0,
    };

    fn filtered(filter: &mut OneEuroFilter, value: f32, timestamp_us: i64) -> f32 {
        let mut values = [value];
        filter.apply(&mut values, timestamp_us, 1.0);
        values[0]
    }

    #[test]
    fn a_value_at_rest_stays_and_a_small_step_is_damped() {
        let mut filter = OneEuroFilter::new(PARAMETERS);
        assert_eq!(filtered(&mut filter, 5.0, 33_333), 5.0);
        assert_eq!(filtered(&mut filter, 5.0, 66_666), 5.0);
        let moved = filtered(&mut filter, 5.0 + 1e-4, 99_999);
        assert!(moved > 5.0 && moved < 5.0 + 0.5e-4, "{moved}");
    }

    #[test]
    fn the_formula_holds_for_two_samples() {
        let mut filter = OneEuroFilter::new(PARAMETERS);
        filtered(&mut filter, 1.0, 1_000_000);
        // f = 10 Hz; speed 0.1 · 10 = 1/s, low-passed from 0 by α(1 Hz) = 1 / (1 + 10 / 2π).
        let speed = 1.0 / (1.0 + 10.0 / (2.0 * PI));
        let weight = 1.0 / (1.0 + 10.0 / (2.0 * PI * (0.05 + 80.0 * speed)));
        let expected = 1.0 + 0.1 * weight;
        let actual = f64::from(filtered(&mut filter, 1.1, 1_100_000));
        assert!((actual - expected).abs() < 1e-6, "{actual} {expected}");
    }

    #[test]
    fn a_timestamp_that_repeats_or_runs_backwards_skips_the_filter() {
        let mut filter = OneEuroFilter::new(PARAMETERS);
        filtered(&mut filter, 1.0, 50_000);
        let before = filter.clone();
        assert_eq!(filtered(&mut filter, 7.0, 50_000), 7.0);
        assert_eq!(filtered(&mut filter, 8.0, 0), 8.0);
        assert_eq!(filter, before);
    }

    #[test]
    fn after_a_first_timestamp_of_zero_the_second_frame_still_counts_as_30_hz() {
        let mut filter = OneEuroFilter::new(PARAMETERS);
        filtered(&mut filter, 1.0, 0);
        filtered(&mut filter, 1.1, 100_000);
        assert_eq!(filter.frequency_hz, 30.0);
        filtered(&mut filter, 1.1, 200_000);
        assert!((filter.frequency_hz - 10.0).abs() < 1e-9);
    }
}
