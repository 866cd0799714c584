//! The signal by which a caller gives something up.

use js_sys::Function;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::error::js_error;
use crate::object::property;

/// Listens to a signal until this is dropped.
pub(crate) struct OnAbort {
    signal: Option<EventTarget>,
    listener: Closure<dyn FnMut()>,
}

impl OnAbort {
    /// `signal` may be absent.
    ///
    /// # Errors
    /// `aborted` where it has spoken already.
    pub(crate) fn new(signal: JsValue, act: impl FnMut() + 'static) -> Result<Self, JsValue> {
        if property(&signal, "aborted").is_truthy() {
            return Err(js_error(aborted()));
        }
        let is_given = !(signal.is_undefined() || signal.is_null());
        let on_abort = Self {
            signal: is_given.then(|| signal.unchecked_into()),
            listener: Closure::new(act),
        };
        if let Some(signal) = &on_abort.signal {
            signal.add_event_listener_with_callback("abort", on_abort.callback())?;
        }
        Ok(on_abort)
    }

    fn callback(&self) -> &Function {
        self.listener.as_ref().unchecked_ref()
    }
}

impl Drop for OnAbort {
    fn drop(&mut self) {
        if let Some(signal) = &self.signal {
            let _ = signal.remove_event_listener_with_callback("abort", self.callback());
        }
    }
}

/// The error of everything that the caller's signal ended.
pub(crate) fn aborted() -> FrameError {
    FrameError::new(ErrorCode::Aborted, "Aborted by the caller's signal.")
}
