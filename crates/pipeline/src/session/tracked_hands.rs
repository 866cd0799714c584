//! What a stream remembers of its hands in [`Graph::Landmarkers`](crate::Graph), and what the readings of a frame come to:
//! which are hands, which are the same hand twice, and which are left and right.

use super::frame_in_work::FrameInWork;
use super::hand_slots::HandSlots;
use super::part_state::Epoch;
use crate::branch::{Branch, HandReading};
use crate::keypoints::{Handedness, MissingReason, TrackedHand};
use crate::landmarks::HandLandmarks;
use crate::rect::{Bounds, ImageSize, NormalizedRect};
use crate::roi;
use crate::smoothing::HandFilters;

/// The hands of the frame before, in order.
#[derive(Debug, Default)]
pub(super) struct TrackedHands {
    epoch: Epoch,
    hands: Vec<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    /// Made from unsmoothed landmarks.
    roi: NormalizedRect,
    filters: HandFilters,
}

/// A hand of this frame.
struct Found {
    hand: TrackedHand,
    presence: f32,
    /// Its place among the hands of the frame before.
    was_at: Option<usize>,
}

impl TrackedHands {
    /// What there is to look at in a frame, before palms are detected.
    pub(super) fn slots<P: Clone>(&self, frame: &FrameInWork<P>) -> HandSlots {
        let is_tracked = !frame.is_still() && self.epoch.tracking == frame.epoch().tracking;
        let rois = self.hands.iter().filter(|_| is_tracked);
        HandSlots::new(rois.map(|hand| hand.roi), frame.options().num_hands)
    }

    /// No hands in a frame of the stream: they were not asked for.
    pub(super) fn lost(&mut self) {
        self.hands.clear();
    }

    /// Takes over what the slots of a frame have read. Where a step failed, the frame fails, and the next one goes by the
    /// hands of the frame before.
    pub(super) fn finish<P: Clone>(&mut self, slots: HandSlots, frame: &mut FrameInWork<P>) {
        if slots.have_failed() {
            return;
        }
        let (size, threshold) = (frame.size(), frame.options().min_hand_landmarks_confidence);
        let mut found: Vec<Found> = Vec::new();
        let mut unsure: Vec<(Handedness, f32)> = Vec::new();
        for (was_at, reading) in slots.into_readings() {
            let (side, presence) = (handedness(reading.right), reading.presence);
            match Found::new(reading, was_at, threshold) {
                None => unsure.push((side, presence)),
                Some(new) => {
                    let points = &new.hand.points;
                    if !found
                        .iter()
                        .any(|other| is_same_hand(&other.hand.points, points, size))
                    {
                        found.push(new);
                    }
                }
            }
        }
        if !frame.is_still() {
            self.remember(&mut found, frame);
        }
        for (branch, side) in [
            (Branch::LeftHand, Handedness::Left),
            (Branch::RightHand, Handedness::Right),
        ] {
            match surest(&found, side) {
                Some(found) => {
                    let (points, world) = (found.hand.points.clone(), found.hand.world.clone());
                    let presence = Some(found.presence);
                    frame.set_hand(branch, presence, Some(points), Some(world), None);
                }
                None => {
                    let of_side = unsure.iter().filter(|(other, _)| *other == side);
                    let presence = of_side.map(|(_, presence)| *presence).reduce(f32::max);
                    let reason = match presence {
                        Some(_) => MissingReason::LowPresence,
                        None => MissingReason::OutOfView,
                    };
                    frame.set_missing(branch, Some(reason));
                    frame.set_hand(branch, presence, None, None, None);
                }
            }
        }
        frame.keypoints.hands = Some(found.into_iter().map(|found| found.hand).collect());
    }

