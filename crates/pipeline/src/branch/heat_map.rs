//! Refinement of landmarks by the heat map (HOLISTIC_SPEC §6.2, step 2; `refine_landmarks_from_heatmap_calculator.cc`).

use crate::numeric::sigmoid;

const SIDE: usize = 64;
const POINTS: usize = 39;
/// The window reaches this many cells from the landmark's own: kernel size 7, as in MediaPipe's graph. Python's
/// package runs 9 by accident.
const REACH: usize = 3;
const MIN_CONFIDENCE: f32 = 0.5;

/// Moves a landmark (fractions of the input) to the centre of mass of its heat map around it, where that is warm
/// enough. `logits` is the map `[64, 64, 39]`.
pub(super) fn refine([x, y]: [f32; 2], point: usize, logits: &[f32]) -> [f32; 2] {
    // Truncation toward zero, as in C++: −0.9 is cell 0.
    let (column, row) = ((x * SIDE as f32) as i64, (y * SIDE as f32) as i64);
    let cells = 0..SIDE as i64;
    if !(cells.contains(&column) && cells.contains(&row)) || x.is_nan() || y.is_nan() {
        return [x, y];
    }
    let window = |center: i64| {
        let center = center as usize;
        center.saturating_sub(REACH)..(center + REACH + 1).min(SIDE)
    };
    let (mut sum, mut sum_x, mut sum_y, mut max) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
    for row in window(row) {
        for column in window(column) {
            let confidence = sigmoid(logits[(row * SIDE + column) * POINTS + point]);
            sum += confidence;
            max = max.max(confidence);
            sum_x += column as f32 * confidence;
            sum_y += row as f32 * confidence;
        }
    }
    if max < MIN_CONFIDENCE || sum.is_nan() || sum <= 0.0 {
        return [x, y];
    }
    [sum_x / SIDE as f32 / sum, sum_y / SIDE as f32 / sum]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map_with(hot: &[(usize, usize)]) -> Vec<f32> {
        let mut logits = vec![-100.0; SIDE * SIDE * POINTS];
        for (column, row) in hot {
            logits[(row * SIDE + column) * POINTS + 5] = 100.0;
        }
        logits
    }

    #[test]
    fn a_landmark_moves_to_the_hot_cell_in_its_window_without_half_a_cell() {
        let logits = map_with(&[(22, 31)]);
        let refined = refine([20.5 / 64.0, 30.5 / 64.0], 5, &logits);
        assert!((refined[0] - 22.0 / 64.0).abs() < 1e-6);
        assert!((refined[1] - 31.0 / 64.0).abs() < 1e-6);
    }

    #[test]
    fn a_hot_cell_four_cells_away_is_outside_the_window() {
        let start = [20.5 / 64.0, 30.5 / 64.0];
        assert_eq!(refine(start, 5, &map_with(&[(24, 30)])), start);
        assert_ne!(refine(start, 5, &map_with(&[(23, 30)])), start);
    }

    #[test]
    fn a_landmark_outside_the_map_or_that_is_no_number_stays() {
        let logits = map_with(&[(0, 0), (63, 63)]);
        assert_eq!(refine([1.01, 0.5], 5, &logits), [1.01, 0.5]);
        assert_eq!(refine([-0.1, 0.0], 5, &logits), [-0.1, 0.0]);
        assert_eq!(refine([-0.01, 0.0], 5, &logits), [0.0, 0.0]);
        assert!(refine([f32::NAN, 0.5], 5, &logits)[0].is_nan());
    }
}
