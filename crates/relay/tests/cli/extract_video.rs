//! `extract` on the frames of a video: what it writes, and that nothing else depends on it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;

use crate::program::{clip, clip_bytes, clip_frame, extract, png, relay, run};
use live_keypoints_pipeline::format::jsonl::{HandWorld, write_line};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};
use live_keypoints_pipeline::{FrameResult, InlineExecutor, Options, Quality, Session};
use serde_json::Value;

#[test]
fn the_clip_gives_a_line_a_frame_with_every_field() {
    let output = extract(&[clip()]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let lines = output.objects();
    assert_eq!(lines.len(), 43);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["index"], index);
        assert_eq!(line["timestamp_us"], (index + 1) * 33_333);
        assert_eq!(
            (&line["width"], &line["height"]),
            (&320.into(), &240.into())
        );
        for (part, points, values) in [
            ("pose", 33, 4),
            ("pose_world", 33, 4),
            ("left_hand", 21, 3),
            ("face", 478, 3),
        ] {
            let rows = line[part].as_array().unwrap();
            assert_eq!(rows.len(), points, "{part}");
            assert!(
                rows.iter()
                    .all(|row| row.as_array().unwrap().len() == values)
            );
        }
        assert_eq!(line.get("right_hand"), Some(&Value::Null));
        let scores = line["scores"].as_object().unwrap();
        assert_eq!(scores.len(), 4);
        assert!(scores["pose"].as_f64().unwrap() > 0.9);
        assert_eq!(line["file"], clip_frame(index).to_str().unwrap());
        assert_eq!(line.as_object().unwrap().len(), 11);
    }
}

#[test]
fn any_number_of_workers_gives_the_same_bytes() {
    let output = |workers: &str| {
        let folder = clip();
        let arguments = ["--workers".as_ref(), workers.as_ref(), folder.as_os_str()];
        extract(&arguments)
    };
    let one = output("1");
    assert_eq!(one.status, 0);
    for workers in ["2", "3", "4"] {
        assert!(output(workers) == one, "{workers} workers");
    }
}

#[test]
fn standard_input_gives_the_same_bytes_as_the_folder() {
    let input = (0..43).flat_map(clip_bytes).collect();
    let piped = run(relay().args(["extract", "-"]), input);
    assert!(piped == extract(&[clip()]).without_files());
}

#[test]
fn smoothing_and_frame_rate_matter_and_are_options() {
    let frames = [clip_frame(0), clip_frame(1), clip_frame(2)].map(|path| path.into_os_string());
    let with = |options: &[&str]| {
        let mut arguments: Vec<_> = options.iter().map(Into::into).collect();
        arguments.extend(frames.clone());
        extract(&arguments).objects()
    };
    let plain = with(&[]);
    let raw = with(&["--no-smoothing"]);
    assert_ne!(plain[2]["pose"], raw[2]["pose"]);
    let slow = with(&["--fps", "12.5"]);
    assert_eq!(slow[2]["timestamp_us"], 240_000);
    assert_ne!(plain[2]["pose"], slow[2]["pose"]);
}

#[test]
fn frames_without_motion_are_repeated_on_request_and_nothing_else_changes() {
    let mut frames: Vec<_> = (0..3).map(clip_frame).collect();
    frames.extend(std::iter::repeat_n(clip_frame(3), 12));
    frames.push(clip_frame(20));
    let with = |options: &[&str]| {
        let mut arguments: Vec<_> = options.iter().map(Into::into).collect();
        arguments.extend(frames.iter().map(|path| path.as_os_str().to_owned()));
        extract(&arguments)
    };
    let gated = with(&["--skip-still", "--workers=2"]);
    assert!(with(&["--skip-still", "--workers=1"]) == gated);
    let (gated, plain) = (gated.objects(), with(&[]).objects());
    let still: Vec<usize> = (0..frames.len())
        .filter(|index| gated[*index].get("still") == Some(&true.into()))
        .collect();
    // Six frames without motion come first.
    assert!(
        still.iter().copied().eq(still[0]..15) && (7..=10).contains(&still[0]),
        "{still:?}"
    );
    for index in 0..still[0] {
        assert_eq!(gated[index], plain[index]);
    }
    for index in &still {
        assert_eq!(gated[*index]["face"], gated[still[0] - 1]["face"]);
    }
    assert!(plain.iter().all(|line| line.get("still").is_none()));
}

