#![no_main]

#[path = "../src/inputs.rs"]
#[allow(dead_code, reason = "each fuzzer uses one of them")]
mod inputs;

libfuzzer_sys::fuzz_target!(|data: &[u8]| inputs::signs(data));
