//! What JavaScript gives to a recogniser.

use js_sys::Array;
use live_keypoints_pipeline::signs::{MAX_WINDOW, SignRecognizer, SignsError, WindowInput};
use live_keypoints_pipeline::{ErrorCode, FaceLandmarks, FrameError, FrameKeypoints};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

use super::coded;
use crate::error::js_error;
use crate::given_keypoints::{invalid, part, points, side};
use crate::object::property;

/// What signs are recognised by of a result.
pub(super) fn keypoints(keypoints: &JsValue) -> Result<FrameKeypoints, JsValue> {
    if !keypoints.is_object() {
        let message = format!("keypoints must be a result, not {}", shown(keypoints));
        return Err(js_error(FrameError::new(ErrorCode::InvalidOption, message)));
    }
    let timestamp_ms = property(keypoints, "timestampMs").as_f64();
    let timestamp_ms = timestamp_ms.filter(|time| time.is_finite());
    let timestamp_ms = timestamp_ms.ok_or_else(|| invalid("timestampMs", "a finite number"))?;
    let timestamp_us = (timestamp_ms * 1000.0).round() as i64;
    let size = [side(keypoints, "width")?, side(keypoints, "height")?];
    Ok(FrameKeypoints {
        pose: points(keypoints, "pose")?,
        pose_world: points(keypoints, "poseWorld")?,
        left_hand: points(keypoints, "leftHand")?,
        right_hand: points(keypoints, "rightHand")?,
        left_hand_world: points(keypoints, "leftHandWorld")?,
        right_hand_world: points(keypoints, "rightHandWorld")?,
        face: part(keypoints, "face", "1404 or 1434", FaceLandmarks::from_flat)?,
        still: property(keypoints, "still").is_truthy(),
        ..FrameKeypoints::empty(0, timestamp_us, size)
    })
}

/// A label: a text or an object.
pub(super) fn label(label: &JsValue) -> Result<Value, JsValue> {
    let json = js_sys::JSON::stringify(label).ok();
    let json = json.and_then(|json| json.as_string());
    let value = json.and_then(|json| serde_json::from_str(&json).ok());
    value.ok_or_else(|| wrong("label", "a text or an object", label))
}

/// The example of a sign.
pub(super) fn window(
    recognizer: &SignRecognizer,
    frames: &JsValue,
) -> Result<WindowInput, JsValue> {
    let window = if let Some(results) = frames.dyn_ref::<Array>() {
        let results: Result<Vec<_>, _> = results.iter().map(|it| keypoints(&it)).collect();
        recognizer.window_of(&results?)
    } else {
        recognizer.recorded(newest(frames)?)
    };
    window.ok_or_else(|| {
        coded(SignsError::Examples {
            field: "frames".to_owned(),
            problem: "must be one at least, and there are none".to_owned(),
        })
    })
}

/// How many of the newest frames.
fn newest(frames: &JsValue) -> Result<usize, JsValue> {
    if frames.is_undefined() {
        return Ok(MAX_WINDOW);
    }
    let count = frames.as_f64().filter(|count| count.fract() == 0.0);
    let count = count.filter(|count| *count >= 1.0 && *count <= MAX_WINDOW as f64);
    let expected = "results, or how many of the newest frames, 1 to 512";
    count
        .map(|count| count as usize)
        .ok_or_else(|| wrong("frames", expected, frames))
}

fn wrong(what: &str, expected: &str, value: &JsValue) -> JsValue {
    let message = format!("{what} must be {expected}, not {}", shown(value));
    js_error(FrameError::new(ErrorCode::InvalidOption, message))
}

/// A value for people.
fn shown(value: &JsValue) -> String {
    value.as_string().unwrap_or_else(|| format!("{value:?}"))
}
