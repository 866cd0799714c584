//! Keypoints off the threads that serve sockets: a session's tasks on the pool.

use std::pin::pin;
use std::sync::Arc;

use live_keypoints_pipeline::FrameResult;
use tokio::sync::mpsc;

use super::live_session::LiveSession;
use crate::pool::{Finished, WorkerPool};

/// One session's access to the pool that all share.
///
/// No more of its tasks are under way than there are workers, so that however much a session sends, those that others
/// wait for are a few.
pub(super) struct FrameProcessor {
    pool: Arc<WorkerPool>,
    reply: mpsc::Sender<Finished>,
    outcomes: mpsc::Receiver<Finished>,
    under_way: usize,
    /// Whether the session may have a task that was not asked for yet.
    may_have_work: bool,
}

impl FrameProcessor {
    /// Access to this pool.
    #[must_use]
    pub(super) fn new(pool: Arc<WorkerPool>) -> Self {
        let (reply, outcomes) = mpsc::channel(pool.workers());
        Self {
            pool,
            reply,
            outcomes,
            under_way: 0,
            may_have_work: true,
        }
    }
}

/// Waits for the next frame's keypoints, or for why there are none: in the order of the frames, stills as they are done.
/// Meanwhile the session's tasks run on the pool, several frames' at once. `None` if the pool has ended.
pub(super) async fn get_frame_kps(
    processor: &mut FrameProcessor,
    session: &LiveSession,
) -> Option<FrameResult> {
    let pool = Arc::clone(&processor.pool);
    let mut slot = pin!(pool.reserve());
    loop {
        if let Some(result) = session.next_result() {
            return Some(result);
        }
        let wants_slot = processor.may_have_work && processor.under_way < pool.workers();
        tokio::select! {
            Some(finished) = processor.outcomes.recv() => {
                processor.under_way -= 1;
                processor.may_have_work = true;
                session.complete(finished);
            }
            reserved = &mut slot, if wants_slot => {
                let reserved = reserved?;
                slot.set(pool.reserve());
                let Some(task) = session.next_task() else {
                    processor.may_have_work = false;
                    continue;
                };
                processor.under_way += 1;
                let reply = processor.reply.clone();
                reserved.submit(task, move |finished| {
                    // There is room for as many as are under way; a session that has ended does not listen.
                    let _ = reply.try_send(finished);
                });
            }
            () = session.work_came() => processor.may_have_work = true,
            () = session.rate_allows(), if !processor.may_have_work => processor.may_have_work = true,
        }
    }
}
