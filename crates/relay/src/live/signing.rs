//! A session's signs: from its keypoints to what is told, with one window at a time being classified, elsewhere.

use std::sync::Arc;

use live_keypoints_pipeline::FrameKeypoints;
use live_keypoints_pipeline::signs::{
    SignEvent, SignRecognizer, SignsError, StillFrames, WindowInput,
};

use super::sign_metrics::SignMetrics;
use crate::signs::Signs;

/// What a run is reckoned to take before there was one, in microseconds.
const FIRST_RUN_US: u64 = 8_000;

/// The signs of one session.
pub(super) struct Signing {
    signs: Arc<Signs>,
    metrics: SignMetrics,
    recognizer: SignRecognizer,
    /// Frames before this one are not looked at.
    first_frame: u64,
    /// The newest window, until its run begins.
    due: Option<WindowInput>,
    is_running: bool,
    /// Rows since the last window was taken, if one was.
    fresh_rows: Option<usize>,
    /// What the last run took.
    run_us: u64,
    /// The client knows that runs fail.
    has_complained: bool,
}

/// A window to be classified.
pub(super) struct Run {
    pub(super) signs: Arc<Signs>,
    pub(super) window: WindowInput,
    /// What it is reckoned to take, in microseconds.
    pub(super) estimate_us: u64,
}

/// What came of a window.
pub(super) struct Classified {
    /// The window's name.
    pub(super) window: u64,
    /// Confidences and the microseconds that they took; `None` if the model panicked.
    pub(super) outcome: Option<(Result<Vec<f32>, SignsError>, u64)>,
}

impl Signing {
    pub(super) fn new(signs: Arc<Signs>, metrics: SignMetrics) -> Self {
        Self {
            recognizer: signs.recognizer(),
            signs,
            metrics,
            first_frame: 0,
            due: None,
            is_running: false,
            fresh_rows: None,
            run_us: FIRST_RUN_US,
            has_complained: false,
        }
    }

    /// Forgets all that was seen; goes on with this frame. A run that is under way says nothing.
    pub(super) fn restart(&mut self, first_frame: u64) {
        self.recognizer.reset();
        self.first_frame = first_frame;
        self.due = None;
        self.fresh_rows = None;
    }

    /// Takes the next frame of the stream; says whether the scene has become idle.
    pub(super) fn push(&mut self, keypoints: &FrameKeypoints) -> Option<SignEvent> {
        if keypoints.index < self.first_frame {
            return None;
        }
        let idle = self.recognizer.push(keypoints);
        if idle.is_some() {
            self.due = None;
            self.fresh_rows = None;
        } else if !keypoints.still || self.window_rule().still == StillFrames::Keep {
            self.fresh_rows = self.fresh_rows.map(|rows| rows + 1);
        }
        self.look_for_window();
        idle
    }

    fn window_rule(&self) -> live_keypoints_pipeline::signs::WindowRule {
        self.recognizer.manifest().window()
    }

    fn look_for_window(&mut self) {
        if self.is_running || self.due.is_some() {
            return;
        }
        self.due = self.recognizer.take_window();
        if self.due.is_some() {
            let rows = self.fresh_rows.replace(0).unwrap_or(0);
            let windows = rows / self.window_rule().stride.max(1);
            let skipped = windows.saturating_sub(1) as u64;
            self.metrics.windows_dropped.inc_by(skipped);
        }
    }

    /// The window to classify now, unless one is being classified.
    pub(super) fn next_run(&mut self) -> Option<Run> {
        if self.is_running {
            return None;
        }
        let window = self.due.take()?;
        self.is_running = true;
        Some(Run {
            signs: Arc::clone(&self.signs),
            window,
            estimate_us: self.run_us,
        })
    }

    /// Takes what came of the run.
    ///
    /// # Errors
    /// The first time that a run fails, and the first after one that did not: why.
    pub(super) fn classified(
        &mut self,
        classified: Classified,
    ) -> Result<Option<SignEvent>, SignsError> {
        self.is_running = false;
        let Classified { window, outcome } = classified;
        let answered = match outcome {
            Some((confidences, elapsed_us)) => {
                self.run_us = elapsed_us;
                self.metrics.note_run(elapsed_us);
                confidences.and_then(|confidences| self.recognizer.answer(window, &confidences))
            }
            None => Err(SignsError::ModelFailed {
                reason: "its runtime gave up".to_owned(),
            }),
        };
        self.recognizer.abandon(window);
        self.look_for_window();
        match answered {
            Ok(event) => {
                self.has_complained = false;
                Ok(event)
            }
            Err(error) => {
                self.metrics.note_failed_run(&error);
                match std::mem::replace(&mut self.has_complained, true) {
                    true => Ok(None),
                    false => Err(error),
                }
            }
        }
    }

    /// Whether no window is classified or waits to be.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.is_running && self.due.is_none()
    }
}

#[cfg(test)]
mod tests;
