//! How large a picture may be.

use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError};

/// Before any memory is taken for the picture.
///
/// # Errors
/// `invalid-pixels` where it has none, `too-many-pixels`.
pub(crate) fn check_size(size: ImageSize, max_pixels: u64) -> Result<(), FrameError> {
    let ImageSize { width, height } = size;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        let message = format!("a picture of {width}×{height} pixels has none");
        return Err(FrameError::new(ErrorCode::InvalidPixels, message));
    }
    if pixels > max_pixels {
        let message =
            format!("the picture has {width}×{height} pixels, over the limit of {max_pixels}");
        return Err(FrameError::new(ErrorCode::TooManyPixels, message));
    }
    Ok(())
}
