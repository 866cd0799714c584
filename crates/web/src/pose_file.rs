//! `.pose` files on the page: the pipeline's writer, a frame at a time, so that whoever collects the bytes may put them
//! wherever there is room.

use js_sys::{Float32Array, Reflect, Uint8Array};
use live_keypoints_pipeline::format::pose_file::{PoseFileFrame, PoseFileSize, write_header};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    ErrorCode, FrameError, FrameKeypoints, Landmarks, MissingParts, Parts, Scores, Timings,
};
use wasm_bindgen::prelude::*;

use crate::error::js_error;

/// Makes the bytes of one `.pose` file. Its width and height are those of the first frame that has keypoints.
#[wasm_bindgen(js_name = PoseFileEncoder)]
#[derive(Default)]
pub struct WebPoseFile {
    size: Option<PoseFileSize>,
}

#[wasm_bindgen(js_class = PoseFileEncoder)]
impl WebPoseFile {
    /// An encoder that has seen no frame.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A frame's 576 points, 3 floats each, and after them its 576 confidences: 9,216 bytes. `keypoints` is an object as
    /// results are; `null` stands for a frame that failed, which is all zeros. Codes `too-many-pixels` for a side over
    /// 65,535, `invalid-option` for a part of another length.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn frame(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Keypoints | null")] keypoints: &JsValue,
    ) -> Result<Uint8Array, JsValue> {
        let keypoints = (!keypoints.is_null())
            .then(|| read(keypoints))
            .transpose()?;
        let size = self.size_with(keypoints.as_ref())?;
        let frame = PoseFileFrame::new(keypoints.as_ref(), size);
        let mut bytes = Vec::new();
        // A vector takes whatever it is given.
        let written = frame
            .write_points(&mut bytes)
            .and_then(|()| frame.write_confidences(&mut bytes));
        debug_assert!(written.is_ok());
        Ok(Uint8Array::from(&bytes[..]))
    }

    /// All that comes before the points of so many frames.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    #[must_use]
    pub fn header(&self, fps: f32, frames: u32) -> Uint8Array {
        let mut bytes = Vec::new();
        let written = write_header(&mut bytes, self.size.unwrap_or_default(), fps, frames);
        debug_assert!(written.is_ok());
        Uint8Array::from(&bytes[..])
    }

    fn size_with(&mut self, keypoints: Option<&FrameKeypoints>) -> Result<PoseFileSize, JsValue> {
        if let (None, Some(FrameKeypoints { width, height, .. })) = (self.size, keypoints) {
            let (width, height) = (*width, *height);
            let size = PoseFileSize::try_from(ImageSize { width, height })
                .map_err(|error| error_of(ErrorCode::TooManyPixels, error.to_string()))?;
            self.size = Some(size);
        }
        Ok(self.size.unwrap_or_default())
    }
}

/// What a `.pose` file holds of a result.
fn read(keypoints: &JsValue) -> Result<FrameKeypoints, JsValue> {
    Ok(FrameKeypoints {
        index: 0,
        timestamp_us: 0,
        width: side(keypoints, "width")?,
        height: side(keypoints, "height")?,
        parts: Parts::ALL,
        pose: part(keypoints, "pose")?,
        pose_world: part(keypoints, "poseWorld")?,
        left_hand: part(keypoints, "leftHand")?,
        right_hand: part(keypoints, "rightHand")?,
        left_hand_world: None,
        right_hand_world: None,
        face: part(keypoints, "face")?,
        scores: Scores::default(),
        missing: MissingParts::default(),
        dropped: 0,
        timings: Timings::default(),
    })
}

fn side(keypoints: &JsValue, key: &str) -> Result<u32, JsValue> {
    let number = Reflect::get(keypoints, &key.into())?
        .as_f64()
        .filter(|number| number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number));
    number
        .map(|number| number as u32)
        .ok_or_else(|| invalid(key, "a whole number"))
}

fn part<const N: usize, const D: usize>(
    keypoints: &JsValue,
    key: &str,
) -> Result<Option<Landmarks<N, D>>, JsValue> {
    let value = Reflect::get(keypoints, &key.into())?;
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    value
        .dyn_ref()
        .and_then(|values: &Float32Array| Landmarks::from_flat(&values.to_vec()))
        .map(Some)
        .ok_or_else(|| invalid(key, &format!("a Float32Array of {}", N * D)))
}

fn invalid(key: &str, expected: &str) -> JsValue {
    error_of(
        ErrorCode::InvalidOption,
        format!("{key} of keypoints must be {expected}"),
    )
}

fn error_of(code: ErrorCode, message: String) -> JsValue {
    js_error(FrameError::new(code, message))
}
