//! The processor time that a thread has used: what a task costs, however many others share the processor.

use std::time::Duration;

/// Measures from its start on, on the thread that made it.
pub(super) struct ProcessorTime {
    started: Duration,
}

impl ProcessorTime {
    pub(super) fn start() -> Self {
        Self { started: now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        now().saturating_sub(self.started)
    }
}

#[cfg(unix)]
fn now() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Where threads have no such clock, the time that passes.
#[cfg(not(unix))]
fn now() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    STARTED.elapsed()
}
