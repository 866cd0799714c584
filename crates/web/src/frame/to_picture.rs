//! How the browser turns what was pushed into pictures, where it may refuse.

use js_sys::{Function, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::browser::VideoFrame;
use crate::object::global;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    pub(super) fn create_image_bitmap(picture: &JsValue) -> Result<Promise, JsValue>;

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
