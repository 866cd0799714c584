//! `extract` with the landmarkers, irises, expressions, more hands than two, and hands that are recovered.

use std::ffi::OsString;

use serde_json::{Value, json};

use crate::program::{Output, clip_frame, extract};

/// `extract` with these options on the first frames of the clip.
fn of_clip(options: &[&str]) -> Output {
    let mut arguments: Vec<OsString> = options.iter().map(Into::into).collect();
    arguments.extend((0..3).map(|number| clip_frame(number).into_os_string()));
    extract(&arguments)
}

const ALL: [&str; 4] = [
    "--graph=landmarkers",
    "--blendshapes",
    "--num-hands=3",
    "--workers=2",
];

fn length(part: &Value) -> usize {
    part.as_array().unwrap().len()
}

#[test]
fn the_landmarkers_give_irises_expressions_and_all_hands() {
    let output = of_clip(&ALL);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    for line in output.objects() {
        assert_eq!(length(&line["pose"]), 33);
        assert_eq!(length(&line["face"]), 478);
        assert_eq!(length(&line["blendshapes"]), 52);
        let hand = &line["hands"][0];
        assert_eq!(hand["handedness"], "Left");
        assert!(hand["score"].as_f64().unwrap() > 0.9);
        assert_eq!(hand["points"], line["left_hand"]);
        assert_eq!(length(&hand["world"]), 21);
    }
}

#[test]
fn any_number_of_workers_gives_the_same_bytes_in_every_graph() {
    let with = |options: &[&str], workers: &str| {
        let output = of_clip(&[options, &[workers]].concat());
        assert_eq!(output.status, 0);
        output
    };
    let landmarkers = &ALL[..3];
    let recover = ["--hands=recover"];
    for options in [landmarkers, &["--blendshapes"], &["--face=468"], &recover] {
        let one = with(options, "--workers=1");
        for workers in ["--workers=2", "--workers=4"] {
            assert!(with(options, workers) == one, "{options:?} {workers}");
        }
    }
}

#[test]
fn holistic_has_a_face_of_its_own_with_irises_and_no_list_of_hands() {
    let mesh = of_clip(&["--face", "468"]).objects();
    let with_irises = of_clip(&[]).objects();
    for (mesh, with_irises) in mesh.iter().zip(&with_irises) {
        assert_eq!(length(&mesh["face"]), 468);
        assert_eq!(length(&with_irises["face"]), 478);
        assert_eq!(with_irises.get("blendshapes"), None);
        assert_eq!(with_irises.get("hands"), None);
        assert_eq!(with_irises["pose"], mesh["pose"]);
    }
}

#[test]
fn lines_say_where_hands_come_from_that_may_be_recovered() {
    for line in of_clip(&["--hands=recover"]).objects() {
        let sources = json!({ "left_hand": "body", "right_hand": null });
        assert_eq!(line["hand_sources"], sources);
    }
    for line in of_clip(&["--hands=body"]).objects() {
        assert_eq!(line.get("hand_sources"), None);
    }
}

#[test]
fn a_pose_file_has_the_irises_that_were_asked_for() {
    let length = |options: &[&str]| {
        let output = of_clip(&[options, &["--format=pose"]].concat());
        assert_eq!(output.status, 0);
        output.stdout.len()
    };
    // Their names, three letters behind two bytes of length; and 16 bytes a point and frame.
    let irises = 10 * 5 + 3 * 10 * 16;
    assert_eq!(length(&[]), length(&["--face=468"]) + irises);
}

#[test]
fn options_that_exclude_each_other_end_with_status_two() {
    for (options, named) in [
        (&["--blendshapes", "--face=468"][..], ["blendshapes", "478"]),
        (&["--num-hands=3"], ["num_hands", "holistic"]),
        (&["--num-hands=5", "--graph=landmarkers"], ["5", "4"]),
        (&["--face=470"], ["470", "478"]),
        (
            &["--hands=recover", "--graph=landmarkers"],
            ["hands", "graph"],
        ),
        (&["--hands=both"], ["both", "recover"]),
    ] {
        let output = of_clip(options);
        assert_eq!((output.status, output.stdout.len()), (2, 0), "{options:?}");
        for name in named {
            assert!(output.stderr.contains(name), "{}", output.stderr);
        }
    }
}

#[test]
fn only_the_models_that_are_needed_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/models");
    let copy = |name: &str| {
        let name = format!("{name}.onnx");
        std::fs::copy(models.join(&name), folder.path().join(&name)).unwrap();
    };
    let with = |options: &[&str]| {
        let folder = folder.path().to_str().unwrap();
        of_clip(&[&["--models", folder], options].concat())
    };
    for name in [
        "pose_detection",
        "pose_landmark_full",
        "hand_recrop",
        "hand_landmark_full",
        "face_detection_short_range",
        "face_landmarks_478",
    ] {
        copy(name);
    }
    assert!(with(&[]) == of_clip(&[]));
    for (options, model) in [
        (&["--graph=landmarkers"][..], "palm_detection_full.onnx"),
        (&["--hands=recover"], "palm_detection_full.onnx"),
        (&["--face=468"], "face_landmark.onnx"),
    ] {
        let output = with(options);
        assert_eq!((output.status, output.stdout.len()), (1, 0));
        assert!(output.stderr.contains("model-missing"), "{}", output.stderr);
        assert!(output.stderr.contains(model), "{}", output.stderr);
    }
    copy("palm_detection_full");
    assert!(with(&["--graph=landmarkers"]) == of_clip(&["--graph=landmarkers"]));
}
