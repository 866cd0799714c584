//! Values of options as JavaScript gives them. Each error names its option.

use js_sys::Array;
use live_keypoints_pipeline::{ErrorCode, FrameError, Parts, Quality};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::js_error;

pub(crate) fn parts(value: &JsValue) -> Result<Parts, JsValue> {
    let expected = "an array of \"pose\", \"hands\", \"face\"";
    let names: &Array = value
        .dyn_ref()
        .ok_or_else(|| invalid("parts", expected, value))?;
    let mut parts = Parts {
        pose: false,
        hands: false,
        face: false,
    };
    for name in names.iter() {
        match name.as_string().as_deref() {
            Some("pose") => parts.pose = true,
            Some("hands") => parts.hands = true,
            Some("face") => parts.face = true,
            _ => return Err(invalid("parts", expected, &name)),
        }
    }
    Ok(parts)
}

pub(crate) fn quality(value: &JsValue) -> Result<Quality, JsValue> {
    match value.as_string().as_deref() {
        Some("full") => Ok(Quality::Full),
        Some("lite") => Ok(Quality::Lite),
        _ => Err(invalid("quality", "\"full\" or \"lite\"", value)),
    }
}

pub(crate) fn flag(key: &str, value: &JsValue) -> Result<bool, JsValue> {
    value
        .as_bool()
        .ok_or_else(|| invalid(key, "true or false", value))
}

pub(crate) fn count(key: &str, value: &JsValue) -> Result<usize, JsValue> {
    let number = value
        .as_f64()
        .filter(|n| n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n));
    number
        .map(|n| n as usize)
        .ok_or_else(|| invalid(key, "a whole number", value))
}

#[cfg(feature = "session")]
pub(crate) fn fraction(key: &str, value: &JsValue) -> Result<f32, JsValue> {
    let number = value.as_f64().filter(|n| (0.0..=1.0).contains(n));
    number
        .map(|n| n as f32)
        .ok_or_else(|| invalid(key, "a number from 0 to 1", value))
}

pub(crate) fn invalid(option: &str, expected: &str, value: &JsValue) -> JsValue {
    js_error(FrameError::new(
        ErrorCode::InvalidOption,
        format!("option {option} must be {expected}, not {value:?}"),
    ))
}
