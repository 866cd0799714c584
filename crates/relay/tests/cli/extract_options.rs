//! What `extract` is told on the command line: models, output, and what is refused.

use std::ffi::OsString;
use std::path::Path;

use crate::program::{Output, clip_bytes, clip_frame, extract};

fn with_models(folder: &Path) -> Output {
    let arguments: [OsString; 3] = ["--models".into(), folder.into(), clip_frame(0).into()];
    extract(&arguments)
}

/// A folder with the files of the embedded models.
fn model_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/models");
    for entry in std::fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "onnx")
        {
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

#[test]
fn models_of_a_folder_are_those_of_the_program() {
    let folder = model_folder();
    assert!(with_models(folder.path()) == extract(&[clip_frame(0)]));
}

#[test]
fn a_model_file_that_is_of_no_use_is_named_with_the_reason() {
    let folder = model_folder();
    let file = folder.path().join("hand_recrop.onnx");
    let check = |code: &str| {
        let output = with_models(folder.path());
        assert_eq!((output.status, output.stdout.len()), (1, 0), "{code}");
        assert!(output.stderr.contains(code), "{}", output.stderr);
        assert!(
            output.stderr.contains("hand_recrop.onnx"),
            "{}",
            output.stderr
        );
    };
    std::fs::copy(folder.path().join("face_landmark.onnx"), &file).unwrap();
    check("model-mismatch");
    std::fs::write(&file, b"<!doctype html><title>Not found</title>").unwrap();
    check("model-malformed");
    std::fs::write(&file, b"").unwrap();
    check("model-m");
    std::fs::remove_file(&file).unwrap();
    check("model-missing");
}

#[test]
fn a_folder_of_models_that_is_not_there_is_an_error() {
    let output = with_models(Path::new("no/such/folder"));
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("model-missing"), "{}", output.stderr);
    assert!(
        output.stderr.contains("no/such/folder"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_lite_models_are_others() {
    let frame = clip_frame(0).into_os_string();
    let lite = extract(&["--quality".into(), "lite".into(), frame.clone()]);
    assert_eq!(lite.status, 0);
    assert!(lite.stdout != extract(&[frame]).stdout);
}

#[test]
fn a_file_gets_what_standard_output_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    for format in ["jsonl", "pose"] {
        let arguments: Vec<OsString> = vec!["--format".into(), format.into(), clip_frame(0).into()];
        let printed = extract(&arguments);
        let arguments = [vec!["-o".into(), path.clone().into()], arguments].concat();
        let written = extract(&arguments);
        assert_eq!((written.status, written.stdout.len()), (0, 0), "{format}");
        assert!(std::fs::read(&path).unwrap() == printed.stdout, "{format}");
    }
    // Header, one frame of 576 points, 576 confidences.
    let length = std::fs::metadata(&path).unwrap().len();
    assert!(length > 576 * 16 && length < 576 * 16 + 20_000, "{length}");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let path = "no/such/folder/out.jsonl";
    let output = extract(&["-o".into(), path.into(), clip_frame(0).into_os_string()]);
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains(path), "{}", output.stderr);
}

#[test]
fn a_wrong_command_line_ends_with_status_two() {
    for arguments in [
        &[] as &[&str],
        &["--mode", "film", "x.jpg"],
        &["--quality", "best", "x.jpg"],
        &["--format", "xml", "x.jpg"],
        &["--workers", "0", "x.jpg"],
        &["--workers", "5", "x.jpg"],
        &["--fps", "0", "x.jpg"],
        &["--fps", "many", "x.jpg"],
        &["--max-pixels", "0", "x.jpg"],
        &["--no-such-option", "x.jpg"],
        &["-", "-"],
    ] {
        let output = extract(arguments);
        assert_eq!(
            (output.status, output.stdout.len()),
            (2, 0),
            "{arguments:?}"
        );
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

/// A grey JPEG of one shade.
fn grey_jpeg(width: u16, height: u16) -> Vec<u8> {
    let pixels = vec![128; usize::from(width) * usize::from(height)];
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 50)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)
        .unwrap();
    bytes
}

#[test]
fn the_limit_on_pixels_can_be_raised_and_lowered() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, grey_jpeg(6000, 6000)).unwrap();
    let codes = |limit: &[&str], path: &Path| {
        let mut arguments: Vec<OsString> = limit.iter().map(Into::into).collect();
        arguments.push(path.into());
        extract(&arguments).codes()
    };
    let refused = [Some("too-many-pixels".to_owned())];
    assert_eq!(codes(&[], &photo), refused);
    assert_eq!(codes(&["--max-pixels", "35999999"], &photo), refused);
    assert_eq!(codes(&["--max-pixels", "36000000"], &photo), [None]);
    assert_eq!(codes(&["--max-pixels", "100"], &clip_frame(0)), refused);
    // A file of 33 MiB: what follows the picture's end is ignored by the decoder.
    let long = folder.path().join("long.jpg");
    let mut bytes = clip_bytes(0);
    bytes.resize(33 << 20, 0);
    std::fs::write(&long, bytes).unwrap();
    assert_eq!(codes(&[], &long), [Some("too-many-bytes".to_owned())]);
    assert_eq!(codes(&["--max-pixels", "36000000"], &long), [None]);
}

#[test]
fn a_folder_whose_numbers_go_down_is_told_once() {
    let order = |names: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), grey_jpeg(16, 16)).unwrap();
        }
        let output = extract(&[folder.path(), folder.path()]);
        let file = |line: &serde_json::Value| line["file"].as_str().unwrap().to_owned();
        let files: Vec<_> = output.objects().iter().map(file).collect();
        let mut sorted = files.clone();
        sorted.truncate(names.len());
        sorted.sort();
        assert_eq!(files, [sorted.clone(), sorted].concat());
        output.stderr
    };
    assert_eq!(order(&["frame02.jpg", "frame10.jpg", "other.jpg"]), "");
    let told = order(&[
        "frame1.jpg",
        "frame2.jpg",
        "frame10.jpg",
        "frame20.jpg",
        "frame3.jpg",
    ]);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("frame10.jpg comes before "), "{told}");
    assert!(
        told.contains("frame2.jpg: ") && told.contains("bytewise"),
        "{told}"
    );
}
