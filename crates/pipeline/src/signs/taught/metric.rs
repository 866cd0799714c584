//! How much each difference counts: less where examples of one sign differ, too.

use super::warping::Rows;

/// Most features whose differences are weighed. Of more, all count alike: time and memory grow with their square.
pub(super) const MAX_FEATURES: usize = 256;

/// A measure of differences, learnt from examples: that of Mahalanobis with the covariance of examples within their signs.
///
/// Before any example is known all differences count alike; as many degrees of freedom as there are features are laid on that, so
/// that a few examples change little. Differences of the size that is the mean within signs count as they are.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    features: usize,
    /// Of the covariance over its mean variance, L of L·Lᵀ: row after row, each up to its diagonal. Empty: all count alike.
    factor: Vec<f32>,
}

impl Metric {
    /// Of examples, each the index of its sign and its rows, in `labels` signs.
    pub(super) fn of<'a>(
        examples: impl Iterator<Item = (usize, &'a Rows)>,
        features: usize,
        labels: usize,
    ) -> Self {
        let alike = Self {
            features,
            factor: Vec::new(),
        };
        if features > MAX_FEATURES {
            return alike;
        }
        let mut signs: Vec<Vec<Vec<f64>>> = vec![Vec::new(); labels];
        for (label, rows) in examples {
            signs[label].push(rows.mean());
        }
        let (scatter, freedom) = scatter_within(&signs, features);
        let trace: f64 = (0..features).map(|at| scatter[at * features + at]).sum();
        if freedom == 0 || trace <= 0.0 {
            return alike;
        }
        // The mean variance is 1.
        let scale = freedom as f64 * features as f64 / trace;
        let prior = features as f64;
        let whole = freedom as f64 + prior;
        let mut covariance = scatter;
        for (at, value) in covariance.iter_mut().enumerate() {
            let is_diagonal = at % (features + 1) == 0;
            *value = (*value * scale + if is_diagonal { prior } else { 0.0 }) / whole;
        }
        Self {
            features,
            factor: cholesky(covariance, features),
        }
    }

    /// Rows whose plain differences count as they should.
    pub(super) fn weigh(&self, rows: &Rows) -> Rows {
        let mut values = rows.values().to_vec();
        if !self.factor.is_empty() {
            for row in values.chunks_exact_mut(self.features) {
                self.weigh_row(row);
            }
        }
        Rows::of_values(values, self.features)
    }

    /// Solves L·y = x in place.
    fn weigh_row(&self, row: &mut [f32]) {
        let mut start = 0;
        for at in 0..row.len() {
            let (known, rest) = row.split_at_mut(at);
            let factors = &self.factor[start..start + at];
            let sum: f32 = factors.iter().zip(&*known).map(|(a, b)| a * b).sum();
            rest[0] = (rest[0] - sum) / self.factor[start + at];
            start += at + 1;
        }
    }
}

/// The sum of the outer products of each example's distance from its sign's mean, `[features, features]`, and its degrees of freedom.
fn scatter_within(signs: &[Vec<Vec<f64>>], features: usize) -> (Vec<f64>, usize) {
    let mut scatter = vec![0.0; features * features];
    let mut freedom = 0;
    for examples in signs.iter().filter(|examples| examples.len() > 1) {
        freedom += examples.len() - 1;
        let mut mean = vec![0.0; features];
        for (at, value) in examples.iter().flat_map(|it| it.iter().enumerate()) {
            mean[at] += value / examples.len() as f64;
        }
        for example in examples {
            let apart: Vec<f64> = example.iter().zip(&mean).map(|(a, b)| a - b).collect();
            for (one, line) in apart.iter().zip(scatter.chunks_exact_mut(features)) {
                if *one != 0.0 {
                    line.iter_mut()
                        .zip(&apart)
                        .for_each(|(sum, other)| *sum += one * other);
                }
            }
        }
    }
    (scatter, freedom)
}

