//! Single-shot detectors: anchors, decoding of boxes and keypoints, weighted non-maximum suppression
//! (HOLISTIC_SPEC §4).

use std::cell::RefCell;

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSpec {
    /// Side of the square input in pixels; boxes come in this unit.
    pub input_size: usize,
    /// Stride of each layer, in pixels; equal strides in a row share one grid.
    pub strides: &'static [usize],
    /// Boxes that overlap a better one by more than this are merged into it.
    pub min_suppression_threshold: f32,
}

/// The pose detector: 2254 anchors, 4 keypoints.
pub const POSE_DETECTOR: DetectorSpec = DetectorSpec {
    input_size: 224,
    strides: &[8, 16, 32, 32, 32],
    min_suppression_threshold: 0.3,
};

/// The pose detector as MediaPipe's PoseLandmarker runs it.
pub const POSE_LANDMARKER_DETECTOR: DetectorSpec = DetectorSpec {
    min_suppression_threshold: 0.5,
    ..POSE_DETECTOR
};

/// The short-range face detector: 896 anchors, 6 keypoints.
pub const FACE_DETECTOR: DetectorSpec = DetectorSpec {
    input_size: 128,
    strides: &[8, 16, 16, 16],
    min_suppression_threshold: 0.3,
};

/// The face detector as MediaPipe's FaceLandmarker runs it.
pub const FACE_LANDMARKER_DETECTOR: DetectorSpec = DetectorSpec {
    min_suppression_threshold: 0.5,
    ..FACE_DETECTOR
};

/// The palm detector: 2016 anchors, 7 keypoints.
pub const PALM_DETECTOR: DetectorSpec = DetectorSpec {
    input_size: 192,
    strides: &[8, 16, 16, 16],
    min_suppression_threshold: 0.3,
};

/// How sure a detector was, and where its keypoints lie in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "[[f32; 2]; K]: Serialize",
    deserialize = "[[f32; 2]; K]: Deserialize<'de>"
))]
pub struct DetectedKeypoints<const K: usize> {
    /// 0..=1.
    pub score: f32,
    /// x and y in fractions of the picture.
    pub keypoints: [[f32; 2]; K],
}

/// An anchor whose score is high enough.
#[derive(Clone, Copy)]
struct Candidate {
    score: f32,
    /// Its number in the model's outputs.
    index: usize,
    /// Its centre in fractions of the input.
    center: [f32; 2],
}

thread_local! {
    /// The candidates of one picture, kept for its memory.
    static CANDIDATES: RefCell<Vec<Candidate>> = const { RefCell::new(Vec::new()) };
}

impl DetectorSpec {
    /// The centre of each anchor in fractions of the input, in the order of the model's outputs; all are 1×1 in size.
    pub fn anchors(&self) -> impl Iterator<Item = [f32; 2]> + use<> {
        let input_size = self.input_size;
        let groups = self.strides.chunk_by(|a, b| a == b);
        groups.flat_map(move |layers| {
            let grid = input_size.div_ceil(layers[0]);
            (0..grid * grid).flat_map(move |cell| {
                let center = [cell % grid, cell / grid].map(|at| (at as f32 + 0.5) / grid as f32);
                std::iter::repeat_n(center, 2 * layers.len())
            })
        })
    }

    /// The best detection of score at least `min_score`, merged with those that overlap it.
    ///
    /// `boxes` holds 4 + 2·K values an anchor: centre, width, height, keypoints; `logits` one value an anchor.
    #[must_use]
    pub fn best<const K: usize>(
        &self,
        boxes: &[f32],
        logits: &[f32],
        min_score: f32,
    ) -> Option<Detection<K>> {
        self.with_candidates::<K, _>(boxes, logits, min_score, |candidates| {
            self.merge_with_overlapping(self.detections(boxes, candidates))
        })
    }

    /// As [`best`](Self::best), and what is left when that and all that overlaps it are taken away, again and again: `most`
    /// detections at most, best first.
    #[must_use]
    pub fn all<const K: usize>(
        &self,
        boxes: &[f32],
        logits: &[f32],
        min_score: f32,
        most: usize,
    ) -> Vec<Detection<K>> {
        self.with_candidates::<K, _>(boxes, logits, min_score, |candidates| {
            let mut found = Vec::new();
            while found.len() < most
                && let Some(first) = candidates.first()
            {
                let best = self.detection::<K>(boxes, first);
                found.extend(self.merge_with_overlapping(self.detections(boxes, candidates)));
                let before = candidates.len();
                candidates.retain(|other| {
                    let other = self.detection::<K>(boxes, other);
                    !self.overlap(&other, &best)
                });
                // A box without area overlaps not even itself; MediaPipe ends there.
                if candidates.len() == before {
                    break;
                }
            }
            found
        })
    }

