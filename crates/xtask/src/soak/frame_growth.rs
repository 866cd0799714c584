//! Whether memory after many frames is what it was after few.

use anyhow::{Result, ensure};

use super::flatness::{MAX_GROWTH, MIN_LOOKS_A_WINDOW, median};

/// Frames after which memory is what it should stay.
pub(super) const EARLY_FRAMES: u64 = 500;
/// Memory is the median of the looks during so many frames, for it goes up and down while garbage waits.
const SPAN_FRAMES: u64 = 500;
/// Below this, the two spans overlap.
pub(super) const LEAST_FRAMES: u64 = EARLY_FRAMES + 2 * SPAN_FRAMES;

/// Memory after few frames and after all of them, megabytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FrameGrowth {
    early: f64,
    late: f64,
}

impl FrameGrowth {
    /// From looks at the memory, each with the number of frames that had been computed.
    ///
    /// # Errors
    /// Where there are too few looks, or fewer frames than [`LEAST_FRAMES`].
    pub(super) fn of(looks: &[(u64, f64)]) -> Result<Self> {
        let computed = looks.last().map_or(0, |(frames, _)| *frames);
        ensure!(
            computed >= LEAST_FRAMES,
            "{computed} frames are too few to judge"
        );
        let during = |first: u64| {
            let span: Vec<f64> = looks
                .iter()
                .filter(|(frames, _)| (first..=first + SPAN_FRAMES).contains(frames))
                .map(|(_, megabytes)| *megabytes)
                .collect();
            ensure!(
                span.len() >= MIN_LOOKS_A_WINDOW,
                "{} looks at the memory from frame {first} on are too few to judge",
                span.len()
            );
            Ok(median(&span))
        };
        Ok(Self {
            early: during(EARLY_FRAMES)?,
            late: during(computed - SPAN_FRAMES)?,
        })
    }

    /// As a part of the early memory; negative where it shrank.
    pub(super) fn growth(self) -> f64 {
        self.late / self.early - 1.0
    }

    /// # Errors
    /// Where memory grew by more than is allowed.
    pub(super) fn check(self) -> Result<()> {
        let growth = self.growth();
        ensure!(
            growth <= MAX_GROWTH,
            "memory grew by {:.0} %: {:.0} MB after {EARLY_FRAMES} frames, {:.0} MB at the end",
            growth * 100.0,
            self.early,
            self.late
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look every 100 frames.
    fn looks(memory: impl Fn(u64) -> f64) -> Vec<(u64, f64)> {
        (0..=100)
            .map(|look| (look * 100, memory(look * 100)))
            .collect()
    }

    #[test]
    fn what_comes_before_and_between_does_not_count() {
        let growth = FrameGrowth::of(&looks(|frames| match frames {
            0..500 => 10.0,
            1100..9000 => 900.0,
            _ => 100.0,
        }));
        growth.unwrap().check().unwrap();
    }

    #[test]
    fn growth_over_a_tenth_is_found() {
        let of = |late| FrameGrowth::of(&looks(|frames| if frames < 5000 { 100.0 } else { late }));
        of(109.0).unwrap().check().unwrap();
        of(50.0).unwrap().check().unwrap();
        let error = of(112.0).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("grew by 12 %"), "{error}");
    }

    #[test]
    fn too_few_frames_or_looks_are_no_proof() {
        assert!(FrameGrowth::of(&[]).is_err());
        assert!(FrameGrowth::of(&looks(|_| 1.0)[..15]).is_err());
        assert!(FrameGrowth::of(&[(0, 1.0), (600, 1.0), (9_900, 1.0), (10_000, 1.0)]).is_err());
        assert!(FrameGrowth::of(&looks(|_| 1.0)[..16]).is_ok());
    }
}
