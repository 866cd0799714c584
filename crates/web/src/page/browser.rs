//! What the page uses of the browser that web-sys leaves out: functions that windows and workers both have, and what may
//! refuse.

use js_sys::{Function, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::browser::VideoFrame;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    pub(super) fn fetch(address: &str, request: &Object) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    pub(super) fn create_image_bitmap(picture: &JsValue) -> Result<Promise, JsValue>;

    /// What is used of a `Worker`.
    #[derive(Clone)]
    pub(super) type WorkerLike;

    #[wasm_bindgen(method, structural, catch, js_name = postMessage)]
    pub(super) fn post_message(
        this: &WorkerLike,
        message: &JsValue,
        transfer: &js_sys::Array,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, structural)]
    pub(super) fn terminate(this: &WorkerLike);

    #[wasm_bindgen(method, structural, js_name = addEventListener)]
    pub(super) fn add_event_listener(this: &WorkerLike, event: &str, listener: &JsValue);

    /// Cache Storage, which may refuse everything.
    pub(super) type Caches;

    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn open(this: &Caches, name: &str) -> Result<Promise, JsValue>;

    /// One cache of it.
    pub(super) type KeptFiles;

    #[wasm_bindgen(method, structural, catch, js_name = match)]
    pub(super) fn find(this: &KeptFiles, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn put(
        this: &KeptFiles,
        key: &str,
        response: &web_sys::Response,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn keys(this: &KeptFiles) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn delete(this: &KeptFiles, key: &str) -> Result<Promise, JsValue>;

    /// `crypto.subtle`.
    pub(super) type Subtle;

    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn digest(
        this: &Subtle,
        algorithm: &str,
        bytes: &Uint8Array,
    ) -> Result<Promise, JsValue>;

    /// A `VideoFrame`, as far as it can be copied.
    type Copyable;

    #[wasm_bindgen(method, structural, catch)]
    fn clone(this: &Copyable) -> Result<VideoFrame, JsValue>;
}

/// Another handle to the same picture, with a life of its own.
pub(super) fn clone_of(frame: &VideoFrame) -> Result<VideoFrame, JsValue> {
    frame.unchecked_ref::<Copyable>().clone()
}

/// The picture of this moment of a `<video>`; `None` where the browser has no `VideoFrame`.
pub(super) fn video_frame_of(video: &JsValue) -> Option<Result<VideoFrame, JsValue>> {
    let class = global("VideoFrame")?.dyn_into::<Function>().ok()?;
    let init = Object::new();
    js_sys::Reflect::set(&init, &"timestamp".into(), &0.into()).ok()?;
    let made = js_sys::Reflect::construct(&class, &js_sys::Array::of2(video, &init));
    Some(made.map(JsValue::unchecked_into))
}

/// Bytes of a buffer, without a copy. An error where it is detached.
pub(super) fn bytes_of(buffer: &JsValue, offset: f64, length: f64) -> Result<Uint8Array, JsValue> {
    let class: Function = global("Uint8Array").unwrap_or_default().unchecked_into();
    let arguments = js_sys::Array::of3(buffer, &offset.into(), &length.into());
    js_sys::Reflect::construct(&class, &arguments).map(JsValue::unchecked_into)
}

/// A property of the window or the worker; `None` where there is none, or the browser refuses.
pub(super) fn global(name: &str) -> Option<JsValue> {
    let found = js_sys::Reflect::get(&js_sys::global(), &name.into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}