    /// Gives `use_them` the anchors of score at least `min_score`, best first.
    fn with_candidates<const K: usize, R>(
        &self,
        boxes: &[f32],
        logits: &[f32],
        min_score: f32,
        use_them: impl FnOnce(&mut Vec<Candidate>) -> R,
    ) -> R {
        let unit = self.input_size as f32;
        let is_box = |row: &[f32]| row[2] / unit >= 0.0 && row[3] / unit >= 0.0;
        CANDIDATES.with_borrow_mut(|candidates| {
            candidates.clear();
            let rows = boxes.chunks_exact(4 + 2 * K).zip(logits);
            for (index, ((row, logit), center)) in rows.zip(self.anchors()).enumerate() {
                let score = sigmoid(logit.clamp(-100.0, 100.0));
                if score >= min_score && is_box(row) {
                    candidates.push(Candidate {
                        score,
                        index,
                        center,
                    });
                }
            }
            candidates
                .sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
            use_them(candidates)
        })
    }

    fn detections<const K: usize>(
        &self,
        boxes: &[f32],
        candidates: &[Candidate],
    ) -> impl Iterator<Item = Detection<K>> + Clone {
        candidates
            .iter()
            .map(|candidate| self.detection(boxes, candidate))
    }

    fn detection<const K: usize>(&self, boxes: &[f32], candidate: &Candidate) -> Detection<K> {
        let unit = self.input_size as f32;
        let row = &boxes[candidate.index * (4 + 2 * K)..][..4 + 2 * K];
        let [anchor_x, anchor_y] = candidate.center;
        let point = |at: usize| [row[at] / unit + anchor_x, row[at + 1] / unit + anchor_y];
        let (center, width, height) = (point(0), row[2] / unit, row[3] / unit);
        Detection {
            score: candidate.score,
            bounds: Bounds {
                min: [center[0] - width / 2.0, center[1] - height / 2.0],
                max: [center[0] + width / 2.0, center[1] + height / 2.0],
            },
            keypoints: std::array::from_fn(|k| point(4 + 2 * k)),
        }
    }

    /// A step of weighted non-maximum suppression: the first detection, with the mean of boxes and keypoints of all that
    /// overlap it, weighted by score. `detections` come best first.
    fn merge_with_overlapping<const K: usize>(
        &self,
        detections: impl Iterator<Item = Detection<K>> + Clone,
    ) -> Option<Detection<K>> {
        let best = detections.clone().next()?;
        let overlapping = detections.filter(|detection| self.overlap(detection, &best));
        let mut total = 0.0;
        let mut sums = [[0.0; 2]; 2];
        let mut keypoint_sums = [[0.0; 2]; K];
        for detection in overlapping {
            let add = |[x, y]: &mut [f32; 2], point: [f32; 2]| {
                *x += point[0] * detection.score;
                *y += point[1] * detection.score;
            };
            total += detection.score;
            add(&mut sums[0], detection.bounds.min);
            add(&mut sums[1], detection.bounds.max);
            for (sum, point) in keypoint_sums.iter_mut().zip(detection.keypoints) {
                add(sum, point);
            }
        }
        // A best box without area overlaps not even itself: it stays as it is.
        if total == 0.0 {
            return Some(best);
        }
        let [min, max] = sums.map(|sum| sum.map(|v| v / total));
        Some(Detection {
            score: best.score,
            bounds: Bounds { min, max },
            keypoints: keypoint_sums.map(|sum| sum.map(|v| v / total)),
        })
    }

