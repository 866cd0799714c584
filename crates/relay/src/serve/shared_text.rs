//! A text that takes work to write, for any number of people who ask for it.
//!
//! Each gets one that was written after they asked. It is written at most once in [`PAUSE`]: who asks before that waits,
//! and shares it with all who wait. So a thousand connections that ask as fast as they can cost what one does.

use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// A tenth of a millisecond's work in this time is one per cent of a core.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
pub(super) struct SharedText {
    last: Mutex<Option<Written>>,
}

#[derive(Debug)]
struct Written {
    begun: Instant,
    text: Bytes,
}

impl SharedText {
    /// The text as `write` gives it, now or a moment later.
    ///
    /// # Errors
    /// That of `write`.
    pub(super) async fn get<E>(
        &self,
        write: impl FnOnce() -> Result<String, E>,
    ) -> Result<Bytes, E> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(written) = &*last {
            if written.begun > asked {
                return Ok(written.text.clone());
            }
            sleep_until(written.begun + PAUSE).await;
        }
        let begun = Instant::now();
        let text = Bytes::from(write()?);
        *last = Some(Written {
            begun,
            text: text.clone(),
        });
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use futures_util::future::join_all;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_thousand_who_ask_at_once_share_a_text_and_each_gets_one_written_after_asking() {
        let shared = SharedText::default();
        let started = Instant::now();
        let written = Cell::new(0);
        let write = || {
            written.set(written.get() + 1);
            Ok::<_, Infallible>(started.elapsed().as_nanos().to_string())
        };
        let ask = |number: u64| {
            let (shared, write) = (&shared, &write);
            async move {
                sleep(Duration::from_micros(number * 40)).await;
                let asked = Instant::now();
                let text = shared.get(write).await.unwrap();
                let written: u128 = str::from_utf8(&text).unwrap().parse().unwrap();
                assert!(written >= (asked - started).as_nanos());
                assert!(asked.elapsed() <= 2 * PAUSE);
            }
        };
        join_all((0..1000).map(ask)).await;
        // In 40 ms, and the last of them.
        assert!((2..=6).contains(&written.get()), "{}", written.get());
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_asks_again_and_again_has_to_wait_for_each() {
        let shared = SharedText::default();
        let started = Instant::now();
        for number in 0..100 {
            let text = shared.get(|| Ok::<_, Infallible>(number.to_string())).await;
            assert_eq!(text.unwrap(), number.to_string());
        }
        assert!(started.elapsed() >= 99 * PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_written_is_tried_again() {
        let shared = SharedText::default();
        assert_eq!(shared.get(|| Err("full")).await, Err("full"));
        let text = shared.get(|| Ok::<_, &str>("well".to_owned())).await;
        assert_eq!(text.unwrap(), "well");
    }
}
