//! Notices silence: a line that went dead says nothing.

/// One wait at a time; starting it again restarts it.
///
/// It waits in two halves: a page that was frozen finds its timer overdue at once, and the answers that came meanwhile are
/// read in the other half.
#[derive(Clone, Debug)]
pub(super) struct Watchdog {
    half_ms: f64,
    due_ms: Option<f64>,
    is_in_second_half: bool,
}

impl Watchdog {
    pub(super) fn new(timeout_ms: u32) -> Self {
        Self {
            half_ms: f64::from(timeout_ms) / 2.0,
            due_ms: None,
            is_in_second_half: false,
        }
    }

    pub(super) fn start(&mut self, now_ms: f64) {
        self.due_ms = Some(now_ms + self.half_ms);
        self.is_in_second_half = false;
    }

    pub(super) fn start_unless_running(&mut self, now_ms: f64) {
        if self.due_ms.is_none() {
            self.start(now_ms);
        }
    }

    pub(super) fn stop(&mut self) {
        self.due_ms = None;
    }

    /// When it is to be asked again.
    pub(super) fn due_ms(&self) -> Option<f64> {
        self.due_ms
    }

    /// Whether the wait is over. It is then said once.
    pub(super) fn barks(&mut self, now_ms: f64) -> bool {
        if self.due_ms.is_none_or(|due_ms| now_ms < due_ms) {
            return false;
        }
        self.due_ms = (!self.is_in_second_half).then_some(now_ms + self.half_ms);
        self.is_in_second_half = true;
        self.due_ms.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_frozen_has_half_the_time_when_it_wakes() {
        let mut watchdog = Watchdog::new(100);
        assert!(!watchdog.barks(1e9));
        watchdog.start(0.0);
        assert_eq!(watchdog.due_ms(), Some(50.0));
        assert!(!watchdog.barks(49.0));
        assert!(!watchdog.barks(5000.0));
        assert!(!watchdog.barks(5049.0));
        assert!(watchdog.barks(5050.0));
        assert_eq!(watchdog.due_ms(), None);
        watchdog.start(6000.0);
        watchdog.stop();
        assert!(!watchdog.barks(1e9));
    }
}
