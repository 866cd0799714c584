//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use js_sys::{Error, Reflect};
use live_keypoints_pipeline::FrameError;
#[cfg(any(feature = "session", feature = "relay"))]
use live_keypoints_pipeline::{ErrorCode, SessionError};
use wasm_bindgen::JsValue;

/// An `Error` whose `code` is the stable word.
pub(crate) fn js_error(error: impl Into<FrameError>) -> JsValue {
    let error = error.into();
    let js = Error::new(&error.message);
    set(&js, "code", &error.code.as_str().into());
    js.into()
}

/// A session's error, with the option's name as JavaScript writes it.
#[cfg(any(feature = "session", feature = "relay"))]
pub(crate) fn in_camel_case(error: SessionError) -> FrameError {
    match error {
        SessionError::InvalidOption {
            option,
            expected,
            value,
        } => {
            let message = format!(
                "option {} must be {expected}, not {value}",
                camel_case(option)
            );
            FrameError::new(ErrorCode::InvalidOption, message)
        }
        other => other.into(),
    }
}

/// A name of words with `_` between them.
#[cfg(any(feature = "session", feature = "relay"))]
pub(crate) fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    let mut begins = false;
    for letter in name.chars() {
        match letter {
            '_' => begins = true,
            letter if std::mem::take(&mut begins) => camel.push(letter.to_ascii_uppercase()),
            letter => camel.push(letter),
        }
    }
    camel
}

/// Sets a property of an object that we made and nothing has frozen.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let is_set = Reflect::set(object, &key.into(), value);
    debug_assert_eq!(is_set, Ok(true), "{key}");
}

/// The error behind what JavaScript threw; without a code it is a fault of ours.
#[cfg(feature = "session")]
pub(crate) fn frame_error(thrown: &JsValue) -> FrameError {
    frame_error_or(thrown, ErrorCode::Internal)
}

/// The error behind what JavaScript threw, with this code where it brings none.
#[cfg(any(feature = "session", feature = "relay"))]
pub(crate) fn frame_error_or(thrown: &JsValue, code: ErrorCode) -> FrameError {
    let own = Reflect::get(thrown, &"code".into()).ok();
    let own = own.and_then(|own| own.as_string()?.parse().ok());
    FrameError::new(own.unwrap_or(code), crate::browser::message_of(thrown))
}
