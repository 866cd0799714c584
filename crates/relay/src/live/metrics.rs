//! What `/metrics` tells, in the text format of Prometheus.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use live_keypoints_pipeline::{ErrorCode, Timings};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::sign_metrics::SignMetrics;
use crate::pool::WorkerPool;

/// The metrics of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) sessions: Gauge,
    pub(crate) sessions_opened: Counter,
    pub(crate) sessions_closed: Family<EndLabel, Counter>,
    pub(crate) sessions_refused: Family<ReasonLabel, Counter>,
    pub(crate) frames_received: Counter,
    pub(crate) frames_dropped: Family<ReasonLabel, Counter>,
    pub(crate) frames_decoded: Counter,
    pub(crate) frames_still: Counter,
    pub(crate) frames_failed: Family<CodeLabel, Counter>,
    pub(crate) results_sent: Counter,
    pub(crate) bytes_received: Counter,
    pub(crate) bytes_sent: Counter,
    pub(crate) connections_evicted: Counter,
    pub(super) signs: SignMetrics,
    log_lines_dropped: Counter,
    stages: Family<StageLabel, Histogram>,
    pool_workers: Gauge,
    pool_busy_workers: Gauge,
    pool_queued_tasks: Gauge,
    pool_busy_seconds: Counter<f64, AtomicU64>,
    /// Held while the pool's figures are carried over.
    scrape: Mutex<()>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EndLabel {
    pub(crate) end: &'static str,
}

/// Why something was dropped or refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabel {
    pub(crate) reason: &'static str,
}

/// The stable word of an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CodeLabel {
    code: &'static str,
}

/// A stage of a frame's way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

