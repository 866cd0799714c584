//! Single-shot detectors: anchors, decoding of boxes and keypoints, weighted non-maximum suppression
//! (HOLISTIC_SPEC §4).

use serde::{Deserialize, Serialize};

use crate::numeric::sigmoid;
use crate::rect::Bounds;

/// A detected box with `K` keypoints, in fractions of what the detector looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection<const K: usize> {
    /// 0..=1.
    pub score: f32,
    /// The box.
    pub bounds: Bounds,
    /// x and y of each keypoint.
    pub keypoints: [[f32; 2]; K],
}

/// The constants of one detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectorSpec {
    /// Side of the square input in pixels; boxes come in this unit.
    pub input_size: usize,
    /// Stride of each layer, in pixels; equal strides in a row share one grid.
    pub strides: &'static [usize],
}

/// The pose detector: 2254 anchors, 4 keypoints.
pub const POSE_DETECTOR: DetectorSpec = DetectorSpec {
    input_size: 224,
    strides: &[8, 16, 32, 32, 32],
};

/// The short-range face detector: 896 anchors, 6 keypoints.
pub const FACE_DETECTOR: DetectorSpec = DetectorSpec {
    input_size: 128,
    strides: &[8, 16, 16, 16],
};

/// Boxes that overlap the best one by more than this are merged into it.
const MIN_SUPPRESSION_THRESHOLD: f32 = 0.3;

/// How sure a detector was, and where the first of its keypoints lie in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectedKeypoints {
    /// 0..=1.
    pub score: f32,
    /// x and y in fractions of the picture.
    pub keypoints: Vec<[f32; 2]>,
}

impl DetectorSpec {
    /// The centre of each anchor in fractions of the input, in the order of the model's outputs; all are 1×1 in size.
    #[must_use]
    pub fn anchors(&self) -> Vec<[f32; 2]> {
        let mut anchors = Vec::new();
        for layers in self.strides.chunk_by(|a, b| a == b) {
            let grid = self.input_size.div_ceil(layers[0]);
            for y in 0..grid {
                for x in 0..grid {
                    let center = [x, y].map(|cell| (cell as f32 + 0.5) / grid as f32);
                    anchors.extend(std::iter::repeat_n(center, 2 * layers.len()));
                }
            }
        }
        anchors
    }

    /// The detections of score at least `min_score`, merged, best first.
    ///
    /// `boxes` holds 4 + 2·K values an anchor: centre, width, height, keypoints; `logits` one value an anchor.
    pub fn detections<const K: usize>(
        &self,
        anchors: &[[f32; 2]],
        boxes: &[f32],
        logits: &[f32],
        min_score: f32,
    ) -> Vec<Detection<K>> {
        let unit = self.input_size as f32;
        let rows = boxes.chunks_exact(4 + 2 * K);
        let mut found = Vec::new();
        for ((row, logit), [anchor_x, anchor_y]) in rows.zip(logits).zip(anchors) {
            let score = sigmoid(logit.clamp(-100.0, 100.0));
            let (width, height) = (row[2] / unit, row[3] / unit);
            if !(score >= min_score && width >= 0.0 && height >= 0.0) {
                continue;
            }
            let center = [row[0] / unit + anchor_x, row[1] / unit + anchor_y];
            let keypoint = |k: usize| {
                [
                    row[4 + 2 * k] / unit + anchor_x,
                    row[5 + 2 * k] / unit + anchor_y,
                ]
            };
            found.push(Detection {
                score,
                bounds: Bounds {
                    min: [center[0] - width / 2.0, center[1] - height / 2.0],
                    max: [center[0] + width / 2.0, center[1] + height / 2.0],
                },
                keypoints: std::array::from_fn(keypoint),
            });
        }
        merge_overlapping(found)
    }
}