    /// Remembers hands for the next frame, and smooths them where that is wanted.
    fn remember<P: Clone>(&mut self, found: &mut [Found], frame: &FrameInWork<P>) {
        let epoch = frame.epoch();
        let before = std::mem::take(&mut self.hands).into_iter();
        let is_same_epoch = self.epoch == epoch;
        let mut filters: Vec<Option<HandFilters>> = before
            .map(|hand| is_same_epoch.then_some(hand.filters))
            .collect();
        self.epoch = epoch;
        for Found { hand, was_at, .. } in found {
            let roi = roi::hand_from_landmarks(&hand.points, frame.size());
            let own = was_at.and_then(|place| filters[place].take());
            let mut filters = own.unwrap_or_default();
            if frame.options().hand_smoothing {
                let (points, world) = (&mut hand.points, Some(&mut hand.world));
                filters.apply(points, world, frame.keypoints.timestamp_us, frame.size());
            } else {
                filters = HandFilters::default();
            }
            if roi.is_croppable() {
                self.hands.push(Remembered { roi, filters });
            }
        }
    }
}

impl Found {
    /// A reading that is sure enough.
    fn new(reading: HandReading, was_at: Option<usize>, min_presence: f32) -> Option<Self> {
        let right = reading.right;
        let (points, world) = (reading.landmarks?, reading.world?);
        let is_hand = reading.presence > min_presence && right.is_finite();
        is_hand.then_some(Self {
            hand: TrackedHand {
                handedness: handedness(right),
                score: right.max(1.0 - right),
                points,
                world,
            },
            presence: reading.presence,
            was_at,
        })
    }
}

pub(super) fn handedness(right: f32) -> Handedness {
    if right >= 0.5 {
        Handedness::Right
    } else {
        Handedness::Left
    }
}

/// The hand whose side is surest; of equals the first.
fn surest(found: &[Found], side: Handedness) -> Option<&Found> {
    let of_side = found.iter().filter(|found| found.hand.handedness == side);
    of_side.reduce(|best, other| {
        if other.hand.score > best.hand.score {
            other
        } else {
            best
        }
    })
}

