//! `serve` with `--signs`: what is wrong with the folder is told at the start.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::relay;

/// Exit status and standard error of a relay that does not start.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let output = relay().args(serve).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

fn manifest(model: &str, point: Value) -> Value {
    json!({
        "version": 1, "model": model, "labels": ["hand", "nobody"], "softmax": true,
        "features": { "parts": [{ "part": "left_hand", "points": [point], "values": ["x", "y"] }] },
        "window": { "least": 1, "most": 3, "padding": "none" }
    })
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_field_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/signs");
    let copied = folder.path().join("bad_two_inputs.onnx");
    fs::copy(models.join("bad_two_inputs.onnx"), copied).unwrap();
    for (content, code, named) in [
        (None, "file-unreadable", "signs.json"),
        (
            Some(manifest("sign.onnx", json!(21))),
            "signs-manifest-invalid",
            "features.parts[0].points[0]",
        ),
        (
            Some(manifest("sign.onnx", json!(0))),
            "file-unreadable",
            "sign.onnx",
        ),
        (
            Some(manifest("bad_two_inputs.onnx", json!(0))),
            "signs-model-invalid",
            "bad_two_inputs.onnx",
        ),
    ] {
        if let Some(content) = content {
            fs::write(folder.path().join("signs.json"), content.to_string()).unwrap();
        }
        let (status, text) = refused(&["--signs", path]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(code) && text.contains(named), "{text}");
    }
}

#[test]
fn the_originals_replies_need_signs() {
    let (status, text) = refused(&["--replies", "original"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("--signs"), "{text}");
}
