//! Files, folders and standard input as a run of frames.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Stdin};
use std::path::{Path, PathBuf};

use live_keypoints_pipeline::PictureError;
use live_keypoints_pipeline::picture::DecodeLimits;
use thiserror::Error;

use super::mjpeg::MjpegReader;
use crate::frame::Frame;

/// Endings of the files that are taken from a folder, in any case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

#[derive(Debug)]
enum Input {
    File(PathBuf),
    /// A folder that could not be listed, as a picture that fails.
    Unlisted(PathBuf, io::Error),
    StandardInput,
}

/// Why the inputs cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputsError {
    /// `-` stands there twice.
    #[error("standard input, `-`, can be given once only")]
    StandardInputTwice,
}

/// The frames of a list of inputs, read one at a time.
#[derive(Debug)]
pub struct Inputs {
    waiting: VecDeque<Input>,
    stream: Option<MjpegReader<BufReader<Stdin>>>,
    limits: DecodeLimits,
}

impl Inputs {
    /// Takes files, folders (their pictures in bytewise order of the names, not those of folders inside), and `-` for
    /// concatenated JPEGs on standard input. What cannot be read becomes a frame that fails. No picture is read yet.
    ///
    /// # Errors
    /// [`InputsError`].
    pub fn new(paths: &[PathBuf], limits: DecodeLimits) -> Result<Self, InputsError> {
        let mut waiting = VecDeque::new();
        for path in paths {
            if path.as_os_str() == "-" {
                if waiting.iter().any(|w| matches!(w, Input::StandardInput)) {
                    return Err(InputsError::StandardInputTwice);
                }
                waiting.push_back(Input::StandardInput);
            } else if path.is_dir() {
                match pictures_in(path) {
                    Ok(files) => waiting.extend(files.into_iter().map(Input::File)),
                    Err(error) => waiting.push_back(Input::Unlisted(path.clone(), error)),
                }
            } else {
                waiting.push_back(Input::File(path.clone()));
            }
        }
        Ok(Self {
            waiting,
            stream: None,
            limits,
        })
    }

    /// Number of frames, where no standard input hides it.
    #[must_use]
    pub fn known_length(&self) -> Option<usize> {
        let is_known = !self
            .waiting
            .iter()
            .any(|w| matches!(w, Input::StandardInput));
        is_known.then_some(self.waiting.len())
    }
}

impl Iterator for Inputs {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(stream) = &mut self.stream {
                match stream.next_picture() {
                    Ok(Some(frame)) => return Some(frame),
                    Ok(None) => self.stream = None,
                    Err(error) => {
                        self.stream = None;
                        return Some(Frame::unreadable(format!(
                            "standard input cannot be read: {error}"
                        )));
                    }
                }
            }
            match self.waiting.pop_front()? {
                Input::File(path) => return Some(read_file(&path, self.limits)),
                Input::Unlisted(path, error) => return Some(unreadable(&path, &error)),
                Input::StandardInput => {
                    let input = BufReader::with_capacity(1 << 16, io::stdin());
                    self.stream = Some(MjpegReader::new(input, self.limits.max_bytes));
                }
            }
        }
    }
}

fn pictures_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if is_picture(Path::new(&name)) && !folder.join(&name).is_dir() {
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
            let size = std::fs::metadata(path).map_or(length as u64, |m| m.len());
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
            .map(|frame| match frame {
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
        let frames: Vec<_> = Inputs::new(&paths, DecodeLimits::default())
            .unwrap()
            .collect();
        let [Frame::Unreadable(error)] = frames.as_slice() else {
            panic!("{frames:?}");
        };
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

    #[test]
    fn standard_input_can_be_given_once_only() {
        let dash = PathBuf::from("-");
        let inputs = Inputs::new(&[dash.clone(), dash], DecodeLimits::default());
        assert_eq!(inputs.unwrap_err(), InputsError::StandardInputTwice);
    }
}
