//! The state machine from keypoints to signs. It has no clock and runs no model: it says what to run, and is told the answer.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use super::event::Sign;
use super::features::{Features, Side};
use super::manifest::{Manifest, StillFrames};
use super::taught::Taught;
use super::vote::Vote;
use super::window::{Window, WindowInput};
use super::{SignEvent, SignsError};
use crate::keypoints::FrameKeypoints;

/// Of a row in the window: its time, its place and what the allocator adds.
const ROW_BYTES: usize = 128;

/// Of a stream, whatever the manifest: the recogniser itself.
const STREAM_BYTES: usize = 4096;

/// From the keypoints of a stream to its signs.
///
/// Each frame is pushed in order. After it, [`take_window`](Self::take_window) gives the window to classify, if one is due and
/// none is out; whoever classifies it, where and however long, says so with [`answer`](Self::answer), or with
/// [`abandon`](Self::abandon) that there is no answer. Windows that were due meanwhile are skipped: the newest comes next.
///
/// ```
/// use live_keypoints_pipeline::signs::{Manifest, SignRecognizer};
///
/// let mut recognizer = SignRecognizer::new(Manifest::by_example());
/// # let frames: Vec<live_keypoints_pipeline::FrameKeypoints> = Vec::new();
/// for keypoints in &frames {
///     let idle = recognizer.push(keypoints);
///     let sign = match recognizer.take_window() {
///         Some(window) => recognizer.answer_by_examples(&window)?,
///         None => None,
///     };
///     for event in idle.into_iter().chain(sign) {
///         println!("{event:?}");
///     }
/// }
/// # Ok::<(), live_keypoints_pipeline::signs::SignsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SignRecognizer {
    manifest: Arc<Manifest>,
    features: Arc<Features>,
    window: Window,
    vote: Vote,
    taught: Arc<Taught>,
    still_frames: usize,
    is_idle: bool,
    /// The window that is being classified: its name and times.
    out: Option<(u64, [i64; 2])>,
    next_id: u64,
    row: Vec<f32>,
    mirrored_row: Vec<f32>,
}

impl SignRecognizer {
    /// A recogniser that has seen nothing. A clone shares its manifest and, until either is taught more, its examples.
    #[must_use]
    pub fn new(manifest: Manifest) -> Self {
        Self {
            features: Arc::new(Features::new(&manifest)),
            window: Window::new(&manifest),
            vote: Vote::new(manifest.acceptance()),
            taught: Arc::new(Taught::new(&manifest)),
            manifest: Arc::new(manifest),
            still_frames: 0,
            is_idle: false,
            out: None,
            next_id: 0,
            row: Vec::new(),
            mirrored_row: Vec::new(),
        }
    }

    /// What it recognises signs by.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Takes the next frame. Its [`still`](FrameKeypoints::still) says whether nothing moves in the picture.
    /// Returns [`SignEvent::Idle`] with the frame that makes the scene idle; all before it is forgotten then.
    ///
    /// The keypoints must not be mirrored ([`Options::mirrored`](crate::Options)): a sign's would be those of another hand.
    pub fn push(&mut self, keypoints: &FrameKeypoints) -> Option<SignEvent> {
        let is_still = keypoints.still;
        if !is_still {
            self.still_frames = 0;
            self.is_idle = false;
        } else if self.is_idle {
            return None;
        } else {
            self.still_frames += 1;
            if self.still_frames >= self.manifest.idle().frames {
                self.reset();
                self.is_idle = true;
                return Some(SignEvent::Idle);
            }
        }
        let is_skipped = is_still && self.manifest.window().still == StillFrames::Skip;
        if !is_skipped {
            let is_there = self.write_row(keypoints);
            self.window
                .push(keypoints.timestamp_us, &self.row, is_there);
        }
        None
    }

    /// The window to classify now: the newest, where enough frames are there and new, and no other window is out.
    pub fn take_window(&mut self) -> Option<WindowInput> {
        if self.out.is_some() || !self.window.is_due() {
            return None;
        }
        let id = self.next_id;
        let window = self.window.take(id)?;
        self.next_id += 1;
        self.out = Some((id, [window.start_us, window.end_us]));
        Some(window)
    }

