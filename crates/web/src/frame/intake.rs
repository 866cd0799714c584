//! What can be pushed, and how it gets to whoever reads its pixels.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::ImageBitmap;

use super::buffers::Buffers;
use super::source_kind::SourceKind;
use super::to_picture;
use crate::browser::{VideoFrame, message_of, tag_of};
use crate::deferred::hear;

/// VideoFrames that wait as they are. A camera has few buffers and stops when all are held; more are copied.
const MAX_HELD_VIDEO_FRAMES: usize = 4;

/// Turns frames into what workers take, and the encoder of a relay's client.
#[derive(Default)]
pub(crate) struct Intake {
    /// What the pixels of frames are copied into.
    pub(crate) buffers: Rc<Buffers>,
    held_video_frames: Rc<Cell<usize>>,
}

/// A frame that waits for its turn. Dropped, it gives back what it holds outside the heap.
pub(crate) enum PreparedFrame {
    Ready(Source),
    /// The browser needs a moment to make an `ImageBitmap`.
    Pending(Pending),
    /// It only proves bad when its turn comes, so that its error has its place among the results.
    Bad(FrameError),
}

/// A picture that can be read or sent to a worker.
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    value: JsValue,
    owner: Owner,
    is_sent: bool,
}

/// Who wants it back.
enum Owner {
    Nobody,
    Buffers(Rc<Buffers>),
    HeldVideoFrames(Rc<Cell<usize>>),
}

pub(crate) struct Pending(Option<Promise>);

impl Intake {
    /// Takes the picture of this moment.
    ///
    /// # Errors
    /// `unsupported-frame` for what is no frame at all.
    pub(crate) fn prepare(
        &self,
        frame: &JsValue,
        transfer: Option<bool>,
    ) -> Result<PreparedFrame, FrameError> {
        let tag = tag_of(frame);
        let prepared = match tag.as_str() {
            "Uint8Array" | "Uint8ClampedArray" => jpeg(frame.unchecked_ref(), transfer),
            "ArrayBuffer" => whole(frame).and_then(|bytes| jpeg(&bytes, transfer)),
            "Blob" | "File" => Ok(ready(SourceKind::JpegBlob, frame.clone(), Owner::Nobody)),
            "ImageData" => self.image_data(frame, transfer),
            "VideoFrame" => self.video_frame(frame.unchecked_ref(), transfer),
            "ImageBitmap" if transfer != Some(false) => {
                Ok(ready(SourceKind::Bitmap, frame.clone(), Owner::Nobody))
            }
            "HTMLVideoElement" => self.video_element(frame),
            "ImageBitmap" | "HTMLCanvasElement" | "OffscreenCanvas" | "HTMLImageElement" => {
                bitmap_of(frame)
            }
            _ => {
                let message = format!(
                    "{tag} is not a frame; expected JPEG bytes, Blob, VideoFrame, ImageBitmap, ImageData, canvas, <video> \
                     and <img>"
                );
                return Err(FrameError::new(ErrorCode::UnsupportedFrame, message));
            }
        };
        // Bytes whose buffer is detached, a VideoFrame that is closed.
        Ok(prepared.unwrap_or_else(|thrown| PreparedFrame::Bad(unsupported(&thrown))))
    }

    fn image_data(
        &self,
        image: &JsValue,
        transfer: Option<bool>,
    ) -> Result<PreparedFrame, JsValue> {
        let number = |key: &str| Ok::<_, JsValue>(get(image, key)?.as_f64().unwrap_or_default());
        let (width, height) = (number("width")? as u32, number("height")? as u32);
        let data = get(image, "data")?;
        if tag_of(&data) != "Uint8ClampedArray" {
            return Err(js_sys::Error::new("ImageData must have 8 bits a channel").into());
        }
        let kind = SourceKind::Rgba { width, height };
        let data = view_of(&data)?;
        let owner = Owner::Buffers(Rc::clone(&self.buffers));
        Ok(match transfer {
            Some(true) => ready(kind, data.into(), owner),
            _ => ready(kind, self.buffers.copy_of(&data).into(), owner),
        })
    }

    fn video_element(&self, video: &JsValue) -> Result<PreparedFrame, JsValue> {
        match to_picture::video_frame_of(video) {
            Some(frame) => self.held(frame?),
            None => bitmap_of(video),
        }
    }

    fn video_frame(
        &self,
        frame: &VideoFrame,
        transfer: Option<bool>,
    ) -> Result<PreparedFrame, JsValue> {
        match transfer {
            Some(false) => self.held(to_picture::clone_of(frame)?),
            _ => self.held(frame.clone()),
        }
    }