/// 1 ms to 8 s.
fn stage_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 14))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("live_keypoints"),
            sessions: Gauge::default(),
            sessions_opened: Counter::default(),
            sessions_closed: Family::default(),
            sessions_refused: Family::default(),
            frames_received: Counter::default(),
            frames_dropped: Family::default(),
            frames_decoded: Counter::default(),
            frames_still: Counter::default(),
            frames_failed: Family::default(),
            results_sent: Counter::default(),
            bytes_received: Counter::default(),
            bytes_sent: Counter::default(),
            connections_evicted: Counter::default(),
            signs: SignMetrics::new(),
            log_lines_dropped: Counter::default(),
            stages: Family::new_with_constructor(stage_histogram as fn() -> Histogram),
            pool_workers: Gauge::default(),
            pool_busy_workers: Gauge::default(),
            pool_queued_tasks: Gauge::default(),
            pool_busy_seconds: Counter::default(),
            scrape: Mutex::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let Self {
            registry,
            sessions,
            sessions_opened,
            sessions_closed,
            sessions_refused,
            frames_received,
            frames_dropped,
            frames_decoded,
            frames_still,
            frames_failed,
            results_sent,
            bytes_received,
            bytes_sent,
            connections_evicted,
            signs,
            log_lines_dropped,
            stages,
            pool_workers,
            pool_busy_workers,
            pool_queued_tasks,
            pool_busy_seconds,
            scrape: _,
        } = self;
        registry.register("sessions", "Sessions that are open", sessions.clone());
        registry.register(
            "sessions_opened",
            "Sessions opened",
            sessions_opened.clone(),
        );
        registry.register(
            "sessions_closed",
            "Sessions closed, by how they ended",
            sessions_closed.clone(),
        );
        registry.register(
            "sessions_refused",
            "Connections refused, by reason",
            sessions_refused.clone(),
        );
        registry.register(
            "frames_received",
            "Binary messages received",
            frames_received.clone(),
        );
        registry.register(
            "frames_dropped",
            "Frames without an answer of their own, by reason",
            frames_dropped.clone(),
        );
        registry.register("frames_decoded", "Frames decoded", frames_decoded.clone());
        registry.register(
            "frames_still",
            "Frames without motion, whose keypoints were repeated",
            frames_still.clone(),
        );
        registry.register(
            "frames_failed",
            "Frames answered with an error, by its code",
            frames_failed.clone(),
        );
        registry.register(
            "results_sent",
            "Answers with keypoints that were sent",
            results_sent.clone(),
        );
        registry.register_with_unit(
            "received",
            "Bytes received by sessions",
            Unit::Bytes,
            bytes_received.clone(),
        );
        registry.register_with_unit(
            "sent",
            "Bytes sent by sessions",
            Unit::Bytes,
            bytes_sent.clone(),
        );
        registry.register(
            "connections_evicted",
            "Connections without a session that had to make room for others",
            connections_evicted.clone(),
        );
        signs.register(registry);
        registry.register(
            "log_lines_dropped",
            "Log lines that could not be written in time, or at all",
            log_lines_dropped.clone(),
        );
        registry.register_with_unit(
            "stage_duration",
            "Time of each stage of a frame",
            Unit::Seconds,
            stages.clone(),
        );
        registry.register("pool_workers", "Worker threads", pool_workers.clone());
        registry.register(
            "pool_busy_workers",
            "Worker threads that compute",
            pool_busy_workers.clone(),
        );
        registry.register(
            "pool_queued_tasks",
            "Tasks that wait for a worker thread",
            pool_queued_tasks.clone(),
        );
        registry.register_with_unit(
            "pool_busy",
            "Time that worker threads have computed, summed over them",
            Unit::Seconds,
            pool_busy_seconds.clone(),
        );
    }

    /// Counts frames that get no answer of their own.
    pub(crate) fn count_dropped(&self, reason: &'static str, count: u64) {
        if count > 0 {
            let label = ReasonLabel { reason };
            self.frames_dropped.get_or_create(&label).inc_by(count);
        }
    }

    /// Counts a frame that is answered with an error.
    pub(crate) fn count_failed(&self, code: ErrorCode) {
        let label = CodeLabel {
            code: code.as_str(),
        };
        self.frames_failed.get_or_create(&label).inc();
    }

    /// Counts a refused connection.
    pub(crate) fn count_refused(&self, reason: &'static str) {
        self.sessions_refused
            .get_or_create(&ReasonLabel { reason })
            .inc();
    }

    /// Notes the times of a frame's stages; what did not run is left out.
    pub(crate) fn note_timings(&self, timings: &Timings) {
        let stages = [
            ("queue", timings.queue),
            ("decode", timings.decode),
            ("pose", timings.pose),
            ("left_hand", timings.left_hand),
            ("right_hand", timings.right_hand),
            ("face", timings.face),
            ("palm", timings.palm),
            ("total", timings.total),
        ];
        for (stage, time_us) in stages {
            // A stage that takes no microsecond did not run; a queue may well be that short.
            if time_us > 0 || stage == "queue" {
                let histogram = self.stages.get_or_create(&StageLabel { stage });
                histogram.observe(time_us as f64 / 1e6);
            }
        }
    }

    /// The text, with what the pool does now and the number of log lines dropped so far.
    pub(crate) fn render(
        &self,
        pool: &WorkerPool,
        log_lines_dropped: u64,
    ) -> Result<String, fmt::Error> {
        // It guards nothing that a panic could leave half-done.
        let _scrape = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        let more_lines = log_lines_dropped.saturating_sub(self.log_lines_dropped.get());
        self.log_lines_dropped.inc_by(more_lines);
        let load = pool.load();
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.pool_workers.set(gauge(pool.workers()));
        self.pool_busy_workers.set(gauge(load.busy_workers));
        self.pool_queued_tasks.set(gauge(load.queued_tasks));
        let counted = self.pool_busy_seconds.get();
        let elapsed = load.busy_us as f64 / 1e6;
        if elapsed > counted {
            self.pool_busy_seconds.inc_by(elapsed - counted);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
