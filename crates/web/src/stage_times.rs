//! How long the stages of a stream's frames took.

use live_keypoints_pipeline::Timings;

use crate::declared::{Maybe, object};

object! {
    /// What one stage took, in milliseconds.
    pub(crate) struct StageTime {
        /// Frames that it ran for.
        count: u32,
        /// Mean over those frames.
        mean_ms: f64,
        /// Of the slowest of those frames.
        max_ms: f64,
        /// Of the last of those frames.
        last_ms: f64,
    }

    /// How long the stages of a frame took, from waiting to everything together; one that never ran has no entry.
    pub(crate) struct StageStats {
        /// From `push()` to the start of the first step.
        queue: Maybe<StageTime>,
        /// JPEG or picture to pixels.
        decode: Maybe<StageTime>,
        /// The body's models.
        pose: Maybe<StageTime>,
        /// The left hand's models.
        left_hand: Maybe<StageTime>,
        /// The right hand's models.
        right_hand: Maybe<StageTime>,
        /// The face's models.
        face: Maybe<StageTime>,
        /// From `push()` to the end of the last step, or to the relay's answer.
        total: Maybe<StageTime>,
    }
}

/// Sums the timings of results up. A stage that took no time did not run.
#[derive(Default)]
pub(crate) struct StageTimes([Sum; 7]);

#[derive(Default)]
struct Sum {
    count: u32,
    sum_ms: f64,
    max_ms: f64,
    last_ms: f64,
}

impl StageTimes {
    pub(crate) fn add(&mut self, timings: &Timings) {
        let Timings {
            queue,
            decode,
            pose,
            left_hand,
            right_hand,
            face,
            // Of the graph `landmarkers`, which no page asks for.
            palm: _,
            total,
        } = *timings;
        let stages = [queue, decode, pose, left_hand, right_hand, face, total];
        for (sum, micros) in self
            .0
            .iter_mut()
            .zip(stages)
            .filter(|(_, micros)| *micros > 0)
        {
            let ms = micros as f64 / 1000.0;
            sum.count += 1;
            sum.sum_ms += ms;
            sum.max_ms = sum.max_ms.max(ms);
            sum.last_ms = ms;
        }
    }

    pub(crate) fn stats(&self) -> StageStats {
        let [queue, decode, pose, left_hand, right_hand, face, total] =
            self.0.each_ref().map(|sum| {
                Maybe((sum.count > 0).then(|| StageTime {
                    count: sum.count,
                    mean_ms: sum.sum_ms / f64::from(sum.count),
                    max_ms: sum.max_ms,
                    last_ms: sum.last_ms,
                }))
            });
        StageStats {
            queue,
            decode,
            pose,
            left_hand,
            right_hand,
            face,
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_have_count_mean_longest_and_last_and_what_never_ran_has_no_entry() {
        let mut times = StageTimes::default();
        for (pose, total) in [(10_000, 20_000), (0, 4_000), (4_000, 6_000)] {
            times.add(&Timings {
                pose,
                total,
                ..Timings::default()
            });
        }
        let stats = times.stats();
        let of = |stage: Maybe<StageTime>| {
            let stage = stage.0.unwrap();
            (stage.count, stage.mean_ms, stage.max_ms, stage.last_ms)
        };
        assert_eq!(of(stats.pose), (2, 7.0, 10.0, 4.0));
        assert_eq!(of(stats.total), (3, 10.0, 20.0, 6.0));
        assert!(stats.face.0.is_none() && stats.queue.0.is_none());
    }
}
