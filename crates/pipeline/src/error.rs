//! Errors: one enum a stage, and the stable words that JSON and JavaScript show for them.
//!
//! A caller branches on [`ErrorCode`], never on the text. The npm package's list of them is made of [`ErrorCode::ALL`].

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// The stable word for an error, on every platform.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl ErrorCode {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name),+];

            /// The word itself, kebab-case ASCII.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $text),+ }
            }
        }
    };
}

error_codes! {
    /// The frame holds no bytes.
    EmptyFrame = "empty-frame",
    /// The frame does not start like a JPEG (`FF D8`), nor like another format that was allowed.
    NotAJpeg = "not-a-jpeg",
    /// The picture breaks its format: truncated, or with contradicting or corrupt parts.
    MalformedPicture = "malformed-picture",
    /// The picture is well formed but uses a feature that is not decoded here (arithmetic coding, 12 bits, lossless, …).
    UnsupportedPicture = "unsupported-picture",
    /// Width times height exceeds the limit, or a side is longer than 65,535.
    TooManyPixels = "too-many-pixels",
    /// The message or file is longer than the limit.
    TooManyBytes = "too-many-bytes",
    /// Decoding the picture takes longer than it may.
    TooSlow = "too-slow",
    /// Pixel data does not have the length that its width and height ask for, or a side is zero.
    InvalidPixels = "invalid-pixels",
    /// A model that a step needs was not loaded, or its file is missing.
    ModelMissing = "model-missing",
    /// A model file cannot be read as ONNX.
    ModelMalformed = "model-malformed",
    /// A model file is sound ONNX, but its inputs, outputs or operators are not those of the model it is named.
    ModelMismatch = "model-mismatch",
    /// A model failed while it ran.
    InferenceFailed = "inference-failed",
    /// A manifest of signs has a field that is wrong.
    SignsManifestInvalid = "signs-manifest-invalid",
    /// A model of signs cannot be read, or does not fit its manifest.
    SignsModelInvalid = "signs-model-invalid",
    /// Examples of signs cannot be taken.
    SignsExamplesInvalid = "signs-examples-invalid",
    /// An option has a value outside its range, or is not known.
    InvalidOption = "invalid-option",
    /// There is no room for a stateless picture now.
    Busy = "busy",
    /// The session is closed.
    Closed = "closed",
    /// The caller aborted.
    Aborted = "aborted",
    /// The browser's WebAssembly has no SIMD.
    WasmSimdMissing = "wasm-simd-missing",
    /// An asset's address did not answer with success.
    AssetUnreachable = "asset-unreachable",
    /// An asset's address answered with something else than the asset, such as an HTML page.
    AssetWrongType = "asset-wrong-type",
    /// Page, worker and WebAssembly module are not of one version.
    VersionMismatch = "version-mismatch",
    /// A worker could not be started.
    WorkerFailed = "worker-failed",
    /// The worker that computed this frame died.
    WorkerDied = "worker-died",
    /// The connection to the relay was lost before this frame's answer came.
    ConnectionLost = "connection-lost",
    /// What was given as a frame is none of the kinds that are taken.
    UnsupportedFrame = "unsupported-frame",
    /// The message is not one that the protocol has.
    InvalidMessage = "invalid-message",
    /// A file could not be read or written.
    FileUnreadable = "file-unreadable",
    /// A fault of ours.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ErrorCode {
    type Err = UnknownErrorCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|code| code.as_str() == text);
        found
            .copied()
            .ok_or_else(|| UnknownErrorCode(text.to_owned()))
    }
}

/// A word that is no [`ErrorCode`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown error code {0:?}")]
pub struct UnknownErrorCode(pub String);

/// Why one frame has no keypoints. It crosses threads, workers and the network, so it is plain data.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct FrameError {
    /// The stable word.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
}

