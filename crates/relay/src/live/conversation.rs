//! One session's talk with its client: what a message does, what is answered. A state machine without I/O: it has no
//! socket, no clock and no threads.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use live_keypoints_pipeline::signs::{Manifest, SignEvent};
use live_keypoints_pipeline::{
    ErrorCode, FrameError, FrameResult, MAX_STILLS, Options, Outcome, SessionError, Step, Steps,
    Work,
};
use live_keypoints_protocol::{
    ClientMessage, Configure, FrameHeader, FrameMessage, InvalidClientMessage, MAX_BUFFER_SIZE,
    ServerMessage, Stats, Welcome, is_bad_frame,
};

use super::answering::{Answering, Sendable, Style};
use super::asked::Asked;
use super::end::End;
use super::limits::Limits;
use super::metrics::Metrics;
use super::original;
use super::outbox::{MAX_UNSENT_ERRORS, Outbox, Outgoing};
use super::rate::RateLimit;
use super::signing::{Classified, Run, Signing};
use super::unanswered::Unanswered;
use super::ws_live_signs::Common;
use crate::frame::Frame;
use crate::model_sets::ModelSets;
use crate::pool::{Finished, Session, Task};
use crate::signs::Signs;

/// Frames that are remembered while they wait for their answer: as many as may wait, and as many bad ones among them.
const MAX_UNANSWERED: usize = 2 * MAX_BUFFER_SIZE;

/// The state of a session's talk.
pub(super) struct Conversation {
    session: Session,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    models: Arc<ModelSets>,
    signs: Option<Arc<Signs>>,
    asked: Asked,
    /// From the first time that the client asks for signs on.
    signing: Option<Signing>,
    /// It is spoken to as by the system that this one re-implements.
    is_original: bool,
    rate: Option<RateLimit>,
    /// For the frames to come.
    style: Arc<Style>,
    unanswered: Unanswered<Answering>,
    consecutive_bad: u32,
    outbox: Outbox<Answering>,
    stats: Stats,
}

impl Conversation {
    /// A talk that begins with `welcome`; without one, it is the original's, which is of signs alone.
    ///
    /// # Errors
    /// [`FrameError`] if the quality's options are not valid, which they are; or without `welcome`, where signs cannot be had.
    pub(super) fn new(common: &Common, welcome: Option<Welcome>) -> Result<Self, FrameError> {
        let Common {
            limits,
            metrics,
            models,
            signs,
            ..
        } = common;
        let options = Options {
            quality: models.quality(),
            max_unread_results: MAX_UNSENT_ERRORS,
            ..Options::default()
        };
        let mut talk = Self {
            session: Session::new(options)?,
            rate: limits.max_fps.map(RateLimit::new),
            limits: Arc::clone(limits),
            metrics: Arc::clone(metrics),
            models: Arc::clone(models),
            signs: signs.clone(),
            asked: Asked::default(),
            signing: None,
            is_original: welcome.is_none(),
            style: Arc::default(),
            unanswered: Unanswered::default(),
            consecutive_bad: 0,
            outbox: Outbox::default(),
            stats: Stats::default(),
        };
        match welcome {
            Some(welcome) => {
                let welcome = ServerMessage::Welcome(Box::new(welcome));
                talk.outbox.push_reply(welcome);
            }
            None => {
                let signs = Configure {
                    signs: Some(true),
                    ..Configure::default()
                };
                talk.change(&signs)?;
            }
        }
        Ok(talk)
    }

    /// Takes a binary message that came at `arrival_us`; `now_us` is of the clock of timings. Where memory `has_room` for no
    /// more messages, it is answered with `busy` or dropped.
    pub(super) fn receive_frame(
        &mut self,
        message: &Bytes,
        arrival_us: i64,
        now_us: u64,
        has_room: bool,
    ) {
        self.stats.received += 1;
        self.metrics.frames_received.inc();
        let unmarked = self.is_original.then(|| original::frame_of(message));
        match FrameMessage::read(unmarked.as_ref().unwrap_or(message)) {
            FrameMessage::Jpeg(header, jpeg) => {
                let timestamp_us = header.map_or(arrival_us, |header| header.timestamp_us);
                if header.is_some_and(|header| header.is_stateless) {
                    self.add_still(header, jpeg, timestamp_us, now_us, has_room);
                } else if has_room {
                    self.add_frame(header, jpeg, timestamp_us, now_us);
                } else {
                    self.session.add_dropped();
                    self.metrics.count_dropped("memory", 1);
                }
            }
            FrameMessage::Bad(header, error) => self.add_bad(header, error, arrival_us),
        }
    }

