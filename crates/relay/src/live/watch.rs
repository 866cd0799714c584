//! The clocks of a session: idle time, age, and whether its peer is still there.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::end::End;
use super::limits::Limits;
use super::live_session::LiveSession;
use super::meter::Meter;

/// Ends the session when its time is over or its peer is gone.
pub(super) async fn watch(session: &LiveSession, meter: &Meter, limits: &Limits) {
    let patience = &limits.patience;
    let shortest = patience
        .ping_after
        .min(patience.stalled_write)
        .min(limits.idle_timeout);
    let mut ticks =
        interval((shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pinged: Option<Instant> = None;
    let mut sending_since: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let silence = meter.since_received();
        if silence < patience.ping_after {
            pinged = None;
        } else if let Some(pinged) = pinged {
            if pinged.elapsed() > patience.pong_within {
                session.end(End::Silent);
            }
        } else {
            pinged = Some(Instant::now());
            session.ping();
        }
        let sending = session.is_sending();
        let since = *sending_since.get_or_insert_with(Instant::now);
        if !sending {
            sending_since = None;
        } else if since.elapsed().min(meter.since_sent()) > patience.stalled_write {
            session.end(End::NotReading);
        }
        if meter.is_hoarding() {
            session.end(End::ShortOfMemory);
        }
        if session.since_message() > limits.idle_timeout {
            session.end(End::Idle);
        }
        if limits.max_session.is_some_and(|max| session.age() > max) {
            session.end(End::TooOld);
        }
    }
}
