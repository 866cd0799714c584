//! `extract` with `--signs`: what of the keypoints is a sign.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Output, clip_frame, extract, one_pixel_jpeg};

/// A file of the models for tests.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/signs")
        .join(name)
}

/// Whether there is a left hand, in two of the last three frames.
fn presence() -> Value {
    json!({
        "version": 1,
        "model": "presence.onnx",
        "labels": [{ "gloss": "hand" }, "nobody"],
        "features": { "parts": [
            { "part": "left_hand", "points": ["wrist"], "values": ["x", "y"], "missing": -1 }
        ] },
        "parts": ["pose", "hands"],
        "window": { "least": 2, "most": 3, "padding": "none" },
        "softmax": true,
        "acceptance": { "history": 3, "agreement": 2 }
    })
}

fn folder(manifest: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("signs.json"), manifest.to_string()).unwrap();
    for model in ["presence.onnx", "sequence.onnx", "bad_nan.onnx"] {
        fs::copy(fixture(model), folder.path().join(model)).unwrap();
    }
    folder
}

fn with_signs(folder: &TempDir, options: &[&str], inputs: Vec<PathBuf>) -> Output {
    let mut arguments: Vec<OsString> = vec!["--signs".into(), folder.path().into()];
    arguments.extend(options.iter().map(Into::into));
    arguments.extend(inputs.into_iter().map(PathBuf::into_os_string));
    extract(&arguments)
}

fn clip(frames: usize) -> Vec<PathBuf> {
    (0..frames).map(clip_frame).collect()
}

/// The lines of a type, each with the number of frames before it.
fn events(output: &Output) -> Vec<(usize, Value)> {
    let mut frames = 0;
    let mut events = Vec::new();
    for line in output.objects() {
        match line.get("type") {
            Some(_) => events.push((frames, line)),
            None => frames += 1,
        }
    }
    events
}

#[test]
fn a_sign_follows_the_line_of_the_frame_that_tells_it() {
    let black = tempfile::Builder::new().suffix(".jpg").tempfile().unwrap();
    fs::write(black.path(), one_pixel_jpeg()).unwrap();
    let mut inputs = clip(5);
    inputs.extend(vec![black.path().to_owned(); 4]);
    let output = with_signs(&folder(&presence()), &["--workers=2"], inputs);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let events = events(&output);
    let labels: Vec<&Value> = events.iter().map(|(_, event)| &event["label"]).collect();
    assert_eq!(labels, [&json!({ "gloss": "hand" }), &json!("nobody")]);
    let (after, hand) = &events[0];
    assert_eq!((*after, &hand["type"]), (3, &json!("sign")));
    assert_eq!(
        (&hand["start_us"], &hand["end_us"]),
        (&json!(33_333), &json!(99_999))
    );
    let confidence = hand["confidence"].as_f64().unwrap();
    assert!((0.8..=1.0).contains(&confidence));
    assert_eq!(
        hand["top"][0],
        json!({ "label": hand["label"], "confidence": hand["confidence"] })
    );
    assert_eq!(hand["top"].as_array().unwrap().len(), 2);
}

#[test]
fn lines_of_frames_are_those_without_signs_of_the_parts_that_are_needed() {
    let output = with_signs(&folder(&presence()), &[], clip(3));
    let plain = extract(&clip(3)).objects();
    let frames = output
        .objects()
        .into_iter()
        .filter(|line| line.get("type").is_none());
    for (mut plain, frame) in plain.into_iter().zip(frames) {
        let fields = plain.as_object_mut().unwrap();
        fields.remove("face");
        fields["scores"].as_object_mut().unwrap().remove("face");
        assert_eq!(plain, frame);
    }
}

#[test]
fn any_number_of_workers_tells_the_same() {
    let folder = folder(&presence());
    let one = with_signs(&folder, &["--workers=1"], clip(8));
    assert_eq!(events(&one).len(), 1);
    assert!(with_signs(&folder, &["--workers=4"], clip(8)) == one);
}

