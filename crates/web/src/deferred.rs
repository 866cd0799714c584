//! What is there later.

use std::cell::RefCell;
use std::marker::PhantomData;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A value that is there later, for any number of tasks that wait.
pub(crate) struct Deferred<T> {
    promise: Promise,
    settle: RefCell<Option<(Function, Function)>>,
    value: PhantomData<T>,
}

impl<T: JsCast> Deferred<T> {
    pub(crate) fn new() -> Self {
        let mut settle = None;
        let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        hear(&promise);
        Self {
            promise,
            settle: RefCell::new(settle),
            value: PhantomData,
        }
    }

    pub(crate) fn promise(&self) -> Promise {
        self.promise.clone()
    }

    pub(crate) fn resolve(&self, value: &T) {
        let settle = self.settle.borrow_mut().take();
        if let Some((resolve, _)) = settle {
            let _ = resolve.call1(&JsValue::UNDEFINED, value.as_ref());
        }
    }

    pub(crate) fn reject(&self, error: &JsValue) {
        let settle = self.settle.borrow_mut().take();
        if let Some((_, reject)) = settle {
            let _ = reject.call1(&JsValue::UNDEFINED, error);
        }
    }
}

/// Lets nobody be told of a rejection that is looked at later.
pub(crate) fn hear(promise: &Promise) {
    let promise = promise.clone();
    spawn_local(async move {
        let _ = JsFuture::from(promise).await;
    });
}