/// Weighted non-maximum suppression: each group of overlapping detections becomes one, with the best one's score and
/// the mean of boxes and keypoints, weighted by score.
fn merge_overlapping<const K: usize>(mut rest: Vec<Detection<K>>) -> Vec<Detection<K>> {
    rest.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut merged = Vec::new();
    while let Some(&best) = rest.first() {
        let before = rest.len();
        let overlaps = |d: &Detection<K>| {
            intersection_over_union(d.bounds, best.bounds) > MIN_SUPPRESSION_THRESHOLD
        };
        let (group, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(overlaps);
        rest = others;
        if group.is_empty() {
            merged.push(best);
        } else {
            merged.push(weighted_mean(best.score, &group));
        }
        // A best box that overlaps not even itself has no area; the reference stops here, too.
        if rest.len() == before {
            break;
        }
    }
    merged
}

fn weighted_mean<const K: usize>(score: f32, group: &[Detection<K>]) -> Detection<K> {
    let total: f32 = group.iter().map(|d| d.score).sum();
    let mean = |point: &dyn Fn(&Detection<K>) -> [f32; 2]| {
        let sum = group.iter().fold([0.0; 2], |[x, y], d| {
            let p = point(d);
            [x + p[0] * d.score, y + p[1] * d.score]
        });
        sum.map(|v| v / total)
    };
    Detection {
        score,
        bounds: Bounds {
            min: mean(&|d| d.bounds.min),
            max: mean(&|d| d.bounds.max),
        },
        keypoints: std::array::from_fn(|k| mean(&|d| d.keypoints[k])),
    }
}

fn intersection_over_union(a: Bounds, b: Bounds) -> f32 {
    let side = |axis: usize| a.max[axis].min(b.max[axis]) - a.min[axis].max(b.min[axis]);
    let (width, height) = (side(0), side(1));
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let area = |r: Bounds| (r.max[0] - r.min[0]) * (r.max[1] - r.min[1]);
    let shared = width * height;
    shared / (area(a) + area(b) - shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_match_mediapipes_numbers() {
        // HOLISTIC_SPEC §4.1: total, first and last centre, and the sum of all x (and of all y) is half the total.
        for (spec, total, first, last) in [
            (POSE_DETECTOR, 2254, 0.017_857_1, 0.928_571_4),
            (FACE_DETECTOR, 896, 0.031_25, 0.937_5),
        ] {
            let anchors = spec.anchors();
            assert_eq!(anchors.len(), total);
            for axis in 0..2 {
                assert!((anchors[0][axis] - first).abs() < 1e-6);
                assert!((anchors[total - 1][axis] - last).abs() < 1e-6);
                let sum: f64 = anchors.iter().map(|a| f64::from(a[axis])).sum();
                assert!((sum - total as f64 / 2.0).abs() < 1e-3, "{sum}");
            }
        }
    }

    fn detection(score: f32, left: f32) -> Detection<1> {
        Detection {
            score,
            bounds: Bounds {
                min: [left, 0.0],
                max: [left + 1.0, 1.0],
            },
            keypoints: [[left, 0.5]],
        }
    }

    #[test]
    fn overlapping_detections_merge_by_score_and_distant_ones_stay() {
        let merged = merge_overlapping(vec![
            detection(0.5, 0.2),
            detection(0.9, 5.0),
            detection(1.0, 0.0),
        ]);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].score, 1.0);
        let expected = (1.0 * 0.0 + 0.5 * 0.2) / 1.5;
        assert!((merged[0].bounds.min[0] - expected).abs() < 1e-6);
        assert!((merged[0].keypoints[0][0] - expected).abs() < 1e-6);
        assert_eq!(merged[1].keypoints, [[5.0, 0.5]]);
        assert_eq!(merged[1].score, 0.9);
    }

    #[test]
    fn an_overlap_of_exactly_the_threshold_is_not_suppressed() {
        // Two boxes of area 1 that share 6/13: IoU = (6/13) / (20/13) = 0.3.
        let shift = 1.0 - 6.0 / 13.0;
        let iou = intersection_over_union(detection(1.0, 0.0).bounds, detection(1.0, shift).bounds);
        assert!((iou - 0.3).abs() < 1e-6);
        let nearer = merge_overlapping(vec![detection(1.0, 0.0), detection(0.9, shift - 0.01)]);
        let farther = merge_overlapping(vec![detection(1.0, 0.0), detection(0.9, shift + 0.01)]);
        assert_eq!((nearer.len(), farther.len()), (1, 2));
    }

    #[test]
    fn boxes_of_negative_size_or_low_score_are_left_out() {
        let anchors = [[0.5, 0.5]; 4];
        let row = |width: f32| [0.0, 0.0, width, 10.0, 1.0, 2.0];
        let boxes = [row(10.0), row(-1.0), row(f32::NAN), row(10.0)].concat();
        let logits = [0.0, 9.0, 9.0, -0.1];
        let spec = DetectorSpec {
            input_size: 100,
            strides: &[],
        };
        let found = spec.detections::<1>(&anchors, &boxes, &logits, 0.5);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, 0.5);
        assert_eq!(found[0].keypoints, [[0.51, 0.52]]);
    }
}
