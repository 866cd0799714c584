//! A panic ends its instance: whoever uses it is told before, and begins with a new one.

use std::cell::RefCell;
use std::sync::Once;

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};

use crate::object::property;

thread_local! {
    static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Who is told.
pub(crate) struct Panics {
    guard: Function,
    on_panic: Function,
}

impl Panics {
    /// Reads `{ guard, onPanic }`.
    pub(crate) fn read(options: &JsValue) -> Result<Self, JsValue> {
        Ok(Self {
            guard: property(options, "guard").dyn_into()?,
            on_panic: property(options, "onPanic").dyn_into()?,
        })
    }

    /// The listener, made to tell of a trap.
    pub(crate) fn guarded(&self, listener: &Function) -> Function {
        let guarded = self.guard.call1(&JsValue::UNDEFINED, listener);
        let guarded = guarded.ok().and_then(|guarded| guarded.dyn_into().ok());
        guarded.unwrap_or_else(|| listener.clone())
    }

    /// A panic anywhere, also in a task that nobody waits for, is told before this instance ends.
    pub(crate) fn tell(&self) {
        static HOOK: Once = Once::new();
        ON_PANIC.set(Some(self.on_panic.clone()));
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                before(panic);
                if let Some(on_panic) = ON_PANIC.take() {
                    let _ = on_panic.call1(&JsValue::UNDEFINED, &panic.to_string().into());
                }
            }));
        });
    }
}
