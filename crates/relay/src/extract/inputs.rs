//! Files, folders and standard input as a run of frames.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use live_keypoints_pipeline::PictureError;
use live_keypoints_pipeline::picture::DecodeLimits;
use thiserror::Error;

use super::Picture;
use super::mjpeg::MjpegReader;
use super::name_order::counts_down;
use crate::frame::Frame;

/// Endings of the files that are taken from a folder, in any case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

#[derive(Debug)]
enum Input {
    File(PathBuf),
    /// A folder that could not be listed, as a picture that fails.
    Unlisted(PathBuf, io::Error),
    Stdin,
}

/// Why the inputs cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputsError {
    /// `-` stands there twice.
    #[error("standard input, `-`, can be given once only")]
    StandardInputTwice,
}

/// What has been read of standard input so far.
#[derive(Debug, Default)]
pub struct StandardInput {
    pictures: AtomicU64,
    skipped_bytes: AtomicU64,
}

impl StandardInput {
    /// Pictures, those that fail included.
    #[must_use]
    pub fn pictures(&self) -> u64 {
        self.pictures.load(Ordering::Relaxed)
    }

    /// Bytes that belong to no picture.
    #[must_use]
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped_bytes.load(Ordering::Relaxed)
    }
}

/// The pictures of a list of inputs, read one at a time.
#[derive(Debug)]
pub struct Inputs {
    waiting: VecDeque<Input>,
    stream: Option<MjpegReader<BufReader<Stdin>>>,
    standard_input: Option<Arc<StandardInput>>,
    numbers_turned_round: Option<[PathBuf; 2]>,
    limits: DecodeLimits,
}

impl Inputs {
    /// Takes files, folders (regular files with a picture's ending, in bytewise order of the names, not those of folders
    /// inside), and `-` for
    /// concatenated JPEGs on standard input. What cannot be read becomes a frame that fails. No picture is read yet.
    ///
    /// # Errors
    /// [`InputsError`].
    pub fn new(paths: &[PathBuf], limits: DecodeLimits) -> Result<Self, InputsError> {
        let mut waiting = VecDeque::new();
        let mut standard_input = None;
        let mut numbers_turned_round = None;
        for path in paths {
            if path.as_os_str() == "-" {
                if standard_input.replace(Arc::default()).is_some() {
                    return Err(InputsError::StandardInputTwice);
                }
                waiting.push_back(Input::Stdin);
            } else if path.is_dir() {
                match pictures_in(path) {
                    Ok(files) => {
                        numbers_turned_round =
                            numbers_turned_round.or_else(|| turned_round(&files));
                        waiting.extend(files.into_iter().map(Input::File));
                    }
                    Err(error) => waiting.push_back(Input::Unlisted(path.clone(), error)),
                }
            } else {
                waiting.push_back(Input::File(path.clone()));
            }
        }
        Ok(Self {
            waiting,
            stream: None,
            standard_input,
            numbers_turned_round,
            limits,
        })
    }

    /// Number of pictures, where no standard input hides it.
    #[must_use]
    pub fn known_length(&self) -> Option<usize> {
        self.standard_input.is_none().then_some(self.waiting.len())
    }

    /// Counts standard input as it is read, if it is among the inputs.
    #[must_use]
    pub fn standard_input(&self) -> Option<Arc<StandardInput>> {
        self.standard_input.clone()
    }

    /// The first two files of a folder that follow each other in bytewise order with falling numbers, as `frame10.jpg` and
    /// `frame2.jpg` do.
    #[must_use]
    pub fn numbers_turned_round(&self) -> Option<&[PathBuf; 2]> {
        self.numbers_turned_round.as_ref()
    }

    /// The first of the inputs that is this very file.
    #[must_use]
    pub fn find(&self, file: &Path) -> Option<&Path> {
        let file = file.canonicalize().ok()?;
        let paths = self.waiting.iter().filter_map(|input| match input {
            Input::File(path) => Some(path.as_path()),
            Input::Unlisted(..) | Input::Stdin => None,
        });
        let is_same = |path: &&Path| path.canonicalize().is_ok_and(|other| other == file);
        paths.into_iter().find(is_same)
    }

    fn next_of_stream(&mut self) -> Option<Frame> {
        let stream = self.stream.as_mut()?;
        let next = stream.next_picture();
        let counts = self.standard_input.get_or_insert_default();
        let skipped = stream.skipped_bytes();
        counts.skipped_bytes.store(skipped, Ordering::Relaxed);
        let frame = next.unwrap_or_else(|error| {
            self.stream = None;
            let message = format!("standard input cannot be read: {error}");
            Some(Frame::unreadable(message))
        })?;
        counts.pictures.fetch_add(1, Ordering::Relaxed);
        Some(frame)
    }
}

impl Iterator for Inputs {
    type Item = Picture;