    fn add_frame(
        &mut self,
        header: Option<FrameHeader>,
        jpeg: &[u8],
        timestamp_us: i64,
        now_us: u64,
    ) {
        while self.unanswered.buffered_bytes().saturating_add(jpeg.len())
            > self.limits.max_buffered_bytes()
            && self.drop_oldest("buffer")
        {}
        let admission = self.session.add_frame(frame_of(jpeg), timestamp_us, now_us);
        self.forget_dropped("buffer", admission.evicted.map(|(index, _)| index));
        self.tag(admission.index, header, jpeg.len(), false);
        self.drop_what_is_over_the_rate(now_us);
    }

    /// Of the frames that wait as many stay as are within the rate, and the newest in any case: it is answered once it
    /// is within the rate, so that a client that waits for an answer never waits in vain.
    fn drop_what_is_over_the_rate(&mut self, now_us: u64) {
        let Some(rate) = &mut self.rate else {
            return;
        };
        let may_wait = rate.within(now_us).max(1);
        while self.unanswered.waiting_frames() > may_wait && self.drop_oldest("rate") {}
    }

    /// Drops the oldest frame of the stream that waits; says whether there was one.
    pub(super) fn drop_oldest(&mut self, reason: &'static str) -> bool {
        let oldest = self.session.drop_oldest();
        self.forget_dropped(reason, oldest.as_ref().map(|(index, _)| *index));
        oldest.is_some()
    }

    /// Bytes of what waits for decoding, or is being decoded.
    pub(super) fn held_bytes(&self) -> usize {
        self.unanswered.held_bytes()
    }

    /// Frames that came, in all.
    pub(super) fn received(&self) -> u64 {
        self.stats.received
    }

    fn add_still(
        &mut self,
        header: Option<FrameHeader>,
        jpeg: &[u8],
        timestamp_us: i64,
        now_us: u64,
        has_room: bool,
    ) {
        let is_over = !has_room
            || self.unanswered.buffered_bytes().saturating_add(jpeg.len())
                > self.limits.max_buffered_bytes();
        let waiting = self.unanswered.stills() + self.outbox.unsent_stills();
        let added = if is_over || waiting >= MAX_STILLS {
            Err(SessionError::Busy { waiting })
        } else {
            self.session.add_still(frame_of(jpeg), timestamp_us, now_us)
        };
        match added {
            Ok(index) => self.tag(index, header, jpeg.len(), true),
            Err(error) => self.add_bad(header, error.into(), timestamp_us),
        }
    }

    /// A frame that fails at once; its error comes in frame order.
    fn add_bad(&mut self, header: Option<FrameHeader>, error: FrameError, arrival_us: i64) {
        if self.unanswered.len() >= MAX_UNANSWERED {
            self.session.add_dropped();
            self.metrics.count_dropped("unsent", 1);
            return;
        }
        let timestamp_us = header.map_or(arrival_us, |header| header.timestamp_us);
        let index = self.session.add_failed(error, timestamp_us);
        self.tag(index, header, 0, false);
    }

    fn tag(
        &mut self,
        index: u64,
        header: Option<FrameHeader>,
        buffered_bytes: usize,
        is_still: bool,
    ) {
        let answering = Answering {
            frame_id: header.map(|header| header.frame_id),
            style: Arc::clone(&self.style),
        };
        self.unanswered
            .add(index, answering, is_still, buffered_bytes);
    }

    fn forget_dropped(&mut self, reason: &'static str, indices: impl IntoIterator<Item = u64>) {
        for index in indices {
            self.unanswered.take(index);
            self.metrics.count_dropped(reason, 1);
        }
    }

    /// Takes a text message; says how the session ends if it does. The original has none.
    pub(super) fn receive_text(&mut self, text: &str) -> Option<End> {
        if self.is_original {
            return None;
        }
        match ClientMessage::read(text) {
            Ok(ClientMessage::Configure(configure)) => self.configure(&configure),
            Ok(ClientMessage::Reset) => self.reset(),
            Ok(ClientMessage::Bye) => return Some(End::Bye),
            Err(error) => {
                let end = match error {
                    InvalidClientMessage::TooLong { .. } => Some(End::TooLarge),
                    InvalidClientMessage::NotJson { .. } => Some(End::InvalidJson),
                    _ => None,
                };
                self.reply_error(error.into());
                return end;
            }
        }
        None
    }

    fn configure(&mut self, configure: &Configure) {
        match self.change(configure) {
            Ok(next_index) => {
                let configured = ServerMessage::Configured { next_index };
                self.outbox.push_reply(configured);
            }
            Err(error) => self.reply_error(error),
        }
    }

