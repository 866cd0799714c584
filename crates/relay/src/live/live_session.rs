//! A session's conversation, shared by those who receive, compute and send for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use axum::body::Bytes;
use live_keypoints_pipeline::FrameResult;
use live_keypoints_protocol::Stats;
use tokio::sync::Notify;

use super::answering::Sendable;
use super::conversation::Conversation;
use super::end::{End, LastWork};
use super::signing::{Classified, Run};
use crate::memory::{Holds, MessageMemory, Share};
use crate::pool::{Finished, Task, microseconds_since};

/// One session while it lives.
pub(super) struct LiveSession {
    started: Instant,
    /// Microseconds since 1970 when the session started; arrivals are told from there by a steady clock.
    started_at_us: i64,
    state: Mutex<State>,
    /// Of the memory of all sessions' messages.
    share: Share,
    /// Work may have come for the pool.
    work_came: Notify,
    /// There may be something to send.
    answers_came: Notify,
    /// Something was sent, or computed.
    progress: Notify,
}

struct State {
    conversation: Conversation,
    end: Option<End>,
    /// Nobody is there any more to read an answer.
    is_peer_gone: bool,
    last_message: Instant,
    is_sending: bool,
}

impl LiveSession {
    pub(super) fn new(conversation: Conversation, memory: &Arc<MessageMemory>) -> Arc<Self> {
        let since_1970 = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let started = Instant::now();
        Arc::new_cyclic(|session: &Weak<Self>| Self {
            started,
            share: memory.join(session.clone()),
            // 2⁶⁴ µs are 584,000 years.
            started_at_us: i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX),
            state: Mutex::new(State {
                conversation,
                end: None,
                is_peer_gone: false,
                last_message: started,
                is_sending: false,
            }),
            work_came: Notify::new(),
            answers_came: Notify::new(),
            progress: Notify::new(),
        })
    }

    /// No call under this lock blocks or panics half-way, so a poisoned one is sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn age(&self) -> std::time::Duration {
        self.started.elapsed()
    }

    pub(super) fn since_message(&self) -> std::time::Duration {
        self.state().last_message.elapsed()
    }

    /// Takes a binary message. Frames that come after the end are not counted.
    pub(super) fn receive_frame(&self, message: &Bytes) {
        let now_us = microseconds_since(self.started);
        // Before the lock: it may be this session's oldest frame that goes.
        let has_room = self.share.make_room(message.len());
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        state.last_message = Instant::now();
        let arrival_us = self.started_at_us.saturating_add_unsigned(now_us);
        state
            .conversation
            .receive_frame(message, arrival_us, now_us, has_room);
        self.share.set(state.conversation.held_bytes());
        drop(state);
        self.work_came.notify_one();
    }

    /// Takes a text message.
    pub(super) fn receive_text(&self, text: &str) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        state.last_message = Instant::now();
        let end = state.conversation.receive_text(text);
        self.share.set(state.conversation.held_bytes());
        drop(state);
        if let Some(end) = end {
            self.end(end);
        }
        self.work_came.notify_one();
        self.answers_came.notify_one();
    }

    /// Waits until another text message may be answered.
    pub(super) async fn room_for_replies(&self) {
        loop {
            let sent = self.progress.notified();
            if self.may_take_text() {
                return;
            }
            sent.await;
        }
    }

    fn may_take_text(&self) -> bool {
        let state = self.state();
        state.end.is_some() || state.conversation.has_room_for_replies()
    }

    /// The next task for the pool.
    pub(super) fn next_task(&self) -> Option<Task> {
        let now_us = microseconds_since(self.started);
        let mut state = self.state();
        let task = state.conversation.next_task(now_us);
        self.share.set(state.conversation.held_bytes());
        task
    }

    /// Frames that came, in all.
    pub(super) fn received(&self) -> u64 {
        self.state().conversation.received()
    }

    /// Waits until a frame that waits for the rate may be taken up; without end where none does.
    pub(super) async fn rate_allows(&self) {
        let now_us = microseconds_since(self.started);
        let wait = self.state().conversation.rate_allows_in(now_us);
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until there may be a task.
    pub(super) async fn work_came(&self) {
        self.work_came.notified().await;
    }

    /// Takes the outcome of a task.
    pub(super) fn complete(&self, finished: Finished) {
        let now_us = microseconds_since(self.started);
        let mut state = self.state();
        state.conversation.complete(finished, now_us);
        self.share.set(state.conversation.held_bytes());
    }

    /// The window to classify next.
    pub(super) fn next_run(&self) -> Option<Run> {
        self.state().conversation.next_run()
    }

    /// Takes what came of a window.
    pub(super) fn classified(&self, classified: Classified) {
        self.state().conversation.classified(classified);
        self.answers_came.notify_one();
        self.progress.notify_waiters();
    }

    /// The next result.
    pub(super) fn next_result(&self) -> Option<FrameResult> {
        self.state().conversation.next_result()
    }

    /// Queues what came of a frame, and lets it be taken for sending before the next one may replace it: results that
    /// come at once are all sent, unless the peer keeps one that is being sent waiting.
    pub(super) async fn answer(&self, result: FrameResult) {
        let end = self.state().conversation.answer(result);
        if let Some(end) = end {
            self.end(end);
        }
        self.answers_came.notify_one();
        self.progress.notify_waiters();
        loop {
            let taken = self.progress.notified();
            if self.is_sending() || self.state().conversation.has_nothing_to_send() {
                return;
            }
            taken.await;
        }
    }

    /// Queues a ping.
    pub(super) fn ping(&self) {
        self.state().conversation.ping();
        self.answers_came.notify_one();
    }

    /// Waits for the next message. Who asks has sent the one before.
    pub(super) async fn next_message(&self) -> Sendable {
        loop {
            let message = self.take_message();
            self.progress.notify_waiters();
            if let Some(message) = message {
                return message;
            }
            self.answers_came.notified().await;
        }
    }

    fn take_message(&self) -> Option<Sendable> {
        let mut state = self.state();
        let message = state.conversation.next_message();
        state.is_sending = message.is_some();
        message
    }

    /// Notes that nothing can be sent any more.
    pub(super) fn stopped_sending(&self) {
        self.state().is_sending = false;
    }

    /// Whether a message is on its way that the peer has not taken yet.
    pub(super) fn is_sending(&self) -> bool {
        self.state().is_sending
    }

    /// Ends the session. The first reason stays; that the peer is gone ends its last work, too.
    pub(super) fn end(&self, end: End) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        state.is_peer_gone |= end.last_work() == LastWork::Nothing;
        drop(state);
        self.progress.notify_waiters();
    }

    /// Waits until the session is to end.
    pub(super) async fn ended(&self) -> End {
        loop {
            let ended = self.progress.notified();
            let end = self.state().end;
            if let Some(end) = end {
                return end;
            }
            ended.await;
        }
    }

    /// Waits until the last work is done.
    pub(super) async fn last_work_done(&self, work: LastWork) {
        loop {
            let progress = self.progress.notified();
            if self.is_done(work) {
                return;
            }
            progress.await;
        }
    }

    fn is_done(&self, work: LastWork) -> bool {
        let state = self.state();
        if state.is_peer_gone {
            return true;
        }
        match work {
            LastWork::Frames => !state.is_sending && state.conversation.is_done(),
            LastWork::Answers => !state.is_sending && state.conversation.has_nothing_to_send(),
            LastWork::Nothing => true,
        }
    }

    /// What became of the frames.
    pub(super) fn stats(&self) -> Stats {
        self.state().conversation.stats()
    }
}

impl Holds for LiveSession {
    fn drop_oldest(&self) -> bool {
        let mut state = self.state();
        let has_dropped = state.conversation.drop_oldest("memory");
        self.share.set(state.conversation.held_bytes());
        drop(state);
        // What waited behind it may be next.
        self.work_came.notify_one();
        has_dropped
    }
}
