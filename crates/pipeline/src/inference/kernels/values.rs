//! Arithmetic value by value, sums along an axis, and axes in another order, whatever the axes mean: plain loops that compilers
//! turn into vectors. Their width changes no bit, as each operation rounds by itself and each sum has its order.

/// A tensor's values, and its four axes.
pub(crate) type Values<'a> = (&'a [f32], [usize; 4]);

/// `out = function(a, b)`. Along an axis on which one has a single value, that goes with all values of the other.
pub(crate) fn combine(
    function: impl Fn(f32, f32) -> f32,
    a: Values<'_>,
    b: Values<'_>,
    out: &mut [f32],
) {
    let [_, blocks, rows, columns] = std::array::from_fn(|axis| a.1[axis].max(b.1[axis]));
    for (row, out) in out.chunks_exact_mut(columns).enumerate() {
        let at = [row / rows / blocks, row / rows % blocks, row % rows];
        match (row_at(a, at), row_at(b, at)) {
            ([a], b) => {
                for (out, b) in out.iter_mut().zip(b) {
                    *out = function(*a, *b);
                }
            }
            (a, [b]) => {
                for (out, a) in out.iter_mut().zip(a) {
                    *out = function(*a, *b);
                }
            }
            (a, b) => {
                for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                    *out = function(*a, *b);
                }
            }
        }
    }
}

fn row_at((values, axes): Values<'_>, at: [usize; 3]) -> &[f32] {
    let row = (0..3).fold(0, |row, axis| row * axes[axis] + at[axis] % axes[axis]);
    &values[row * axes[3]..][..axes[3]]
}

/// Sums along the middle one of three axes, from its start to its end.
pub(crate) fn sum(input: &[f32], [_, length, columns]: [usize; 3], out: &mut [f32]) {
    out.fill(0.0);
    let blocks = input.chunks_exact(length * columns);
    for (sums, block) in out.chunks_exact_mut(columns).zip(blocks) {
        for row in block.chunks_exact(columns) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

/// The same values with the axes in another order: axis n of `out` is axis `order[n]` of the input.
pub(crate) fn permute((values, axes): Values<'_>, order: [usize; 4], out: &mut [f32]) {
    let strides: [usize; 4] = std::array::from_fn(|axis| axes[axis + 1..].iter().product());
    let [_, blocks, rows, columns] = order.map(|axis| axes[axis]);
    let strides = order.map(|axis| strides[axis]);
    for (row, out) in out.chunks_exact_mut(columns).enumerate() {
        let at = [row / rows / blocks, row / rows % blocks, row % rows];
        let start: usize = at.iter().zip(strides).map(|(n, stride)| n * stride).sum();
        let from = values[start..].iter().step_by(strides[3]);
        for (out, value) in out.iter_mut().zip(from) {
            *out = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indices along four axes, in order.
    fn places(axes: [usize; 4]) -> impl Iterator<Item = [usize; 4]> {
        (0..axes.iter().product()).map(move |n| {
            let mut rest: usize = n;
            let mut at = [0; 4];
            for axis in (0..4).rev() {
                at[axis] = rest % axes[axis];
                rest /= axes[axis];
            }
            at
        })
    }

    fn value_at((values, axes): Values<'_>, at: [usize; 4]) -> f32 {
        let place = places(axes)
            .position(|place| (0..4).all(|axis| axes[axis] == 1 || place[axis] == at[axis]));
        values[place.unwrap()]
    }

    #[test]
    fn a_single_value_along_an_axis_goes_with_all_of_the_other() {
        let shapes = [
            [[2, 3, 2, 5], [2, 3, 2, 5]],
            [[2, 3, 2, 5], [1, 1, 1, 1]],
            [[1, 3, 2, 1], [2, 1, 1, 5]],
            [[1, 1, 1, 5], [2, 3, 2, 5]],
            [[2, 3, 4, 1], [2, 1, 4, 1]],
        ];
        for [a, b] in shapes {
            let numbers = |axes: [usize; 4], first: f32| -> Vec<f32> {
                (0..axes.iter().product())
                    .map(|n: usize| first + n as f32)
                    .collect()
            };
            let (of_a, of_b) = (numbers(a, 1.0), numbers(b, 0.25));
            let axes = std::array::from_fn(|axis| a[axis].max(b[axis]));
            let expected: Vec<f32> = places(axes)
                .map(|at| value_at((&of_a, a), at) / value_at((&of_b, b), at))
                .collect();
            let mut out = vec![f32::NAN; expected.len()];
            combine(|a, b| a / b, (&of_a, a), (&of_b, b), &mut out);
            assert_eq!(out, expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_permuted_tensor_has_each_value_at_its_permuted_place() {
        let axes = [2, 3, 4, 5];
        let values: Vec<f32> = (0..120u8).map(f32::from).collect();
        for order in [[0, 1, 2, 3], [0, 2, 3, 1], [3, 2, 1, 0], [1, 3, 0, 2]] {
            let mut out = vec![f32::NAN; 120];
            permute((&values, axes), order, &mut out);
            for at in places(axes) {
                let value = value_at(
                    (&out, order.map(|axis| axes[axis])),
                    order.map(|axis| at[axis]),
                );
                assert_eq!(value, value_at((&values, axes), at), "{order:?} {at:?}");
            }
        }
    }

    #[test]
    fn sums_run_along_the_middle_axis_from_its_start() {
        let mut out = [f32::NAN; 4];
        let input: Vec<f32> = (0..12u8).map(f32::from).collect();
        sum(&input, [2, 3, 2], &mut out);
        assert_eq!(out, [6.0, 9.0, 24.0, 27.0]);
        // The other way round, the small one would be lost.
        sum(&[1e8, -1e8, 1.0], [1, 3, 1], &mut out[..1]);
        assert_eq!(out[0], 1.0);
    }
}
