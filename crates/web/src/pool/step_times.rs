//! How long steps take, as measured so far.

use live_keypoints_pipeline::Step;

/// What a new measurement counts for: a stream's last few frames are what tells how long the next one takes.
const WEIGHT: f64 = 0.2;

/// Running means, in milliseconds, of each step and of what is done early for it.
#[derive(Debug, Default)]
pub(super) struct StepTimes([[Option<f64>; 2]; Step::ALL.len()]);

impl StepTimes {
    pub(super) fn note(&mut self, step: Step, is_early: bool, elapsed_us: u64) {
        let elapsed_ms = elapsed_us as f64 / 1e3;
        let mean_ms = &mut self.0[index(step)][usize::from(is_early)];
        let before_ms = mean_ms.unwrap_or(elapsed_ms);
        *mean_ms = Some(before_ms + WEIGHT * (elapsed_ms - before_ms));
    }

    /// What a step will take, in milliseconds: 0 where that is not known yet.
    pub(super) fn expected_ms(&self, step: Step, is_early: bool) -> f64 {
        self.0[index(step)][usize::from(is_early)].unwrap_or_default()
    }
}

fn index(step: Step) -> usize {
    step.bit().trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use live_keypoints_pipeline::branch::Branch;

    use super::*;

    #[test]
    fn a_step_is_expected_to_take_what_it_took_of_late() {
        let mut times = StepTimes::default();
        assert_eq!(times.expected_ms(Step::Decode, false), 0.0);
        let hand = Step::Branch(Branch::LeftHand);
        times.note(hand, false, 20_000);
        times.note(hand, true, 14_000);
        times.note(hand, false, 10_000);
        assert_eq!(times.expected_ms(hand, false), 18.0);
        assert_eq!(times.expected_ms(hand, true), 14.0);
        assert_eq!(times.expected_ms(Step::Decode, false), 0.0);
    }
}
