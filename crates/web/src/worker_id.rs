use serde::{Deserialize, Serialize};

/// Names one worker of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct WorkerId {
    /// From 0, as in progress and stats.
    pub(crate) place: usize,
    /// What an earlier worker of the place still says is nothing to its successor.
    pub(crate) generation: u32,
}
