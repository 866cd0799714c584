//! Keypoints off the threads that serve sockets: a session's tasks on the pool, and its windows of signs, one at a time.

use std::time::Instant;

use live_keypoints_pipeline::FrameResult;
use tokio::sync::mpsc;

use super::live_session::LiveSession;
use super::signing::{Classified, Run};
use crate::pool::{Client, Finished, WorkerPool, microseconds_since};

/// One session's access to the pool that all share.
///
/// No more of its tasks are under way than there are workers: what else it has to do can still be dropped.
pub(super) struct FrameProcessor {
    client: Client,
    /// Frames of the session that the pool has been told of.
    noted_frames: u64,
    most_under_way: usize,
    reply: mpsc::Sender<Finished>,
    outcomes: mpsc::Receiver<Finished>,
    under_way: usize,
    told: mpsc::Sender<Classified>,
    classified: mpsc::Receiver<Classified>,
    is_classifying: bool,
}

impl FrameProcessor {
    /// Access to this pool.
    #[must_use]
    pub(super) fn new(pool: &WorkerPool) -> Self {
        let most_under_way = pool.workers();
        let (reply, outcomes) = mpsc::channel(most_under_way);
        let (told, classified) = mpsc::channel(1);
        Self {
            client: pool.client(),
            noted_frames: 0,
            most_under_way,
            reply,
            outcomes,
            under_way: 0,
            told,
            classified,
            is_classifying: false,
        }
    }

    fn submit_tasks(&mut self, session: &LiveSession) {
        let received = session.received();
        self.client.note_frames(received - self.noted_frames);
        self.noted_frames = received;
        while self.under_way < self.most_under_way {
            let Some(task) = session.next_task() else {
                return;
            };
            self.under_way += 1;
            let reply = self.reply.clone();
            self.client.submit(task, move |finished| {
                // There is room for as many as are under way; a session that has ended does not listen.
                let _ = reply.try_send(finished);
            });
        }
    }

    fn submit_run(&mut self, session: &LiveSession) {
        if self.is_classifying {
            return;
        }
        let Some(run) = session.next_run() else {
            return;
        };
        self.is_classifying = true;
        let Run {
            signs,
            window,
            estimate_us,
        } = run;
        let (name, told) = (window.id, self.told.clone());
        let work = move || {
            let started = Instant::now();
            (signs.run(&window), microseconds_since(started))
        };
        self.client.run(estimate_us, work, move |outcome| {
            let window = name;
            let _ = told.try_send(Classified { window, outcome });
        });
    }
}

/// Waits for the next frame's keypoints, or for why there are none: in the order of the frames, stills as they are done.
/// Meanwhile the session's tasks run on the pool, several frames' at once. `None` if the pool has ended.
pub(super) async fn get_frame_kps(
    processor: &mut FrameProcessor,
    session: &LiveSession,
) -> Option<FrameResult> {
    loop {
        processor.submit_tasks(session);
        processor.submit_run(session);
        if let Some(result) = session.next_result() {
            return Some(result);
        }
        tokio::select! {
            finished = processor.outcomes.recv() => {
                processor.under_way -= 1;
                session.complete(finished?);
            }
            classified = processor.classified.recv() => {
                processor.is_classifying = false;
                session.classified(classified?);
            }
            () = session.work_came() => {}
            () = session.rate_allows(), if processor.under_way < processor.most_under_way => {}
        }
    }
}
