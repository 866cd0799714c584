//! The hands of one frame that are found without the body, as in [`Graph::Landmarkers`](crate::Graph): a list of regions, each for the hand model to look at.
//!
//! First come those where hands were in the frame before; the palm detector adds others while there is room. The two hand
//! steps are lanes: of the slots at even and at odd places, each lane runs one after the other. Which region stands where
//! depends on regions alone, not on when a step ends, so neither does what comes of them
//! (`mediapipe/tasks/cc/vision/hand_landmarker/hand_landmarker_graph.cc`).

use crate::branch::{Branch, HandReading};
use crate::rect::NormalizedRect;

/// A detected palm whose region overlaps one in the list by more than this is that hand already
/// (`hand_association_calculator.cc`, `min_tracking_confidence`).
const MAX_OVERLAP: f32 = 0.5;

#[derive(Debug)]
pub(super) struct HandSlots {
    num_hands: usize,
    slots: Vec<Slot>,
    /// How many stem from the frame before.
    tracked: usize,
    wants_palms: bool,
    has_failed: bool,
}

#[derive(Debug)]
struct Slot {
    roi: NormalizedRect,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Awaited,
    Read(Box<HandReading>),
    Failed,
}

impl HandSlots {
    /// The slots of a frame of a stream, with the regions of the hands of the frame before.
    pub(super) fn new(tracked: impl Iterator<Item = NormalizedRect>, num_hands: usize) -> Self {
        let slots: Vec<Slot> = tracked.take(num_hands).map(Slot::new).collect();
        Self {
            num_hands,
            tracked: slots.len(),
            wants_palms: slots.len() < num_hands,
            slots,
            has_failed: false,
        }
    }

    /// How many there are at most.
    pub(super) fn num_hands(&self) -> usize {
        self.num_hands
    }

    /// Whether the palm step is to run, or runs.
    pub(super) fn wants_palms(&self) -> bool {
        self.wants_palms
    }

    /// Takes the regions of detected palms, best first. In a stream those go that overlap a region in the list, which is
    /// nearer to the hand; stills, where none is tracked, keep them all.
    pub(super) fn add_palms(&mut self, rois: Vec<NormalizedRect>, is_still: bool) {
        self.wants_palms = false;
        for roi in rois {
            let is_known = self.slots.iter().any(|slot| is_one_region(&slot.roi, &roi));
            let is_new = is_still || !is_known;
            if is_new && self.slots.len() < self.num_hands {
                self.slots.push(Slot::new(roi));
            }
        }
    }

    /// The region that a lane is at; `None` where it has nothing to do, for now or at all.
    pub(super) fn roi_of(&self, lane: Branch) -> Option<NormalizedRect> {
        let mut slots = self.slots.iter().skip(first_of(lane)).step_by(2);
        slots.find(|slot| slot.is_awaited()).map(|slot| slot.roi)
    }

    /// Takes what the model gave for the region that a lane is at.
    pub(super) fn take(&mut self, lane: Branch, reading: HandReading) {
        self.answer(lane, Answer::Read(Box::new(reading)));
    }

    /// A step failed. Where it is the palm step, none are added; where it is a lane's, its region goes unread.
    pub(super) fn fail(&mut self, step: Branch) {
        match step {
            Branch::Pose | Branch::Face => return,
            Branch::Palm => self.wants_palms = false,
            Branch::LeftHand | Branch::RightHand => self.answer(step, Answer::Failed),
        }
        self.has_failed = true;
    }

    fn answer(&mut self, lane: Branch, answer: Answer) {
        let mut slots = self.slots.iter_mut().skip(first_of(lane)).step_by(2);
        if let Some(slot) = slots.find(|slot| slot.is_awaited()) {
            slot.answer = answer;
        }
    }

    pub(super) fn are_through(&self) -> bool {
        !self.wants_palms && !self.slots.iter().any(Slot::is_awaited)
    }

    /// Whether a step failed, so that the frame says nothing about its hands.
    pub(super) fn have_failed(&self) -> bool {
        self.has_failed
    }

    /// What the model gave, in the order of the list; with the place of the hand in the frame before, where it was there.
    pub(super) fn into_readings(self) -> impl Iterator<Item = (Option<usize>, HandReading)> {
        let tracked = self.tracked;
        let slots = self.slots.into_iter().enumerate();
        slots.filter_map(move |(place, slot)| match slot.answer {
            Answer::Read(reading) => Some(((place < tracked).then_some(place), *reading)),
            Answer::Awaited | Answer::Failed => None,
        })
    }
}

/// Whether two regions are of one hand: their rotation does not count.
pub(super) fn is_one_region(a: &NormalizedRect, b: &NormalizedRect) -> bool {
    let bounds = a.unrotated_bounds();
    bounds.intersection_over_union(&b.unrotated_bounds()) > MAX_OVERLAP
}

impl Slot {
    fn new(roi: NormalizedRect) -> Self {
        let answer = Answer::Awaited;
        Self { roi, answer }
    }

    fn is_awaited(&self) -> bool {
        matches!(self.answer, Answer::Awaited)
    }
}

