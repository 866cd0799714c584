//! Plain JavaScript objects, and the global one.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use crate::error::set;

/// A new object, without the properties that are `undefined`.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let js = JsValue::from(Object::new());
    for (key, value) in properties {
        if !value.is_undefined() {
            set(&js, key, value);
        }
    }
    js
}

/// `undefined` where there is none, or the object refuses.
pub(crate) fn property(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or_default()
}

#[cfg(any(feature = "session", feature = "relay"))]
/// A property of the window or the worker; `None` where there is none, or the browser refuses.
pub(crate) fn global(name: &str) -> Option<JsValue> {
    let found = Reflect::get(&js_sys::global(), &name.into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}
