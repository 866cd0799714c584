//! An exponential low-pass over a fixed number of values.

/// `stored = alpha · value + (1 − alpha) · stored`; the first sample passes as it is. Computed in double precision,
/// stored in single, as `mediapipe/util/filtering/low_pass_filter.cc`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LowPassFilter {
    stored: Vec<f32>,
}

impl LowPassFilter {
    /// Forgets everything, and keeps its memory.
    pub fn reset(&mut self) {
        self.stored.clear();
    }

    /// Filters `values` in place; `alpha(i)` in 0..=1 is the weight of the new value number `i`.
    pub fn apply(&mut self, values: &mut [f32], alpha: impl Fn(usize) -> f64) {
        if self.stored.len() != values.len() {
            self.stored.clear();
            self.stored.extend_from_slice(values);
            return;
        }
        for (i, (value, stored)) in values.iter_mut().zip(&mut self.stored).enumerate() {
            let alpha = alpha(i);
            *stored = (alpha * f64::from(*value) + (1.0 - alpha) * f64::from(*stored)) as f32;
            *value = *stored;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sample_passes_and_the_next_moves_by_alpha() {
        let mut filter = LowPassFilter::default();
        let mut values = [1.0, 10.0];
        filter.apply(&mut values, |_| 0.1);
        assert_eq!(values, [1.0, 10.0]);
        let mut values = [2.0, 0.0];
        filter.apply(&mut values, |i| [0.1, 0.5][i]);
        assert_eq!(values, [1.1, 5.0]);
    }
}
