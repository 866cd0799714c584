use std::path::Path;

use serde_json::Value;

use super::*;

/// A file of `tests/fixtures/signs`, which `make_models.py` there makes.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/signs");
    std::fs::read(folder.join(name)).unwrap()
}

/// A manifest of two points with three values each, and three labels.
fn manifest(layout: &str, window: &str, softmax: bool) -> Manifest {
    manifest_of(
        r#""points":[0,1],"values":["x","y","z"]"#,
        layout,
        window,
        softmax,
    )
}

fn manifest_of(points: &str, layout: &str, window: &str, softmax: bool) -> Manifest {
    let json = format!(
        r#"{{"version":1,"model":"m.onnx","labels":["a","b","c"],"softmax":{softmax},"window":{window},
            "features":{{"parts":[{{"part":"pose",{points}}}],"layout":"{layout}"}}}}"#
    );
    Manifest::from_json(&json).unwrap()
}

const ROWS: &str = "frames-points-values";
const OPEN: &str = r#"{"least":1,"most":12,"padding":"none"}"#;

fn window(values: Vec<f32>) -> WindowInput {
    WindowInput {
        id: 0,
        frames: values.len() / 6,
        present: 0,
        values,
        mirrored: Vec::new(),
        start_us: 0,
        end_us: 0,
    }
}

/// Windows of a model with what onnxruntime gives for them.
fn cases(model: &str) -> Vec<(WindowInput, Vec<f32>)> {
    let all: Value = serde_json::from_slice(&fixture("cases.json")).unwrap();
    let numbers = |list: &Value| -> Vec<f32> { serde_json::from_value(list.clone()).unwrap() };
    let case = |case: &Value| {
        let rows = case["rows"].as_array().unwrap();
        (
            window(rows.iter().flat_map(numbers).collect()),
            numbers(&case["outputs"]),
        )
    };
    all[model].as_array().unwrap().iter().map(case).collect()
}

#[track_caller]
fn check_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let pairs = || found.iter().zip(expected);
    assert!(
        pairs().all(|(a, b)| (a - b).abs() < 1e-5),
        "{found:?} {expected:?}"
    );
}

fn reason(model: &str, manifest: &Manifest) -> String {
    let error = Classifier::load(&fixture(model), manifest).unwrap_err();
    assert_eq!(error.code().as_str(), "signs-model-invalid");
    error.to_string()
}

#[test]
fn outputs_are_those_of_onnxruntime_in_every_layout_and_length() {
    for (model, layout, rule) in [
        ("sequence", ROWS, OPEN),
        ("convolution", "points-values-frames", OPEN),
        ("graph", "values-frames-points", r#"{"least":10,"most":10}"#),
        ("still", ROWS, r#"{"least":1,"most":1}"#),
    ] {
        let is_open = rule == OPEN;
        let manifest = manifest(layout, rule, is_open);
        let classifier = Classifier::load(&fixture(&format!("{model}.onnx")), &manifest).unwrap();
        for (window, expected) in cases(model) {
            check_near(&classifier.outputs(&window).unwrap(), &expected);
            let confidences = classifier.run(&window).unwrap();
            let mut softmaxed = expected;
            if is_open {
                softmax(&mut softmaxed);
            }
            check_near(&confidences, &softmaxed);
        }
    }
}

#[test]
fn a_short_window_is_filled_up_as_the_manifest_says() {
    let (full, _) = &cases("sequence")[0];
    let open = Classifier::load(&fixture("sequence.onnx"), &manifest(ROWS, OPEN, true)).unwrap();
    for (padding, last) in [
        ("last", full.values[24..30].to_vec()),
        ("zero", vec![0.0; 6]),
    ] {
        let rule = format!(r#"{{"least":2,"most":12,"padding":"{padding}"}}"#);
        let classifier = Classifier::load(&fixture("sequence.onnx"), &manifest(ROWS, &rule, true));
        let short = window(full.values[..30].to_vec());
        let found = classifier.unwrap().outputs(&short).unwrap();
        let filled = [&full.values[..30], &last.repeat(7)].concat();
        check_near(&found, &open.outputs(&window(filled)).unwrap());
    }
}

#[test]
fn a_window_of_another_size_is_refused() {
    let rule = r#"{"least":2,"most":5,"padding":"none"}"#;
    let classifier = Classifier::load(&fixture("sequence.onnx"), &manifest(ROWS, rule, true));
    let classifier = classifier.unwrap();
    for numbers in [0, 6, 36, 13] {
        let error = classifier.run(&window(vec![0.0; numbers])).unwrap_err();
        assert_eq!(error.code().as_str(), "inference-failed");
        assert!(error.to_string().contains("2 to 5 frames of 6"), "{error}");
    }
    let error = classifier.run(&window(vec![f32::NAN; 12])).unwrap_err();
    assert!(error.to_string().contains("NaN"), "{error}");
}

#[test]
fn a_model_that_does_not_fit_is_refused_with_both_sides() {
    let wide = manifest_of(r#""points":[0,1],"values":["x","y"]"#, ROWS, OPEN, true);
    let fixed = r#"{"least":5,"most":12}"#;
    for (model, manifest, named) in [
        ("sequence.onnx", wide, ["[1, time, 6]", "[1, 1 to 12, 4]"]),
        (
            "graph.onnx",
            manifest("values-frames-points", fixed, false),
            ["[1, 3, 10, 2]", "[1, 3, 12, 2]"],
        ),
        (
            "graph.onnx",
            manifest("values-frames-points", OPEN, false),
            ["[1, 3, 10, 2]", "[1, 3, 1 to 12, 2]"],
        ),
        (
            "still.onnx",
            manifest(ROWS, OPEN, false),
            ["[1, 6]", "[1, 1 to 12, 6]"],
        ),
        (
            "sequence.onnx",
            manifest("points-values-frames", OPEN, true),
            ["[1, time, 6]", "[1, 6, 1 to 12]"],
        ),
    ] {
        let reason = reason(model, &manifest);
        for name in named {
            assert!(reason.contains(name), "{reason}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_model_is_told_when_it_is_loaded() {
    let manifest = manifest(ROWS, OPEN, true);
    for (model, named) in [
        ("bad_nan.onnx", "output 0 is NaN"),
        (
            "bad_unknown_operator.onnx",
            "tract has no operator \"Frobnicate\"",
        ),
        ("bad_two_inputs.onnx", "2 inputs, [\"input\", \"mask\"]"),
        ("cases.json", "the sign model cannot be used"),
    ] {
        let reason = reason(model, &manifest);
        assert!(reason.contains(named), "{reason}");
    }
    let logits = self::manifest(ROWS, OPEN, false);
    let found = reason("sequence.onnx", &logits);
    assert!(found.contains("softmax is false"), "{found}");
    let mut json = manifest.to_json();
    json = json.replace(r#"["a","b","c"]"#, r#"["a","b"]"#);
    let found = reason("sequence.onnx", &Manifest::from_json(&json).unwrap());
    assert!(
        found.contains("output has 3 numbers") && found.contains("labels has 2"),
        "{found}"
    );
}

#[test]
fn no_truncated_or_changed_file_makes_a_sound_classifier_of_another_shape() {
    let bytes = fixture("sequence.onnx");
    let manifest = manifest(ROWS, OPEN, true);
    for length in (0..bytes.len()).step_by(211) {
        assert!(
            Classifier::load(&bytes[..length], &manifest).is_err(),
            "{length}"
        );
    }
}
