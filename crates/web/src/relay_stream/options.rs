//! The options of `LiveKeypoints.connect()` as a plain JavaScript object, in camelCase. What is absent has its default.

use live_keypoints_protocol::Format;
use wasm_bindgen::JsValue;

use crate::error::js_error;
use crate::object::property;
use crate::option_values::{count, flag, invalid, parts, quality};
use crate::relay::{Reconnect, RelayOptions};

/// Throws `invalid-option`, naming the option.
pub(super) fn read(object: &JsValue) -> Result<RelayOptions, JsValue> {
    let mut options = RelayOptions::default();
    for key in RelayOptions::NAMES {
        let value = property(object, key);
        if value.is_undefined() {
            continue;
        }
        match key {
            "parts" => options.parts = parts(&value)?,
            "quality" => options.quality = Some(quality(&value)?),
            "bufferSize" => options.buffer_size = whole(key, &value)?,
            "smoothing" => options.smoothing = Some(flag(key, &value)?),
            "handSmoothing" => options.hand_smoothing = Some(flag(key, &value)?),
            "faceSmoothing" => options.face_smoothing = Some(flag(key, &value)?),
            "mirrored" => options.mirrored = Some(flag(key, &value)?),
            "handWorld" => options.hand_world = flag(key, &value)?,
            "format" => options.format = format(&value)?,
            "maxFramesInFlight" => options.max_frames_in_flight = whole(key, &value)?,
            "jpegQuality" => options.jpeg_quality = value.as_f64().unwrap_or(f64::NAN),
            "maxPixels" => options.max_pixels = whole(key, &value)?,
            "token" => options.token = Some(value.as_string().unwrap_or_default()),
            "connectTimeoutMs" => options.connect_timeout_ms = whole(key, &value)?,
            "answerTimeoutMs" => options.answer_timeout_ms = whole(key, &value)?,
            "reconnect" => options.reconnect = reconnect(&value)?,
            _ => return Err(invalid(key, "left out: it is not read", &value)),
        }
    }
    options.validate().map_err(js_error)?;
    Ok(options)
}

fn reconnect(object: &JsValue) -> Result<Reconnect, JsValue> {
    let mut reconnect = Reconnect::default();
    if object.as_bool() == Some(false) {
        reconnect.max_attempts = Some(0);
        return Ok(reconnect);
    }
    for key in Reconnect::NAMES {
        let value = property(object, key);
        if value.is_undefined() {
            continue;
        }
        let path = format!("reconnect.{key}");
        match key {
            "firstMs" => reconnect.first_ms = whole(&path, &value)?,
            "mostMs" => reconnect.most_ms = Some(whole(&path, &value)?),
            "maxAttempts" if value.as_f64() == Some(f64::INFINITY) => {
                reconnect.max_attempts = None;
            }
            "maxAttempts" => reconnect.max_attempts = Some(whole(&path, &value)?),
            _ => return Err(invalid(&path, "left out: it is not read", &value)),
        }
    }
    Ok(reconnect)
}

fn format(value: &JsValue) -> Result<Format, JsValue> {
    match value.as_string().as_deref() {
        Some("binary") => Ok(Format::Binary),
        Some("json") => Ok(Format::Json),
        _ => Err(invalid("format", "\"binary\" or \"json\"", value)),
    }
}

fn whole(key: &str, value: &JsValue) -> Result<u32, JsValue> {
    // `count` gives no more than fits.
    Ok(count(key, value)? as u32)
}
