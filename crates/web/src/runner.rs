//! What a worker does: decode frames, keep their pixels while branches need them, run branches.

use std::collections::BTreeMap;

use js_sys::Uint8Array;
use live_keypoints_pipeline::branch::{self, BranchJob};
use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg, decode_jpeg_fast};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::prelude::*;

use crate::error::{js_error, set, unreadable};

/// Decoder and models of one worker. Frames are named by their index.
#[wasm_bindgen]
#[derive(Default)]
pub struct Runner {
    models: Models,
    frames: BTreeMap<u64, RgbImage>,
}

#[wasm_bindgen]
impl Runner {
    /// A runner without models.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Loads a model by its file's name without `.onnx`. Codes `model-malformed`, `model-mismatch`.
    #[wasm_bindgen(js_name = loadModel)]
    pub fn load_model(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), JsValue> {
        let kind = ModelKind::from_name(name).ok_or_else(|| {
            let message = format!("there is no model named {name:?}");
            js_error(FrameError::new(ErrorCode::ModelMissing, message))
        })?;
        self.models
            .insert(Model::load(kind, bytes).map_err(js_error)?);
        Ok(())
    }

    /// Runs one of the models that have not run yet on an empty picture; false if all have. Code `inference-failed`.
    #[wasm_bindgen(js_name = warmUpNext)]
    pub fn warm_up_next(&self) -> Result<bool, JsValue> {
        self.models.warm_up_next().map_err(js_error)
    }

    /// Decodes a JPEG and keeps its pixels; the picture's `{ width, height }`. With `fast`, those of a large picture are
    /// fewer. Codes `empty-frame`, `not-a-jpeg`,
    /// `malformed-picture`, `unsupported-picture`, `too-many-pixels`, `too-many-bytes`.
    #[wasm_bindgen(js_name = decodeJpeg)]
    pub fn decode_jpeg(
        &mut self,
        frame: f64,
        bytes: &[u8],
        max_pixels: f64,
        fast: bool,
    ) -> Result<JsValue, JsValue> {
        let limits = DecodeLimits {
            max_pixels: max_pixels as u64,
            ..DecodeLimits::default()
        };
        if fast {
            let (image, size) = decode_jpeg_fast(bytes, limits).map_err(js_error)?;
            self.frames.insert(frame as u64, image);
            return Ok(js_size(size));
        }
        let image = decode_jpeg(bytes, limits).map_err(js_error)?;
        Ok(self.keep(frame, image))
    }

    /// Keeps pixels of a canvas, 4 bytes each: `{ width, height }`. Code `invalid-pixels`.
    #[wasm_bindgen(js_name = putRgba)]
    pub fn put_rgba(
        &mut self,
        frame: f64,
        width: u32,
        height: u32,
        rgba: &[u8],
    ) -> Result<JsValue, JsValue> {
        let image = RgbImage::from_rgba(width, height, rgba).map_err(js_error)?;
        Ok(self.keep(frame, image))
    }

    /// Keeps pixels that another runner decoded, 3 bytes each: `{ width, height }`. Code `invalid-pixels`.
    #[wasm_bindgen(js_name = putRgb)]
    pub fn put_rgb(
        &mut self,
        frame: f64,
        width: u32,
        height: u32,
        rgb: Vec<u8>,
    ) -> Result<JsValue, JsValue> {
        let image = RgbImage::from_rgb(width, height, rgb).map_err(js_error)?;
        Ok(self.keep(frame, image))
    }

    fn keep(&mut self, frame: f64, image: RgbImage) -> JsValue {
        let size = js_size(image.size());
        self.frames.insert(frame as u64, image);
        size
    }

    /// Size of the pixels that are kept of a frame: `{ width, height }`.
    #[wasm_bindgen(js_name = pixelSize)]
    pub fn pixel_size(&self, frame: f64) -> Result<JsValue, JsValue> {
        Ok(js_size(self.frame(frame)?.size()))
    }

    /// A copy of a frame's pixels, 3 bytes each, for another worker.
    #[wasm_bindgen(js_name = takeRgb)]
    pub fn take_rgb(&self, frame: f64) -> Result<Uint8Array, JsValue> {
        Ok(Uint8Array::from(self.frame(frame)?.pixels()))
    }

    /// The same into an array of just the right length. Code `invalid-pixels` if it is another.
    #[wasm_bindgen(js_name = copyRgb)]
    pub fn copy_rgb(&self, frame: f64, target: &Uint8Array) -> Result<(), JsValue> {
        let pixels = self.frame(frame)?.pixels();
        if target.length() as usize != pixels.len() {
            let message = format!("{} bytes for {}", target.length(), pixels.len());
            return Err(js_error(FrameError::new(ErrorCode::InvalidPixels, message)));
        }
        target.copy_from(pixels);
        Ok(())
    }

    /// Runs a branch on a frame that is kept. Codes `inference-failed`, `model-missing`, `version-mismatch`.
    pub fn run(&self, frame: f64, job: &[u8]) -> Result<Vec<u8>, JsValue> {
        let job: BranchJob = postcard::from_bytes(job).map_err(|_| unreadable("a job"))?;
        let outcome = branch::run(&self.models, self.frame(frame)?, &job).map_err(js_error)?;
        postcard::to_allocvec(&outcome).map_err(|_| unreadable("an outcome"))
    }

    /// Forgets a frame's pixels.
    pub fn release(&mut self, frame: f64) {
        self.frames.remove(&(frame as u64));
    }

    /// Bytes of the pixels that are kept.
    #[wasm_bindgen(js_name = keptBytes)]
    #[must_use]
    pub fn kept_bytes(&self) -> f64 {
        self.frames
            .values()
            .map(|image| image.pixels().len() as f64)
            .sum()
    }

    fn frame(&self, frame: f64) -> Result<&RgbImage, JsValue> {
        self.frames.get(&(frame as u64)).ok_or_else(|| {
            let message = format!("the pixels of frame {frame} are not here");
            js_error(FrameError::new(ErrorCode::Internal, message))
        })
    }
}

fn js_size(size: ImageSize) -> JsValue {
    let js = JsValue::from(js_sys::Object::new());
    set(&js, "width", &size.width.into());
    set(&js, "height", &size.height.into());
    js
}