#[test]
fn pictures_each_from_scratch_have_no_motion_to_tell() {
    let arguments = ["--skip-still", "--mode=image"].map(Into::into);
    let output = extract(&[&arguments[..], &[clip_frame(0).into_os_string()]].concat());
    assert_eq!((output.status, output.stdout.len()), (2, 0));
    assert!(output.stderr.contains("--skip-still"), "{}", output.stderr);
}

#[test]
fn a_broken_picture_fails_alone_and_leaves_tracking_as_if_it_were_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10 {
        let mut bytes = clip_bytes(number);
        if number == 5 {
            bytes.truncate(300);
        }
        std::fs::write(folder.path().join(format!("{number}.jpg")), bytes).unwrap();
    }
    let output = extract(&[folder.path()]).without_files();
    assert_eq!(output.status, 1);
    assert!(
        output.stderr.contains("1 of 10 pictures failed"),
        "{}",
        output.stderr
    );
    let lines: Vec<&[u8]> = output
        .stdout
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    assert_eq!(lines.len(), 10);
    assert!(lines[5].starts_with(b"{\"index\":5,\"error\":{\"code\":\"malformed-picture\""));
    let without = lines_without_frame(5);
    for number in (0..10).filter(|number| *number != 5) {
        assert!(lines[number] == without[number], "frame {number}");
    }
}

/// The lines of the clip's first ten frames with their own capture times, one of which the session never sees.
fn lines_without_frame(left_out: usize) -> Vec<Vec<u8>> {
    let models = Models::embedded(Quality::Full).unwrap();
    let executor = InlineExecutor::new(&models, DecodeLimits::default());
    let mut session: Session<Vec<u8>, Arc<RgbImage>> = Session::new(Options::default()).unwrap();
    (0..10)
        .map(|number| {
            let mut line = Vec::new();
            if number != left_out {
                session.add_frame(clip_bytes(number), (number as i64 + 1) * 33_333, 0);
                executor.run_until_idle(&mut session);
                let Some(FrameResult::Keypoints(mut keypoints)) = session.next_result() else {
                    panic!("frame {number}");
                };
                keypoints.index = number as u64;
                let result = FrameResult::Keypoints(keypoints);
                write_line(&mut line, &result, HandWorld::Omitted).unwrap();
            }
            line
        })
        .collect()
}

#[test]
fn a_change_of_size_starts_tracking_from_scratch() {
    let folder = tempfile::tempdir().unwrap();
    let image = decode_jpeg(&clip_bytes(2), DecodeLimits::default()).unwrap();
    let shorter = folder.path().join("shorter.png");
    std::fs::write(&shorter, png(320, 200, &image.pixels()[..320 * 200 * 3])).unwrap();
    let mixed = extract(&[clip_frame(0), clip_frame(1), shorter.clone(), clip_frame(3)]);
    let found = |line: &Value| {
        let parts = ["pose", "left_hand", "face", "scores", "height"];
        parts.map(|part| line[part].clone())
    };
    let mixed: Vec<_> = mixed.objects().iter().map(found).collect();
    assert_eq!(mixed[2], found(&extract(&[shorter]).objects()[0]));
    assert_eq!(mixed[3], found(&extract(&[clip_frame(3)]).objects()[0]));
    let tracked = extract(&[clip_frame(0), clip_frame(1)]).objects();
    assert_eq!(mixed[1], found(&tracked[1]));
    assert_ne!(mixed[1], found(&extract(&[clip_frame(1)]).objects()[0]));
}

#[test]
fn a_png_of_the_same_pixels_gives_the_same_line() {
    let folder = tempfile::tempdir().unwrap();
    let image = decode_jpeg(&clip_bytes(0), DecodeLimits::default()).unwrap();
    // The content counts, not the ending of the name.
    let path = folder.path().join("picture.jpg");
    std::fs::write(&path, png(320, 240, image.pixels())).unwrap();
    let plain = extract(&[clip_frame(0)]).without_files();
    assert!(extract(&[path]).without_files() == plain);
}

#[test]
fn results_come_while_standard_input_is_still_open() {
    let mut child = relay()
        .args(["extract", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 0..3 {
        std::io::Write::write_all(&mut stdin, &clip_bytes(number)).unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with(&format!("{{\"index\":{number},")));
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_had_enough_ends_the_run_quietly() {
    let mut child = relay()
        .arg("extract")
        .arg(clip())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("{\"index\":0,"));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}
