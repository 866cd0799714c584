//! What of the browser web-sys leaves out: functions that windows and workers both have, and `VideoFrame`, which web-sys
//! keeps behind a flag that a library cannot ask of its users.

use js_sys::{Function, JsString, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    /// Such as `[object Blob]`, also for an object of another window.
    #[wasm_bindgen(js_namespace = ["Object", "prototype", "toString"], js_name = call)]
    fn object_text(value: &JsValue) -> JsString;

    /// A picture of a video, in memory that the browser has little of.
    #[derive(Clone, Debug)]
    pub(crate) type VideoFrame;

    #[wasm_bindgen(method, structural, getter = displayWidth)]
    pub(crate) fn display_width(this: &VideoFrame) -> u32;

    #[wasm_bindgen(method, structural, getter = displayHeight)]
    pub(crate) fn display_height(this: &VideoFrame) -> u32;

    #[wasm_bindgen(method, structural, getter = visibleRect)]
    pub(crate) fn visible_rect(this: &VideoFrame) -> Option<VisibleRect>;

    #[wasm_bindgen(method, structural, getter)]
    pub(crate) fn rotation(this: &VideoFrame) -> Option<f64>;

    #[wasm_bindgen(method, structural, getter)]
    pub(crate) fn flip(this: &VideoFrame) -> Option<bool>;

    #[wasm_bindgen(method, structural, catch, js_name = allocationSize)]
    pub(crate) fn allocation_size(this: &VideoFrame, options: &Object) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = copyTo)]
    pub(crate) fn copy_to(
        this: &VideoFrame,
        target: &Uint8Array,
        options: &Object,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, structural)]
    pub(crate) fn close(this: &VideoFrame);

    /// A 2D context as far as it draws pictures of any kind.
    pub(crate) type Drawing;

    #[wasm_bindgen(method, structural, catch, js_name = drawImage)]
    pub(crate) fn draw_image(
        this: &Drawing,
        picture: &JsValue,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    ) -> Result<(), JsValue>;

    /// The part of a frame that shows.
    pub(crate) type VisibleRect;

    #[wasm_bindgen(method, structural, getter)]
    pub(crate) fn width(this: &VisibleRect) -> f64;

    #[wasm_bindgen(method, structural, getter)]
    pub(crate) fn height(this: &VisibleRect) -> f64;
}

/// The class of an object by name, also where it is of another window or the class is not known here.
pub(crate) fn tag_of(value: &JsValue) -> String {
    let text = String::from(object_text(value));
    let tag = text
        .strip_prefix("[object ")
        .and_then(|tag| tag.strip_suffix(']'));
    tag.unwrap_or_default().to_owned()
}

/// The text of an error, or of whatever was thrown.
pub(crate) fn message_of(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => js_sys::JSON::stringify(thrown).map_or_else(|_| String::new(), String::from),
    }
}

/// One timer; setting it again replaces it.
pub(crate) struct Timer {
    callback: Function,
    /// What `callback` calls lives as long as this.
    _closure: Closure<dyn FnMut()>,
    id: std::cell::RefCell<Option<JsValue>>,
}

impl Timer {
    #[cfg(any(feature = "session", feature = "inference"))]
    pub(crate) fn new(callback: impl FnMut() + 'static) -> Self {
        Self::guarded(callback, |callback| callback.clone())
    }

    /// A timer that calls what `guard` makes of its callback.
    pub(crate) fn guarded(
        callback: impl FnMut() + 'static,
        guard: impl FnOnce(&Function) -> Function,
    ) -> Self {
        let closure = Closure::<dyn FnMut()>::new(callback);
        Self {
            callback: guard(closure.as_ref().unchecked_ref()),
            _closure: closure,
            id: std::cell::RefCell::default(),
        }
    }

    pub(crate) fn set(&self, ms: f64) {
        self.clear();
        let id = set_timeout(&self.callback, ms);
        *self.id.borrow_mut() = Some(id);
    }

    pub(crate) fn clear(&self) {
        if let Some(id) = self.id.borrow_mut().take() {
            clear_timeout(&id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
