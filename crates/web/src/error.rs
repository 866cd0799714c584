//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use js_sys::{Error, Reflect};
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::JsValue;

/// An `Error` whose `code` is the stable word.
pub(crate) fn js_error(error: impl Into<FrameError>) -> JsValue {
    let error = error.into();
    let js = Error::new(&error.message);
    set(&js, "code", &error.code.as_str().into());
    js.into()
}

/// Bytes that came over from another version of this code.
#[cfg(any(feature = "session", feature = "inference"))]
pub(crate) fn unreadable(what: &str) -> JsValue {
    js_error(FrameError::new(
        ErrorCode::VersionMismatch,
        format!("{what} cannot be read: page and worker are of different versions"),
    ))
}

/// Sets a property of an object that we made and nothing has frozen.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let is_set = Reflect::set(object, &key.into(), value);
    debug_assert_eq!(is_set, Ok(true), "{key}");
}
