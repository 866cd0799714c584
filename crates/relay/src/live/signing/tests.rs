//! By whether there is a left hand; in these frames there is none.

use std::path::Path;

use live_keypoints_pipeline::FrameResult;
use live_keypoints_pipeline::signs::Manifest;
use serde_json::{Value, json};

use super::*;
use crate::live::outbox::tests::keypoints;
use crate::signs::SignsFolder;

fn signing(window: &Value) -> Signing {
    let folder = tempfile::tempdir().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/signs");
    let model = "presence.onnx";
    std::fs::copy(models.join(model), folder.path().join(model)).unwrap();
    let manifest = json!({
        "version": 1, "model": model, "labels": ["hand", "nobody"], "softmax": true,
        "features": { "parts": [
            { "part": "left_hand", "points": ["wrist"], "values": ["x", "y"], "missing": -1 }
        ] },
        "window": window,
        "acceptance": { "history": 1, "agreement": 1, "repeat": true },
        "idle": { "frames": 3 }
    });
    std::fs::write(folder.path().join("signs.json"), manifest.to_string()).unwrap();
    let signs = SignsFolder::open(folder.path()).unwrap().load().unwrap();
    Signing::new(Arc::new(signs), SignMetrics::new())
}

fn push(signing: &mut Signing, index: u64, still: bool) -> Option<SignEvent> {
    let FrameResult::Keypoints(mut keypoints) = keypoints(index, 0) else {
        panic!("no keypoints");
    };
    keypoints.timestamp_us = index as i64;
    keypoints.still = still;
    signing.push(&keypoints)
}

fn done(run: &Run) -> Classified {
    Classified {
        window: run.window.id,
        outcome: Some((run.signs.run(&run.window), 50)),
    }
}

fn label(event: Option<SignEvent>) -> Value {
    match event {
        Some(SignEvent::Sign(sign)) => sign.label,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_window_runs_at_a_time_and_the_newest_is_next() {
    let mut signing = signing(&json!({ "least": 1, "most": 2, "padding": "none" }));
    push(&mut signing, 0, false);
    let run = signing.next_run().unwrap();
    assert_eq!(run.estimate_us, FIRST_RUN_US);
    for index in 1..5 {
        push(&mut signing, index, false);
        assert!(signing.next_run().is_none());
    }
    assert_eq!(signing.metrics.windows_dropped.get(), 0);
    assert_eq!(label(signing.classified(done(&run)).unwrap()), "nobody");
    // Those that end with the frames 1 to 3 are not classified any more.
    assert_eq!(signing.metrics.windows_dropped.get(), 3);
    assert!(!signing.is_at_rest());
    let next = signing.next_run().unwrap();
    assert_eq!((next.window.start_us, next.window.end_us), (3, 4));
    assert_eq!(next.estimate_us, 50);
    signing.classified(done(&next)).unwrap();
    assert!(signing.is_at_rest());
    push(&mut signing, 5, false);
    assert_eq!(signing.metrics.windows_dropped.get(), 3);
}

#[test]
fn after_a_restart_a_run_under_way_says_nothing_and_no_other_begins_before_its_end() {
    let mut signing = signing(&json!({ "least": 1, "most": 2, "padding": "none" }));
    push(&mut signing, 0, false);
    let run = signing.next_run().unwrap();
    signing.restart(2);
    push(&mut signing, 1, false);
    push(&mut signing, 2, false);
    assert!(signing.next_run().is_none());
    assert_eq!(signing.classified(done(&run)).unwrap(), None);
    let next = signing.next_run().unwrap();
    assert_eq!((next.window.frames, next.window.start_us), (1, 2));
}

#[test]
fn a_run_that_fails_is_told_once_until_one_does_not() {
    let mut signing = signing(&json!({ "least": 1, "most": 1 }));
    let mut index = 0;
    let mut run = |signing: &mut Signing, fails: bool| {
        push(signing, index, false);
        index += 1;
        let run = signing.next_run().unwrap();
        let mut classified = done(&run);
        classified.outcome.take_if(|_| fails);
        signing.classified(classified)
    };
    assert!(run(&mut signing, true).is_err());
    assert_eq!(run(&mut signing, true).unwrap(), None);
    assert!(run(&mut signing, false).unwrap().is_some());
    assert!(run(&mut signing, true).is_err());
}

#[test]
fn idleness_is_told_once_and_leaves_no_window() {
    let mut signing = signing(&json!({ "least": 1, "most": 2, "still": "keep" }));
    push(&mut signing, 0, false);
    let idle: Vec<_> = (1..6).filter_map(|n| push(&mut signing, n, true)).collect();
    assert_eq!(idle, [SignEvent::Idle]);
    push(&mut signing, 6, false);
    assert_eq!(signing.next_run().unwrap().window.start_us, 6);
}

#[test]
fn what_examples_have_in_common_is_known_before_the_first_session() {
    let manifest = Manifest::by_example();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("signs.json"), manifest.to_json()).unwrap();
    let mut recognizer = SignRecognizer::new(manifest);
    let FrameResult::Keypoints(keypoints) = keypoints(0, 0) else {
        panic!("no keypoints");
    };
    let mut window = recognizer.window_of(&[*keypoints]).unwrap();
    window.present = window.frames;
    recognizer.teach(json!("a"), &window).unwrap();
    let examples = recognizer.taught().to_json();
    std::fs::write(folder.path().join("examples.json"), examples).unwrap();
    let signs = SignsFolder::open(folder.path()).unwrap().load().unwrap();
    assert!(signs.recognizer().taught().is_prepared());
}