    fn next(&mut self) -> Option<Picture> {
        loop {
            if let Some(frame) = self.next_of_stream() {
                return Some(frame.into());
            }
            self.stream = None;
            let (frame, path) = match self.waiting.pop_front()? {
                Input::File(path) => (read_file(&path, self.limits), path),
                Input::Unlisted(path, error) => (unreadable(&path, &error), path),
                Input::Stdin => {
                    let input = BufReader::with_capacity(1 << 16, io::stdin());
                    self.stream = Some(MjpegReader::new(input, self.limits.max_bytes));
                    continue;
                }
            };
            let file = Some(path.to_string_lossy().into_owned());
            return Some(Picture { frame, file });
        }
    }
}

fn turned_round(files: &[PathBuf]) -> Option<[PathBuf; 2]> {
    let name = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
    let mut pairs = files.array_windows();
    let [first, second] = pairs.find(|[a, b]| counts_down(&name(a), &name(b)))?;
    Some([first.clone(), second.clone()])
}

fn pictures_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        // Neither folders nor pipes and devices, which may give bytes for ever. A link that leads nowhere is told later.
        let is_file = std::fs::metadata(folder.join(&name)).map_or(true, |found| found.is_file());
        if is_file && is_picture(Path::new(&name)) {
            names.push(name);
        }
    }
    names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

fn is_picture(name: &Path) -> bool {
    let extension = name.extension().and_then(OsStr::to_str);
    extension.is_some_and(|e| EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

fn read_file(path: &Path, limits: DecodeLimits) -> Frame {
    let most = limits.max_bytes as u64 + 1;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    match read {
        Err(error) => unreadable(path, &error),
        Ok(length) if length > limits.max_bytes => {
            // A device says that it has none.
            let size = std::fs::metadata(path).map_or(0, |m| m.len());
            let size = size.max(length as u64);
            Frame::Unreadable(too_many_bytes(size, limits.max_bytes).into())
        }
        Ok(_) => Frame::from_file_bytes(bytes),
    }
}

pub(super) fn too_many_bytes(bytes: u64, max_bytes: usize) -> PictureError {
    PictureError::TooManyBytes {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        max_bytes,
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Frame {
    Frame::unreadable(format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_pictures_in_bytewise_order() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "b.JPG",
            "a.jpeg",
            "a.png",
            "B.jpg",
            "notes.txt",
            "10.Jpg",
            "9.jpg",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        std::fs::create_dir(folder.path().join("inner.jpg")).unwrap();
        let inputs = Inputs::new(&[folder.path().to_owned()], DecodeLimits::default()).unwrap();
        assert_eq!(inputs.known_length(), Some(6));
        let contents: Vec<_> = inputs
            .map(|picture| match picture.frame {
                Frame::Jpeg(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            contents,
            ["10.Jpg", "9.jpg", "B.jpg", "a.jpeg", "a.png", "b.JPG"]
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_frame_that_fails() {
        let paths = [PathBuf::from("/no/such/file.jpg")];
        let pictures: Vec<_> = Inputs::new(&paths, DecodeLimits::default())
            .unwrap()
            .collect();
        let [picture] = pictures.as_slice() else {
            panic!("{pictures:?}");
        };
        let Frame::Unreadable(error) = &picture.frame else {
            panic!("{picture:?}");
        };
        assert_eq!(picture.file.as_deref(), Some("/no/such/file.jpg"));
        assert_eq!(error.code.as_str(), "file-unreadable");
        assert!(error.message.contains("/no/such/file.jpg"));
    }

    #[test]
    fn a_file_over_the_limit_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.jpg");
        std::fs::write(&path, [0; 100]).unwrap();
        let limits = DecodeLimits {
            max_bytes: 10,
            ..DecodeLimits::default()
        };
        let Frame::Unreadable(error) = read_file(&path, limits) else {
            panic!();
        };
        assert_eq!(error.code.as_str(), "too-many-bytes");
        assert!(error.message.contains("100 bytes"), "{}", error.message);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_that_has_no_end_is_over_the_limit_by_what_was_read() {
        let Frame::Unreadable(error) = read_file(Path::new("/dev/zero"), DecodeLimits::default())
        else {
            panic!();
        };
        assert!(error.message.contains("33554433 bytes"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_gives_regular_files_and_links_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a.jpg"), "a").unwrap();
        std::os::unix::fs::symlink(path("a.jpg"), path("b.jpg")).unwrap();
        std::os::unix::fs::symlink(path("nowhere"), path("c.jpg")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("d.jpg")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(path("e.jpg"))
            .status();
        assert!(made.unwrap().success());
        let inputs = Inputs::new(&[folder.path().to_owned()], DecodeLimits::default()).unwrap();
        assert_eq!(inputs.find(&path("b.jpg")), Some(&*path("a.jpg")));
        assert_eq!(inputs.find(&path("e.jpg")), None);
        let files: Vec<_> = inputs.map(|picture| picture.file.unwrap()).collect();
        let expected = ["a.jpg", "b.jpg", "c.jpg"].map(|name| path(name).display().to_string());
        assert_eq!(files, expected);
    }

    #[test]
    fn standard_input_can_be_given_once_only() {
        let dash = PathBuf::from("-");
        let inputs = Inputs::new(&[dash.clone(), dash], DecodeLimits::default());
        assert_eq!(inputs.unwrap_err(), InputsError::StandardInputTwice);
    }
}
