//! `extract --mode image`, and pictures that are no pictures.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use crate::bounds::bombs;
use crate::program::{
    clip_bytes, clip_frame, extract, huge_header_jpeg, one_pixel_jpeg, relay, run,
};
use serde_json::Value;

fn images(paths: &[PathBuf]) -> Vec<Value> {
    images_with(&[], paths)
}

fn images_with(options: &[&str], paths: &[PathBuf]) -> Vec<Value> {
    let options = ["--mode", "image"].iter().chain(options);
    let mut arguments: Vec<OsString> = options.map(Into::into).collect();
    arguments.extend(paths.iter().map(|path| path.clone().into_os_string()));
    extract(&arguments).objects()
}

#[test]
fn an_image_depends_on_no_other_and_lines_come_in_order() {
    let numbers = [0, 20, 42, 7, 33, 1, 12, 25, 38, 5, 16, 29];
    let there = images(&numbers.map(clip_frame));
    let mut back = images(
        &numbers
            .map(clip_frame)
            .into_iter()
            .rev()
            .collect::<Vec<_>>(),
    );
    back.reverse();
    for (position, (mut a, mut b)) in there.into_iter().zip(back).enumerate() {
        assert_eq!(a["index"], position);
        for field in ["index", "timestamp_us"] {
            let (a, b) = (a.as_object_mut().unwrap(), b.as_object_mut().unwrap());
            assert!(a.remove(field).is_some() && b.remove(field).is_some());
        }
        assert_eq!(a, b, "image {position}");
    }
}

/// MediaPipe got the same pixels (a PNG), so its numbers come out to the digits that `tests/golden` keeps: seven, which
/// are about 0.0001 pixel. A thousandth of a pixel leaves room for another C library's sine and exponential.
#[test]
fn a_still_gives_mediapipes_numbers_from_end_to_end() {
    const LIMIT_PX: f64 = 0.001;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let golden = std::fs::read(repository.join("tests/golden/astronaut.image.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let expected = &golden["frames"][0];
    let picture = repository.join("tests/fixtures/images/astronaut.png");
    let found = &images_with(&["--face", "468"], &[picture])[0];
    let side = |name: &str| golden[name].as_f64().unwrap();
    let size = [side("width"), side("height")];
    for (part, count) in [("pose", 33), ("face", 468)] {
        let points = |keypoints: &Value| keypoints[part].as_array().unwrap().clone();
        let (found, expected) = (points(found), points(expected));
        assert_eq!((found.len(), expected.len()), (count, count));
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            for (axis, side) in size.into_iter().enumerate() {
                let value = |point: &Value| point[axis].as_f64().unwrap() * side;
                let difference = (value(found) - value(expected)).abs();
                assert!(
                    difference <= LIMIT_PX,
                    "{part} {index}, axis {axis}: {difference} px"
                );
            }
        }
    }
    for hand in ["left_hand", "right_hand"] {
        assert!(found[hand].is_null() && expected[hand].is_null());
    }
}

#[test]
fn every_bad_picture_has_its_code_and_the_good_ones_their_keypoints() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(path(name), bytes).unwrap();
        path(name)
    };
    let paths = [
        clip_frame(0),
        path("missing.jpg"),
        write("empty.jpg", b""),
        write("text.jpg", b"this is no picture"),
        write("huge.jpg", &huge_header_jpeg()),
        write("cut.jpg", &clip_bytes(1)[..500]),
        write("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR"),
        write("pixel.jpg", &one_pixel_jpeg()),
        clip_frame(1),
    ];
    for mode in ["video", "image"] {
        let mut arguments = vec![OsString::from("--mode"), mode.into()];
        arguments.extend(paths.iter().map(|path| path.clone().into_os_string()));
        let output = extract(&arguments);
        assert_eq!(output.status, 1, "{mode}");
        let codes = output.codes();
        let codes: Vec<_> = codes.iter().map(Option::as_deref).collect();
        assert_eq!(
            codes,
            [
                None,
                Some("file-unreadable"),
                Some("empty-frame"),
                Some("not-a-jpeg"),
                Some("too-many-pixels"),
                Some("malformed-picture"),
                Some("malformed-picture"),
                None,
                None
            ],
            "{mode}"
        );
        let lines = output.objects();
        assert!(lines.iter().enumerate().all(|(n, line)| line["index"] == n));
        assert_eq!(
            (&lines[7]["width"], &lines[7]["pose"]),
            (&1.into(), &Value::Null)
        );
        assert!(lines[8]["pose"].is_array());
    }
}

