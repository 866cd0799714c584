//! A Web Worker as the page sees it.

use js_sys::{Array, Function, Reflect, WebAssembly};
use live_keypoints_pipeline::FrameError;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

use super::browser::WorkerLike;
use crate::browser::message_of;
use crate::error::frame_error;
use crate::messages::{FromWorker, ToWorker, pack, unpack};
use crate::object::property;
use crate::worker_id::WorkerId;

/// What is heard from a worker.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: a face's outcome is rarely worth an allocation for every step"
)]
pub(super) enum Heard {
    /// Its script runs.
    Hello { version: String },
    /// A piece of the module has been downloaded.
    Downloaded {
        loaded_bytes: f64,
        total_bytes: Option<f64>,
    },
    /// The module, to be given to all workers.
    Compiled(WebAssembly::Module),
    /// Its script cannot go on.
    ScriptBroken(FrameError),
    /// A message of the module, and what came beside it.
    Message(FromWorker, JsValue),
    /// Something else.
    Nonsense,
    /// The browser's own `error` or `messageerror` event.
    Error(String),
}

/// A worker that runs until this is dropped.
pub(super) struct Handle {
    pub(super) id: WorkerId,
    worker: WorkerLike,
    /// Whether it has been given the module, and takes messages.
    pub(super) has_module: bool,
}

impl Handle {
    /// Makes a worker. The error is that of `create`.
    pub(super) fn create(
        id: WorkerId,
        create: &Function,
        guarded: impl Fn(&Function) -> Function,
        hear: impl Fn(WorkerId, Heard) + Clone + 'static,
    ) -> Result<Self, String> {
        let made = create.call0(&JsValue::UNDEFINED);
        let worker: WorkerLike = made.map_err(|thrown| message_of(&thrown))?.unchecked_into();
        let listen = |event: &str, read: fn(&JsValue) -> Heard| {
            let hear = hear.clone();
            // Collected together with the worker.
            let listener = Closure::<dyn FnMut(JsValue)>::new(move |event| hear(id, read(&event)));
            let listener = guarded(listener.into_js_value().unchecked_ref());
            worker.add_event_listener(event, &listener);
        };
        listen("message", |event| {
            read(&event.unchecked_ref::<MessageEvent>().data())
        });
        listen("messageerror", |_| {
            Heard::Error("a message could not be read".to_owned())
        });
        listen("error", |event| {
            event.unchecked_ref::<web_sys::Event>().prevent_default();
            Heard::Error(property(event, "message").as_string().unwrap_or_default())
        });
        Ok(Self {
            id,
            worker,
            has_module: false,
        })
    }

    /// Sends a message of this crate.
    pub(super) fn post(
        &self,
        message: &ToWorker,
        beside: &[&JsValue],
        transfer: &Array,
    ) -> Result<(), JsValue> {
        self.worker.post_message(&pack(message, beside), transfer)
    }

    /// Sends a message to the worker's script.
    pub(super) fn post_to_script(&self, message: &JsValue) {
        // Everything in it can be posted.
        let _ = self.worker.post_message(message, &Array::new());
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn read(data: &JsValue) -> Heard {
    if data.is_instance_of::<Array>() {
        return match unpack(data) {
            Some((message, beside)) => Heard::Message(message, beside),
            None => Heard::Nonsense,
        };
    }
    let said = |key: &str| {
        let value = Reflect::get(data, &key.into()).ok()?;
        (!value.is_undefined()).then_some(value)
    };
    // An older script says `{ type: "hello", version }`.
    let hello = said("hello").or_else(|| said("version"));
    if let Some(version) = hello {
        let version = version.as_string().unwrap_or_default();
        return Heard::Hello { version };
    }
    if let Some(bytes) = said("downloaded") {
        let bytes: Array = bytes.unchecked_into();
        return Heard::Downloaded {
            loaded_bytes: bytes.get(0).as_f64().unwrap_or_default(),
            total_bytes: bytes.get(1).as_f64(),
        };
    }
    if let Some(module) = said("compiled") {
        return match module.dyn_into() {
            Ok(module) => Heard::Compiled(module),
            Err(_) => Heard::Nonsense,
        };
    }
    match said("broken") {
        Some(error) => Heard::ScriptBroken(frame_error(&error)),
        None => Heard::Nonsense,
    }
}
