//! Weights of 16 bits to 32, without loss.

use tract_onnx::tract_core::internal::*;

/// The same tensor in `f32`.
pub(super) fn widen(narrow: &Tensor) -> TractResult<Tensor> {
    let mut wide = Tensor::zero::<f32>(narrow.shape())?;
    let from = narrow.try_as_plain_ram()?;
    let mut to = wide.try_as_plain_ram_mut()?;
    let pairs = to
        .as_slice_mut::<f32>()?
        .iter_mut()
        .zip(from.as_slice::<f16>()?);
    for (to, from) in pairs {
        *to = widened(from.to_bits());
    }
    Ok(wide)
}

/// The value of a half-precision float, bit for bit what `f16::to_f32` gives, but without a branch: a loop over it becomes
/// SIMD.
fn widened(bits: u16) -> f32 {
    /// From the bias of 16 bits to that of 32: 2¹²⁷⁻¹⁵.
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    const INFINITY: u32 = 0x7f80_0000;
    const QUIET: u32 = 0x0040_0000;
    let sign = u32::from(bits & 0x8000) << 16;
    // Exponent and mantissa in their places. The product is exact, and right for subnormal numbers too.
    let magnitude = u32::from(bits & 0x7fff) << 13;
    let finite = (f32::from_bits(magnitude) * REBIAS).to_bits();
    let exponent = bits & 0x7c00;
    let special = magnitude | INFINITY | if bits & 0x03ff == 0 { 0 } else { QUIET };
    f32::from_bits(sign | if exponent == 0x7c00 { special } else { finite })
}

#[cfg(test)]
mod tests {
    use tract_onnx::tract_core::internal::f16;

    #[test]
    fn all_halves_widen_to_their_value() {
        for bits in 0..=u16::MAX {
            let expected = f16::from_bits(bits).to_f32();
            assert_eq!(
                super::widened(bits).to_bits(),
                expected.to_bits(),
                "{bits:#x}"
            );
        }
    }
}
