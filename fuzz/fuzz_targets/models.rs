#![no_main]

#[path = "../src/inputs.rs"]
#[allow(dead_code, reason = "each fuzzer uses one of them")]
mod inputs;

libfuzzer_sys::fuzz_target!(
    // tract's reader panics on some broken files, which whoever loads models catches: no crash.
    init: std::panic::set_hook(Box::new(|_| {})),
    |data: &[u8]| inputs::models(data)
);
