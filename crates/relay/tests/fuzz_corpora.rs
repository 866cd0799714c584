//! The inputs of the fuzzers' corpora, each done with as the fuzzer does: without a panic, and in time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../fuzz/src/inputs.rs"]
mod inputs;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Fuzzers have 2 seconds for each; a busy machine and a build for tests take longer.
const PATIENCE: Duration = Duration::from_secs(30);

fn run(target: &str, of_fuzzer: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            of_fuzzer(&data);
            sender.send(())
        });
        let ended = receiver.recv_timeout(PATIENCE);
        assert!(ended.is_ok(), "{}: {ended:?}", path.display());
        count += 1;
    }
    assert!(count > 0);
}

macro_rules! corpora {
    ($($test:ident: $target:ident,)+) => {$(
        #[test]
        fn $test() {
            run(stringify!($target), inputs::$target);
        }
    )+};
}

corpora! {
    jpegs_end_in_time: jpeg,
    pngs_end_in_time: png,
    streams_of_jpegs_end_in_time: mjpeg,
    messages_end_in_time: messages,
    outcomes_end_in_time: outcomes,
    models_end_in_time: models,
    signs_end_in_time: signs,
}
