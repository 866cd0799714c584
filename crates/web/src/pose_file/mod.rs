//! Recordings as `.pose` files on the page. Their bytes are the pipeline's; what is whole of them is handed to the browser.
//!
//! - `pace`: frames a second; `pieces`: bytes outside the heap.

mod pace;
mod pieces;

use js_sys::{Array, Reflect, Uint8Array};
use live_keypoints_pipeline::format::pose_file::{PoseFileFrame, PoseFileSize, write_header};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FaceLandmarks, FacePoints, FrameError, FrameKeypoints};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag};

use self::pace::Pace;
use self::pieces::Pieces;
use crate::error::js_error;
use crate::given_keypoints::{part, points, side};

/// The frames of one `.pose` file. Its width and height are those of the first frame that has keypoints.
#[wasm_bindgen]
pub struct PoseFile {
    fps: Option<f64>,
    max_frames: u32,
    face_points: FacePoints,
    frames: u32,
    size: Option<PoseFileSize>,
    pace: Pace,
    points: Pieces<Blob>,
    confidences: Pieces<Blob>,
}

#[wasm_bindgen]
impl PoseFile {
    /// An empty one. `fps` is what the file says, as the capture times do where there is none. Every face of it has
    /// `face_points`, 468 or else 478.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(fps: Option<f64>, max_frames: u32, face_points: usize) -> Self {
        Self {
            fps,
            max_frames,
            face_points: FacePoints::from_count(face_points).unwrap_or(FacePoints::WithIrises478),
            frames: 0,
            size: None,
            pace: Pace::default(),
            points: Pieces::new(),
            confidences: Pieces::new(),
        }
    }

    /// Frames so far.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Adds a frame. `keypoints` is an object as results are; `null` stands for a frame that failed, which is all zeros.
    /// Codes `too-many-bytes` after `max_frames`, `too-many-pixels` for a side over 65,535, `invalid-option` for what is no
    /// result.
    pub fn add(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Keypoints | null")] keypoints: &JsValue,
    ) -> Result<(), JsValue> {
        if self.frames >= self.max_frames {
            let message = format!(
                "The recording is full: option maxFrames is {}.",
                self.max_frames
            );
            return Err(error_of(ErrorCode::TooManyBytes, message));
        }
        let timestamp_ms = Reflect::get(keypoints, &"timestampMs".into());
        let keypoints = (!keypoints.is_null())
            .then(|| read(keypoints))
            .transpose()?;
        let size = self.size_with(keypoints.as_ref())?;
        let frame = PoseFileFrame::new(keypoints.as_ref(), size, self.face_points);
        let (mut points, mut confidences) = (Vec::new(), Vec::new());
        // A vector takes whatever it is given.
        let written = frame
            .write_points(&mut points)
            .and_then(|()| frame.write_confidences(&mut confidences));
        debug_assert!(written.is_ok());
        self.points.write(&points, blob);
        self.confidences.write(&confidences, blob);
        if let Some(ms) = timestamp_ms.ok().and_then(|time| time.as_f64()) {
            self.pace.add(self.frames, ms);
        }
        self.frames += 1;
        Ok(())
    }

    /// The file of all frames so far. Later ones do not change it.
    #[wasm_bindgen(js_name = toBlob)]
    pub fn to_blob(&self) -> Result<Blob, JsValue> {
        let mut header = Vec::new();
        let fps = self.fps.unwrap_or_else(|| self.pace.fps()) as f32;
        let size = self.size.unwrap_or_default();
        let written = write_header(&mut header, size, fps, self.frames, self.face_points);
        debug_assert!(written.is_ok());
        let parts = Array::of1(&Uint8Array::from(&header[..]));
        for (whole, rest) in [self.points.parts(), self.confidences.parts()] {
            for piece in whole {
                parts.push(piece);
            }
            parts.push(&Uint8Array::from(rest));
        }
        let options = BlobPropertyBag::new();
        options.set_type("application/octet-stream");
        Blob::new_with_u8_array_sequence_and_options(&parts, &options)
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

/// A piece in the browser's keeping, which may be on disk.
fn blob(bytes: &[u8]) -> Blob {
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence(&parts).expect_throw("a Blob can be made of bytes")
}

/// What a `.pose` file holds of a result.
fn read(keypoints: &JsValue) -> Result<FrameKeypoints, JsValue> {
    let size = [side(keypoints, "width")?, side(keypoints, "height")?];
    Ok(FrameKeypoints {
        pose: points(keypoints, "pose")?,
        pose_world: points(keypoints, "poseWorld")?,
        left_hand: points(keypoints, "leftHand")?,
        right_hand: points(keypoints, "rightHand")?,
        face: part(keypoints, "face", "1404 or 1434", FaceLandmarks::from_flat)?,
        ..FrameKeypoints::empty(0, 0, size)
    })
}

fn error_of(code: ErrorCode, message: String) -> JsValue {
    js_error(FrameError::new(code, message))
}
