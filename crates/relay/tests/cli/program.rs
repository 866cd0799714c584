//! The program as its user runs it, and pictures to feed it with.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

/// The program, to be given arguments.
pub(crate) fn relay() -> Command {
    Command::new(env!("CARGO_BIN_EXE_live-keypoints-relay"))
}

/// `serve` on a free port, ended with this.
pub(crate) struct Relay {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Relay {
    /// Starts a command that has all its arguments but these.
    pub(crate) fn start(command: &mut Command, arguments: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// Sends it a signal, as `kill` names it.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run printed, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Runs a command to its end with these bytes as standard input.
pub(crate) fn run(command: &mut Command, input: Vec<u8>) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends before it has read everything closes the pipe, which is no failure of the test's.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Output {
        status: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `extract` with these arguments.
pub(crate) fn extract<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    run(relay().arg("extract").args(arguments), Vec::new())
}

impl Output {
    /// Its lines as JSON.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let text = str::from_utf8(&self.stdout).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// As it would be without the names of files.
    pub(crate) fn without_files(mut self) -> Self {
        let text = String::from_utf8(self.stdout).unwrap();
        let lines = text
            .lines()
            .map(|line| match line.rsplit_once(",\"file\":") {
                Some((rest, _)) => format!("{rest}}}\n"),
                None => format!("{line}\n"),
            });
        self.stdout = lines.collect::<String>().into_bytes();
        self
    }

    /// The error codes of its lines, `None` for keypoints.
    pub(crate) fn codes(&self) -> Vec<Option<String>> {
        let code = |line: &Value| Some(line.get("error")?.get("code")?.as_str()?.to_owned());
        self.objects().iter().map(code).collect()
    }
}

/// The folder of the clip: 43 JPEGs of 320×240.
pub(crate) fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clips/fingers")
}

/// One frame of the clip.
pub(crate) fn clip_frame(number: usize) -> PathBuf {
    clip().join(format!("{number:03}.jpg"))
}

/// The bytes of one frame of the clip.
pub(crate) fn clip_bytes(number: usize) -> Vec<u8> {
    std::fs::read(clip_frame(number)).unwrap()
}

/// An RGB PNG.
pub(crate) fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A grey JPEG of one pixel.
pub(crate) fn one_pixel_jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 90)
        .encode(&[128], 1, 1, jpeg_encoder::ColorType::Luma)
        .unwrap();
    bytes
}

/// That JPEG, with a header that says it has 65,535 × 65,535 pixels.
pub(crate) fn huge_header_jpeg() -> Vec<u8> {
    let mut bytes = one_pixel_jpeg();
    let frame_header = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    bytes[frame_header + 5..frame_header + 9].fill(0xFF);
    bytes
}
