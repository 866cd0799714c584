//! Decoding on the caller's thread alone.
//!
//! With its feature `rayon`, `jpeg-decoder` computes in the pool that the calling thread belongs to; in none, that would be
//! the process's, of a thread for each core.

use rayon::{ThreadPool, ThreadPoolBuilder};

thread_local! {
    /// `None` on a thread that belongs to a pool already.
    static POOL: Option<ThreadPool> = ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build()
        .ok();
}

/// Makes this thread the only one of its pool, unless it belongs to another.
pub(super) fn enter() {
    POOL.with(|_| ());
}
