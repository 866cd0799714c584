//! Log lines that a stranger can bring about: one a second of each kind, with the number of those left out.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;

const PAUSE: Duration = Duration::from_secs(1);
/// Of a header's value, in a log line.
const MAX_SHOWN_BYTES: usize = 200;

/// One kind of log line.
#[derive(Debug)]
pub(crate) struct Seldom(Mutex<State>);

#[derive(Debug)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State {
            last: None,
            left_out: 0,
        }))
    }

    /// Whether to log now: then the number of lines left out since the last one.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.turn_at(Instant::now())
    }

    fn turn_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + PAUSE) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

/// A header's value for a log line: short, and without a character that means something to a terminal.
pub(crate) fn shown(value: Option<&HeaderValue>) -> String {
    let Some(value) = value else {
        return "none".to_owned();
    };
    let bytes = value.as_bytes();
    let end = bytes.len().min(MAX_SHOWN_BYTES);
    let more = if end < bytes.len() { "…" } else { "" };
    format!("\"{}{more}\"", bytes[..end].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_line_a_second_and_the_next_counts_the_others() {
        let (seldom, start) = (Seldom::new(), Instant::now());
        let turn = |ms| seldom.turn_at(start + Duration::from_millis(ms));
        assert_eq!(turn(0), Some(0));
        assert_eq!((turn(1), turn(999)), (None, None));
        assert_eq!(turn(1000), Some(2));
        assert_eq!(turn(2500), Some(0));
    }

    #[test]
    fn a_value_is_shown_short_and_escaped() {
        let escape = HeaderValue::from_bytes(b"a\xff\"b").unwrap();
        assert_eq!(shown(Some(&escape)), r#""a\xff\"b""#);
        let long = HeaderValue::from_str(&"x".repeat(5000)).unwrap();
        assert!(shown(Some(&long)).len() < 210);
        assert_eq!(shown(None), "none");
    }
}
