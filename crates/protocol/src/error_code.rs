//! The words of a relay's errors.

use live_keypoints_pipeline::ErrorCode;

/// Whether a frame that fails with a code is a bad one. So many bad frames in a row end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// It is: the client's fault.
    Yes,
    /// It is not: the relay has no room, or fails.
    No,
    /// No frame fails with it.
    Never,
}

/// Every code that a relay sends. Codes that a client does not know are [`ErrorCode::Internal`] to it.
pub const ERROR_CODES: [(ErrorCode, BadFrame); 14] = [
    (ErrorCode::EmptyFrame, BadFrame::Yes),
    (ErrorCode::NotAJpeg, BadFrame::Yes),
    (ErrorCode::MalformedPicture, BadFrame::Yes),
    (ErrorCode::UnsupportedPicture, BadFrame::Yes),
    (ErrorCode::InvalidPixels, BadFrame::Yes),
    (ErrorCode::TooManyPixels, BadFrame::Yes),
    (ErrorCode::TooSlow, BadFrame::Yes),
    (ErrorCode::TooManyBytes, BadFrame::Never),
    (ErrorCode::InvalidMessage, BadFrame::Yes),
    (ErrorCode::InvalidOption, BadFrame::Never),
    (ErrorCode::Busy, BadFrame::No),
    (ErrorCode::ModelMissing, BadFrame::No),
    (ErrorCode::InferenceFailed, BadFrame::No),
    (ErrorCode::Internal, BadFrame::No),
];

/// Whether a frame that fails with this code is a bad one.
#[must_use]
pub fn is_bad_frame(code: ErrorCode) -> bool {
    ERROR_CODES.contains(&(code, BadFrame::Yes))
}

/// The code as it is sent: `internal` stands for those that the protocol does not have.
pub(crate) fn sent(code: ErrorCode) -> ErrorCode {
    let is_known = ERROR_CODES.iter().any(|(known, _)| *known == code);
    if is_known { code } else { ErrorCode::Internal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_does_not_have_is_sent_as_internal() {
        assert_eq!(sent(ErrorCode::Busy), ErrorCode::Busy);
        assert_eq!(sent(ErrorCode::WorkerDied), ErrorCode::Internal);
        assert!(is_bad_frame(ErrorCode::EmptyFrame));
        assert!(!is_bad_frame(ErrorCode::Busy) && !is_bad_frame(ErrorCode::WorkerDied));
    }
}