/// Whether two readings are of one hand (`hand_landmarks_deduplication_calculator.cc`): many points lie near each other,
/// and the boxes overlap.
pub(super) fn is_same_hand(a: &HandLandmarks, b: &HandLandmarks, size: ImageSize) -> bool {
    const MIN_NEAR_POINTS: usize = 10;
    /// In lengths of the palm.
    const MAX_DISTANCE: f32 = 0.2;
    const MIN_OVERLAP: f32 = 0.2;
    let (width, height) = size.as_f32();
    let distance =
        |a: [f32; 3], b: [f32; 3]| libm::hypotf((a[0] - b[0]) * width, (a[1] - b[1]) * height);
    let palm = |p: &HandLandmarks| {
        let sides = [(0, 5), (5, 17), (17, 0)].map(|(from, to)| distance(p[from], p[to]));
        sides.into_iter().fold(0.0, f32::max)
    };
    let max_distance = MAX_DISTANCE * palm(a).max(palm(b));
    let pairs = a.iter().zip(b.iter());
    let near = pairs.filter(|(a, b)| distance(**a, **b) < max_distance);
    let bounds =
        |p: &HandLandmarks| Bounds::of_points(p.iter().map(|[x, y, _]| [*x, *y]), f32::MIN);
    near.count() >= MIN_NEAR_POINTS && bounds(a).intersection_over_union(&bounds(b)) > MIN_OVERLAP
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize {
        width: 200,
        height: 100,
    };

    /// A hand of 40 pixels from the wrist to the fingers' ends, with a palm 10 pixels wide and 20 long.
    fn hand_at(x: f32) -> HandLandmarks {
        HandLandmarks::from_fn(|n| {
            let [across, along] = match n {
                0 => [5.0, 0.0],
                5 => [0.0, 20.0],
                17 => [10.0, 20.0],
                _ => [(n % 5) as f32 * 2.5, n as f32 * 2.0],
            };
            [(x + across) / 200.0, (70.0 - along) / 100.0, 0.0]
        })
    }

    fn found(points: HandLandmarks, right: f32) -> Found {
        let reading = HandReading {
            roi: roi::hand_from_landmarks(&points, SIZE),
            presence: 0.9,
            landmarks: Some(points),
            world: Some(HandLandmarks::from_fn(|_| [0.0; 3])),
            right,
        };
        Found::new(reading, None, 0.5).unwrap()
    }

    #[test]
    fn hands_are_the_same_where_most_points_are_near_and_the_boxes_overlap() {
        // A fifth of the palm's longest side, √(5² + 20²) px.
        let limit = 0.2 * 425f32.sqrt();
        let hand = hand_at(50.0);
        assert!(is_same_hand(&hand, &hand_at(50.0 + limit - 0.01), SIZE));
        assert!(!is_same_hand(&hand, &hand_at(50.0 + limit + 0.01), SIZE));

        let with_near = |count: usize| {
            HandLandmarks::from_fn(|n| {
                let [x, y, z] = hand[n];
                [if n < count { x } else { x + 0.025 }, y, z]
            })
        };
        assert!(is_same_hand(&hand, &with_near(10), SIZE));
        assert!(!is_same_hand(&hand, &with_near(9), SIZE));

        // Ten points lie near, but the others reach so far that the boxes share less than a fifth.
        let spread = HandLandmarks::from_fn(|n| {
            let [x, y, z] = hand[n];
            if n < 10 { [x, y, z] } else { [x + 0.4, y, z] }
        });
        assert!(!is_same_hand(&hand, &spread, SIZE));
    }

    #[test]
    fn the_larger_palm_says_what_is_near_whichever_hand_has_it() {
        let hand = hand_at(50.0);
        let smaller = HandLandmarks::from_fn(|n| {
            let [x, y, z] = hand[n];
            match n {
                0 | 5 | 17 => hand[5],
                _ => [x + 4.0 / 200.0, y, z],
            }
        });
        assert!(is_same_hand(&hand, &smaller, SIZE));
        assert!(is_same_hand(&smaller, &hand, SIZE));
    }

    #[test]
    fn the_side_is_the_likelier_one_and_the_surest_hand_stands_for_it() {
        let hands: Vec<Found> = [0.4, 0.1, 0.9, 0.9, 0.5]
            .into_iter()
            .zip([0.0, 20.0, 40.0, 60.0, 80.0])
            .map(|(right, x)| found(hand_at(x), right))
            .collect();
        let sides = hands.iter().map(|found| found.hand.handedness);
        let [left, right] = [Handedness::Left, Handedness::Right];
        assert!(sides.eq([left, left, right, right, right]));
        assert_eq!(hands[1].hand.score, 0.9);
        let x = |side| surest(&hands, side).unwrap().hand.points[5][0] * 200.0;
        assert_eq!((x(left).round(), x(right).round()), (20.0, 40.0));
        assert!(surest(&hands[..2], right).is_none());
    }

    #[test]
    fn a_reading_at_the_threshold_or_with_values_that_are_no_numbers_is_no_hand() {
        let reading = HandReading {
            roi: roi::hand_from_landmarks(&hand_at(0.0), SIZE),
            presence: 0.6,
            landmarks: Some(hand_at(0.0)),
            world: Some(hand_at(0.0)),
            right: 0.5,
        };
        let is_hand = |reading: &HandReading| Found::new(reading.clone(), None, 0.5).is_some();
        assert!(is_hand(&reading));
        let changes: [fn(&mut HandReading); 5] = [
            |r| r.presence = 0.5,
            |r| r.presence = f32::NAN,
            |r| r.right = f32::NAN,
            |r| r.landmarks = None,
            |r| r.world = None,
        ];
        for change in changes {
            let mut changed = reading.clone();
            change(&mut changed);
            assert!(!is_hand(&changed), "{changed:?}");
        }
    }
}
