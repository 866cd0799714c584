//! What a session asks of the processor: the yardstick of its turns.

/// What lies further back counts for less than a third.
const MEMORY_US: f64 = 2e6;
/// Cores that a session is taken to ask for until more is known: more than a camera's, so that those that are there are
/// served before a flood of newcomers.
const PRESUMED_CORES: f64 = 2.0;
/// Who asks for less is served no earlier for it.
const LEAST_CORES: f64 = 0.1;

/// A session's demand in the last seconds. Each figure is a sum in which older parts fade.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    used_us: f64,
    offered: f64,
    taken: f64,
    at_us: u64,
}

impl Demand {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            used_us: PRESUMED_CORES * MEMORY_US,
            offered: 0.0,
            taken: 0.0,
            at_us: now_us,
        }
    }

    /// So many frames came, whether they are ever taken up or not.
    pub(super) fn offer(&mut self, count: u64, now_us: u64) {
        self.fade(now_us);
        self.offered += count as f64;
    }

    /// A frame was taken up.
    pub(super) fn take(&mut self, now_us: u64) {
        self.fade(now_us);
        self.taken += 1.0;
    }

    /// A task took this much processor time.
    pub(super) fn spend(&mut self, used_us: u64, now_us: u64) {
        self.fade(now_us);
        self.used_us += used_us as f64;
    }

    /// Cores that it would take to answer every frame that comes.
    pub(super) fn cores(&mut self, now_us: u64) -> f64 {
        self.fade(now_us);
        let used = (self.used_us / MEMORY_US).max(LEAST_CORES);
        used * (self.offered.max(1.0) / self.taken.max(1.0)).max(1.0)
    }

    fn fade(&mut self, now_us: u64) {
        let passed_us = now_us.saturating_sub(self.at_us);
        if passed_us > 0 {
            let kept = (-(passed_us as f64) / MEMORY_US).exp();
            for sum in [&mut self.used_us, &mut self.offered, &mut self.taken] {
                *sum *= kept;
            }
            self.at_us = now_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Ten seconds of a session of which `share` of the frames are taken up.
    fn cores(fps: u64, frame_us: u64, share: f64) -> f64 {
        let mut demand = Demand::new(0);
        let mut due = 0.0;
        for frame in 0..10 * fps {
            let now_us = frame * SECOND / fps;
            demand.offer(1, now_us);
            due += share;
            if due >= 1.0 {
                due -= 1.0;
                demand.take(now_us);
                demand.spend(frame_us, now_us);
            }
        }
        demand.cores(10 * SECOND)
    }

    #[test]
    fn demand_is_what_all_frames_would_take_however_few_are_taken_up() {
        for share in [1.0, 0.5, 0.1] {
            let cores = cores(100, 30_000, share);
            assert!((cores - 3.0).abs() < 0.3, "{share}: {cores}");
        }
        let camera = cores(15, 33_000, 1.0);
        assert!((camera - 0.5).abs() < 0.05, "{camera}");
    }

    #[test]
    fn what_is_long_past_counts_for_nothing() {
        let mut demand = Demand::new(0);
        demand.spend(60 * SECOND, 0);
        assert!(demand.cores(0) > 20.0);
        assert_eq!(demand.cores(60 * SECOND), LEAST_CORES);
    }
}