    fn overlap<const K: usize>(&self, a: &Detection<K>, b: &Detection<K>) -> bool {
        a.bounds.intersection_over_union(&b.bounds) > self.min_suppression_threshold
    }
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
            (PALM_DETECTOR, 2016, 0.020_833_3, 0.958_333_3),
        ] {
            let anchors: Vec<[f32; 2]> = spec.anchors().collect();
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

    fn merged(detections: &[Detection<1>]) -> Option<Detection<1>> {
        FACE_DETECTOR.merge_with_overlapping(detections.iter().copied())
    }

    #[test]
    fn overlapping_detections_merge_by_score_and_distant_ones_do_not_count() {
        let best = merged(&[
            detection(1.0, 0.0),
            detection(0.9, 5.0),
            detection(0.5, 0.2),
        ])
        .unwrap();
        assert_eq!(best.score, 1.0);
        let expected = (1.0 * 0.0 + 0.5 * 0.2) / 1.5;
        assert!((best.bounds.min[0] - expected).abs() < 1e-6);
        assert!((best.keypoints[0][0] - expected).abs() < 1e-6);
        assert_eq!(merged(&[]), None);
    }

    #[test]
    fn a_best_box_without_area_stays_as_it_is() {
        let mut flat = detection(0.7, 0.5);
        flat.bounds.max = flat.bounds.min;
        assert_eq!(merged(&[flat, detection(0.6, 0.5)]), Some(flat));
    }

    #[test]
    fn an_overlap_of_exactly_the_threshold_is_not_suppressed() {
        // Two boxes of area 1 that share 6/13: IoU = (6/13) / (20/13) = 0.3.
        let shift = 1.0 - 6.0 / 13.0;
        let first = detection(1.0, 0.0);
        let iou = first
            .bounds
            .intersection_over_union(&detection(1.0, shift).bounds);
        assert!((iou - 0.3).abs() < 1e-6);
        let nearer = merged(&[first, detection(0.9, shift - 0.01)]).unwrap();
        let farther = merged(&[first, detection(0.9, shift + 0.01)]).unwrap();
        assert!(nearer.bounds.min[0] > 0.2);
        assert_eq!(farther, first);
    }

    #[test]
    fn boxes_of_negative_size_or_low_score_are_left_out() {
        let spec = DetectorSpec {
            input_size: 100,
            strides: &[100, 100],
            min_suppression_threshold: 0.3,
        };
        let row = |width: f32, x: f32| [0.0, 0.0, width, 10.0, x, 2.0];
        let boxes = [
            row(-1.0, 9.0),
            row(f32::NAN, 9.0),
            row(10.0, 1.0),
            row(10.0, 9.0),
        ]
        .concat();
        let found = |logits: [f32; 4]| spec.best::<1>(&boxes, &logits, 0.5);
        let best = found([9.0, 9.0, 0.0, -0.1]).unwrap();
        assert_eq!(best.score, 0.5);
        assert_eq!(best.keypoints, [[0.51, 0.52]]);
        assert_eq!(found([9.0, 9.0, -0.1, f32::NAN]), None);
    }

    #[test]
    fn of_equal_scores_the_first_anchor_is_the_best() {
        let spec = DetectorSpec {
            input_size: 100,
            strides: &[100],
            min_suppression_threshold: 0.3,
        };
        // The second lies far from the first, so the two do not merge.
        let boxes = [
            [0.0, 0.0, 10.0, 10.0, 1.0, 0.0],
            [90.0, 0.0, 10.0, 10.0, 2.0, 0.0],
        ]
        .concat();
        for logits in [[3.0, 3.0], [90.0, 95.0]] {
            let best = spec.best::<1>(&boxes, &logits, 0.5).unwrap();
            assert_eq!(best.keypoints[0], [0.51, 0.5], "{logits:?}");
        }
    }

    /// Boxes of side 10, at these offsets, in an input of 100 with one anchor in its middle for each.
    fn found_at(offsets: &[f32], logits: &[f32], most: usize) -> Vec<f32> {
        let spec = DetectorSpec {
            input_size: 100,
            strides: &[100, 100],
            min_suppression_threshold: 0.3,
        };
        let boxes: Vec<f32> = offsets
            .iter()
            .flat_map(|x| [*x, 0.0, 10.0, 10.0, *x, 0.0])
            .collect();
        let found = spec.all::<1>(&boxes, logits, 0.5, most);
        found
            .iter()
            .map(|d| (d.keypoints[0][0] - 0.5) * 100.0)
            .collect()
    }

    #[test]
    fn all_groups_come_best_first_and_each_box_counts_in_one_only() {
        // The third merges into the second, the better of the two.
        let found = found_at(&[0.0, 30.0, 30.0, -30.0], &[0.0, 2.0, 2.0, 1.0], 9);
        let expected = [30.0, -30.0, 0.0];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
        assert_eq!(found_at(&[0.0, 30.0], &[0.0, 2.0], 1).len(), 1);
        assert!(found_at(&[0.0], &[-1.0], 9).is_empty());
    }

    #[test]
    fn the_first_of_all_is_the_best() {
        let boxes = [
            [0.0, 0.0, 10.0, 10.0, 1.0, 0.0],
            [4.0, 0.0, 10.0, 10.0, 2.0, 0.0],
        ]
        .concat();
        let spec = DetectorSpec {
            input_size: 100,
            strides: &[100],
            min_suppression_threshold: 0.3,
        };
        let all = spec.all::<1>(&boxes, &[1.0, 2.0], 0.5, 2);
        assert_eq!(all, [spec.best::<1>(&boxes, &[1.0, 2.0], 0.5).unwrap()]);
        let apart = DetectorSpec {
            min_suppression_threshold: 0.5,
            ..spec
        };
        assert_eq!(apart.all::<1>(&boxes, &[1.0, 2.0], 0.5, 2).len(), 2);
    }
}