#[test]
fn graph_and_face_are_those_of_the_manifest() {
    let mut manifest = presence();
    manifest["graph"] = json!("landmarkers");
    manifest["face"] = json!(468);
    manifest["parts"] = json!(["hands", "face"]);
    let folder = folder(&manifest);
    for options in [&[][..], &["--graph=landmarkers", "--face=468"]] {
        let line = &with_signs(&folder, options, clip(1)).objects()[0];
        assert_eq!(line["face"].as_array().unwrap().len(), 468);
        assert_eq!(line["hands"][0]["handedness"], "Left");
        assert_eq!(line.get("pose"), None);
    }
    for (option, named) in [
        (
            "--graph=holistic",
            "option graph must be landmarkers, as --signs needs it, not holistic",
        ),
        (
            "--face=478",
            "option face must be 468, as --signs needs it, not 478",
        ),
        (
            "--format=pose",
            "option format must be jsonl where there are --signs, not pose",
        ),
        (
            "--mode=image",
            "option mode must be video where there are --signs, not image",
        ),
    ] {
        let output = with_signs(&folder, &[option], clip(1));
        assert_eq!((output.status, output.stdout.len()), (2, 0), "{option}");
        assert!(output.stderr.contains(named), "{}", output.stderr);
    }
}

#[test]
fn what_is_wrong_with_the_folder_ends_the_run_before_the_first_frame() {
    let with = |field: &str, value: Value| {
        let mut manifest = presence();
        manifest[field] = value;
        with_signs(&folder(&manifest), &[], clip(1))
    };
    for (output, named) in [
        (
            with("labels", json!(["a"])),
            ["signs-model-invalid", "labels has 1"],
        ),
        (
            with("model", json!("bad_nan.onnx")),
            ["signs-model-invalid", "bad_nan.onnx"],
        ),
        (
            with("model", json!("sequence.onnx")),
            ["signs-model-invalid", "[1, time, 6]"],
        ),
        (
            with("model", json!("none.onnx")),
            ["file-unreadable", "none.onnx"],
        ),
        (
            with("model", json!("signs.json")),
            ["signs-model-invalid", "signs.json"],
        ),
        (
            with("face", json!(470)),
            ["signs-manifest-invalid", "face must be 468 or 478, not 470"],
        ),
        (with("speed", json!(1)), ["signs-manifest-invalid", "speed"]),
    ] {
        assert_eq!((output.status, output.stdout.len()), (1, 0), "{named:?}");
        for name in named {
            assert!(output.stderr.contains(name), "{}", output.stderr);
        }
    }
    let empty = with_signs(&tempfile::tempdir().unwrap(), &[], clip(1));
    assert!(empty.stderr.contains("file-unreadable"), "{}", empty.stderr);
}

#[test]
fn what_was_taught_is_recognised_by_its_file() {
    let manifest = json!({
        "version": 1,
        "features": { "parts": [{ "part": "left_hand", "bones": "all", "values": ["x", "y"] }] },
        "parts": ["pose", "hands"],
        "window": { "least": 1, "most": 2, "still": "keep" },
        "acceptance": { "confidence": 0.5, "history": 2, "agreement": 2 },
        "examples": { "limit": 0.5 }
    });
    let folder = folder(&manifest);
    let missing = with_signs(&folder, &[], clip(1));
    assert!(
        missing.stderr.contains("examples.json"),
        "{}",
        missing.stderr
    );
    // The bones of the hand in the clip's first frame, as lines of keypoints have its points.
    let hand = &extract(&clip(1)).objects()[0]["left_hand"];
    let point = |index: usize, axis: usize| {
        let scale = [320.0 / 240.0, 1.0][axis];
        hand[index][axis].as_f64().unwrap() * scale
    };
    let bones = (1..=20).flat_map(|to| {
        let from = if to % 4 == 1 { 0 } else { to - 1 };
        let [x, y] = [0, 1].map(|axis| point(to, axis) - point(from, axis));
        [x / x.hypot(y), y / x.hypot(y)]
    });
    let bones: Vec<f64> = bones.collect();
    let turned_round: Vec<f64> = bones.iter().map(|value| -value).collect();
    let examples = json!({
        "version": 1,
        "features": {
            "parts": [{ "part": "left_hand", "bones": "all", "values": ["x", "y"], "missing": 0 }],
            "layout": "frames-points-values",
            "aspect": "square"
        },
        "step": 1,
        "examples": [
            { "label": "turned round", "values": turned_round },
            { "label": "first", "values": bones }
        ]
    });
    fs::write(folder.path().join("examples.json"), examples.to_string()).unwrap();
    // The hand turns from frame to frame of the clip.
    let output = with_signs(&folder, &[], vec![clip_frame(0); 3]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let events = events(&output);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1["label"], "first");
}
