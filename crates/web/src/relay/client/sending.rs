//! Frames on their way out, and their answers.

use live_keypoints_pipeline::{ErrorCode, FailedFrame, FrameError, FrameResult};
use live_keypoints_protocol::{FrameHeader, check_jpeg};

use super::{RelayClient, RelayEvent};
use crate::link_state::LinkState;
use crate::relay::connection::Answer;
use crate::relay::link::Transmit;
use crate::relay::outbox::{Picture, Settled, Stamp};

/// How often a socket that has more than a frame to send is looked at, milliseconds. There is no event for it.
const DRAIN_INTERVAL_MS: f64 = 10.0;

/// A frame to make a JPEG of.
#[derive(Debug, PartialEq)]
pub struct FrameToEncode<F> {
    /// Its index, for [`RelayClient::encoded`].
    pub index: u64,
    /// The frame.
    pub frame: F,
}

impl<F> RelayClient<F> {
    /// The next frame to make a JPEG of, where there is room for it on the way. [`encoded`](Self::encoded) must follow:
    /// there is no second one before.
    pub fn poll_encode(&mut self, now_ms: f64) -> Option<FrameToEncode<F>> {
        loop {
            if !self.may_send(now_ms) {
                return None;
            }
            let (stamp, picture) = self.outbox.take()?;
            match picture {
                Picture::Given(frame) => {
                    let index = stamp.index;
                    self.encoding = Some(index);
                    return Some(FrameToEncode { index, frame });
                }
                Picture::Jpeg(jpeg) => self.dispatch(stamp, jpeg, now_ms),
            }
        }
    }

    /// Whether the next frame may be sent now; otherwise notes when it is to be asked again, where nothing else will tell.
    fn may_send(&mut self, now_ms: f64) -> bool {
        self.pump_at_ms = None;
        let is_waiting = self.outbox.waiting() > 0;
        let has_much_unsent = self.unsent_bytes > self.last_frame_bytes;
        if self.outbox.unanswered() == 0 && !(is_waiting && has_much_unsent) {
            self.watchdog.stop();
        }
        if is_waiting && self.link.state == LinkState::Idle {
            self.open(now_ms);
        }
        let max_in_flight = self.options.max_frames_in_flight as usize;
        if !is_waiting
            || self.link.ready().is_none()
            || self.encoding.is_some()
            || !self.outbox.has_room(max_in_flight)
        {
            return false;
        }
        let wait_ms = if has_much_unsent {
            // A line that takes nothing is as dead as one that answers nothing.
            self.watchdog.start_unless_running(now_ms);
            DRAIN_INTERVAL_MS
        } else {
            self.pacer.wait_ms(now_ms)
        };
        self.pump_at_ms = (wait_ms > 0.0).then_some(now_ms + wait_ms);
        self.pump_at_ms.is_none()
    }

    /// What came of a frame's encoding. A frame that a reset threw away meanwhile is not sent.
    pub fn encoded(&mut self, index: u64, jpeg: Result<Vec<u8>, FrameError>, now_ms: f64) {
        if self
            .encoding
            .take_if(|encoding| *encoding == index)
            .is_none()
        {
            return;
        }
        let Some(stamp) = self.outbox.taken(index) else {
            return;
        };
        let checked = jpeg.and_then(|jpeg| {
            check_jpeg(&jpeg)?;
            Ok(jpeg)
        });
        match checked {
            Ok(jpeg) => self.dispatch(stamp, jpeg, now_ms),
            Err(error) => self.give_up(error),
        }
    }

    /// Sends the taken frame, if there is somebody to send it to.
    fn dispatch(&mut self, stamp: Stamp, jpeg: Vec<u8>, now_ms: f64) {
        let Some(connection) = self.link.ready() else {
            return self.outbox.put_back(jpeg);
        };
        let socket = connection.socket;
        let bytes = (FrameHeader::LENGTH + jpeg.len()) as u64;
        if let Some(limit) = connection
            .max_message_bytes()
            .filter(|limit| bytes > *limit)
        {
            let message = format!(
                "the frame has {bytes} bytes with its header, over the relay's limit of {limit}"
            );
            return self.give_up(FrameError::new(ErrorCode::TooManyBytes, message));
        }
        self.last_frame_bytes = bytes;
        if self.outbox.owed() == 0 {
            self.watchdog.start(now_ms);
        }
        self.outbox.sent();
        self.pacer.sent();
        // Until the socket is looked at again.
        self.unsent_bytes += bytes;
        let header = FrameHeader {
            frame_id: stamp.frame_id(),
            timestamp_us: stamp.timestamp_us(),
            is_stateless: stamp.is_still,
        };
        self.link.transmits.push_back(Transmit::Frame {
            socket,
            header: header.to_bytes(),
            jpeg,
        });
    }

    /// The taken frame is not worth sending.
    fn give_up(&mut self, error: FrameError) {
        if let Some(stamp) = self.outbox.failed() {
            self.fail(stamp, error, stamp.dropped_before);
        }
    }

    /// A frame has its answer, and the relay as much time again for its next one.
    pub(super) fn settle(&mut self, answer: Answer, now_ms: f64) {
        let settled = match self.outbox.answered(answer.frame_id) {
            Ok(settled) => settled,
            Err(error) => {
                let closing = self
                    .link
                    .closing(|connection, subject| connection.failed(error, subject));
                return self.over(closing, now_ms);
            }
        };
        self.link.proved();
        if self.outbox.unanswered() == 0 {
            self.watchdog.stop();
        } else {
            self.watchdog.start(now_ms);
        }
        let Some(Settled { stamp, dropped }) = settled else {
            return;
        };
        match answer.outcome {
            Err(error) => self.fail(stamp, error, dropped),
            Ok(mut keypoints) => {
                keypoints.index = stamp.index;
                keypoints.timestamp_us = stamp.timestamp_us();
                keypoints.dropped = dropped;
                keypoints.timings.total = ((now_ms - stamp.added_ms) * 1000.0).round() as u64;
                self.completed += 1;
                self.still += u64::from(keypoints.still);
                self.tell(stamp, FrameResult::Keypoints(keypoints));
            }
        }
    }

    /// A frame has no keypoints.
    pub(super) fn fail(&mut self, stamp: Stamp, error: FrameError, dropped: u64) {
        self.failed += 1;
        let failed = FailedFrame {
            index: stamp.index,
            timestamp_us: stamp.timestamp_us(),
            error,
            dropped,
        };
        self.tell(stamp, FrameResult::Failed(failed));
    }

    fn tell(&mut self, stamp: Stamp, result: FrameResult) {
        let timestamp_ms = stamp.timestamp_ms;
        self.events.push_back(RelayEvent::Result {
            result,
            timestamp_ms,
        });
    }
}
