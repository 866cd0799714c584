//! What waits to be sent: bounded, whatever the peer does.
//!
//! Of the stream's keypoints one waits at most, a newer one replaces it; of its errors [`MAX_UNSENT_ERRORS`], the oldest
//! goes. What goes is counted in the `dropped` of the frame answer that follows it. Answers to stills and to text
//! messages never go: who lets them lie is not read from any more.

use std::collections::VecDeque;

use live_keypoints_pipeline::FrameResult;

use super::protocol::ServerMessage;

/// Errors of single frames that wait at most.
pub(super) const MAX_UNSENT_ERRORS: usize = 30;
/// Answers to text messages that wait before no more are taken.
pub(super) const MAX_UNSENT_REPLIES: usize = 30;

/// Something to be sent.
#[derive(Debug)]
pub(super) enum Outgoing<T> {
    /// What came of a frame, with what is to be known of it.
    Frame(FrameResult, T),
    /// What came of a still.
    Still(FrameResult, T),
    /// An answer that is of no single frame.
    Reply(ServerMessage),
    /// A ping of the WebSocket protocol.
    Ping,
}

/// The queue. `T` is what is to be known of a frame.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    queue: VecDeque<Outgoing<T>>,
    /// Frames that went unanswered, to be counted by the stream's next answer.
    dropped: u64,
    dropped_in_all: u64,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            dropped: 0,
            dropped_in_all: 0,
        }
    }
}

impl<T> Outbox<T> {
    /// Adds what came of a frame of the stream.
    pub(super) fn push_frame(&mut self, mut result: FrameResult, tag: T) {
        match result {
            FrameResult::Keypoints(_) => self.make_room(1, |unsent| {
                matches!(unsent, Outgoing::Frame(FrameResult::Keypoints(_), _))
            }),
            FrameResult::Failed(_) => self.make_room(MAX_UNSENT_ERRORS, |unsent| {
                matches!(unsent, Outgoing::Frame(FrameResult::Failed(_), _))
            }),
        }
        *dropped_of(&mut result) += std::mem::take(&mut self.dropped);
        self.queue.push_back(Outgoing::Frame(result, tag));
    }

    /// Removes the oldest of a kind if `max` of it wait, and lets the next answer of the stream count it.
    fn make_room(&mut self, max: usize, is_of_kind: impl Fn(&Outgoing<T>) -> bool) {
        if self
            .queue
            .iter()
            .filter(|unsent| is_of_kind(unsent))
            .count()
            < max
        {
            return;
        }
        let Some(position) = self.queue.iter().position(is_of_kind) else {
            return;
        };
        if let Some(Outgoing::Frame(mut result, _)) = self.queue.remove(position) {
            self.dropped_in_all += 1;
            let count = *dropped_of(&mut result) + 1;
            let next = self.queue.iter_mut().skip(position).find_map(|unsent| {
                if let Outgoing::Frame(result, _) = unsent {
                    Some(dropped_of(result))
                } else {
                    None
                }
            });
            *next.unwrap_or(&mut self.dropped) += count;
        }
    }

    /// Adds what came of a still.
    pub(super) fn push_still(&mut self, result: FrameResult, tag: T) {
        self.queue.push_back(Outgoing::Still(result, tag));
    }

    /// Stills whose answers wait.
    pub(super) fn unsent_stills(&self) -> usize {
        let stills = |unsent: &&Outgoing<T>| matches!(unsent, Outgoing::Still(..));
        self.queue.iter().filter(stills).count()
    }

    /// Adds an answer to a text message, or `welcome`.
    pub(super) fn push_reply(&mut self, reply: ServerMessage) {
        self.queue.push_back(Outgoing::Reply(reply));
    }

    /// Adds a ping, unless one waits already.
    pub(super) fn push_ping(&mut self) {
        if !self
            .queue
            .iter()
            .any(|unsent| matches!(unsent, Outgoing::Ping))
        {
            self.queue.push_back(Outgoing::Ping);
        }
    }

    /// The next to be sent.
    pub(super) fn next(&mut self) -> Option<Outgoing<T>> {
        self.queue.pop_front()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether another text message may be answered.
    pub(super) fn has_room_for_replies(&self) -> bool {
        let replies = |unsent: &&Outgoing<T>| matches!(unsent, Outgoing::Reply(_));
        self.queue.iter().filter(replies).count() < MAX_UNSENT_REPLIES
    }

    /// Results that were replaced unsent, in all.
    pub(super) fn dropped_in_all(&self) -> u64 {
        self.dropped_in_all
    }
}

fn dropped_of(result: &mut FrameResult) -> &mut u64 {
    match result {
        FrameResult::Keypoints(keypoints) => &mut keypoints.dropped,
        FrameResult::Failed(failed) => &mut failed.dropped,
    }
}