/// The first place in the list that a lane serves.
fn first_of(lane: Branch) -> usize {
    usize::from(lane == Branch::RightHand)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANES: [Branch; 2] = [Branch::LeftHand, Branch::RightHand];

    /// A square of side 0.2.
    fn at(x_center: f32) -> NormalizedRect {
        NormalizedRect {
            x_center,
            y_center: 0.5,
            width: 0.2,
            height: 0.2,
            rotation: 0.0,
        }
    }

    fn slots(tracked: &[f32], num_hands: usize) -> HandSlots {
        HandSlots::new(tracked.iter().copied().map(at), num_hands)
    }

    fn reading(roi: NormalizedRect) -> HandReading {
        HandReading {
            roi,
            presence: 0.9,
            landmarks: None,
            world: None,
            right: 0.5,
        }
    }

    /// Lets the lanes read all that there is; the centres in the order of the list, with the places of before.
    fn read(mut slots: HandSlots) -> Vec<(Option<usize>, f32)> {
        for lane in LANES {
            while let Some(roi) = slots.roi_of(lane) {
                slots.take(lane, reading(roi));
            }
        }
        assert!(slots.are_through());
        let readings = slots.into_readings();
        readings
            .map(|(was_at, reading)| (was_at, reading.roi.x_center))
            .collect()
    }

    #[test]
    fn palms_are_wanted_while_fewer_hands_are_tracked_than_looked_for() {
        assert!(slots(&[], 1).wants_palms());
        assert!(slots(&[0.1], 2).wants_palms());
        let full = slots(&[0.1, 0.5], 2);
        assert!(!full.wants_palms());
        assert_eq!(read(full), [(Some(0), 0.1), (Some(1), 0.5)]);
        // Fewer are looked for than in the frame before: the first stay.
        assert_eq!(read(slots(&[0.1, 0.5], 1)), [(Some(0), 0.1)]);
    }

    #[test]
    fn a_palm_counts_unless_it_is_a_hand_of_the_list_and_the_tracked_one_wins() {
        let mut slots = slots(&[0.1], 3);
        // The second is 0.05 from the tracked one: IoU 0.6; the fourth as near to the third.
        let palms = [0.15, 0.5, 0.55, 0.8].map(at).to_vec();
        slots.add_palms(palms, false);
        assert_eq!(read(slots), [(Some(0), 0.1), (None, 0.5), (None, 0.8)]);
    }

    #[test]
    fn an_overlap_of_half_is_another_hand_whatever_its_rotation() {
        // Squares of side 0.2 that lie 0.2 / 3 apart share half of what they cover.
        for (x, expected) in [(0.1 + 0.2 / 3.0 + 1e-4, 2), (0.1 + 0.2 / 3.0 - 1e-4, 1)] {
            let mut slots = slots(&[0.1], 2);
            let rotation = 1.0;
            slots.add_palms(vec![NormalizedRect { rotation, ..at(x) }], false);
            assert_eq!(read(slots).len(), expected, "{x}");
        }
    }

    #[test]
    fn a_still_keeps_palms_that_overlap() {
        let mut slots = slots(&[], 2);
        slots.add_palms([0.1, 0.11, 0.5].map(at).to_vec(), true);
        assert_eq!(read(slots), [(None, 0.1), (None, 0.11)]);
    }

    #[test]
    fn each_lane_runs_every_other_slot_one_after_the_other() {
        let mut slots = slots(&[0.1, 0.3, 0.5, 0.7], 4);
        let [left, right] = LANES;
        assert_eq!(slots.roi_of(left), Some(at(0.1)));
        assert_eq!(slots.roi_of(right), Some(at(0.3)));
        slots.take(left, reading(at(0.1)));
        assert_eq!(slots.roi_of(left), Some(at(0.5)));
        slots.take(left, reading(at(0.5)));
        assert_eq!(slots.roi_of(left), None);
        assert!(!slots.are_through());
        assert_eq!(read(slots).len(), 4);
    }

    #[test]
    fn a_failure_ends_its_step_alone() {
        let mut slots = slots(&[0.1, 0.3], 3);
        slots.fail(Branch::LeftHand);
        assert!(slots.have_failed() && slots.wants_palms());
        slots.fail(Branch::Palm);
        assert!(!slots.wants_palms() && !slots.are_through());
        assert_eq!(read(slots), [(Some(1), 0.3)]);

        let mut untouched = HandSlots::new(std::iter::empty(), 1);
        untouched.fail(Branch::Pose);
        assert!(!untouched.have_failed());
    }

    proptest! {
        /// The palm step ends before, between or after the hands; lanes go in any order; some steps fail.
        #[test]
        fn any_order_reads_the_same_list(
            tracked in prop::collection::vec(0.0f32..1.0, 0..5),
            palms in prop::collection::vec(0.0f32..1.0, 0..5),
            num_hands in 1usize..5,
            order in prop::collection::vec((0usize..3, 0u8..8), 0..40),
        ) {
            let palms: Vec<NormalizedRect> = palms.into_iter().map(at).collect();
            let mut plain = slots(&tracked, num_hands);
            if plain.wants_palms() {
                plain.add_palms(palms.clone(), false);
            }
            let mut other = slots(&tracked, num_hands);
            let mut failed = Vec::new();
            let to_the_end = (0..9).flat_map(|_| [(0, 1), (1, 1), (2, 1)]);
            for (who, luck) in order.into_iter().chain(to_the_end) {
                let Some(lane) = LANES.get(who) else {
                    if other.wants_palms() {
                        other.add_palms(palms.clone(), false);
                    }
                    continue;
                };
                let Some(roi) = other.roi_of(*lane) else { continue };
                if luck == 0 {
                    other.fail(*lane);
                    failed.push(roi.x_center);
                } else {
                    other.take(*lane, reading(roi));
                }
            }
            prop_assert!(other.are_through(), "nothing waits for ever");
            prop_assert_eq!(other.have_failed(), !failed.is_empty());
            let mut expected = read(plain);
            prop_assert!(expected.len() <= num_hands);
            if failed.is_empty() {
                prop_assert_eq!(read(other), expected);
            } else {
                expected.retain(|(_, x)| !failed.contains(x));
                let found = read(other);
                prop_assert!(expected.iter().all(|hand| found.contains(hand)));
            }
        }
    }
}
