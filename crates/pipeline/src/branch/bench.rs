//! What the benchmark measures of the branches one by one. Not part of the API.

use super::heat_map;

/// Moves a pose landmark to the centre of mass of its heat map `[64, 64, 39]` (logits).
#[must_use]
pub fn refine_by_heat_map(point: [f32; 2], index: usize, logits: &[f32]) -> [f32; 2] {
    heat_map::refine(point, index, logits)
}
