//! Binary messages from the client: one frame each, bare or behind a header of 16 bytes.
//!
//! ```text
//! 0  "LK"      2  version, 1    3  flags, bit 0: stateless
//! 4  u32 frame id               8  i64 capture time in µs          16  JPEG      (little-endian)
//! ```

use axum::body::Bytes;
use live_keypoints_pipeline::{ErrorCode, FrameError, PictureError};

const MAGIC: [u8; 2] = *b"LK";
const VERSION: u8 = 1;
const STATELESS: u8 = 1;
const HEADER_LENGTH: usize = 16;
const JPEG_START: [u8; 2] = [0xFF, 0xD8];

/// What comes before the JPEG of a framed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The client's own number of the frame.
    pub(crate) frame_id: u32,
    /// Capture time in microseconds.
    pub(crate) timestamp_us: i64,
    /// Whether the frame is a still.
    pub(crate) is_stateless: bool,
}

/// A binary message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FrameMessage<'a> {
    /// It may be a JPEG; decoding will tell.
    Jpeg(Option<FrameHeader>, &'a [u8]),
    /// It cannot be a frame.
    Bad(Option<FrameHeader>, FrameError),
}

impl<'a> FrameMessage<'a> {
    /// Takes a message apart.
    pub(crate) fn read(message: &'a Bytes) -> Self {
        if !message.starts_with(&MAGIC) {
            return Self::of_jpeg(None, message);
        }
        match message.split_first_chunk::<HEADER_LENGTH>() {
            Some((header, jpeg)) => match FrameHeader::read(header) {
                Ok(header) => Self::of_jpeg(Some(header), jpeg),
                Err(error) => Self::Bad(None, error),
            },
            None => {
                let length = message.len();
                Self::Bad(
                    None,
                    invalid(format!(
                        "a frame header has {HEADER_LENGTH} bytes, the message {length}"
                    )),
                )
            }
        }
    }

    fn of_jpeg(header: Option<FrameHeader>, jpeg: &'a [u8]) -> Self {
        let error = if jpeg.is_empty() {
            PictureError::Empty
        } else if !jpeg.starts_with(&JPEG_START) {
            let start = jpeg.iter().copied().take(4).collect();
            PictureError::NotAJpeg { start }
        } else {
            return Self::Jpeg(header, jpeg);
        };
        Self::Bad(header, error.into())
    }
}

impl FrameHeader {
    fn read(bytes: &[u8; HEADER_LENGTH]) -> Result<Self, FrameError> {
        let [
            _,
            _,
            version,
            flags,
            id @ ..,
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            t6,
            t7,
        ] = *bytes;
        if version != VERSION {
            return Err(invalid(format!(
                "version {version} of the frame header is not known, only {VERSION} is"
            )));
        }
        if flags & !STATELESS != 0 {
            return Err(invalid(format!("the flags {flags:#04x} are not known")));
        }
        Ok(Self {
            frame_id: u32::from_le_bytes(id),
            timestamp_us: i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            is_stateless: flags & STATELESS != 0,
        })
    }
}

fn invalid(message: String) -> FrameError {
    FrameError::new(ErrorCode::InvalidMessage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(version: u8, flags: u8, jpeg: &[u8]) -> Bytes {
        let mut bytes = b"LK".to_vec();
        bytes.extend([version, flags]);
        bytes.extend(7_u32.to_le_bytes());
        bytes.extend(0x0102_0304_0506_0708_u64.to_le_bytes());
        bytes.extend(jpeg);
        bytes.into()
    }

    fn code(message: &Bytes) -> (Option<u32>, ErrorCode) {
        match FrameMessage::read(message) {
            FrameMessage::Bad(header, error) => (header.map(|h| h.frame_id), error.code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_header_is_read_and_a_bare_jpeg_has_none() {
        let header = FrameHeader {
            frame_id: 7,
            timestamp_us: 0x0102_0304_0506_0708,
            is_stateless: true,
        };
        assert_eq!(
            FrameMessage::read(&framed(1, 1, &[0xFF, 0xD8, 1])),
            FrameMessage::Jpeg(Some(header), &[0xFF, 0xD8, 1])
        );
        assert_eq!(
            FrameMessage::read(&Bytes::from_static(&[0xFF, 0xD8])),
            FrameMessage::Jpeg(None, &[0xFF, 0xD8])
        );
    }

    #[test]
    fn what_is_no_frame_says_why() {
        use ErrorCode::{EmptyFrame, InvalidMessage, NotAJpeg};
        assert_eq!(code(&Bytes::new()), (None, EmptyFrame));
        assert_eq!(code(&Bytes::from_static(b"GIF89a")), (None, NotAJpeg));
        assert_eq!(code(&Bytes::from_static(&[0xFF])), (None, NotAJpeg));
        assert_eq!(code(&Bytes::from_static(b"L")), (None, NotAJpeg));
        assert_eq!(code(&framed(1, 0, &[])), (Some(7), EmptyFrame));
        assert_eq!(code(&framed(1, 0, b"LK")), (Some(7), NotAJpeg));
        assert_eq!(code(&framed(2, 0, &[0xFF, 0xD8])), (None, InvalidMessage));
        assert_eq!(code(&framed(1, 2, &[0xFF, 0xD8])), (None, InvalidMessage));
        for length in 2..16 {
            let short = framed(1, 0, &[]).slice(..length);
            assert_eq!(code(&short), (None, InvalidMessage), "{length}");
        }
    }
}