    fn held(&self, frame: VideoFrame) -> Result<PreparedFrame, JsValue> {
        let held = &self.held_video_frames;
        if held.get() < MAX_HELD_VIDEO_FRAMES {
            held.set(held.get() + 1);
            let owner = Owner::HeldVideoFrames(Rc::clone(held));
            return Ok(ready(SourceKind::VideoFrame, frame.into(), owner));
        }
        let bitmap = bitmap_of(&frame);
        if let Ok(PreparedFrame::Pending(Pending(Some(promise)))) = &bitmap {
            let promise = promise.clone();
            spawn_local(async move {
                let _ = JsFuture::from(promise).await;
                frame.close();
            });
        } else {
            frame.close();
        }
        bitmap
    }
}

impl Source {
    /// As `kind` says.
    #[cfg(feature = "relay")]
    pub(crate) fn value(&self) -> &JsValue {
        &self.value
    }

    /// What is posted, and what of it is transferred.
    #[cfg(feature = "session")]
    pub(crate) fn for_posting(&self) -> (&JsValue, js_sys::Array) {
        let transfer = match self.kind {
            SourceKind::Jpeg | SourceKind::Rgba { .. } => {
                let bytes: &Uint8Array = self.value.unchecked_ref();
                js_sys::Array::of1(&bytes.buffer())
            }
            SourceKind::JpegBlob => js_sys::Array::new(),
            SourceKind::Bitmap | SourceKind::VideoFrame => js_sys::Array::of1(&self.value),
        };
        (&self.value, transfer)
    }

    /// It is the worker's now.
    #[cfg(feature = "session")]
    pub(crate) fn sent(mut self) {
        self.is_sent = true;
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        match &self.owner {
            Owner::HeldVideoFrames(held) => held.set(held.get().saturating_sub(1)),
            Owner::Buffers(buffers) if !self.is_sent => {
                let bytes: &Uint8Array = self.value.unchecked_ref();
                buffers.give(bytes.buffer());
            }
            Owner::Buffers(_) | Owner::Nobody => {}
        }
        match self.kind {
            SourceKind::Bitmap if !self.is_sent => {
                self.value.unchecked_ref::<ImageBitmap>().close();
            }
            SourceKind::VideoFrame if !self.is_sent => {
                self.value.unchecked_ref::<VideoFrame>().close();
            }
            _ => {}
        }
    }
}

impl Pending {
    /// The picture, once the browser has made it.
    pub(crate) async fn made(mut self) -> Result<Source, FrameError> {
        let Some(promise) = self.0.take() else {
            return Err(FrameError::new(
                ErrorCode::Internal,
                "the picture was taken",
            ));
        };
        match JsFuture::from(promise).await {
            Ok(bitmap) => Ok(source(SourceKind::Bitmap, bitmap, Owner::Nobody)),
            Err(thrown) => Err(unsupported(&thrown)),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(promise) = self.0.take() {
            spawn_local(async move {
                if let Ok(bitmap) = JsFuture::from(promise).await {
                    bitmap.unchecked_ref::<ImageBitmap>().close();
                }
            });
        }
    }
}

fn source(kind: SourceKind, value: JsValue, owner: Owner) -> Source {
    Source {
        kind,
        value,
        owner,
        is_sent: false,
    }
}

fn ready(kind: SourceKind, value: JsValue, owner: Owner) -> PreparedFrame {
    PreparedFrame::Ready(source(kind, value, owner))
}

fn jpeg(bytes: &Uint8Array, transfer: Option<bool>) -> Result<PreparedFrame, JsValue> {
    let bytes = view_of(bytes)?;
    let is_shared = tag_of(&bytes.buffer()) != "ArrayBuffer";
    let own = match transfer {
        Some(true) if !is_shared => bytes,
        _ => Uint8Array::new(&bytes),
    };
    Ok(ready(SourceKind::Jpeg, own.into(), Owner::Nobody))
}

/// All bytes of an `ArrayBuffer`.
fn whole(buffer: &JsValue) -> Result<Uint8Array, JsValue> {
    to_picture::bytes_of(
        buffer,
        0.0,
        get(buffer, "byteLength")?.as_f64().unwrap_or_default(),
    )
}

/// The bytes of a view of any kind. An error where its buffer is detached.
fn view_of(view: &JsValue) -> Result<Uint8Array, JsValue> {
    let number = |key: &str| Ok::<_, JsValue>(get(view, key)?.as_f64().unwrap_or_default());
    let buffer: ArrayBuffer = get(view, "buffer")?.unchecked_into();
    to_picture::bytes_of(&buffer, number("byteOffset")?, number("byteLength")?)
}

fn get(object: &JsValue, key: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &key.into())
}

fn bitmap_of(picture: &JsValue) -> Result<PreparedFrame, JsValue> {
    let promise = to_picture::create_image_bitmap(picture)?;
    // Looked at when its turn comes: until then, its failure is nobody's.
    hear(&promise);
    Ok(PreparedFrame::Pending(Pending(Some(promise))))
}

fn unsupported(thrown: &JsValue) -> FrameError {
    FrameError::new(ErrorCode::UnsupportedFrame, message_of(thrown))
}
