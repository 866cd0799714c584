//! The newest frames, as rows of features.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, WindowRule};

/// A bounded ring of rows: a new one pushes the oldest out once there are as many as the manifest's `window.most`.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    rule: WindowRule,
    features: usize,
    rows: VecDeque<Row>,
    /// Rows since the last window was taken, or since the start.
    fresh: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    timestamp_us: i64,
    /// As many as a row has; twice that where there is a row for the mirror.
    values: Vec<f32>,
    is_there: bool,
}

/// The rows of a window, to be classified or taught.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowInput {
    /// Names this window to [`SignRecognizer::answer`](super::SignRecognizer::answer).
    pub id: u64,
    /// Number of rows, at least 1.
    pub frames: usize,
    /// Rows with something in them to go by, as [`Features::write`](super::Features::write) says.
    pub present: usize,
    /// The rows, oldest first: `[frames, features]`. Nothing is padded here.
    pub values: Vec<f32>,
    /// The same as in a mirror, where the manifest asks for either hand; else empty.
    pub mirrored: Vec<f32>,
    /// Capture time of the first frame in microseconds.
    pub start_us: i64,
    /// Capture time of the last frame in microseconds.
    pub end_us: i64,
}

impl Window {
    /// An empty window as this manifest says.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            rule: manifest.window(),
            features: manifest.features_per_frame(),
            rows: VecDeque::new(),
            fresh: 0,
        }
    }

    /// Adds a frame. `row` holds a row, and perhaps the one for the mirror behind it; `is_there` is what
    /// [`Features::write`](super::Features::write) said. A time before the last one starts the window anew.
    pub fn push(&mut self, timestamp_us: i64, row: &[f32], is_there: bool) {
        let is_back = self
            .rows
            .back()
            .is_some_and(|last| timestamp_us < last.timestamp_us);
        if is_back {
            self.clear();
        }
        let mut values = match self.rows.len() >= self.rule.most {
            true => self
                .rows
                .pop_front()
                .map_or_else(Vec::new, |oldest| oldest.values),
            false => Vec::with_capacity(row.len()),
        };
        values.clear();
        values.extend_from_slice(row);
        self.rows.push_back(Row {
            timestamp_us,
            values,
            is_there,
        });
        self.fresh += 1;
    }

    /// Frames in it, at most the manifest's `window.most`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether there are enough frames, and enough new ones.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.rows.len() >= self.rule.least && self.fresh >= self.rule.stride
    }

    /// All that is in it now, as a window of this name; `None` while it is empty. From here on new frames are counted.
    pub fn take(&mut self, id: u64) -> Option<WindowInput> {
        let window = self.copy(id, self.rows.len())?;
        self.fresh = 0;
        Some(window)
    }

    /// The newest frames, at most so many, as a window to teach with. `None` while it is empty. Nothing changes.
    #[must_use]
    pub fn newest(&self, frames: usize) -> Option<WindowInput> {
        self.copy(0, frames)
    }

    fn copy(&self, id: u64, frames: usize) -> Option<WindowInput> {
        let skipped = self.rows.len().saturating_sub(frames);
        let rows = || self.rows.iter().skip(skipped);
        let (first, last) = (rows().next()?, self.rows.back()?);
        let of_rows = |range: std::ops::Range<usize>| -> Vec<f32> {
            let rows = rows().filter_map(|row| row.values.get(range.clone()));
            rows.flatten().copied().collect()
        };
        Some(WindowInput {
            id,
            frames: rows().count(),
            present: rows().filter(|row| row.is_there).count(),
            values: of_rows(0..self.features),
            mirrored: of_rows(self.features..2 * self.features),
            start_us: first.timestamp_us,
            end_us: last.timestamp_us,
        })
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.fresh = 0;
    }
}

#[cfg(test)]
mod tests;
