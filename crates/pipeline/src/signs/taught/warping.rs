//! How far a window is from an example, whatever their tempo.

/// Rows of features, some frames each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rows {
    features: usize,
    /// `[rows, features]`, at least one row.
    values: Vec<f32>,
}

impl Rows {
    /// Rows of the means of `step` frames each, counted from the end. Frames that remain at the start are left out, unless there
    /// are no others.
    pub(super) fn of(frames: &[f32], features: usize, step: usize) -> Self {
        let count = frames.len() / features;
        let step = step.min(count).max(1);
        let remaining = count % step * features;
        let mut values = Vec::with_capacity((count / step) * features);
        for frames in frames[remaining..].chunks_exact(step * features) {
            let start = values.len();
            values.extend_from_slice(&frames[..features]);
            let row = &mut values[start..];
            for frame in frames[features..].chunks_exact(features) {
                row.iter_mut()
                    .zip(frame)
                    .for_each(|(sum, value)| *sum += value);
            }
            row.iter_mut().for_each(|sum| *sum /= step as f32);
        }
        Self { features, values }
    }

    /// Rows as they are, if they are whole ones, and at least one.
    pub(super) fn from_values(values: Vec<f32>, features: usize) -> Option<Self> {
        let is_whole = !values.is_empty() && values.len().is_multiple_of(features);
        is_whole.then_some(Self { features, values })
    }

    /// Rows as they are, which are whole ones, and at least one.
    pub(super) fn of_values(values: Vec<f32>, features: usize) -> Self {
        Self { features, values }
    }

    /// The mean of all rows.
    pub(super) fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.features];
        for row in self.rows() {
            mean.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let count = self.rows().len() as f64;
        mean.iter_mut().for_each(|sum| *sum /= count);
        mean
    }

    /// The [`distance`](Self::distance) to the nearest of these.
    pub(super) fn least_distance(&self, windows: &[Self]) -> f32 {
        let distances = windows.iter().map(|window| self.distance(window));
        distances.fold(f32::INFINITY, f32::min)
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.features)
    }

    /// How far the end of `window` is from this example: the mean, over the example's rows, of the distance to the row of the
    /// window that is laid on it. The last is laid on the last; from one to the one before, the window goes back by none, one or
    /// two rows, never by none twice. So it is from half to twice as fast, and may begin anywhere. Infinite where the window is too
    /// short for that.
    pub(super) fn distance(&self, window: &Self) -> f32 {
        // Of the ways that lay the row before on each row of the window: the least sum, by whether it stays there next.
        let mut stays = vec![f32::INFINITY; window.rows().len()];
        let mut moves: Vec<f32> = Vec::new();
        for (at, row) in self.rows().enumerate() {
            let costs = window.rows().map(|other| root_mean_square(row, other));
            if at == 0 {
                moves = costs.collect();
                continue;
            }
            let mut costs: Vec<f32> = costs.collect();
            let mut next_stays = vec![f32::INFINITY; costs.len()];
            for (place, cost) in costs.iter_mut().enumerate() {
                let before = |steps: usize| {
                    let place = place.checked_sub(steps);
                    place.map_or(f32::INFINITY, |place| moves[place].min(stays[place]))
                };
                next_stays[place] = *cost + moves[place];
                *cost += before(1).min(before(2));
            }
            moves = costs;
            stays = next_stays;
        }
        let end = moves.len() - 1;
        moves[end].min(stays[end]) / self.rows().len() as f32
    }
}

fn root_mean_square(one: &[f32], other: &[f32]) -> f32 {
    // Eight sums side by side, which a processor adds at once.
    let mut sums = [0.0_f32; 8];
    let (one_chunks, one_rest) = one.as_chunks::<8>();
    let (other_chunks, other_rest) = other.as_chunks::<8>();
    for (one, other) in one_chunks.iter().zip(other_chunks) {
        for lane in 0..8 {
            let difference = one[lane] - other[lane];
            sums[lane] += difference * difference;
        }
    }
    let rest = one_rest.iter().zip(other_rest);
    let rest: f32 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    ((sums.iter().sum::<f32>() + rest) / one.len() as f32).sqrt()
}