    /// Takes the answer for a window: a confidence, 0..=1, for each label. Returns the sign that is told by it. An answer for a
    /// window that is not out any more, as after idleness or a reset, says nothing.
    ///
    /// # Errors
    /// [`SignsError::ModelFailed`] if there are not as many confidences as labels, or one is not finite. The window is not out
    /// any more then.
    pub fn answer(
        &mut self,
        id: u64,
        confidences: &[f32],
    ) -> Result<Option<SignEvent>, SignsError> {
        let Some((_, times)) = self.out.take_if(|(out, _)| *out == id) else {
            return Ok(None);
        };
        let labels = match self.manifest.model() {
            Some(_) => self.manifest.labels(),
            None => self.taught.labels(),
        };
        let failed = |reason| Err(SignsError::ModelFailed { reason });
        if confidences.len() != labels.len() {
            return failed(format!(
                "an answer has {} confidences for {} labels",
                confidences.len(),
                labels.len()
            ));
        }
        if let Some(at) = confidences.iter().position(|value| !value.is_finite()) {
            return failed(format!(
                "confidence {at} of an answer is {}",
                confidences[at]
            ));
        }
        let is_told = self.vote.push(confidences).is_some();
        let sign = is_told.then(|| Sign::of(labels, confidences, times));
        Ok(sign.flatten().map(SignEvent::Sign))
    }

    /// Classifies a window by what was taught, and takes the answer.
    ///
    /// # Errors
    /// [`SignsError::Examples`] if the manifest has a model, or the window is not one of this recogniser's.
    pub fn answer_by_examples(
        &mut self,
        window: &WindowInput,
    ) -> Result<Option<SignEvent>, SignsError> {
        match self.taught.run(window) {
            Ok(confidences) => self.answer(window.id, &confidences),
            Err(error) => {
                self.abandon(window.id);
                Err(error)
            }
        }
    }

    /// Says that a window gets no answer.
    pub fn abandon(&mut self, id: u64) {
        self.out.take_if(|(out, _)| *out == id);
    }

    /// What was taught.
    #[must_use]
    pub fn taught(&self) -> &Taught {
        &self.taught
    }

    /// Teaches a sign by one example of it: three of each sign are enough to begin with. Answers that are out say nothing then.
    ///
    /// # Errors
    /// [`SignsError::Examples`]: see [`Taught::teach`].
    pub fn teach(&mut self, label: Value, window: &WindowInput) -> Result<(), SignsError> {
        Arc::make_mut(&mut self.taught).teach(label, window)?;
        self.forget_answers();
        Ok(())
    }

    /// Forgets all examples of a sign. Returns how many there were.
    pub fn forget(&mut self, label: &Value) -> usize {
        let forgotten = Arc::make_mut(&mut self.taught).forget(label);
        self.forget_answers();
        forgotten
    }

    /// Takes over examples that were exported, instead of those that are there.
    ///
    /// # Errors
    /// [`SignsError::Examples`]: see [`Taught::from_json`]. Nothing changes then.
    pub fn import(&mut self, json: &str) -> Result<(), SignsError> {
        self.taught = Arc::new(Taught::from_json(&self.manifest, json)?);
        self.forget_answers();
        Ok(())
    }

    /// The newest frames, as a window to teach with: at most `frames` of those that are there. `None` before the first.
    #[must_use]
    pub fn recorded(&self, frames: usize) -> Option<WindowInput> {
        self.window.newest(frames)
    }

    /// These frames as a window to teach with. `None` if there are none; of more than the manifest's `window.most`, so many are
    /// taken, evenly.
    #[must_use]
    pub fn window_of(&self, frames: &[FrameKeypoints]) -> Option<WindowInput> {
        let most = self.manifest.window().most;
        let count = frames.len().min(most);
        let mut other = self.clone();
        other.reset();
        for index in 0..count {
            let keypoints = &frames[index * frames.len() / count];
            let is_there = other.write_row(keypoints);
            other
                .window
                .push(keypoints.timestamp_us, &other.row, is_there);
        }
        other.recorded(most)
    }

    /// Most bytes that a stream of frames takes, besides the manifest and the examples: the window's rows, a window that waits
    /// and one that is classified.
    #[must_use]
    pub fn max_stream_bytes(&self) -> usize {
        let sides = 1 + usize::from(self.taught.wants_mirrored());
        let row = self.manifest.features_per_frame() * sides * size_of::<f32>();
        let windows = 3 * self.manifest.window().most * (row + ROW_BYTES);
        // What is written for each frame, and the vote's history.
        windows
            + 2 * row
            + self.manifest.acceptance().history * size_of::<usize>() * 4
            + STREAM_BYTES
    }

    /// Forgets all frames and answers, as after a gap in the stream or a reset of tracking; not what was taught.
    pub fn reset(&mut self) {
        self.window.clear();
        self.still_frames = 0;
        self.is_idle = false;
        self.forget_answers();
    }

    fn forget_answers(&mut self) {
        self.vote.clear();
        self.out = None;
    }

    /// Writes the row of a frame, and the mirrored one behind it where it is asked for.
    fn write_row(&mut self, keypoints: &FrameKeypoints) -> bool {
        let is_there = self.features.write(keypoints, Side::AsSeen, &mut self.row);
        if self.taught.wants_mirrored() {
            self.features
                .write(keypoints, Side::Mirrored, &mut self.mirrored_row);
            self.row.extend_from_slice(&self.mirrored_row);
        }
        is_there
    }
}
