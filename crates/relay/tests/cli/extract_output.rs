//! The file of `extract -o`: there whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Output, clip_bytes, clip_frame, extract, relay, run};

fn extract_to(output: &Path, inputs: &[&Path]) -> Output {
    let mut arguments: Vec<OsString> = vec!["-o".into(), output.into()];
    arguments.extend(inputs.iter().map(Into::into));
    extract(&arguments)
}

fn names_in(folder: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn an_output_that_is_an_input_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.jpg");
    fs::write(&picture, clip_bytes(0)).unwrap();
    for inputs in [&*picture, folder.path()] {
        let output = extract_to(&picture, &[inputs]);
        assert_eq!((output.status, output.stdout.len()), (1, 0));
        assert!(
            output.stderr.contains("a.jpg is one of the inputs"),
            "{}",
            output.stderr
        );
        assert!(fs::read(&picture).unwrap() == clip_bytes(0));
    }
    assert_eq!(names_in(folder.path()), ["a.jpg"]);
}

#[test]
fn an_earlier_result_stays_until_there_is_a_whole_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (results, frame) = (folder.path().join("results.jsonl"), clip_frame(0));
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(&results, "earlier").unwrap();
    assert_eq!(extract_to(&results, &[&empty]).status, 1);
    assert_eq!(fs::read_to_string(&results).unwrap(), "earlier");
    assert_eq!(extract_to(&results, &[&frame]).status, 0);
    assert!(fs::read(&results).unwrap() == extract(&[frame]).stdout);
    assert_eq!(names_in(folder.path()), ["empty", "results.jsonl"]);
}

#[cfg(unix)]
#[test]
fn the_file_has_the_rights_of_any_new_file_or_those_it_had_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    fs::write(path("plain"), "").unwrap();
    let frame = clip_frame(0);
    assert_eq!(extract_to(&path("new"), &[&frame]).status, 0);
    assert_eq!(mode("new"), mode("plain"));
    fs::set_permissions(path("plain"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("plain", path("link")).unwrap();
    assert_eq!(extract_to(&path("link"), &[&frame]).status, 0);
    assert_eq!(mode("plain"), 0o640);
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
    assert!(fs::read(path("plain")).unwrap() == fs::read(path("new")).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_as_they_are_and_a_full_one_is_an_error() {
    let frame = clip_frame(0);
    for format in ["jsonl", "pose"] {
        let to = |device: &str| {
            let arguments = ["--format", format, "-o", device].map(OsString::from);
            extract(&[&arguments[..], &[frame.clone().into()]].concat())
        };
        let full = to("/dev/full");
        assert_eq!(full.status, 1, "{format}");
        assert!(full.stderr.contains("cannot be written"), "{}", full.stderr);
        assert_eq!(to("/dev/null").status, 0, "{format}");
    }
    let to_stdout = extract_to(Path::new("/dev/stdout"), &[&frame]);
    assert!(to_stdout.stdout == extract(&[frame]).stdout);
}

/// A limit on the size of files stands for a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    for format in ["jsonl", "pose"] {
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
        let mut command = std::process::Command::new("bash");
        command
            .args(["-c", script, "bash"])
            .arg(relay().get_program());
        command
            .args(["extract", "--format", format, "-o"])
            .arg(&results);
        command.args((0..9).map(clip_frame));
        let output = run(&mut command, Vec::new());
        assert_eq!(output.status, 1, "{format}");
        assert!(
            output.stderr.contains("cannot be written"),
            "{}",
            output.stderr
        );
        assert!(
            names_in(folder.path()).is_empty(),
            "{:?}",
            names_in(folder.path())
        );
    }
}

#[cfg(unix)]
#[test]
fn control_characters_of_a_name_do_nothing_to_a_terminal() {
    let output = extract_to(
        Path::new("/no\x1b[31m/such\n\u{9b}folder/x"),
        &[&clip_frame(0)],
    );
    assert_eq!(output.status, 1);
    let expected = r"cannot write /no\u{1b}[31m/such\n\u{9b}folder/x";
    assert!(output.stderr.contains(expected), "{}", output.stderr);
    assert!(
        output
            .stderr
            .trim_end()
            .chars()
            .all(|letter| !letter.is_control())
    );
}

#[test]
fn control_characters_of_a_name_are_escaped_in_the_lines() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a\u{1b}b\u{7f}c\u{9b}d.jpg");
    fs::write(&picture, clip_bytes(0)).unwrap();
    let output = extract(&[&picture]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.ends_with("a\\u001bb\\u007fc\\u009bd.jpg\"}\n"),
        "{text}"
    );
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["file"].as_str(), picture.to_str());
}

/// Standard input stays open, so the program is at work when the signal comes.
#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_behind() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = relay();
        command
            .args(["extract", "-o"])
            .arg(folder.path().join("results.jsonl"));
        let mut program = command.arg("-").stdin(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while names_in(folder.path()).is_empty() {
            assert!(Instant::now() < deadline, "no file was made");
            thread::sleep(Duration::from_millis(5));
        }
        // Waiting for the program would close it.
        let _open = program.stdin.take();
        let id = rustix::process::Pid::from_child(&program);
        rustix::process::kill_process(id, signal).unwrap();
        let status = program.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{status}");
        assert_eq!(names_in(folder.path()), [] as [OsString; 0]);
    }
}
