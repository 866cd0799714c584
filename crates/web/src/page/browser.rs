//! What the page uses of the browser that web-sys leaves out: functions that windows and workers both have, and what may
//! refuse.

use js_sys::{Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    pub(super) fn fetch(address: &str, request: &Object) -> Result<Promise, JsValue>;

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
}
