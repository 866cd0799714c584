use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A sound manifest, to be made wrong.
fn sound() -> Value {
    json!({
        "$schema": "./signs.schema.json",
        "version": 1,
        "model": "m.onnx",
        "labels": ["a", { "gloss": "B" }],
        "features": { "parts": [
            { "part": "pose", "points": [0, "left_shoulder"], "values": ["x", "y"] },
            { "part": "face", "points": "lips", "origin": 1, "unit": [33, 263], "values": ["x", "y"] }
        ] }
    })
}

fn read(manifest: &Value) -> Result<Manifest, SignsError> {
    Manifest::from_json(&manifest.to_string())
}

/// The field and the problem of a manifest with another value at a place; `null` takes the field away.
fn wrong(pointer: &str, value: Value) -> (String, String) {
    let mut manifest = sound();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap() {
        Value::Object(fields) if value.is_null() => drop(fields.remove(name)),
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value)),
        list => list[name.parse::<usize>().unwrap()] = value,
    }
    let error = read(&manifest).unwrap_err();
    assert_eq!(error.code().as_str(), "signs-manifest-invalid");
    match error {
        SignsError::Manifest { field, problem } => (field, problem),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let manifest = read(&sound()).unwrap();
    assert_eq!(manifest.window(), WindowRule::default());
    assert_eq!(manifest.acceptance(), Acceptance::default());
    assert_eq!(manifest.idle(), IdleRule::default());
    assert_eq!(
        (manifest.softmax(), manifest.layout()),
        (false, Layout::FramesPointsValues)
    );
    assert_eq!(manifest.labels().len(), 2);
    // Two points, and the forty of the lips.
    assert_eq!(
        (manifest.features_per_frame(), manifest.values_per_point()),
        (84, Some(2))
    );
}

#[test]
fn the_parts_that_are_needed_are_those_of_the_features_or_more() {
    let needs = |parts: Value| {
        let mut manifest = sound();
        manifest["parts"] = parts;
        read(&manifest).unwrap().needs()
    };
    let mut expected = Parts {
        hands: false,
        ..Parts::ALL
    };
    assert_eq!(read(&sound()).unwrap().needs().parts, expected);
    expected.hands = true;
    let needs = needs(json!(["face", "hands", "pose"]));
    assert_eq!(needs.parts, expected);
    let options = needs.options(Options {
        buffer_size: 3,
        ..Options::default()
    });
    assert_eq!((options.parts, options.buffer_size), (expected, 3));
    let (field, problem) = wrong("/parts", json!(["face"]));
    assert_eq!(field, "parts");
    assert!(problem.contains("\"pose\""), "{problem}");
}

#[test]
fn points_are_named_by_index_name_and_group() {
    let points = |part: &str, points: Value| {
        let part = json!({ "part": part, "points": points, "values": ["x"] });
        let manifest = json!({ "version": 1, "features": { "parts": [part] } });
        match &read(&manifest).unwrap().parts[0].rows {
            Rows::Points(points) => points.clone(),
            Rows::Bones(_) => panic!(),
        }
    };
    assert_eq!(
        points("pose", json!(["nose", 32, "left_wrist"])),
        [0, 32, 15]
    );
    assert_eq!(points("left_hand", json!("all")).len(), 21);
    assert_eq!(points("left_hand", json!("wrist")), [0]);
    assert_eq!(
        points("face", json!("irises")),
        [469, 470, 471, 472, 474, 475, 476, 477]
    );
    assert_eq!(points("face", json!("contours")).len(), 128);
    let groups = [
        "lips",
        "left_eye",
        "left_eyebrow",
        "right_eye",
        "right_eyebrow",
        "oval",
    ];
    assert_eq!(points("face", json!(groups)).len(), 128);
    assert_eq!(
        points("face", json!(["right_iris", 0])),
        [469, 470, 471, 472, 0]
    );
}

