//! The folder of what signs are recognised by: `signs.json`, and the model that it names or `examples.json`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use live_keypoints_pipeline::ErrorCode;
use live_keypoints_pipeline::signs::{
    Classifier, MAX_EXAMPLES_BYTES, MAX_MANIFEST_BYTES, MAX_MODEL_BYTES, Manifest, SignEvent,
    SignRecognizer, SignsError, WindowInput,
};
use thiserror::Error;

/// The manifest's name.
const MANIFEST: &str = "signs.json";
/// The name of what was taught, where the manifest has no model.
const EXAMPLES: &str = "examples.json";
/// Within this time a model must have been read, which is a tenth of a second for 5 MB.
const LOAD_TIME: Duration = Duration::from_secs(30);

/// Why a folder cannot be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignsFolderError {
    /// A file is not there or cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is wrong.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SignsError,
    },
}

impl SignsFolderError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable { .. } => ErrorCode::FileUnreadable,
            Self::Unusable { source, .. } => source.code(),
        }
    }
}

/// A folder whose manifest was read.
#[derive(Clone, Debug)]
pub struct SignsFolder {
    path: PathBuf,
    manifest: Manifest,
}

impl SignsFolder {
    /// Reads the manifest.
    ///
    /// # Errors
    /// [`SignsFolderError`] names the file, and the field that is wrong.
    pub fn open(folder: &Path) -> Result<Self, SignsFolderError> {
        let path = folder.join(MANIFEST);
        let json = read_text(&path, MAX_MANIFEST_BYTES)?;
        let manifest = Manifest::from_json(&json)
            .map_err(|source| SignsFolderError::Unusable { path, source })?;
        Ok(Self {
            path: folder.to_owned(),
            manifest,
        })
    }

    /// What the manifest says.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the model or the examples, too.
    ///
    /// # Errors
    /// [`SignsFolderError`] names the file, and what is wrong with it.
    pub fn load(self) -> Result<Signs, SignsFolderError> {
        let mut recognizer = SignRecognizer::new(self.manifest.clone());
        let Some(model) = self.manifest.model() else {
            let path = self.path.join(EXAMPLES);
            let json = read_text(&path, MAX_EXAMPLES_BYTES)?;
            recognizer
                .import(&json)
                .map_err(|source| SignsFolderError::Unusable { path, source })?;
            // Not in a session's first answer, beside others' frames.
            recognizer.taught().prepare();
            return Ok(Signs {
                recognizer,
                classifier: None,
            });
        };
        let path = self.path.join(model);
        let onnx = read_file(&path, MAX_MODEL_BYTES)?;
        let classifier = load_within(LOAD_TIME, onnx, self.manifest)
            .map_err(|source| SignsFolderError::Unusable { path, source })?;
        Ok(Signs {
            recognizer,
            classifier: Some(classifier),
        })
    }
}

/// What signs are recognised by, ready to run.
#[derive(Debug)]
pub struct Signs {
    /// One that has seen nothing, to be copied.
    recognizer: SignRecognizer,
    /// `None`: by the examples in the recogniser.
    classifier: Option<Classifier>,
}

impl Signs {
    /// A recogniser for another stream.
    #[must_use]
    pub fn recognizer(&self) -> SignRecognizer {
        self.recognizer.clone()
    }

    /// A confidence for each label, for a window of a recogniser of this.
    ///
    /// # Errors
    /// [`SignsError`] of the model's run.
    pub fn run(&self, window: &WindowInput) -> Result<Vec<f32>, SignsError> {
        match &self.classifier {
            Some(classifier) => classifier.run(window),
            None => self.recognizer.taught().run(window),
        }
    }

    /// What the manifest says.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.recognizer.manifest()
    }

    /// What a session that asks for signs takes more than others, in bytes: labels and examples are shared by all.
    #[must_use]
    pub fn max_session_bytes(&self) -> u64 {
        self.recognizer.max_stream_bytes() as u64
    }

    /// Number of signs that it tells apart.
    #[must_use]
    pub fn labels(&self) -> usize {
        match self.classifier {
            Some(_) => self.manifest().labels().len(),
            None => self.recognizer.taught().labels().len(),
        }
    }

    /// Classifies the window that is due in a recogniser of this, if one is.
    ///
    /// # Errors
    /// [`SignsError`] of the model's run.
    pub fn classify_due(
        &self,
        recognizer: &mut SignRecognizer,
    ) -> Result<Option<SignEvent>, SignsError> {
        let Some(window) = recognizer.take_window() else {
            return Ok(None);
        };
        match self.run(&window) {
            Ok(confidences) => recognizer.answer(window.id, &confidences),
            Err(error) => {
                recognizer.abandon(window.id);
                Err(error)
            }
        }
    }
}

fn read_text(path: &Path, most: usize) -> Result<String, SignsFolderError> {
    let bytes = read_file(path, most)?;
    String::from_utf8(bytes).map_err(|error| SignsFolderError::Unreadable {
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidData, error),
    })
}

/// The file; of one that is too long, one byte more than it may have, which is then refused by its length.
fn read_file(path: &Path, most: usize) -> Result<Vec<u8>, SignsFolderError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| SignsFolderError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// A thread cannot be ended: one that is late is left to itself, and ends with the program.
fn load_within(
    time: Duration,
    onnx: Vec<u8>,
    manifest: Manifest,
) -> Result<Classifier, SignsError> {
    let (sender, loaded) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more where it is late.
        let _ = sender.send(Classifier::load(&onnx, &manifest));
    });
    loaded.recv_timeout(time).unwrap_or_else(|error| {
        let reason = match error {
            RecvTimeoutError::Timeout => format!("reading takes longer than {time:?}"),
            // The reader of ONNX panics on some broken files.
            RecvTimeoutError::Disconnected => "its reader gave up".to_owned(),
        };
        Err(SignsError::Model { reason })
    })
}
