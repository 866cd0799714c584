//! The few functions whose last bit must be the same on every platform.

/// 1 / (1 + e^−x).
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_half_at_zero_and_saturates() {
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!((sigmoid(100.0), sigmoid(-100.0) < 1e-40), (1.0, true));
    }
}
