//! From the distances of examples to a confidence for each sign.

use crate::signs::manifest::ExamplesRule;

/// Distances this small are none.
const LEAST_DISTANCE: f32 = 1e-4;

/// How fast an example counts less with its distance: one twice as far as the nearest counts a sixteenth.
const FALL: i32 = 4;

/// The signs that are at some distance, by the sum of how much their examples count, with the least distance of each.
pub(super) fn ranking(distances: &[(usize, f32)], labels: usize) -> Vec<(usize, f32)> {
    let least = distances
        .iter()
        .map(|(_, distance)| *distance)
        .fold(f32::INFINITY, f32::min);
    let mut signs: Vec<(f32, f32)> = vec![(0.0, f32::INFINITY); labels];
    for (label, distance) in distances {
        let (sum, nearest) = &mut signs[*label];
        *sum += weight(least, *distance);
        *nearest = nearest.min(*distance);
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

/// How much an example at a distance counts, where the nearest one counts 1.
fn weight(least: f32, distance: f32) -> f32 {
    (least.max(LEAST_DISTANCE) / distance.max(LEAST_DISTANCE)).powi(FALL)
}

/// Confidences of `labels` signs. The nearest examples share 1 between their signs, each by its nearness. From half of the limit on
/// all is less, and nothing at the limit.
pub(super) fn of(distances: &[(usize, f32)], labels: usize, rule: ExamplesRule) -> Vec<f32> {
    let mut confidences = vec![0.0; labels];
    let mut nearest: Vec<(usize, f32)> = distances
        .iter()
        .copied()
        .filter(|(_, distance)| distance.is_finite())
        .collect();
    nearest.sort_by(|a, b| a.1.total_cmp(&b.1));
    nearest.truncate(rule.neighbours);
    let Some(&(_, least)) = nearest.first() else {
        return confidences;
    };
    let resemblance = (2.0 * (1.0 - least / rule.limit)).clamp(0.0, 1.0);
    let sum: f32 = nearest
        .iter()
        .map(|(_, distance)| weight(least, *distance))
        .sum();
    for (label, distance) in nearest {
        confidences[label] += weight(least, distance) / sum;
    }
    for confidence in &mut confidences {
        *confidence = resemblance * confidence.min(1.0);
    }
    confidences
}
