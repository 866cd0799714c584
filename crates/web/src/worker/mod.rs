//! What a worker does: read frames, send their pixels to the other workers, run branches.
//!
//! - `reader`: from what the page gives to pixels; `store`: pixels that are here, and what waits for them.
//! - `peers`: the other workers; `warm_up`: models run once before there is a frame.

mod peers;
mod reader;
mod store;
mod warm_up;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use live_keypoints_pipeline::branch::{self, BranchJob};
use live_keypoints_pipeline::inference::{Model, ModelKind, Models, warm_up_kernels};
use live_keypoints_pipeline::motion::SmallGrey;
use live_keypoints_pipeline::picture::RgbImage;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::{message_of, now};
use crate::error::js_error;
use crate::frame::SourceKind;
use crate::messages::{FromWorker, ToWorker, pack, unpack};
use crate::worker_id::WorkerId;
use peers::Peers;
use reader::{ReadError, Reader, buffers};
use store::Store;
use warm_up::WarmUp;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = postMessage)]
    fn post_message(message: &JsValue, transfer: &Array);
}

/// What runs in a worker once its module is there.
#[wasm_bindgen]
pub struct InferenceWorker(Rc<Host>);

struct Host {
    models: RefCell<Models>,
    /// Models that are to come before the worker is ready.
    awaited_models: Cell<Option<usize>>,
    store: RefCell<Store<RgbImage, Run>>,
    reader: Reader,
    peers: Peers,
    warm_up: WarmUp,
}

struct Run {
    ticket: u64,
    job: BranchJob,
}

struct Decode {
    ticket: u64,
    frame: u64,
    kind: SourceKind,
    copies: Vec<WorkerId>,
    wants_grey: bool,
}

#[wasm_bindgen]
impl InferenceWorker {
    /// A worker without models.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "JavaScript has no defaults")]
    pub fn new() -> Self {
        Self(Rc::new_cyclic(|host: &std::rc::Weak<Host>| {
            let for_warm_up = host.clone();
            let for_peers = host.clone();
            Host {
                models: RefCell::default(),
                awaited_models: Cell::default(),
                store: RefCell::default(),
                reader: Reader::default(),
                peers: Peers::new(move |frame, image| {
                    if let Some(host) = for_peers.upgrade() {
                        host.arrived(frame, image);
                    }
                }),
                warm_up: WarmUp::new(move || {
                    if let Some(host) = for_warm_up.upgrade() {
                        host.warm_up_next();
                    }
                }),
            }
        }))
    }

    /// Takes a message of the page. Throws `version-mismatch` for what is none of this version, and what a model's loading
    /// throws.
    pub fn receive(&self, data: &JsValue) -> Result<(), JsValue> {
        let (message, beside) = unpack(data).ok_or_else(|| {
            let message = "a message of the page cannot be read: it is of another version";
            js_error(FrameError::new(ErrorCode::VersionMismatch, message))
        })?;
        self.0.receive(message, beside)
    }
}

impl Host {
    fn receive(self: &Rc<Self>, message: ToWorker, beside: JsValue) -> Result<(), JsValue> {
        match message {
            ToWorker::Init {
                max_pixels,
                fast_decode,
                models,
                warms_kernels,
            } => {
                if warms_kernels {
                    warm_up_kernels();
                }
                self.reader.configure(max_pixels, fast_decode);
                self.awaited_models.set(Some(models));
                self.tell_if_ready();
            }
            ToWorker::Peer { worker } => self.peers.connect(worker, beside.unchecked_into()),
            ToWorker::Model { name } => self.load(name, &beside).map_err(js_error)?,
            ToWorker::Decode {
                ticket,
                frame,
                source,
                copies,
                wants_grey,
                released,
            } => {
                self.begin(&released);
                let decode = Decode {
                    ticket,
                    frame,
                    kind: source,
                    copies,
                    wants_grey,
                };
                spawn_local(Rc::clone(self).decode(decode, beside));
            }
            ToWorker::Run {
                ticket,
                frame,
                job,
                released,
            } => {
                self.begin(&released);
                let run = Run { ticket, job };
                let is_here = self.store.borrow().get(frame).is_some();
                match is_here {
                    true => self.run(frame, &run),
                    false => self.store.borrow_mut().wait(frame, run),
                }
            }
            ToWorker::SendPixels { frame, to } => {
                let mut store = self.store.borrow_mut();
                match store.get(frame) {
                    Some(image) => self.peers.send(to, frame, image),
                    None => store.owe(frame, to),
                }
            }
            ToWorker::PixelsLost { frame } => {
                let waiting = self.store.borrow_mut().take_waiting(frame);
                for Run { ticket, .. } in waiting {
                    let message = "the worker that held the frame's pixels died";
                    let error = FrameError::new(ErrorCode::WorkerDied, message);
                    post(&FromWorker::Failed { ticket, error });
                }
            }
        }
        Ok(())
    }