impl FrameError {
    /// A frame error of the given code and text.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Why a picture gave no pixels.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// No bytes at all.
    #[error("the frame is empty")]
    Empty,
    /// The first bytes are not those of a JPEG.
    #[error("the frame is not a JPEG: it starts with {start:02X?}")]
    NotAJpeg {
        /// The first bytes, four at most.
        start: Vec<u8>,
    },
    /// The format is broken.
    #[error("malformed picture: {reason}")]
    Malformed {
        /// What the decoder says.
        reason: String,
    },
    /// A feature that is not decoded here.
    #[error("unsupported picture: {feature}")]
    Unsupported {
        /// The feature.
        feature: String,
    },
    /// Over the limit on pixels.
    #[error("the picture has {width}×{height} pixels, over the limit of {max_pixels}")]
    TooManyPixels {
        /// Width in pixels, as the header says.
        width: u32,
        /// Height in pixels, as the header says.
        height: u32,
        /// The limit on width times height.
        max_pixels: u64,
    },
    /// Over the limit on bytes.
    #[error("the frame has {bytes} bytes, over the limit of {max_bytes}")]
    TooManyBytes {
        /// Length of the frame.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// Given up because the caller said so.
    #[error("decoding the picture takes longer than it may")]
    TooSlow,
    /// Raw pixels of a wrong length, or of no area.
    #[error("{bytes} bytes are not {width}×{height} pixels of {channels} channels")]
    InvalidPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Bytes a pixel.
        channels: usize,
        /// Bytes given.
        bytes: usize,
    },
    /// The decoder failed for no fault of the picture's: it got no memory or no thread.
    #[error("the picture could not be decoded here: {reason}")]
    Internal {
        /// What the decoder says.
        reason: String,
    },
}

impl PictureError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::EmptyFrame,
            Self::NotAJpeg { .. } => ErrorCode::NotAJpeg,
            Self::Malformed { .. } => ErrorCode::MalformedPicture,
            Self::Unsupported { .. } => ErrorCode::UnsupportedPicture,
            Self::TooManyPixels { .. } => ErrorCode::TooManyPixels,
            Self::TooManyBytes { .. } => ErrorCode::TooManyBytes,
            Self::TooSlow => ErrorCode::TooSlow,
            Self::InvalidPixels { .. } => ErrorCode::InvalidPixels,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }
}

/// Why a model cannot be used or did not run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The step needs a model that was not loaded.
    #[error("the model {model} is not loaded")]
    Missing {
        /// Name of the model.
        model: &'static str,
    },
    /// Not ONNX.
    #[error("the model {model} cannot be read: {reason}")]
    Malformed {
        /// Name of the model.
        model: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// ONNX, but not this model.
    #[error("the file given as {model} is another model: {reason}")]
    Mismatch {
        /// Name of the model.
        model: &'static str,
        /// What differs.
        reason: String,
    },
    /// It failed while it ran.
    #[error("the model {model} failed: {reason}")]
    Failed {
        /// Name of the model.
        model: &'static str,
        /// What the runtime says.
        reason: String,
    },
}

impl ModelError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } => ErrorCode::ModelMissing,
            Self::Malformed { .. } => ErrorCode::ModelMalformed,
            Self::Mismatch { .. } => ErrorCode::ModelMismatch,
            Self::Failed { .. } => ErrorCode::InferenceFailed,
        }
    }
}

/// Why a session cannot be made, or does not take a frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// An option outside its range.
    #[error("option {option} must be {expected}, not {value}")]
    InvalidOption {
        /// Name of the option, as in `Options`.
        option: &'static str,
        /// The range, in words.
        expected: &'static str,
        /// The value given.
        value: String,
    },
    /// No room for another stateless picture.
    #[error("{waiting} stateless pictures are waiting already")]
    Busy {
        /// How many wait.
        waiting: usize,
    },
}

impl SessionError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidOption { .. } => ErrorCode::InvalidOption,
            Self::Busy { .. } => ErrorCode::Busy,
        }
    }
}

macro_rules! frame_error_from {
    ($($stage:ty),+) => {$(
        impl From<$stage> for FrameError {
            fn from(error: $stage) -> Self {
                Self::new(error.code(), error.to_string())
            }
        }
    )+};
}

frame_error_from!(PictureError, ModelError, SessionError);
#[cfg(feature = "signs")]
frame_error_from!(crate::signs::SignsError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_word() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
        assert!("no-such-code".parse::<ErrorCode>().is_err());
    }
}
