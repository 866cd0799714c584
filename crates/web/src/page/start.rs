//! What workers are started with: the module, which one of them compiles for all, and the models of their steps.

use std::rc::Rc;

use js_sys::{Array, WebAssembly};
use live_keypoints_pipeline::{FrameError, Steps};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MessageChannel;

use super::assets::INFERENCE;
use super::fetching::HttpCache;
use super::models::ModelFile;
use super::options::Decode;
use super::progress::Progress;
use super::stream::Page;
use crate::browser::now;
use crate::error::frame_error;
use crate::messages::ToWorker;
use crate::object::{object, property};
use crate::worker_id::WorkerId;

impl Page {
    /// Compiling takes longer than a page should be kept from what its user does, so a worker does it for all.
    pub(super) fn compile(self: &Rc<Self>, worker: WorkerId, is_retry: bool) {
        let page = Rc::clone(self);
        spawn_local(async move {
            let found = page.assets.inference().await;
            match found {
                Ok(Ok(module)) => page.compiled(&module),
                Ok(Err(place)) => {
                    let is_file = !property(&place, "file").is_undefined();
                    let cache = match is_retry {
                        true => HttpCache::NoStore,
                        false => HttpCache::Default,
                    };
                    let message = object(&[("compile", place), ("cache", cache.as_str().into())]);
                    if let Some(handle) = &*page.workers[worker.place].borrow()
                        && handle.id == worker
                    {
                        handle.post_to_script(&message);
                    }
                    let mut pool = page.pool.borrow_mut();
                    pool.compile_sent(worker, is_file, is_retry, now());
                }
                Err(error) => page.pool.borrow_mut().fail(worker, error, now()),
            }
            page.pump();
        });
    }

    /// The module that all workers are given is there.
    pub(super) fn compiled(self: &Rc<Self>, module: &WebAssembly::Module) {
        self.assets.tell(&Progress::Compile {
            asset: INFERENCE.to_owned(),
        });
        self.pool.borrow_mut().compiled();
        self.module.resolve(module);
    }

    /// Sends a worker what it starts with, as it is there.
    pub(super) async fn init(self: Rc<Self>, worker: WorkerId, steps: Steps) {
        let sent = self.send_init(worker, steps).await;
        match sent {
            Ok(()) => self.pool.borrow_mut().assets_sent(worker, now()),
            Err(error) => self.pool.borrow_mut().assets_failed(worker, error, now()),
        }
        self.pump();
    }

    async fn send_init(self: &Rc<Self>, worker: WorkerId, steps: Steps) -> Result<(), FrameError> {
        let module = JsFuture::from(self.module.promise()).await;
        let module = module.map_err(|thrown| frame_error(&thrown))?;
        let models = self.assets.names(steps);
        let is_there = self.with_worker(worker, |handle| {
            handle.post_to_script(&object(&[("module", module)]));
            handle.has_module = true;
        });
        if is_there.is_none() {
            return Ok(());
        }
        let message = ToWorker::Init {
            max_pixels: self.options.stream.max_pixels.into(),
            fast_decode: self.options.stream.decode == Decode::Fast,
            models: models.len(),
            warms_kernels: self.pool.borrow().is_last(worker),
        };
        self.post(worker, &message);
        self.introduce(worker);
        self.send_models(worker, models).await
    }

    /// Gives a worker and each of the others a port to each other.
    fn introduce(&self, worker: WorkerId) {
        for place in &self.workers {
            let other = match &*place.borrow() {
                Some(other) if other.has_module && other.id != worker => other.id,
                _ => continue,
            };
            let Ok(channel) = MessageChannel::new() else {
                continue;
            };
            for (to, about, port) in [
                (worker, other, channel.port1()),
                (other, worker, channel.port2()),
            ] {
                let message = ToWorker::Peer { worker: about };
                let port = JsValue::from(port);
                self.with_worker(to, |handle| {
                    handle.post(&message, &[&port], &Array::of1(&port))
                });
            }
        }
    }

    async fn send_models(
        self: &Rc<Self>,
        worker: WorkerId,
        models: Vec<ModelFile>,
    ) -> Result<(), FrameError> {
        for model in models {
            let (bytes, is_shared) = self.assets.model(model).await?;
            let transfer = match is_shared {
                true => Array::new(),
                false => Array::of1(&bytes.buffer()),
            };
            let message = ToWorker::Model {
                name: model.name.to_owned(),
            };
            let bytes = JsValue::from(bytes);
            self.with_worker(worker, |handle| handle.post(&message, &[&bytes], &transfer));
        }
        Ok(())
    }

    /// Sends a worker the models of steps that it takes over.
    pub(super) async fn adopt(
        self: Rc<Self>,
        worker: WorkerId,
        steps: Steps,
        served: Steps,
        lost: usize,
    ) {
        let loaded = self.assets.names(served);
        let mut models = self.assets.names(steps);
        models.retain(|model| !loaded.contains(model));
        let sent = self.send_models(worker, models).await;
        let mut pool = self.pool.borrow_mut();
        pool.adopted(worker, lost, steps, sent.is_ok(), now());
        drop(pool);
        self.pump();
    }

    /// What is done to a worker, if it is still there.
    fn with_worker<T>(
        &self,
        worker: WorkerId,
        action: impl FnOnce(&mut super::worker::Handle) -> T,
    ) -> Option<T> {
        let mut handle = self.workers[worker.place].borrow_mut();
        let handle = handle.as_mut().filter(|handle| handle.id == worker)?;
        Some(action(handle))
    }
}
