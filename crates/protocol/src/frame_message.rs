//! Binary messages to the relay: one frame each, bare or behind a header of 16 bytes.
//!
//! ```text
//! 0  "LK"      2  version, 1    3  flags, bit 0: stateless
//! 4  u32 frame id               8  i64 capture time in µs          16  JPEG      (little-endian)
//! ```

use live_keypoints_pipeline::{ErrorCode, FrameError, PictureError};

const MAGIC: [u8; 2] = *b"LK";
const VERSION: u8 = 1;
const STATELESS: u8 = 1;
const JPEG_START: [u8; 2] = [0xFF, 0xD8];

/// What comes before the JPEG of a framed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The client's own number of the frame.
    pub frame_id: u32,
    /// Capture time in microseconds.
    pub timestamp_us: i64,
    /// Whether the frame is a still, which uses and changes no tracking.
    pub is_stateless: bool,
}

/// A binary message.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameMessage<'a> {
    /// It may be a JPEG; decoding will tell.
    Jpeg(Option<FrameHeader>, &'a [u8]),
    /// It cannot be a frame.
    Bad(Option<FrameHeader>, FrameError),
}

impl<'a> FrameMessage<'a> {
    /// Takes a message apart.
    #[must_use]
    pub fn read(message: &'a [u8]) -> Self {
        if !message.starts_with(&MAGIC) {
            return Self::of_jpeg(None, message);
        }
        match message.split_first_chunk() {
            Some((header, jpeg)) => match FrameHeader::read(header) {
                Ok(header) => Self::of_jpeg(Some(header), jpeg),
                Err(error) => Self::Bad(None, error),
            },
            None => {
                let length = message.len();
                Self::Bad(
                    None,
                    invalid(format!(
                        "a frame header has {} bytes, the message {length}",
                        FrameHeader::LENGTH
                    )),
                )
            }
        }
    }

    fn of_jpeg(header: Option<FrameHeader>, jpeg: &'a [u8]) -> Self {
        match check_jpeg(jpeg) {
            Ok(()) => Self::Jpeg(header, jpeg),
            Err(error) => Self::Bad(header, error.into()),
        }
    }
}

/// Whether bytes may be a JPEG: a relay refuses what does not start like one.
///
/// # Errors
/// [`PictureError::Empty`] or [`PictureError::NotAJpeg`].
pub fn check_jpeg(jpeg: &[u8]) -> Result<(), PictureError> {
    if jpeg.is_empty() {
        return Err(PictureError::Empty);
    }
    if !jpeg.starts_with(&JPEG_START) {
        let start = jpeg.iter().copied().take(4).collect();
        return Err(PictureError::NotAJpeg { start });
    }
    Ok(())
}

impl FrameHeader {
    /// Bytes of a header.
    pub const LENGTH: usize = 16;

    /// The bytes before the JPEG.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[3] = if self.is_stateless { STATELESS } else { 0 };
        bytes[4..8].copy_from_slice(&self.frame_id.to_le_bytes());
        bytes[8..].copy_from_slice(&self.timestamp_us.to_le_bytes());
        bytes
    }

    /// The message of a frame.
    #[must_use]
    pub fn message(self, jpeg: &[u8]) -> Vec<u8> {
        [&self.to_bytes(), jpeg].concat()
    }

    fn read(bytes: &[u8; Self::LENGTH]) -> Result<Self, FrameError> {
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

    fn framed(version: u8, flags: u8, jpeg: &[u8]) -> Vec<u8> {
        let mut bytes = b"LK".to_vec();
        bytes.extend([version, flags]);
        bytes.extend(7_u32.to_le_bytes());
        bytes.extend(0x0102_0304_0506_0708_u64.to_le_bytes());
        bytes.extend(jpeg);
        bytes
    }

    fn code(message: &[u8]) -> (Option<u32>, ErrorCode) {
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
        let message = framed(1, 1, &[0xFF, 0xD8, 1]);
        assert_eq!(
            FrameMessage::read(&message),
            FrameMessage::Jpeg(Some(header), &[0xFF, 0xD8, 1])
        );
        assert_eq!(header.message(&[0xFF, 0xD8, 1]), message);
        let of_stream = FrameHeader {
            is_stateless: false,
            ..header
        };
        assert_eq!(of_stream.message(&[]), framed(1, 0, &[]));
        assert_eq!(
            FrameMessage::read(&[0xFF, 0xD8]),
            FrameMessage::Jpeg(None, &[0xFF, 0xD8])
        );
    }

    #[test]
    fn what_is_no_frame_says_why() {
        use ErrorCode::{EmptyFrame, InvalidMessage, NotAJpeg};
        assert_eq!(code(&[]), (None, EmptyFrame));
        assert_eq!(code(b"GIF89a"), (None, NotAJpeg));
        assert_eq!(code(&[0xFF]), (None, NotAJpeg));
        assert_eq!(code(b"L"), (None, NotAJpeg));
        assert_eq!(code(&framed(1, 0, &[])), (Some(7), EmptyFrame));
        assert_eq!(code(&framed(1, 0, b"LK")), (Some(7), NotAJpeg));
        assert_eq!(code(&framed(2, 0, &[0xFF, 0xD8])), (None, InvalidMessage));
        assert_eq!(code(&framed(1, 2, &[0xFF, 0xD8])), (None, InvalidMessage));
        for length in 2..16 {
            let short = framed(1, 0, &[]);
            assert_eq!(code(&short[..length]), (None, InvalidMessage), "{length}");
        }
    }
}
