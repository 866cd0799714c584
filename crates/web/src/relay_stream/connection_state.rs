//! What the page is told of the connection.

use crate::declared::{Maybe, object};
use crate::link_state::LinkState;

object! {
    /// A change of the connection to a relay.
    pub(crate) struct ConnectionState {
        /// `open`: frames are sent. `waiting`: it was lost, the next attempt comes in `retryInMs`. `connecting`: an attempt
        /// is being made. `idle`: the relay ended it for want of frames; the next one opens it again.
        state: LinkState,
        /// Why it was lost.
        reason: Maybe<String>,
        /// Milliseconds until the next attempt.
        retry_in_ms: Maybe<f64>,
    }
}