    fn load(&self, name: String, bytes: &JsValue) -> Result<(), FrameError> {
        let kind = ModelKind::from_name(&name).ok_or_else(|| {
            let message = format!("there is no model named {name:?}");
            FrameError::new(ErrorCode::ModelMissing, message)
        })?;
        let bytes = bytes.unchecked_ref::<js_sys::Uint8Array>().to_vec();
        self.models.borrow_mut().insert(Model::load(kind, bytes)?);
        post(&FromWorker::Loaded { name });
        if let Some(awaited) = self.awaited_models.get() {
            self.awaited_models.set(Some(awaited.saturating_sub(1)));
            self.tell_if_ready();
        }
        Ok(())
    }

    /// Once: what comes later is for steps of another worker.
    fn tell_if_ready(&self) {
        if self.awaited_models.get() != Some(0) {
            return;
        }
        self.awaited_models.set(None);
        post(&FromWorker::Ready {
            version: crate::version(),
            memory_bytes: memory_bytes(),
        });
        self.warm_up.begin();
    }

    fn warm_up_next(&self) {
        // What has a code will fail a frame, too, and be told with it.
        match self.models.borrow().warm_up_next() {
            Ok(true) => self.warm_up.next(),
            Ok(false) | Err(_) => self.warm_up.finish(),
        }
    }

    fn begin(&self, released: &[u64]) {
        self.warm_up.postpone();
        self.store.borrow_mut().release(released);
    }

    async fn decode(self: Rc<Self>, decode: Decode, source: JsValue) {
        let Decode {
            ticket,
            frame,
            kind,
            copies,
            wants_grey,
        } = decode;
        let started_ms = now();
        let picture = match self.reader.read(kind, source).await {
            Ok(picture) => picture,
            Err(ReadError::Frame(error)) => return post(&FromWorker::Failed { ticket, error }),
            Err(ReadError::Broken(thrown)) => {
                let error = FrameError::new(ErrorCode::WorkerFailed, message_of(&thrown));
                return post(&FromWorker::Broken { error });
            }
        };
        let grey = wants_grey.then(|| SmallGrey::of(&picture.image));
        let elapsed_us = micros_since(started_ms);
        for to in copies {
            self.peers.send(to, frame, &picture.image);
        }
        self.arrived(frame, picture.image);
        let message = FromWorker::Decoded {
            ticket,
            width: picture.size.width,
            height: picture.size.height,
            grey,
            elapsed_us,
            memory_bytes: memory_bytes(),
        };
        match picture.spare {
            Some(spare) => post_message(&pack(&message, &[&spare]), &buffers(&[&spare])),
            None => post(&message),
        }
    }

    /// Pixels are here, and whoever waits for them is served.
    fn arrived(&self, frame: u64, image: RgbImage) {
        let arrival = self.store.borrow_mut().put(frame, image);
        if let Some(image) = self.store.borrow().get(frame) {
            for to in arrival.owed {
                self.peers.send(to, frame, image);
            }
        }
        for run in arrival.steps {
            self.run(frame, &run);
        }
    }

    fn run(&self, frame: u64, run: &Run) {
        let Run { ticket, job } = run;
        let ticket = *ticket;
        let started_ms = now();
        let store = self.store.borrow();
        let Some(image) = store.get(frame) else {
            let message = format!("the pixels of frame {frame} are not here");
            let error = FrameError::new(ErrorCode::Internal, message);
            return post(&FromWorker::Failed { ticket, error });
        };
        match branch::run(&self.models.borrow(), image, job) {
            Ok(outcome) => post(&FromWorker::Outcome {
                ticket,
                outcome,
                elapsed_us: micros_since(started_ms),
                memory_bytes: memory_bytes(),
            }),
            Err(error) => post(&FromWorker::Failed {
                ticket,
                error: error.into(),
            }),
        }
    }
}

fn post(message: &FromWorker) {
    post_message(&pack(message, &[]), &Array::new());
}

fn micros_since(started_ms: f64) -> u64 {
    ((now() - started_ms) * 1000.0).round() as u64
}

/// Length of this module's memory. It grows to what the frames need, and never shrinks.
fn memory_bytes() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    u64::from(buffer.byte_length())
}
