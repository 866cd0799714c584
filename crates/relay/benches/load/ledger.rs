//! The account of every frame of one session, held against what the relay says at its end.

use std::ops::AddAssign;

use anyhow::{Result, ensure};
use live_keypoints_pipeline::Parts;
use live_keypoints_protocol::{ServerMessage, Stats, binary_result};
use tokio_tungstenite::tungstenite::Message;

/// What became of frames, as the client saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) sent: u64,
    pub(crate) keypoints: u64,
    pub(crate) errors: u64,
    pub(crate) dropped: u64,
    /// As `stats` says.
    pub(crate) left_over: u64,
}

impl Ledger {
    /// Frames without an answer, as far as is known.
    pub(crate) fn open(&self) -> u64 {
        self.sent
            .saturating_sub(self.keypoints + self.errors + self.dropped)
    }

    /// Enters a message from the relay.
    ///
    /// # Errors
    /// Where it is none of the protocol's, or is `stats` and does not agree.
    pub(crate) fn enter(&mut self, message: &Message) -> Result<()> {
        match message {
            Message::Text(text) => self.enter_text(text),
            Message::Binary(bytes) => {
                self.keypoints += 1;
                self.dropped += binary_result::decode(bytes, Parts::ALL)?.keypoints.dropped;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enter_text(&mut self, text: &str) -> Result<()> {
        match ServerMessage::read(text)? {
            Some(ServerMessage::Keypoints(keypoints)) => {
                self.keypoints += 1;
                self.dropped += keypoints.dropped;
            }
            Some(ServerMessage::Failed(failure)) => {
                self.errors += 1;
                self.dropped += failure.dropped;
            }
            Some(ServerMessage::Stats(stats)) => self.settle(stats)?,
            _ => {}
        }
        Ok(())
    }

    fn settle(&mut self, stats: Stats) -> Result<()> {
        let Stats {
            received,
            keypoints,
            errors,
            dropped,
            left_over,
        } = stats;
        ensure!(
            received == keypoints + errors + dropped + left_over,
            "frames are lost: {received} received, {keypoints} keypoints, {errors} errors, {dropped} dropped, {left_over} left over"
        );
        let said = [keypoints, errors, dropped];
        let seen = [self.keypoints, self.errors, self.dropped];
        ensure!(
            said == seen,
            "of keypoints, errors and dropped the relay says {said:?}, and {seen:?} came"
        );
        ensure!(
            received <= self.sent,
            "{received} frames received, {} sent",
            self.sent
        );
        self.left_over = left_over;
        Ok(())
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.keypoints += other.keypoints;
        self.errors += other.errors;
        self.dropped += other.dropped;
        self.left_over += other.left_over;
    }
}
