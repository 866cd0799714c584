//! Each kernel on shapes of the models, and the share of the register loop's speed that it reaches.

use live_keypoints_pipeline::inference::bench::{kernel_cases, register_multiply_adds};

use crate::sample::{SUBJECT, Sample};
use crate::stopwatch::{median, timed};

/// Each case runs for about this long at a time …
const BATCH_MS: f64 = 4.0;
/// … and so many times, in turns with all others; the median counts.
const TURNS: usize = 7;
const REGISTER_STEPS: u64 = 1_000_000;
const SUITE: &str = "kernels";
/// The two modules of the package are two subjects.
const IN_WASM: &str = if cfg!(feature = "relaxed-simd") {
    "WebAssembly, relaxed SIMD"
} else {
    "WebAssembly, simd128"
};

pub(crate) fn measure() -> Vec<Sample> {
    let mut cases = kernel_cases();
    // A run before the batch is sized warms the case's memory.
    let batches: Vec<u32> = cases
        .iter_mut()
        .map(|case| {
            case.run();
            let ((), once) = timed(|| case.run());
            (BATCH_MS / once.cpu.max(1e-3)).ceil().clamp(1.0, 1e6) as u32
        })
        .collect();
    let mut peaks = Vec::with_capacity(TURNS);
    let mut times = vec![Vec::with_capacity(TURNS); cases.len()];
    for _ in 0..TURNS {
        let (done, millis) = timed(|| register_multiply_adds(REGISTER_STEPS));
        peaks.push(done as f64 / millis.cpu);
        for ((case, batch), times) in cases.iter_mut().zip(&batches).zip(&mut times) {
            let ((), millis) = timed(|| (0..*batch).for_each(|_| case.run()));
            times.push(millis.cpu / f64::from(*batch));
        }
    }
    let peak_per_ms = median(peaks);
    let mut samples = vec![sample(
        "multiply-adds in registers",
        "gmacs_per_s",
        peak_per_ms / 1e6,
    )];
    let (mut products_ms, mut products) = (0.0, 0.0);
    for (case, times) in cases.iter().zip(times) {
        let time_ms = median(times);
        let name = format!("{} {}", case.kernel, case.shape);
        samples.push(sample(&name, "cpu_us", time_ms * 1e3));
        if case.multiply_adds == 0 {
            continue;
        }
        let multiply_adds = case.multiply_adds as f64;
        samples.push(sample(
            &name,
            "share_of_peak",
            multiply_adds / time_ms / peak_per_ms,
        ));
        if case.kernel == "matrix product" {
            products_ms += time_ms;
            products += multiply_adds;
        }
    }
    samples.push(sample(
        "all matrix products",
        "gmacs_per_s",
        products / products_ms / 1e6,
    ));
    samples
}

fn sample(case: &str, metric: &'static str, value: f64) -> Sample {
    Sample {
        suite: SUITE,
        subject: if cfg!(target_arch = "wasm32") {
            format!("{SUBJECT}, {IN_WASM}")
        } else {
            SUBJECT.to_owned()
        },
        case: case.to_owned(),
        metric,
        value,
    }
}
