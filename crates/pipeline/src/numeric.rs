//! The few functions whose last bit must be the same on every platform.
//!
//! They are computed in double precision and rounded once. The single-precision functions of the C library that
//! MediaPipe was built with do so, too, and are rarely a last bit away from it.

/// 1 / (1 + e^−x).
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::exp(-f64::from(x)) as f32)
}

/// Sine and cosine of an angle in radians.
#[must_use]
pub fn sin_cos(angle: f32) -> (f32, f32) {
    let (sin, cos) = libm::sincos(f64::from(angle));
    (sin as f32, cos as f32)
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
