//! Reads the pixels of a frame inside a worker.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Object, Reflect, Uint8Array};
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg, decode_jpeg_fast};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, OffscreenCanvasRenderingContext2d};

use crate::browser::{Drawing, VideoFrame, message_of, tag_of};
use crate::frame::{Canvas, SourceKind, check_size};

/// A picture, and the size that results say it has: its pixels may be fewer.
pub(super) struct Picture {
    pub(super) image: RgbImage,
    pub(super) size: ImageSize,
    /// What the pixels came in, to be used again.
    pub(super) spare: Option<Uint8Array>,
}

/// Why there is no picture.
pub(super) enum ReadError {
    /// The frame's own fault.
    Frame(FrameError),
    /// Something that should not happen: the worker is of no more use.
    Broken(JsValue),
}

impl<E: Into<FrameError>> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self::Frame(error.into())
    }
}

/// Takes frames in, with one canvas and one buffer for all of them.
#[derive(Default)]
pub(super) struct Reader {
    max_pixels: Cell<u64>,
    fast_decode: Cell<bool>,
    canvas: Canvas,
    rgba: RefCell<(Option<Uint8Array>, Vec<u8>)>,
}

impl Reader {
    pub(super) fn configure(&self, max_pixels: u64, fast_decode: bool) {
        self.max_pixels.set(max_pixels);
        self.fast_decode.set(fast_decode);
    }

