//! Keeps to the frames a second that a relay takes: what is above would be sent for nothing.

/// What may be saved up, milliseconds: half of what the relay allows, so that a network that bunches frames does no harm.
const MOST_SAVED_MS: f64 = 500.0;
/// No clock tells less apart, and a sum of fractions may be off by as much.
const NO_WAIT_MS: f64 = 0.001;

/// Has no clock: it is told the time.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    frame_ms: f64,
    most_ms: f64,
    saved_ms: f64,
    last_ms: f64,
}

impl Pacer {
    /// At most `fps` frames a second in the long run; `None` is no limit.
    pub(super) fn new(fps: Option<u32>, now_ms: f64) -> Self {
        let frame_ms = fps.map_or(0.0, |fps| 1000.0 / f64::from(fps));
        let most_ms = frame_ms.max(MOST_SAVED_MS);
        Self {
            frame_ms,
            most_ms,
            saved_ms: most_ms,
            last_ms: now_ms,
        }
    }

    /// Milliseconds until a frame may be sent; 0 is now.
    pub(super) fn wait_ms(&mut self, now_ms: f64) -> f64 {
        let earned_ms = now_ms - self.last_ms;
        self.last_ms = now_ms;
        self.saved_ms = self.most_ms.min(self.saved_ms + earned_ms);
        let wait_ms = self.frame_ms - self.saved_ms;
        if wait_ms < NO_WAIT_MS { 0.0 } else { wait_ms }
    }

    /// A frame was sent.
    pub(super) fn sent(&mut self) {
        self.saved_ms -= self.frame_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When frames are sent that are ready at these times, each as soon as it may be.
    fn send_times(fps: Option<u32>, ready_ms: &[f64]) -> Vec<f64> {
        let mut pacer = Pacer::new(fps, 0.0);
        let mut now_ms = 0.0_f64;
        let send = |ready_ms: &f64| {
            now_ms = now_ms.max(*ready_ms);
            now_ms += pacer.wait_ms(now_ms);
            assert_eq!(pacer.wait_ms(now_ms), 0.0);
            pacer.sent();
            now_ms
        };
        ready_ms.iter().map(send).collect()
    }

    #[test]
    fn a_camera_within_the_limit_never_waits_be_it_as_unsteady_as_half_a_second() {
        let steady: Vec<f64> = (0..300).map(|n| f64::from(n) * 50.0).collect();
        assert_eq!(send_times(Some(20), &steady), steady);
        let bunched: Vec<f64> = steady
            .iter()
            .map(|ms| (ms / 500.0).floor() * 500.0)
            .collect();
        assert_eq!(send_times(Some(20), &bunched), bunched);
    }

    #[test]
    fn what_is_above_the_limit_is_sent_at_its_pace_after_half_a_seconds_worth() {
        let times = send_times(Some(20), &[0.0; 30]);
        assert_eq!(times[..10], [0.0; 10]);
        for (at, ms) in (1..).zip(&times[10..]) {
            assert_eq!(*ms, f64::from(at) * 50.0);
        }
    }

    #[test]
    fn less_than_two_a_second_still_gets_its_first_frame_at_once() {
        assert_eq!(send_times(Some(1), &[0.0; 3]), [0.0, 1000.0, 2000.0]);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        assert_eq!(send_times(None, &[0.0; 500]), [0.0; 500]);
    }

    #[test]
    fn a_wait_that_is_waited_is_over_whatever_the_rounding() {
        for fps in 1..200 {
            let mut pacer = Pacer::new(Some(fps), 1e9);
            let mut now_ms = 1e9 + 0.1;
            for _ in 0..500 {
                now_ms += pacer.wait_ms(now_ms);
                assert_eq!(pacer.wait_ms(now_ms), 0.0, "{fps}");
                pacer.sent();
            }
        }
    }
}
