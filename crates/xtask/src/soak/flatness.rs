//! Whether memory stays where it was after warm-up.

use anyhow::{Result, ensure};

/// The first part of a run, in which caches fill and the browser compiles.
const WARM_UP: f64 = 0.2;
/// What follows is cut into so many windows; the first is what the others are held against.
const WINDOWS: usize = 4;
/// How far the median of a window may lie above that of the first.
pub(super) const MAX_GROWTH: f64 = 0.10;
pub(super) const MIN_LOOKS_A_WINDOW: usize = 3;

/// The medians of the windows after warm-up, megabytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flatness {
    windows: Vec<f64>,
}

impl Flatness {
    /// From looks at the memory at equal distances in time.
    ///
    /// # Errors
    /// Where there are too few.
    pub(super) fn of(megabytes: &[f64]) -> Result<Self> {
        let warm_up = (megabytes.len() as f64 * WARM_UP).ceil() as usize;
        let steady = &megabytes[warm_up.min(megabytes.len())..];
        let window = steady.len() / WINDOWS;
        ensure!(
            window >= MIN_LOOKS_A_WINDOW,
            "{} looks at the memory are too few to judge: let it run longer",
            megabytes.len()
        );
        // What does not fill a window goes with the warm-up.
        let whole = &steady[steady.len() - window * WINDOWS..];
        let windows = whole.chunks_exact(window).map(median).collect();
        Ok(Self { windows })
    }

    /// The greatest growth over the first window, as a part of it; negative where it only shrank.
    pub(super) fn growth(&self) -> f64 {
        let first = self.windows[0];
        let later = self.windows[1..].iter().map(|window| window / first - 1.0);
        later.fold(f64::NEG_INFINITY, f64::max)
    }

    /// # Errors
    /// Where memory grew by more than is allowed.
    pub(super) fn check(&self) -> Result<()> {
        let growth = self.growth();
        ensure!(
            growth <= MAX_GROWTH,
            "memory grew by {:.0} %: medians of {WINDOWS} windows after warm-up are {:.0?} MB",
            growth * 100.0,
            self.windows
        );
        Ok(())
    }
}

/// The value in the middle; there must be one.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steady: impl Fn(usize) -> f64) -> Result<()> {
        let warm_up = (0..20).map(|look| 50.0 + 2.0 * look as f64);
        let looks: Vec<f64> = warm_up.chain((0..80).map(steady)).collect();
        Flatness::of(&looks)?.check()
    }

    #[test]
    fn noise_around_a_level_is_flat_and_what_warm_up_took_does_not_count() {
        run(|look| if look % 3 == 0 { 115.0 } else { 100.0 }).unwrap();
        run(|look| 100.0 - look as f64 / 4.0).unwrap();
    }

    #[test]
    fn a_steady_leak_and_a_step_are_found() {
        let leak = run(|look| 100.0 + look as f64 / 4.0).unwrap_err();
        assert!(leak.to_string().contains("grew by 15 %"), "{leak}");
        assert!(run(|look| if look < 60 { 100.0 } else { 111.0 }).is_err());
        run(|look| if look < 60 { 100.0 } else { 109.0 }).unwrap();
    }

    #[test]
    fn too_few_looks_are_no_proof() {
        assert!(Flatness::of(&[100.0; 14]).is_err());
        assert!(Flatness::of(&[]).is_err());
        assert!(Flatness::of(&[100.0; 15]).is_ok());
    }
}
