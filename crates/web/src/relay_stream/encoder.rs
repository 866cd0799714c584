//! Makes a JPEG of every kind of frame, for a relay takes nothing else.

use js_sys::{Uint8Array, Uint8ClampedArray};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, ImageBitmap, ImageData, ImageEncodeOptions, OffscreenCanvasRenderingContext2d,
};

use crate::browser::{Drawing, VideoFrame, message_of};
use crate::frame::{Canvas, PreparedFrame, SourceKind, check_size};
use crate::object::global;

/// Encodes one frame after the other, with one canvas for all of them. JPEG bytes pass through as they are.
pub(super) struct JpegEncoder {
    quality: f64,
    max_pixels: u64,
    canvas: Canvas,
}

impl JpegEncoder {
    /// `quality` is of the JPEGs that are made here, 0 to 1, and `max_pixels` of the frames that they are made of.
    pub(super) fn new(quality: f64, max_pixels: u32) -> Self {
        Self {
            quality,
            max_pixels: max_pixels.into(),
            canvas: Canvas::default(),
        }
    }

    /// The frame as JPEG; it is closed then.
    ///
    /// # Errors
    /// `file-unreadable`, `invalid-pixels`, `too-many-pixels` or `unsupported-frame`.
    pub(super) async fn encode(&self, frame: PreparedFrame) -> Result<Vec<u8>, FrameError> {
        let source = match frame {
            PreparedFrame::Ready(source) => source,
            PreparedFrame::Pending(pending) => pending.made().await?,
            PreparedFrame::Bad(error) => return Err(error),
        };
        let picture = source.value();
        let (width, height) = match source.kind {
            SourceKind::Jpeg => return Ok(picture.unchecked_ref::<Uint8Array>().to_vec()),
            SourceKind::JpegBlob => return bytes_of(picture.unchecked_ref()).await,
            SourceKind::Rgba { width, height } => (width, height),
            SourceKind::Bitmap => {
                let bitmap: &ImageBitmap = picture.unchecked_ref();
                (bitmap.width(), bitmap.height())
            }
            SourceKind::VideoFrame => {
                let frame: &VideoFrame = picture.unchecked_ref();
                (frame.display_width(), frame.display_height())
            }
        };
        let size = ImageSize { width, height };
        check_size(size, self.max_pixels)?;
        if global("OffscreenCanvas").is_none() {
            return Err(no_canvas());
        }
        let context = self.canvas.context(size, false).map_err(unsupported)?;
        let context = context.ok_or_else(no_canvas)?;
        paint(&context, source.kind, picture, size).map_err(unsupported)?;
        self.jpeg(&context).await.map_err(unsupported)
    }

    async fn jpeg(&self, context: &OffscreenCanvasRenderingContext2d) -> Result<Vec<u8>, JsValue> {
        let options = ImageEncodeOptions::new();
        options.set_type("image/jpeg");
        options.set_quality(self.quality);
        let blob = context.canvas().convert_to_blob_with_options(&options)?;
        let blob: Blob = JsFuture::from(blob).await?.unchecked_into();
        let bytes = JsFuture::from(blob.array_buffer()).await?;
        Ok(Uint8Array::new(&bytes).to_vec())
    }
}

fn paint(
    context: &OffscreenCanvasRenderingContext2d,
    kind: SourceKind,
    picture: &JsValue,
    size: ImageSize,
) -> Result<(), JsValue> {
    let ImageSize { width, height } = size;
    if !matches!(kind, SourceKind::Rgba { .. }) {
        let drawing: &Drawing = context.unchecked_ref();
        return drawing.draw_image(picture, 0.0, 0.0, width.into(), height.into());
    }
    let bytes: &Uint8Array = picture.unchecked_ref();
    let pixels = Uint8ClampedArray::new_with_byte_offset_and_length(
        &bytes.buffer(),
        bytes.byte_offset(),
        bytes.length(),
    );
    let image = ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, width, height)?;
    context.put_image_data(&image, 0.0, 0.0)
}

async fn bytes_of(blob: &Blob) -> Result<Vec<u8>, FrameError> {
    match JsFuture::from(blob.array_buffer()).await {
        Ok(bytes) => Ok(Uint8Array::new(&bytes).to_vec()),
        Err(thrown) => {
            let message = message_of(&thrown);
            Err(FrameError::new(ErrorCode::FileUnreadable, message))
        }
    }
}

fn unsupported(thrown: JsValue) -> FrameError {
    FrameError::new(ErrorCode::UnsupportedFrame, message_of(&thrown))
}

fn no_canvas() -> FrameError {
    let message =
        "this browser has no OffscreenCanvas to make a JPEG with; JPEG bytes can be pushed";
    FrameError::new(ErrorCode::UnsupportedFrame, message)
}
