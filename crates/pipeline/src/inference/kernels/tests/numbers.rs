//! Numbers to compute with, activations, and how results are compared.

use crate::inference::kernels::Activation;

/// Numbers in −2..2 with many different exponents, from a seed (xorshift64*).
pub(super) fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40
    };
    (0..count)
        .map(|_| (next() as f32 / (1 << 23) as f32 - 1.0) * [2.0, 0.1, 1e-3][next() as usize % 3])
        .collect()
}

/// One of the three activations, by its number.
pub(super) fn activation(kind: u8, channels: usize) -> Activation {
    match kind {
        0 => Activation::Identity,
        1 => Activation::Clamp(0.0, 0.5),
        _ => Activation::PRelu(numbers(77, channels).into()),
    }
}

pub(super) fn assert_same_bits(actual: &[f32], expected: &[f32], who: &str) {
    let position = actual
        .iter()
        .zip(expected)
        .position(|(a, b)| a.to_bits() != b.to_bits());
    if let Some(at) = position {
        panic!("{who}: value {at}: {} is not {}", actual[at], expected[at]);
    }
}
