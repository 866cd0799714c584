//! What a window resembles.

use std::sync::OnceLock;

use super::metric::Metric;
use super::warping::Rows;
use super::{Taught, confidence};
use crate::signs::{SignsError, WindowInput};

/// How far a window is from an example.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distance {
    pub(super) example: usize,
    /// Which of the labels.
    pub(super) label: usize,
    pub(super) distance: f32,
}

/// What is worked out of the examples, with the first answer after a change.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighed(OnceLock<(Metric, Vec<Rows>)>);

impl PartialEq for Weighed {
    /// It says nothing that the examples do not say.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Taught {
    /// A confidence for each of the [`labels`](Self::labels), 0..=1: all 0 where the end of the window resembles no example.
    /// They are at most 1 together.
    ///
    /// # Errors
    /// [`SignsError::Examples`] if the manifest has a model, or the window is not one of it.
    pub fn run(&self, window: &WindowInput) -> Result<Vec<f32>, SignsError> {
        let mut nearest = self.distances(window)?;
        nearest.retain(|it| it.distance.is_finite());
        nearest.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        nearest.truncate(self.rule.neighbours);
        let plain = nearest
            .iter()
            .map(|it| self.plain_distance(it.example, window));
        let least = plain.fold(f32::INFINITY, f32::min);
        let resemblance = confidence::resemblance(least, self.rule.limit);
        Ok(confidence::of(&nearest, self.labels.len(), resemblance))
    }

    /// Works out now what the next answer would: for a thousand examples that takes some tenths of a second. Clones have it, too.
    pub fn prepare(&self) {
        self.weighed.0.get_or_init(|| self.weigh());
    }

    /// Whether the next answer has nothing to work out but its distances.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.weighed.0.get().is_some()
    }

    /// The signs by how much the window resembles them, each as the index of its label with the distance of its nearest example:
    /// the root of the mean square of the features' differences, as they count. Those that cannot be laid on the window are not
    /// in it.
    ///
    /// # Errors
    /// [`SignsError::Examples`] if the manifest has a model, or the window is not one of it.
    pub fn ranking(&self, window: &WindowInput) -> Result<Vec<(usize, f32)>, SignsError> {
        let distances = self.distances(window)?;
        Ok(confidence::ranking(&distances, self.labels.len()))
    }

    /// How far the end of a window is from each example, as differences count; infinite where they cannot be laid on each other.
    fn distances(&self, window: &WindowInput) -> Result<Vec<Distance>, SignsError> {
        self.check(window)?;
        if window.present == 0 {
            return Ok(Vec::new());
        }
        let (metric, examples) = self.weighed.0.get_or_init(|| self.weigh());
        let seen = self.sides(window);
        let seen: Vec<Rows> = seen.iter().map(|rows| metric.weigh(rows)).collect();
        let distances = examples.iter().enumerate().map(|(example, rows)| Distance {
            example,
            label: self.examples[example].label,
            distance: rows.least_distance(&seen),
        });
        Ok(distances.collect())
    }

    fn weigh(&self) -> (Metric, Vec<Rows>) {
        let examples = self.examples.iter().map(|it| (it.label, &it.rows));
        let metric = Metric::of(examples, self.features_per_frame, self.labels.len());
        let weighed = self.examples.iter().map(|it| metric.weigh(&it.rows));
        let weighed = weighed.collect();
        (metric, weighed)
    }

    /// How far the end of a window is from an example, where all differences count alike.
    fn plain_distance(&self, example: usize, window: &WindowInput) -> f32 {
        self.examples[example]
            .rows
            .least_distance(&self.sides(window))
    }

    /// The rows of a window, and those of its mirror where they are asked for.
    fn sides(&self, window: &WindowInput) -> Vec<Rows> {
        let mirrored = self.wants_mirrored().then_some(&window.mirrored);
        let sides = [Some(&window.values), mirrored].into_iter().flatten();
        sides.map(|values| self.rows_of(values)).collect()
    }
}
