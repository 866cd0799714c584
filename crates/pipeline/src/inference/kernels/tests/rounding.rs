//! By how much kernels without a fused multiply-add (plain WebAssembly SIMD) may differ from those with one.
//!
//! Each multiply-add rounds once, or twice: by at most half a unit in the last place each time, of what is at most the
//! sum of all magnitudes. So two chains of `depth` steps differ by no more than (2 · depth + 1) · 2⁻²⁴ of that sum, and a
//! bit for what rounding adds to the magnitudes themselves. It is no fault of either: both are as near to the true sum.

use super::numbers::numbers;
use crate::inference::kernels::scalar;
use crate::inference::kernels::shape::{Activation, Epilogue, Rows};

#[test]
fn rounding_twice_changes_a_sum_by_no_more_than_its_own_rounding() {
    let columns = 40;
    let mut changed = 0;
    for depth in [1, 9, 27, 112, 1152] {
        let a = numbers(depth as u64, depth);
        let rows = Rows::dense(&a, 1);
        let b = numbers(depth as u64 + 1, depth * columns);
        let bias = numbers(depth as u64 + 2, columns);
        let epilogue = Epilogue {
            bias: &bias,
            residual: None,
            activation: &Activation::Identity,
        };
        let weight = |d: usize, column: usize| b[d * columns + column];
        let (mut once, mut twice) = (vec![0.0; columns], vec![0.0; columns]);
        scalar::matrix_product::<true>(&rows, depth, weight, &epilogue, &mut once);
        scalar::matrix_product::<false>(&rows, depth, weight, &epilogue, &mut twice);
        for column in 0..columns {
            let products = (0..depth).map(|d| f64::from(a[d]) * f64::from(weight(d, column)));
            let magnitudes: f64 =
                products.map(f64::abs).sum::<f64>() + f64::from(bias[column]).abs();
            let bound = (2 * depth + 1) as f64 * 0.5_f64.powi(24) * magnitudes * 1.001;
            let difference = (f64::from(once[column]) - f64::from(twice[column])).abs();
            assert!(
                difference <= bound,
                "{difference} of {bound} at depth {depth}"
            );
            changed += usize::from(difference > 0.0);
        }
    }
    assert!(changed > 50, "the two are not the same: {changed}");
}