    /// Lets a message hold from a frame on, whose index is returned.
    fn change(&mut self, configure: &Configure) -> Result<u64, FrameError> {
        let asked = self.asked.and(configure);
        let (options, style) = self.changed_by(configure, asked)?;
        let boundary = self.session.configure(options)?;
        let next_index = boundary.next_index;
        let had_signs = self.style.signs.is_some();
        (self.style, self.asked) = (Arc::new(style), asked);
        let discarded = boundary.discarded.into_iter().map(|(index, _)| index);
        self.forget_dropped("buffer", discarded);
        if self.style.signs.is_some() != had_signs {
            self.restart_signing(next_index);
        }
        Ok(next_index)
    }

    fn restart_signing(&mut self, first_frame: u64) {
        if let (None, Some(_), Some(signs)) = (&self.signing, self.style.signs, &self.signs) {
            let metrics = self.metrics.signs.clone();
            self.signing = Some(Signing::new(Arc::clone(signs), metrics));
        }
        if let Some(signing) = &mut self.signing {
            signing.restart(first_frame);
        }
    }

    /// What holds after this message, if it may.
    fn changed_by(
        &self,
        configure: &Configure,
        asked: Asked,
    ) -> Result<(Options, Style), FrameError> {
        let manifest = asked.manifest(self.signs.as_deref().map(Signs::manifest))?;
        let mut style = Style::clone(&self.style);
        style.signs = manifest.map(Manifest::needs);
        style.apply(configure)?;
        let mut options = self.session.options().clone();
        configure.apply(&mut options);
        asked.decide(manifest, &mut options)?;
        options.face_points = style.face_points();
        if options.buffer_size > MAX_BUFFER_SIZE {
            return Err(FrameError::from(SessionError::InvalidOption {
                option: "buffer_size",
                expected: "1 to 1000",
                value: options.buffer_size.to_string(),
            }));
        }
        options.validate()?;
        if let Some(kind) = self.models.lacking(&options) {
            let message = format!("this relay does not have the model {}", kind.name());
            return Err(FrameError::new(ErrorCode::ModelMissing, message));
        }
        Ok((options, style))
    }

    fn reset(&mut self) {
        let boundary = self.session.reset();
        let discarded = boundary.discarded.into_iter().map(|(index, _)| index);
        self.forget_dropped("reset", discarded);
        self.restart_signing(boundary.next_index);
        self.outbox.push_reply(ServerMessage::Reset {
            next_index: boundary.next_index,
        });
    }

    fn reply_error(&mut self, error: FrameError) {
        self.outbox.push_reply(ServerMessage::of_error(error));
    }

    /// Whether another text message may be taken.
    pub(super) fn has_room_for_replies(&self) -> bool {
        self.outbox.has_room_for_replies()
    }

    /// The next task for the pool. No frame is taken up before it is within the rate.
    pub(super) fn next_task(&mut self, now_us: u64) -> Option<Task> {
        let is_within_rate = self
            .rate
            .as_mut()
            .is_none_or(|rate| rate.within(now_us) > 0);
        let steps = if is_within_rate {
            Steps::ALL
        } else {
            Step::ALL[1..].iter().copied().collect()
        };
        let task = self.session.next_task(steps, now_us)?;
        if let Work::Decode { .. } = task.work {
            self.unanswered.begin_decoding(task.id.frame);
            if let Some(rate) = &mut self.rate {
                rate.pay();
            }
        }
        Some(task)
    }

    /// Time until a frame that waits for the rate may be taken up; `None` where none does.
    pub(super) fn rate_allows_in(&mut self, now_us: u64) -> Option<Duration> {
        let rate = self.rate.as_mut()?;
        let is_over = rate.within(now_us) == 0;
        (is_over && self.unanswered.buffered_bytes() > 0)
            .then(|| Duration::from_micros(rate.next_in_us()))
    }

    /// Takes the outcome of a task.
    pub(super) fn complete(&mut self, finished: Finished, now_us: u64) {
        if let Outcome::Decoded(_) = finished.outcome {
            self.metrics.frames_decoded.inc();
        }
        if finished.id.step == Step::Decode {
            self.unanswered.end_decoding(finished.id.frame);
        }
        self.session
            .complete(finished.id, finished.outcome, finished.elapsed_us, now_us);
    }

    /// The next result of the session: frames in order, stills as they are done.
    pub(super) fn next_result(&mut self) -> Option<FrameResult> {
        self.session.next_result()
    }

