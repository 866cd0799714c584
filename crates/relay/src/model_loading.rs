//! Loading models, from the binary or a folder, each on a thread of its own.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::{ErrorCode, ModelError, Options, Quality};
use thiserror::Error;

use crate::late_models::LateModels;
use crate::model_sets::ModelSets;

/// Where model files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelSource {
    /// In the binary.
    #[default]
    Embedded,
    /// In this folder, as `NAME.onnx` with the names of [`ModelKind::name`].
    Folder(PathBuf),
}

/// Why models cannot be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file is not there or cannot be read.
    #[error("the model file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not the model it should be.
    #[error("the model file {} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the pipeline says.
        source: ModelError,
    },
    /// An embedded model is broken, which a sound build does not have.
    #[error("an embedded model cannot be used")]
    Embedded(#[source] ModelError),
}

impl LoadError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable { .. } => ErrorCode::ModelMissing,
            Self::Unusable { source, .. } | Self::Embedded(source) => source.code(),
        }
    }
}

/// Loads the models that these options need, side by side.
///
/// # Errors
/// [`LoadError`] of the first model, in the order of [`ModelKind::needed_by`], that cannot be had.
pub fn load(source: &ModelSource, options: &Options) -> Result<ModelSets, LoadError> {
    let models = load_kinds(source, &ModelKind::needed_by(options))?;
    Ok(ModelSets::new(options.quality, models))
}

/// Loads the models of both qualities, `main` first, and has those of palms, expressions and faces of 468 points loaded
/// when they are needed. A folder need not have these, nor those of the other quality.
///
/// # Errors
/// [`LoadError`] of the first model of `main` that cannot be had, or of one of the other quality that is there and of no use.
pub fn load_all(source: &ModelSource, main: Quality) -> Result<ModelSets, LoadError> {
    let models = load_kinds(source, &ModelKind::of_quality(main))?;
    let mut sets = ModelSets::new(main, models);
    sets.add_late(LateModels::of(source));
    let other = match main {
        Quality::Full => Quality::Lite,
        Quality::Lite => Quality::Full,
    };
    // The face has the same models in every quality.
    let is_of_face = |kind: &ModelKind| {
        matches!(
            kind,
            ModelKind::FaceDetectionShortRange | ModelKind::FaceLandmark478
        )
    };
    let mut kinds = ModelKind::of_quality(other).to_vec();
    kinds.retain(|kind| !is_of_face(kind));
    match load_kinds(source, &kinds) {
        Ok(models) => sets.add_other(models),
        Err(LoadError::Unreadable { path, source }) if source.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), "clients can only have the quality {main:?}");
        }
        Err(error) => return Err(error),
    }
    Ok(sets)
}

/// Within this time all models must have been read, which are some tenths of a second for those of the package.
const LOAD_TIME: Duration = Duration::from_secs(30);

pub(crate) fn load_kinds(source: &ModelSource, kinds: &[ModelKind]) -> Result<Models, LoadError> {
    load_within(LOAD_TIME, source, kinds)
}

/// A thread cannot be ended: one that is late is left to itself, and ends with the program.
fn load_within(
    time: Duration,
    source: &ModelSource,
    kinds: &[ModelKind],
) -> Result<Models, LoadError> {
    let deadline = Instant::now() + time;
    let threads: Vec<_> = kinds
        .iter()
        .map(|kind| (*kind, load_on_thread(source.clone(), *kind)))
        .collect();
    let mut models = Models::new();
    for (kind, loaded) in threads {
        let time_left = deadline.saturating_duration_since(Instant::now());
        let model = loaded.recv_timeout(time_left).unwrap_or_else(|error| {
            let reason = match error {
                RecvTimeoutError::Timeout => format!("reading takes longer than {time:?}"),
                // The reader of ONNX panics on some broken files.
                RecvTimeoutError::Disconnected => "its reader gave up".to_owned(),
            };
            let model = kind.name();
            Err(unusable(
                source,
                ModelError::Malformed { model, reason },
                kind,
            ))
        });
        models.insert(model?);
    }
    Ok(models)
}

fn load_on_thread(source: ModelSource, kind: ModelKind) -> Receiver<Result<Model, LoadError>> {
    let (sender, loaded) = mpsc::channel();
    thread::spawn(move || sender.send(load_one(&source, kind)));
    loaded
}

fn load_one(source: &ModelSource, kind: ModelKind) -> Result<Model, LoadError> {
    let bytes = match source {
        ModelSource::Embedded => Cow::Borrowed(kind.embedded_bytes()),
        ModelSource::Folder(folder) => {
            let path = file_in(folder, kind);
            let bytes =
                std::fs::read(&path).map_err(|source| LoadError::Unreadable { path, source })?;
            Cow::Owned(bytes)
        }
    };
    Model::load(kind, bytes).map_err(|error| unusable(source, error, kind))
}

fn unusable(source: &ModelSource, error: ModelError, kind: ModelKind) -> LoadError {
    match source {
        ModelSource::Embedded => LoadError::Embedded(error),
        ModelSource::Folder(folder) => LoadError::Unusable {
            path: file_in(folder, kind),
            source: error,
        },
    }
}

/// Whether a folder has a file of this name; the binary has all.
pub(crate) fn is_there(source: &ModelSource, kind: ModelKind) -> bool {
    match source {
        ModelSource::Embedded => true,
        ModelSource::Folder(folder) => file_in(folder, kind).exists(),
    }
}

fn file_in(folder: &Path, kind: ModelKind) -> PathBuf {
    folder.join(format!("{}.onnx", kind.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_take_too_long_are_malformed() {
        let kinds = ModelKind::of_quality(Quality::Full);
        let error = load_within(Duration::ZERO, &ModelSource::Embedded, &kinds).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ModelMalformed);
        let LoadError::Embedded(reason) = error else {
            panic!("{error}");
        };
        assert!(reason.to_string().contains("longer than 0ns"), "{reason}");
    }
}
