//! Results that JavaScript gives back: the numbers of their parts.

use js_sys::{Float32Array, Reflect};
use live_keypoints_pipeline::{ErrorCode, FrameError, Landmarks};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::js_error;

/// Width or height.
pub(crate) fn side(keypoints: &JsValue, key: &str) -> Result<u32, JsValue> {
    let number = Reflect::get(keypoints, &key.into())?
        .as_f64()
        .filter(|number| number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number));
    number
        .map(|number| number as u32)
        .ok_or_else(|| invalid(key, "a whole number"))
}

/// A part of points; `None` where it is absent or was not asked for.
pub(crate) fn points<const N: usize, const D: usize>(
    keypoints: &JsValue,
    key: &str,
) -> Result<Option<Landmarks<N, D>>, JsValue> {
    part(keypoints, key, &(N * D).to_string(), Landmarks::from_flat)
}

/// A part of so many numbers.
pub(crate) fn part<T>(
    keypoints: &JsValue,
    key: &str,
    length: &str,
    from_flat: fn(&[f32]) -> Option<T>,
) -> Result<Option<T>, JsValue> {
    let value = Reflect::get(keypoints, &key.into())?;
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    value
        .dyn_ref()
        .and_then(|values: &Float32Array| from_flat(&values.to_vec()))
        .map(Some)
        .ok_or_else(|| invalid(key, &format!("a Float32Array of {length}")))
}

pub(crate) fn invalid(key: &str, expected: &str) -> JsValue {
    let message = format!("{key} of keypoints must be {expected}");
    js_error(FrameError::new(ErrorCode::InvalidOption, message))
}