    /// Queues what came of a frame; says how the session ends if it does.
    pub(super) fn answer(&mut self, result: FrameResult) -> Option<End> {
        let index = result.index();
        // Every frame that gets a result is there.
        let (answering, is_still) = self.unanswered.take(index)?;
        if !is_still {
            // Results of the stream come in order: an earlier frame that is not answered by now was dropped.
            let dropped = self.unanswered.take_older_frames(index);
            self.metrics.count_dropped("unsent", dropped);
        }
        let is_bad = match &result {
            FrameResult::Keypoints(keypoints) => {
                self.metrics.note_timings(&keypoints.timings);
                self.metrics.frames_still.inc_by(keypoints.still.into());
                Some(false)
            }
            FrameResult::Failed(failed) => {
                self.metrics.count_failed(failed.error.code);
                is_bad_frame(failed.error.code).then_some(true)
            }
        };
        let event = self.signs_of(&result, &answering, is_still);
        if self.is_original {
            // It says nothing of frames.
        } else if is_still {
            self.outbox.push_still(result, answering);
        } else {
            let before = self.outbox.dropped_in_all();
            self.outbox.push_frame(result, answering);
            let replaced = self.outbox.dropped_in_all() - before;
            self.metrics.count_dropped("unsent", replaced);
        }
        self.tell(event);
        match is_bad {
            Some(true) => self.consecutive_bad += 1,
            Some(false) => self.consecutive_bad = 0,
            None => {}
        }
        let is_enough = self.consecutive_bad >= self.limits.max_consecutive_bad.get();
        is_enough.then_some(End::TooManyBadFrames)
    }

    /// Has signs looked for where the client asked for them with this frame; says whether the scene has become idle.
    fn signs_of(
        &mut self,
        result: &FrameResult,
        answering: &Answering,
        is_still: bool,
    ) -> Option<SignEvent> {
        match (result, &mut self.signing) {
            (FrameResult::Keypoints(keypoints), Some(signing))
                if answering.style.signs.is_some() && !is_still =>
            {
                signing.push(keypoints)
            }
            _ => None,
        }
    }

    fn tell(&mut self, event: Option<SignEvent>) {
        if let Some(event) = event {
            self.metrics.signs.count(&event);
            if self.outbox.push_event(event) {
                self.metrics.signs.unsent.inc();
            }
        }
    }

    /// The window to classify next, where none is being classified.
    pub(super) fn next_run(&mut self) -> Option<Run> {
        self.signing.as_mut()?.next_run()
    }

    /// Takes what came of a window.
    pub(super) fn classified(&mut self, classified: Classified) {
        let Some(signing) = &mut self.signing else {
            return;
        };
        match signing.classified(classified) {
            Ok(event) => self.tell(event),
            Err(_) if self.is_original => {}
            Err(error) => self.reply_error(FrameError::new(error.code(), error.to_string())),
        }
    }

    /// The next message, and counts it as sent.
    pub(super) fn next_message(&mut self) -> Option<Sendable> {
        Some(match self.outbox.next()? {
            Outgoing::Ping => Sendable::Ping,
            Outgoing::Reply(reply) => Sendable::Text(reply.to_json()),
            Outgoing::Event(event) if self.is_original => Sendable::Text(original::text_of(&event)),
            Outgoing::Event(event) => Sendable::Text(ServerMessage::from(event).to_json()),
            Outgoing::Frame(result, answering) | Outgoing::Still(result, answering) => {
                self.message_of(result, answering)
            }
        })
    }

    fn message_of(&mut self, result: FrameResult, answering: Answering) -> Sendable {
        match result {
            FrameResult::Keypoints(keypoints) => {
                self.stats.keypoints += 1;
                self.stats.dropped += keypoints.dropped;
                self.metrics.results_sent.inc();
                answering.keypoints(&keypoints)
            }
            FrameResult::Failed(failed) => {
                self.stats.errors += 1;
                self.stats.dropped += failed.dropped;
                answering.error(failed)
            }
        }
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self) {
        self.outbox.push_ping();
    }

    /// Whether every frame has been computed and every answer was taken.
    pub(super) fn is_done(&self) -> bool {
        self.session.is_idle()
            && self.session.stats().unread == 0
            && self.signing.as_ref().is_none_or(Signing::is_at_rest)
            && self.outbox.is_empty()
    }

    /// Whether every answer that there is was taken.
    pub(super) fn has_nothing_to_send(&self) -> bool {
        self.outbox.is_empty()
    }

    /// The last message.
    pub(super) fn stats(&self) -> Stats {
        let Stats {
            received,
            keypoints,
            errors,
            dropped,
            ..
        } = self.stats;
        Stats {
            left_over: received.saturating_sub(keypoints + errors + dropped),
            ..self.stats
        }
    }
}

/// The bytes of its own, so that a small frame does not keep a large read buffer alive.
fn frame_of(jpeg: &[u8]) -> Frame {
    Frame::Jpeg(Bytes::copy_from_slice(jpeg))
}

#[cfg(test)]
mod tests;
