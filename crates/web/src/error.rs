//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use js_sys::{Error, Reflect};
#[cfg(feature = "session")]
use live_keypoints_pipeline::ErrorCode;
use live_keypoints_pipeline::FrameError;
use wasm_bindgen::JsValue;

/// An `Error` whose `code` is the stable word.
pub(crate) fn js_error(error: impl Into<FrameError>) -> JsValue {
    let error = error.into();
    let js = Error::new(&error.message);
    set(&js, "code", &error.code.as_str().into());
    js.into()
}

/// Sets a property of an object that we made and nothing has frozen.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let is_set = Reflect::set(object, &key.into(), value);
    debug_assert_eq!(is_set, Ok(true), "{key}");
}

/// The error behind what JavaScript threw; without a code it is a fault of ours.
#[cfg(feature = "session")]
pub(crate) fn frame_error(thrown: &JsValue) -> FrameError {
    let code = Reflect::get(thrown, &"code".into()).ok();
    let code = code.and_then(|code| code.as_string()?.parse().ok());
    FrameError::new(
        code.unwrap_or(ErrorCode::Internal),
        crate::browser::message_of(thrown),
    )
}
