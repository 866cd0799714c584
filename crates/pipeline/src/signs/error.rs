//! Why a manifest, a model or examples cannot be used.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use thiserror::Error;

use crate::error::ErrorCode;

/// What is wrong with what was given to recognise signs by.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignsError {
    /// A field of the manifest has a value that it must not have.
    #[error("signs manifest: {field} {problem}")]
    Manifest {
        /// The field as a path, such as `window.least` or `features.parts[0].points[3]`.
        field: String,
        /// What the value must be and what it is.
        problem: String,
    },
    /// The model cannot be read, or does not fit the manifest.
    #[error("the sign model cannot be used: {reason}")]
    Model {
        /// What is wrong, with the names and numbers of both sides.
        reason: String,
    },
    /// The model was sound when it was loaded and fails now.
    #[error("the sign model failed: {reason}")]
    ModelFailed {
        /// What the runtime says, or what is wrong with its answer.
        reason: String,
    },
    /// Examples of signs cannot be taken.
    #[error("examples of signs: {field} {problem}")]
    Examples {
        /// The field as a path, such as `examples[2].values`.
        field: String,
        /// What the value must be and what it is.
        problem: String,
    },
}

impl SignsError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Manifest { .. } => ErrorCode::SignsManifestInvalid,
            Self::Model { .. } => ErrorCode::SignsModelInvalid,
            Self::ModelFailed { .. } => ErrorCode::InferenceFailed,
            Self::Examples { .. } => ErrorCode::SignsExamplesInvalid,
        }
    }

    pub(super) fn manifest(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Manifest {
            field: field.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn examples(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Examples {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// Longest value in a message, in letters.
const MAX_SHOWN: usize = 60;

/// Reads JSON, all of it. Else the path of the field that is wrong, and what is wrong with its value.
pub(super) fn read_json<T: DeserializeOwned>(json: &str) -> Result<T, (String, String)> {
    let reader = &mut serde_json::Deserializer::from_str(json);
    let read = serde_path_to_error::deserialize(&mut *reader).map_err(|error| {
        let path = error.path().to_string();
        let value = value_at(json, error.path());
        let problem = format!("cannot be read: {}{value}", error.into_inner());
        (path, problem)
    });
    let of_file = |problem| ("the file".to_owned(), problem);
    match read {
        Ok(read) => match reader.end() {
            Ok(()) => Ok(read),
            Err(error) => Err(of_file(format!("cannot be read: {error}"))),
        },
        Err((path, problem)) if matches!(&*path, "." | "?") => Err(of_file(problem)),
        Err(wrong) => Err(wrong),
    }
}

/// What stands at a path, as the end of a message; nothing where the path is the whole, or the text is no JSON.
fn value_at(json: &str, path: &serde_path_to_error::Path) -> String {
    let whole = serde_json::from_str::<Value>(json).ok();
    let value = path.iter().try_fold(whole.as_ref(), |value, segment| {
        let value = value?;
        Some(match segment {
            Segment::Seq { index } => value.get(*index),
            Segment::Map { key } => value.get(key),
            Segment::Enum { .. } | Segment::Unknown => Some(value),
        })
    });
    let is_whole = path.iter().next().is_none();
    match value.flatten() {
        Some(value) if !is_whole => {
            let text = value.to_string();
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            let rest = if shown.len() < text.len() { "…" } else { "" };
            format!("; it is {shown}{rest}")
        }
        _ => String::new(),
    }
}
