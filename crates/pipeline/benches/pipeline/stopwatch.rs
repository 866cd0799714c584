//! Wall and processor time.

use std::time::{Duration, Instant};

#[cfg(not(target_os = "wasi"))]
use cpu_time::{ProcessTime, ThreadTime};

/// WASI tells no processor time; there the clock's stands in for it.
#[cfg(target_os = "wasi")]
use std::time::Instant as ThreadTime;

/// Milliseconds of the clock and of this thread's processor that `work` takes, with what it gives.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Millis) {
    let (wall, cpu) = (Instant::now(), ThreadTime::now());
    let result = work();
    let millis = Millis {
        cpu: milliseconds(cpu.elapsed()),
        wall: milliseconds(wall.elapsed()),
    };
    (result, millis)
}

/// The same with the processor time of all threads.
#[cfg(feature = "inference")]
pub(crate) fn timed_process<T>(work: impl FnOnce() -> T) -> (T, Millis) {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    let result = work();
    let millis = Millis {
        cpu: milliseconds(cpu.elapsed()),
        wall: milliseconds(wall.elapsed()),
    };
    (result, millis)
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Millis {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The value in the middle; the mean of two.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    } else {
        sorted[middle]
    }
}