/// Were they computed, some would take minutes, and a pipe has no end.
#[cfg(unix)]
#[test]
fn a_folder_of_traps_gives_an_error_for_each_picture_and_the_keypoints_of_the_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let palette = include_bytes!("../../../../fuzz/corpus/png/palette-of-4-bytes");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.jpg"))
        .status();
    assert!(made.unwrap().success());
    for (name, bytes) in [
        ("a.jpg", &bombs::lossless(20)),
        ("b.jpg", &bombs::refined(400)),
        ("c.png", &palette.to_vec()),
        ("d\x1b[31m\n.jpg", &b"no picture".to_vec()),
        ("e.jpg", &clip_bytes(0)),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = extract(&[folder.path()]);
    assert_eq!(output.status, 1);
    let codes = output.codes();
    let codes: Vec<_> = codes.iter().map(Option::as_deref).collect();
    assert_eq!(
        codes,
        [
            Some("unsupported-picture"),
            Some("unsupported-picture"),
            Some("malformed-picture"),
            Some("not-a-jpeg"),
            None
        ]
    );
    let text = String::from_utf8(output.stdout).unwrap() + &output.stderr;
    assert!(
        text.chars()
            .all(|letter| letter == '\n' || !letter.is_control())
    );
}

#[test]
fn bad_pictures_on_standard_input_keep_their_index() {
    let input = [
        clip_bytes(0).as_slice(),
        &clip_bytes(1)[..100],
        &clip_bytes(1),
        b"neither padding nor a picture",
        &clip_bytes(2),
        &clip_bytes(3)[..4000],
    ]
    .concat();
    let output = run(relay().args(["extract", "-"]), input);
    assert_eq!(output.status, 1);
    let codes = output.codes();
    let has_failed: Vec<_> = codes.iter().map(Option::is_some).collect();
    assert_eq!(has_failed[..4], [false, true, false, false]);
    assert_eq!(codes.len(), 5);
    assert!(
        output.stderr.contains("skipped 29 bytes"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_run_without_any_picture_fails() {
    let folder = tempfile::tempdir().unwrap();
    let of_folder = extract(&[folder.path()]);
    let of_nothing = run(relay().args(["extract", "-"]), Vec::new());
    for output in [of_folder, of_nothing] {
        assert_eq!(output.status, 1);
        assert!(output.stdout.is_empty());
        assert!(output.stderr.contains("no picture"), "{}", output.stderr);
    }
}

#[test]
fn a_stream_without_a_picture_is_an_error_beside_files_too() {
    let picture = clip_frame(0);
    let alone = run(relay().args(["extract", "-"]), b"no picture".to_vec());
    assert_eq!((alone.status, alone.stdout.len()), (1, 0));
    let beside = run(
        relay().args(["extract", "-"]).arg(picture),
        b"no picture".to_vec(),
    );
    assert_eq!((beside.status, beside.codes()), (1, vec![None]));
    for output in [alone, beside] {
        assert_eq!(
            output.stderr,
            "live-keypoints-relay: skipped 10 bytes of standard input that belong to no picture\n\
             live-keypoints-relay: no picture on standard input\n"
        );
    }
}

/// What cameras and containers write between pictures takes no index and no time.
#[test]
fn bytes_between_pictures_are_skipped_and_told_once() {
    let pictures = [0, 1, 2].map(clip_bytes);
    let plain = run(relay().args(["extract", "-"]), pictures.concat());
    assert_eq!((plain.status, plain.stderr.as_str()), (0, ""));
    for between in [
        b"\xFF\xD9".as_slice(),
        b"\0\0\0",
        b"\r\n--boundary\r\nContent-Type: image/jpeg\r\nContent-Length: 16749\r\n\r\n",
        b"\x0000dc\x6D\x41\0\0",
    ] {
        let stream = [between, &pictures.join(between), between].concat();
        let output = run(relay().args(["extract", "-"]), stream);
        assert!(output.stdout == plain.stdout, "{between:?}");
        let bytes = 4 * between.len();
        let told = format!(
            "live-keypoints-relay: skipped {bytes} bytes of standard input that belong to no picture\n"
        );
        assert_eq!((output.status, output.stderr), (0, told));
    }
}

#[test]
fn every_line_names_its_file_and_the_folder_that_it_is_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("inner")).unwrap();
    std::fs::write(path("inner/quote\"é.jpg"), clip_bytes(0)).unwrap();
    std::fs::write(path("text.jpg"), b"this is no picture").unwrap();
    let paths = [path("text.jpg"), path("inner"), path("missing.jpg")];
    let files = [
        path("text.jpg"),
        path("inner/quote\"é.jpg"),
        path("missing.jpg"),
    ];
    for mode in ["video", "image"] {
        let mut arguments = vec![OsString::from("--mode"), mode.into()];
        arguments.extend(paths.iter().map(|path| path.clone().into_os_string()));
        let lines = extract(&arguments).objects();
        let named: Vec<_> = lines.iter().map(|line| line["file"].as_str()).collect();
        let expected: Vec<_> = files.iter().map(|file| file.to_str()).collect();
        assert_eq!(named, expected, "{mode}");
        assert!(lines[0]["error"].is_object() && lines[2]["error"].is_object());
    }
}
