//! What waits to be sent: bounded, whatever the peer does.
//!
//! Of the stream's keypoints one waits at most, a newer one replaces it; of its errors [`MAX_UNSENT_ERRORS`], the oldest
//! goes. What goes is counted in the `dropped` of the frame answer that follows it. Answers to stills and to text
//! messages never go: who lets them lie is not read from any more. Of signs one waits at most, and of idleness: the newer one
//! replaces it.

use std::collections::VecDeque;

use live_keypoints_pipeline::FrameResult;
use live_keypoints_pipeline::signs::SignEvent;
use live_keypoints_protocol::ServerMessage;

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
    /// A sign, or idleness.
    Event(SignEvent),
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

    /// Adds a sign or idleness, instead of one that waits. Says whether one did.
    pub(super) fn push_event(&mut self, event: SignEvent) -> bool {
        let kind = std::mem::discriminant(&event);
        let before = self.queue.len();
        self.queue.retain(|unsent| match unsent {
            Outgoing::Event(unsent) => std::mem::discriminant(unsent) != kind,
            _ => true,
        });
        let is_replaced = self.queue.len() < before;
        self.queue.push_back(Outgoing::Event(event));
        is_replaced
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

#[cfg(test)]
pub(super) mod tests {
    use live_keypoints_pipeline::signs::Sign;
    use live_keypoints_pipeline::{ErrorCode, FailedFrame, FrameError, FrameKeypoints};
    use proptest::prelude::*;

    use super::*;

    pub(in crate::live) fn keypoints(index: u64, dropped: u64) -> FrameResult {
        FrameResult::Keypoints(Box::new(FrameKeypoints {
            dropped,
            ..FrameKeypoints::empty(index, 0, [1, 1])
        }))
    }

    fn failed(index: u64, dropped: u64) -> FrameResult {
        FrameResult::Failed(FailedFrame {
            index,
            timestamp_us: 0,
            error: FrameError::new(ErrorCode::NotAJpeg, "bad"),
            dropped,
        })
    }

    /// Index and `dropped` of the answers that wait.
    fn drain(outbox: &mut Outbox<()>) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| outbox.next())
            .filter_map(|unsent| match unsent {
                Outgoing::Frame(mut result, ()) | Outgoing::Still(mut result, ()) => {
                    Some((result.index(), *dropped_of(&mut result)))
                }
                Outgoing::Event(_) | Outgoing::Reply(_) | Outgoing::Ping => None,
            })
            .collect()
    }

    #[test]
    fn newer_keypoints_replace_those_that_wait_and_count_them() {
        let mut outbox = Outbox::default();
        outbox.push_frame(keypoints(0, 2), ());
        outbox.push_frame(keypoints(4, 1), ());
        outbox.push_frame(keypoints(5, 0), ());
        assert_eq!(drain(&mut outbox), [(5, 5)]);
        assert_eq!(outbox.dropped_in_all(), 2);
    }

    #[test]
    fn an_error_between_counts_what_went_before_it() {
        let mut outbox = Outbox::default();
        outbox.push_frame(keypoints(0, 0), ());
        outbox.push_frame(failed(1, 0), ());
        outbox.push_frame(keypoints(2, 0), ());
        assert_eq!(drain(&mut outbox), [(1, 1), (2, 0)]);
    }

    #[test]
    fn the_oldest_of_too_many_errors_goes_and_keypoints_stay() {
        let mut outbox = Outbox::default();
        outbox.push_frame(keypoints(0, 0), ());
        for index in 1..=31 {
            outbox.push_frame(failed(index, 0), ());
        }
        let left = drain(&mut outbox);
        assert_eq!(left[..3], [(0, 0), (2, 1), (3, 0)]);
        assert_eq!(left.len(), 31);
    }

    #[test]
    fn of_signs_and_of_idleness_the_newest_waits_alone() {
        let sign = |label: &str| {
            SignEvent::Sign(Sign {
                label: label.into(),
                confidence: 1.0,
                start_us: 0,
                end_us: 0,
                top: Vec::new(),
            })
        };
        let mut outbox = Outbox::default();
        let events = [sign("a"), SignEvent::Idle, sign("b"), sign("c")];
        let replaced = events.map(|event| outbox.push_event(event));
        assert_eq!(replaced, [false, false, true, true]);
        outbox.push_frame(keypoints(0, 0), ());
        let waiting: Vec<_> = std::iter::from_fn(|| outbox.next()).collect();
        let [
            Outgoing::Event(first),
            Outgoing::Event(second),
            Outgoing::Frame(..),
        ] = &waiting[..]
        else {
            panic!("{waiting:?}");
        };
        assert_eq!((first, second), (&SignEvent::Idle, &sign("c")));
    }

    #[test]
    fn stills_and_replies_never_go_and_replies_have_their_room() {
        let mut outbox = Outbox::default();
        for index in 0..8 {
            outbox.push_still(keypoints(index, 0), ());
            outbox.push_frame(keypoints(100 + index, 0), ());
        }
        assert_eq!(outbox.unsent_stills(), 8);
        for _ in 0..MAX_UNSENT_REPLIES {
            assert!(outbox.has_room_for_replies());
            outbox.push_reply(ServerMessage::Reset { next_index: 0 });
        }
        assert!(!outbox.has_room_for_replies());
        outbox.push_ping();
        outbox.push_ping();
        assert_eq!(outbox.queue.len(), 8 + 1 + MAX_UNSENT_REPLIES + 1);
        assert_eq!(drain(&mut outbox).len(), 9);
    }

    proptest! {
        #[test]
        fn every_frame_is_answered_or_counted(steps in prop::collection::vec(0..4_u8, 0..200)) {
            let mut outbox = Outbox::default();
            let (mut received, mut answered) = (0, 0);
            for step in steps {
                match step {
                    0 => outbox.push_frame(keypoints(received, 0), ()),
                    1 => outbox.push_frame(failed(received, 0), ()),
                    2 => {
                        outbox.push_frame(keypoints(received + 1, 1), ());
                        received += 1;
                    }
                    _ => {
                        if let Some(Outgoing::Frame(mut result, ())) = outbox.next() {
                            answered += 1 + *dropped_of(&mut result);
                        }
                        continue;
                    }
                }
                received += 1;
                prop_assert!(outbox.queue.len() <= 1 + MAX_UNSENT_ERRORS);
            }
            let left: u64 = drain(&mut outbox).iter().map(|(_, dropped)| 1 + dropped).sum();
            prop_assert_eq!(answered + left + outbox.dropped, received);
        }
    }
}
