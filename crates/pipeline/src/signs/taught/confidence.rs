//! From the distances of examples to a confidence for each sign.

use super::answer::Distance;

/// Distances this small are none.
const LEAST_DISTANCE: f32 = 1e-4;

/// How fast an example counts less with its distance: one twice as far as the nearest counts a sixteenth.
const FALL: i32 = 4;

/// The signs that are at some distance, by the sum of how much their examples count, with the least distance of each.
pub(super) fn ranking(distances: &[Distance], labels: usize) -> Vec<(usize, f32)> {
    let least = least(distances);
    let mut signs: Vec<(f32, f32)> = vec![(0.0, f32::INFINITY); labels];
    for it in distances {
        let (sum, nearest) = &mut signs[it.label];
        *sum += weight(least, it.distance);
        *nearest = nearest.min(it.distance);
    }
    let mut order: Vec<usize> = (0..labels)
        .filter(|label| signs[*label].1.is_finite())
        .collect();
    order.sort_by(|a, b| signs[*b].0.total_cmp(&signs[*a].0));
    order
        .into_iter()
        .map(|label| (label, signs[label].1))
        .collect()
}

/// The least of the distances; infinite where there is none.
fn least(distances: &[Distance]) -> f32 {
    let distances = distances.iter().map(|it| it.distance);
    distances.fold(f32::INFINITY, f32::min)
}

/// How much an example at a distance counts, where the nearest one counts 1.
fn weight(least: f32, distance: f32) -> f32 {
    (least.max(LEAST_DISTANCE) / distance.max(LEAST_DISTANCE)).powi(FALL)
}

/// How much a window is like its nearest example, 0..=1: wholly up to half of the limit, and not at all from the limit on.
pub(super) fn resemblance(distance: f32, limit: f32) -> f32 {
    (2.0 * (1.0 - distance / limit)).clamp(0.0, 1.0)
}

/// Confidences of `labels` signs: the nearest examples share the resemblance between their signs, each by its nearness.
pub(super) fn of(nearest: &[Distance], labels: usize, resemblance: f32) -> Vec<f32> {
    let mut confidences = vec![0.0; labels];
    let least = least(nearest);
    let weights = nearest.iter().map(|it| weight(least, it.distance));
    let sum: f32 = weights.sum();
    for it in nearest {
        confidences[it.label] += weight(least, it.distance) / sum;
    }
    for confidence in &mut confidences {
        *confidence = resemblance * confidence.min(1.0);
    }
    confidences
}
