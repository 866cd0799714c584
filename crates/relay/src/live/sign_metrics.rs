//! What `/metrics` tells of signs.

use std::error::Error;

use live_keypoints_pipeline::signs::SignEvent;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::seldom::Seldom;

/// The metrics of one server's signs. Copies count together.
#[derive(Clone, Debug)]
pub(crate) struct SignMetrics {
    recognised: Counter,
    idle: Counter,
    /// Signs and idleness that were replaced before they were sent.
    pub(super) unsent: Counter,
    pub(super) windows_dropped: Counter,
    runs_failed: Counter,
    run_duration: Histogram,
}

impl SignMetrics {
    pub(super) fn new() -> Self {
        Self {
            recognised: Counter::default(),
            idle: Counter::default(),
            unsent: Counter::default(),
            windows_dropped: Counter::default(),
            runs_failed: Counter::default(),
            // 0.25 ms to 2 s.
            run_duration: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let counters = [
            ("signs_recognised", "Signs recognised", &self.recognised),
            ("signs_idle", "Scenes that became idle", &self.idle),
            (
                "sign_messages_dropped",
                "Signs and idleness that were replaced before they were sent",
                &self.unsent,
            ),
            (
                "sign_windows_dropped",
                "Windows that were due while another was classified, and gave way to a newer one",
                &self.windows_dropped,
            ),
            (
                "sign_runs_failed",
                "Runs of the sign classifier that failed",
                &self.runs_failed,
            ),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        registry.register_with_unit(
            "sign_run_duration",
            "Time of each run of the sign classifier",
            Unit::Seconds,
            self.run_duration.clone(),
        );
    }

    pub(super) fn count(&self, event: &SignEvent) {
        match event {
            SignEvent::Sign(_) => self.recognised.inc(),
            SignEvent::Idle => self.idle.inc(),
        };
    }

    pub(super) fn note_run(&self, elapsed_us: u64) {
        self.run_duration.observe(elapsed_us as f64 / 1e6);
    }

    pub(super) fn note_failed_run(&self, error: &(dyn Error + 'static)) {
        static LOG: Seldom = Seldom::new();
        self.runs_failed.inc();
        if let Some(left_out) = LOG.turn() {
            tracing::error!(error, left_out, "signs cannot be recognised");
        }
    }
}