    /// The frame's pixels; what was given is closed then.
    pub(super) async fn read(
        &self,
        kind: SourceKind,
        source: JsValue,
    ) -> Result<Picture, ReadError> {
        let read = match kind {
            SourceKind::Jpeg => self.decode(&source.unchecked_ref::<Uint8Array>().to_vec()),
            SourceKind::JpegBlob => self.read_blob(source.unchecked_ref()).await,
            SourceKind::Rgba { width, height } => self.take_rgba(width, height, source),
            SourceKind::Bitmap => {
                let bitmap: &ImageBitmap = source.unchecked_ref();
                let size = ImageSize {
                    width: bitmap.width(),
                    height: bitmap.height(),
                };
                let drawn = self.draw(&source, size);
                bitmap.close();
                drawn
            }
            SourceKind::VideoFrame => {
                let frame: &VideoFrame = source.unchecked_ref();
                let read = self.read_video_frame(frame).await;
                frame.close();
                read
            }
        };
        read.map_err(|error| blamed(kind, error))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Picture, ReadError> {
        let limits = DecodeLimits {
            max_pixels: self.max_pixels.get(),
            ..DecodeLimits::default()
        };
        if self.fast_decode.get() {
            let (image, size) = decode_jpeg_fast(bytes, limits)?;
            return Ok(Picture {
                image,
                size,
                spare: None,
            });
        }
        Ok(whole(decode_jpeg(bytes, limits)?))
    }

    async fn read_blob(&self, blob: &Blob) -> Result<Picture, ReadError> {
        let bytes = JsFuture::from(blob.array_buffer())
            .await
            .map_err(ReadError::Broken)?;
        self.decode(&Uint8Array::new(&bytes).to_vec())
    }

    fn take_rgba(&self, width: u32, height: u32, source: JsValue) -> Result<Picture, ReadError> {
        self.check_size(ImageSize { width, height })?;
        let pixels: Uint8Array = source.unchecked_into();
        let image = self.with_rgba(&pixels, |rgba| RgbImage::from_rgba(width, height, rgba))?;
        Ok(Picture {
            spare: Some(pixels),
            ..whole(image)
        })
    }

    async fn read_video_frame(&self, frame: &VideoFrame) -> Result<Picture, ReadError> {
        let size = ImageSize {
            width: frame.display_width(),
            height: frame.display_height(),
        };
        self.check_size(size)?;
        match self.copy_video_frame(frame, size).await {
            Some(image) => Ok(whole(image?)),
            None => self.draw(frame, size),
        }
    }

    /// Straight from the frame; `None` where the browser cannot convert to RGBA or the frame must be turned or scaled.
    async fn copy_video_frame(
        &self,
        frame: &VideoFrame,
        size: ImageSize,
    ) -> Option<Result<RgbImage, ReadError>> {
        let visible = frame.visible_rect()?;
        let is_turned = frame.rotation().unwrap_or(0.0) != 0.0 || frame.flip().unwrap_or(false);
        let is_scaled =
            visible.width() != f64::from(size.width) || visible.height() != f64::from(size.height);
        if is_turned || is_scaled {
            return None;
        }
        let options = Object::new();
        Reflect::set(&options, &"format".into(), &"RGBA".into()).ok()?;
        Reflect::set(&options, &"colorSpace".into(), &"srgb".into()).ok()?;
        let length = frame.allocation_size(&options).ok()?;
        if length != f64::from(size.width) * f64::from(size.height) * 4.0 {
            return None;
        }
        let kept = self.rgba.borrow().0.clone();
        let target = kept
            .filter(|kept| f64::from(kept.length()) == length)
            .unwrap_or_else(|| Uint8Array::new_with_length(length as u32));
        JsFuture::from(frame.copy_to(&target, &options).ok()?)
            .await
            .ok()?;
        self.rgba.borrow_mut().0 = Some(target.clone());
        let image = self.with_rgba(&target, |rgba| {
            RgbImage::from_rgba(size.width, size.height, rgba)
        });
        Some(image.map_err(ReadError::from))
    }

    fn draw(&self, picture: &JsValue, size: ImageSize) -> Result<Picture, ReadError> {
        self.check_size(size)?;
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let context = self.context(size)?;
        let drawing: &Drawing = context.unchecked_ref();
        drawing
            .draw_image(picture, 0.0, 0.0, width, height)
            .map_err(ReadError::Broken)?;
        let data = context
            .get_image_data(0.0, 0.0, width, height)
            .map_err(ReadError::Broken)?;
        let image = RgbImage::from_rgba(size.width, size.height, &data.data())?;
        Ok(whole(image))
    }

    fn context(&self, size: ImageSize) -> Result<OffscreenCanvasRenderingContext2d, ReadError> {
        let context = self.canvas.context(size, true).map_err(ReadError::Broken)?;
        context.ok_or_else(|| {
            let message = "this browser has no 2D canvas in workers";
            ReadError::Frame(FrameError::new(ErrorCode::UnsupportedFrame, message))
        })
    }

    /// With the bytes of an array, in a buffer that stays.
    fn with_rgba<T>(&self, array: &Uint8Array, then: impl FnOnce(&[u8]) -> T) -> T {
        let bytes = &mut self.rgba.borrow_mut().1;
        bytes.resize(array.length() as usize, 0);
        array.copy_to(bytes);
        then(bytes)
    }

    /// Before any memory is taken for the picture.
    fn check_size(&self, size: ImageSize) -> Result<(), FrameError> {
        check_size(size, self.max_pixels.get())
    }
}

fn whole(image: RgbImage) -> Picture {
    Picture {
        size: image.size(),
        image,
        spare: None,
    }
}

/// The browser's own complaint about what it was given is the frame's fault.
fn blamed(kind: SourceKind, error: ReadError) -> ReadError {
    match error {
        ReadError::Broken(thrown) if tag_of(&thrown) == "DOMException" => {
            let code = match kind {
                SourceKind::JpegBlob => ErrorCode::FileUnreadable,
                _ => ErrorCode::UnsupportedFrame,
            };
            ReadError::Frame(FrameError::new(code, message_of(&thrown)))
        }
        other => other,
    }
}

/// The arrays of a transfer list.
pub(super) fn buffers(arrays: &[&Uint8Array]) -> Array {
    arrays.iter().map(|array| array.buffer()).collect()
}
