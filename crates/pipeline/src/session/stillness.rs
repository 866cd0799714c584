//! Which frames are still, with [`Options::skip_still`]: they repeat the keypoints of the frame that was computed last.
//!
//! A frame is compared to that frame, not to the one before it: so what changes slowly is noticed as soon as it adds up,
//! and a result never shows a picture that differs by more than the threshold. Tracking regions and filters come to rest
//! over some frames; so the first [`SETTLING`] frames without motion are computed all the same, each compared to the one
//! before. What is decided depends on the pictures, their order and results alone, never on who computes what when.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame_in_work::FrameInWork;
use super::part_state::Epoch;
use crate::keypoints::FrameKeypoints;
use crate::motion::SmallGrey;
use crate::options::Options;

/// Frames without motion that are computed before the first that is not.
const SETTLING: u32 = 6;

/// What the stream remembers of the frame that was computed last, where that may be repeated.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    computed: Option<Computed>,
    /// Whether it has been repeated.
    is_repeated: bool,
}

#[derive(Debug)]
struct Computed {
    index: u64,
    epoch: Epoch,
    options: Arc<Options>,
    grey: SmallGrey,
    /// Frames without motion up to this one.
    still_frames: u32,
    result: Computing,
}

#[derive(Debug)]
enum Computing {
    InWork,
    Done(Box<FrameKeypoints>),
    Failed,
}

/// What is to be done with a frame.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is to be computed; so many frames without motion there are up to it.
    Compute { still_frames: u32 },
    /// It repeats these keypoints.
    Repeat(Box<FrameKeypoints>),
    /// It repeats those of a frame that is in work, unless that fails.
    Wait,
}

impl Stillness {
    /// Looks for the result of the frame that was computed last.
    pub(super) fn note_result<P: Clone>(&mut self, in_work: &VecDeque<FrameInWork<P>>) {
        let Some(computed) = &mut self.computed else {
            return;
        };
        // Of others nobody asks.
        let is_waited_for = computed.still_frames >= SETTLING;
        if !is_waited_for || !matches!(computed.result, Computing::InWork) {
            return;
        }
        let frame = in_work.iter().find(|frame| frame.index() == computed.index);
        match frame {
            Some(frame) if !frame.is_done() => {}
            Some(frame) if !frame.has_failed() => {
                computed.result = Computing::Done(frame.keypoints.clone());
            }
            _ => computed.result = Computing::Failed,
        }
    }

    /// Judges the next frame of the stream, which would belong to `epoch`.
    pub(super) fn judge<P: Clone>(&self, frame: &FrameInWork<P>, epoch: Epoch) -> Verdict {
        let moves = Verdict::Compute { still_frames: 0 };
        let (Some(threshold), Some(grey), Some(computed)) =
            (frame.options().skip_still, frame.grey(), &self.computed)
        else {
            return moves;
        };
        let is_comparable = computed.epoch == epoch && *computed.options == *frame.options();
        if !is_comparable || computed.grey.local_change(grey) > threshold {
            return moves;
        }
        if computed.still_frames < SETTLING {
            return Verdict::Compute {
                still_frames: computed.still_frames + 1,
            };
        }
        match &computed.result {
            Computing::InWork => Verdict::Wait,
            Computing::Done(keypoints) => Verdict::Repeat(keypoints.clone()),
            Computing::Failed => moves,
        }
    }

    /// The frame that was judged repeats what was computed.
    pub(super) fn repeated(&mut self) {
        self.is_repeated = true;
    }

    /// Whether the frame that was judged last repeats another.
    pub(super) fn was_still(&self) -> bool {
        self.is_repeated
    }

    /// A frame that is to be computed begins.
    pub(super) fn begin<P: Clone>(&mut self, frame: &mut FrameInWork<P>, still_frames: u32) {
        self.is_repeated = false;
        self.computed = frame.take_grey().map(|grey| Computed {
            index: frame.index(),
            epoch: frame.epoch(),
            options: frame.shared_options(),
            grey,
            still_frames,
            result: Computing::InWork,
        });
    }
}