#[test]
fn each_wrong_value_is_named_with_its_field() {
    let part = |name: &str| format!("/features/parts/0/{name}");
    for (pointer, value, field, named) in [
        ("/version".to_owned(), json!(2), "version", "2"),
        ("/version".to_owned(), Value::Null, "the file", "version"),
        ("/modell".to_owned(), json!("x"), "modell", "modell"),
        (
            "/model".to_owned(),
            json!("../m.onnx"),
            "model",
            "../m.onnx",
        ),
        ("/model".to_owned(), json!(""), "model", "\"\""),
        ("/model".to_owned(), Value::Null, "labels", "2"),
        ("/labels".to_owned(), json!([]), "labels", "0"),
        ("/labels/1".to_owned(), json!(7), "labels[1]", "7"),
        ("/graph".to_owned(), json!("holy"), "graph", "holy"),
        ("/face".to_owned(), json!(470), "face", "470"),
        ("/parts".to_owned(), json!(["hand"]), "parts[0]", "hand"),
        (
            "/features/parts".to_owned(),
            json!([]),
            "features.parts",
            "0",
        ),
        (
            "/features/layout".to_owned(),
            json!("rows"),
            "features.layout",
            "rows",
        ),
        (
            part("part"),
            json!("foot"),
            "features.parts[0].part",
            "foot",
        ),
        (
            part("points"),
            json!([0, 33]),
            "features.parts[0].points[1]",
            "33",
        ),
        (
            part("points"),
            json!([-1]),
            "features.parts[0].points",
            "it is [-1]",
        ),
        (
            part("points"),
            json!(["lips"]),
            "features.parts[0].points[0]",
            "lips",
        ),
        (
            part("points"),
            json!("legs"),
            "features.parts[0].points",
            "legs",
        ),
        (part("points"), json!([]), "features.parts[0].points", "[]"),
        (part("points"), Value::Null, "features.parts[0]", "bones"),
        (part("bones"), json!("all"), "features.parts[0]", "both"),
        (
            part("origin"),
            json!([11, 11]),
            "features.parts[0].origin",
            "11 twice",
        ),
        (
            part("origin"),
            json!([1, 2, 3]),
            "features.parts[0].origin",
            "two",
        ),
        (
            part("unit"),
            json!([11, "tail"]),
            "features.parts[0].unit[1]",
            "tail",
        ),
        (part("unit"), json!([11]), "features.parts[0].unit", "1"),
        (
            part("reference"),
            json!("pose_world"),
            "features.parts[0].reference",
            "pose_world",
        ),
        (part("values"), json!([]), "features.parts[0].values", "0"),
        (
            part("values"),
            json!(["x", "w"]),
            "features.parts[0].values[1]",
            "w",
        ),
        (
            part("values"),
            json!(["x", "x"]),
            "features.parts[0].values[1]",
            "twice",
        ),
        (
            part("missing"),
            json!(1e30),
            "features.parts[0].missing",
            "1000000",
        ),
        (part("weight"), json!("2"), "features.parts[0].weight", "2"),
        (
            "/window".to_owned(),
            json!({ "least": 0 }),
            "window.least",
            "0",
        ),
        (
            "/window".to_owned(),
            json!({ "least": 51 }),
            "window.least",
            "51",
        ),
        (
            "/window".to_owned(),
            json!({ "most": 513 }),
            "window.most",
            "513",
        ),
        (
            "/window".to_owned(),
            json!({ "stride": 0 }),
            "window.stride",
            "0",
        ),
        (
            "/window".to_owned(),
            json!({ "padding": "first" }),
            "window.padding",
            "first",
        ),
        (
            "/window".to_owned(),
            json!({ "size": 3 }),
            "window.size",
            "size",
        ),
        ("/softmax".to_owned(), json!("yes"), "softmax", "yes"),
        (
            "/acceptance".to_owned(),
            json!({ "confidence": 80 }),
            "acceptance.confidence",
            "80",
        ),
        (
            "/acceptance".to_owned(),
            json!({ "history": 101 }),
            "acceptance.history",
            "101",
        ),
        (
            "/acceptance".to_owned(),
            json!({ "agreement": 6 }),
            "acceptance.agreement",
            "6",
        ),
        (
            "/idle".to_owned(),
            json!({ "frames": 0 }),
            "idle.frames",
            "0",
        ),
        (
            "/idle".to_owned(),
            json!({ "threshold": -1 }),
            "idle.threshold",
            "-1",
        ),
        ("/examples".to_owned(), json!({}), "examples", "model"),
    ] {
        let (found, problem) = wrong(&pointer, value.clone());
        assert_eq!(found, field, "{value} at {pointer}: {problem}");
        assert!(problem.contains(named), "{problem}");
    }
}

#[test]
fn bones_have_neither_origin_nor_visibility_and_a_face_has_none_of_itself() {
    let read = |part: Value| {
        let manifest = json!({ "version": 1, "features": { "parts": [part] } });
        read(&manifest).map_err(|error| error.to_string())
    };
    let hand = |extra: Value| {
        let mut part = json!({ "part": "left_hand", "bones": "all", "values": ["x", "y"] });
        part.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        part
    };
    assert_eq!(read(hand(json!({}))).unwrap().features_per_frame(), 40);
    for (extra, named) in [
        (json!({ "origin": 0 }), "origin"),
        (json!({ "unit": [0, 9] }), "unit"),
        (json!({ "values": ["x", "visibility"] }), "visibility"),
        (json!({ "bones": [] }), "[]"),
        (json!({ "bones": [[0, 21]] }), "bones[0][1]"),
        (json!({ "bones": "fingers" }), "fingers"),
        (json!({ "part": "face" }), "a face has no bones"),
    ] {
        let error = read(hand(extra)).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn either_hand_is_not_for_faces_and_layout_by_value_needs_the_same_values() {
    let mut taught = sound();
    taught
        .as_object_mut()
        .unwrap()
        .retain(|field, _| field != "model" && field != "labels");
    taught["examples"] = json!({ "either_hand": true });
    let error = read(&taught).unwrap_err().to_string();
    assert!(error.contains("examples.either_hand"), "{error}");
    let mut by_value = sound();
    by_value["features"]["layout"] = json!("values-frames-points");
    assert!(read(&by_value).is_ok());
    by_value["features"]["parts"][0]["values"] = json!(["x"]);
    let error = read(&by_value).unwrap_err().to_string();
    assert!(error.contains("features.layout"), "{error}");
}

#[test]
fn features_and_files_have_a_bound() {
    let mut manifest = sound();
    let all: Vec<usize> = (0..33).cycle().take(MAX_FEATURES / 2 + 1).collect();
    manifest["features"]["parts"] =
        json!([{ "part": "pose", "points": all, "values": ["x", "y"] }]);
    let error = read(&manifest).unwrap_err().to_string();
    assert!(
        error.contains("features.parts") && error.contains("8194"),
        "{error}"
    );
    let error = Manifest::from_json(&" ".repeat(MAX_MANIFEST_BYTES + 1)).unwrap_err();
    assert!(error.to_string().contains("4194305"), "{error}");
    let error = Manifest::from_json(&format!("{} 1", sound())).unwrap_err();
    assert!(error.to_string().contains("trailing"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(cut in 0..400_usize, at in 0..400_usize, byte in any::<u8>()) {
        let mut bytes = sound().to_string().into_bytes();
        bytes.truncate(bytes.len().saturating_sub(cut));
        if let Some(changed) = bytes.get_mut(at) {
            *changed = byte;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            let _ = Manifest::from_json(&text);
        }
    }
}