/// L of L·Lᵀ for a positive definite matrix: row after row, each up to its diagonal.
fn cholesky(mut matrix: Vec<f64>, size: usize) -> Vec<f32> {
    let mut factor = Vec::with_capacity(size * (size + 1) / 2);
    for row in 0..size {
        for column in 0..=row {
            let (of_row, of_column) = (row * size, column * size);
            let products = (0..column).map(|at| matrix[of_row + at] * matrix[of_column + at]);
            let rest = matrix[of_row + column] - products.sum::<f64>();
            matrix[of_row + column] = match row == column {
                true => rest.max(f64::MIN_POSITIVE).sqrt(),
                false => rest / matrix[of_column + column],
            };
            factor.push(matrix[of_row + column] as f32);
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEATURES: usize = 3;

    fn rows(row: [f32; FEATURES]) -> Rows {
        Rows::of_values(row.to_vec(), FEATURES)
    }

    fn metric(examples: &[(usize, [f32; FEATURES])]) -> Metric {
        let examples: Vec<(usize, Rows)> = examples.iter().map(|it| (it.0, rows(it.1))).collect();
        Metric::of(examples.iter().map(|it| (it.0, &it.1)), FEATURES, 4)
    }

    /// Two signs that differ in x and z alike, with examples that differ in z only.
    fn with_nuisance(count: u16) -> Vec<(usize, [f32; FEATURES])> {
        let example = |index: u16| {
            let sign = f32::from(index % 2);
            let z = f32::from(index / 2 % 5) - 2.0;
            (usize::from(index % 2), [sign, 0.0, sign + z])
        };
        (0..count).map(example).collect()
    }

    #[test]
    fn without_two_examples_of_a_sign_all_differences_count_alike() {
        for examples in [
            &[][..],
            &[(0, [1.0, 2.0, 3.0]), (1, [0.0; 3])],
            &[(2, [1.0; 3]); 2],
        ] {
            let row = rows([0.5, -1.0, 2.0]);
            assert_eq!(metric(examples).weigh(&row), row);
        }
    }

    #[test]
    fn what_differs_within_signs_counts_less_the_more_examples_say_so() {
        let shares: Vec<f32> = [4, 10, 100]
            .map(|count| {
                let metric = metric(&with_nuisance(count));
                let none = metric.weigh(&rows([0.0; 3]));
                let [x, z] = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
                    .map(|row| metric.weigh(&rows(row)).distance(&none));
                z / x
            })
            .to_vec();
        assert!(shares[0] < 1.0 && shares[0] > 0.5, "{shares:?}");
        assert!(shares[1] < shares[0] && shares[2] < 0.2, "{shares:?}");
    }

    #[test]
    fn of_too_many_features_all_count_alike() {
        let examples: Vec<Rows> = (0..4)
            .map(|at| Rows::of_values(vec![at as f32; MAX_FEATURES + 1], MAX_FEATURES + 1))
            .collect();
        let metric = Metric::of(examples.iter().map(|it| (0, it)), MAX_FEATURES + 1, 1);
        assert_eq!(metric.weigh(&examples[3]), examples[3]);
    }

    fn row() -> impl Strategy<Value = [f32; FEATURES]> {
        [-2.0..2.0_f32, -2.0..2.0_f32, -2.0..2.0_f32]
    }

    proptest! {
        /// Distances are the same in whatever place signs are, and scale with all examples.
        #[test]
        fn distances_do_not_depend_on_where_signs_are_and_scale_with_all(
            examples in prop::collection::vec((0..4_usize, row()), 0..30),
            places in prop::array::uniform4(row()),
            [one, other] in [row(), row()],
            scale in 0.25..4.0_f32,
        ) {
            let changed: Vec<(usize, [f32; FEATURES])> = examples
                .iter()
                .map(|(sign, row)| {
                    (*sign, std::array::from_fn(|at| scale * (row[at] + places[*sign][at])))
                })
                .collect();
            let distance = |metric: &Metric, scale: f32| {
                let [one, other] = [one, other]
                    .map(|row| metric.weigh(&rows(row.map(|value| scale * value))));
                one.distance(&other)
            };
            let before = distance(&metric(&examples), 1.0);
            let after = distance(&metric(&changed), scale);
            prop_assert!(before.is_finite());
            prop_assert!((after - scale * before).abs() <= 2e-3 * scale, "{before} {after}");
        }
    }
}
