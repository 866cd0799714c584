//! A stream that workers of this page compute.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, Uint8Array, WebAssembly};
use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError, FrameResult, Step, Steps};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::assets::{Assets, INFERENCE, property};
use super::browser::global;
use super::fetching::aborted;
use super::intake::{Intake, PreparedFrame, Source};
use super::options::StartOptions;
use super::progress::Progress;
use super::result_object::{object, result_object};
use super::start::Deferred;
use super::worker::{Handle, Heard};
use crate::browser::{Timer, now};
use crate::error::js_error;
use crate::messages::{FromWorker, ToWorker};
use crate::pool::{Answer, Command, Event, MAX_WORKERS, Pool};
use crate::worker_id::WorkerId;

/// A stream with its workers. Times are in milliseconds.
#[wasm_bindgen]
pub struct PageStream(Rc<Page>);

/// Everything of a stream. Nothing of it is borrowed while JavaScript is called.
pub(super) struct Page {
    pub(super) pool: RefCell<Pool<PreparedFrame>>,
    pub(super) workers: [RefCell<Option<Handle>>; MAX_WORKERS],
    pub(super) assets: Rc<Assets>,
    pub(super) options: StartOptions,
    pub(super) module: Deferred<WebAssembly::Module>,
    started: Deferred<JsValue>,
    intake: Intake,
    hand_world: HandWorld,
    /// `(result) => void`
    on_result: RefCell<Option<Function>>,
    /// `(error) => void`
    on_fatal: RefCell<Option<Function>>,
    is_pumping: Cell<bool>,
    timer: Timer,
}

#[wasm_bindgen]
impl PageStream {
    /// Starts workers, and resolves once frames can be pushed. Rejects with the error of what cannot be had, with
    /// `isSilence` where a worker's script may only be slow to come, or with `aborted` as soon as `signal` says so.
    pub async fn start(options: JsValue) -> Result<PageStream, JsValue> {
        let signal = property(&options, "signal");
        let options = StartOptions::read(&options)?;
        options.tell_of_panics();
        let page = Page::new(options)?;
        let on_abort = {
            let page = Rc::downgrade(&page);
            Closure::<dyn FnMut()>::new(move || {
                if let Some(page) = page.upgrade() {
                    page.started.reject(&js_error(aborted()));
                    page.close();
                }
            })
        };
        let listener: &Function = on_abort.as_ref().unchecked_ref();
        if let Some(signal) = signal.dyn_ref::<web_sys::AbortSignal>() {
            let _ = signal.add_event_listener_with_callback("abort", listener);
        }
        page.begin();
        let outcome = JsFuture::from(page.started.promise()).await;
        if let Some(signal) = signal.dyn_ref::<web_sys::AbortSignal>() {
            let _ = signal.remove_event_listener_with_callback("abort", listener);
        }
        match outcome {
            Ok(_) => Ok(Self(page)),
            Err(error) => {
                page.close();
                Err(error)
            }
        }
    }

    /// From now on, results go to `on_result`, and what ends the stream to `on_fatal`.
    pub fn connect(&self, on_result: Function, on_fatal: Function) {
        *self.0.on_result.borrow_mut() = Some(on_result);
        *self.0.on_fatal.borrow_mut() = Some(on_fatal);
    }

    /// Takes a frame of the stream; a full buffer drops its oldest. Returns the frame's index. Nothing comes of it before
    /// `pump`. Throws `unsupported-frame` for what is no frame.
    #[wasm_bindgen(js_name = addFrame)]
    pub fn add_frame(
        &self,
        frame: &JsValue,
        timestamp_ms: f64,
        transfer: Option<bool>,
    ) -> Result<f64, JsValue> {
        let prepared = self.0.intake.prepare(frame, transfer).map_err(js_error)?;
        let mut pool = self.0.pool.borrow_mut();
        Ok(pool.add_frame(prepared, timestamp_ms, now()) as f64)
    }

    /// Takes a stateless picture; nothing comes of it before `pump`. Throws `busy`, and leaves the picture alone, where
    /// there is no room.
    #[wasm_bindgen(js_name = addStill)]
    pub fn add_still(&self, frame: &JsValue, transfer: Option<bool>) -> Result<f64, JsValue> {
        let page = &self.0;
        page.pool.borrow().has_room_for_still().map_err(js_error)?;
        let prepared = page.intake.prepare(frame, transfer);
        let prepared = prepared.unwrap_or_else(PreparedFrame::Bad);
        let added = page.pool.borrow_mut().add_still(prepared, now());
        added.map(|index| index as f64).map_err(js_error)
    }

    /// Gives work to whoever is free, and hands on the results that there are.
    pub fn pump(&self) {
        self.0.pump();
    }

    /// Throws away the waiting frames and the tracking state.
    pub fn reset(&self) {
        self.0.pool.borrow_mut().reset();
    }

    /// Counts: `{ received, dropped, completed, failed, buffered, inFlight, unread, workers }`.
    pub fn stats(&self) -> JsValue {
        let pool = self.0.pool.borrow();
        let stats = pool.stats();
        let workers: Array = pool
            .worker_stats()
            .map(|worker| {
                object(&[
                    ("steps", step_names(worker.steps).into()),
                    ("busyMs", worker.busy_ms.into()),
                    ("replaced", worker.replaced.into()),
                    ("memoryBytes", (worker.memory_bytes as f64).into()),
                ])
            })
            .collect();
        object(&[
            ("received", (stats.received as f64).into()),
            ("dropped", (stats.dropped as f64).into()),
            ("completed", (stats.completed as f64).into()),
            ("failed", (stats.failed as f64).into()),
            ("buffered", (stats.buffered as f64).into()),
            ("inFlight", (stats.in_work as f64).into()),
            ("unread", (stats.unread as f64).into()),
            ("workers", workers.into()),
        ])
    }

    /// Ends the workers and lets all frames go; nothing is told after it.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Drop for PageStream {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Page {
    fn new(mut options: StartOptions) -> Result<Rc<Self>, JsValue> {
        let session = std::mem::take(&mut options.session);
        let pool = Pool::new(session, options.workers, cores(), options.patience, now());
        let pool = pool.map_err(js_error)?;
        let assets = Assets::new(options.assets.take().ok_or("assets are given")?);
        Ok(Rc::new_cyclic(|page: &Weak<Self>| {
            let page = page.clone();
            let on_time = move || {
                if let Some(page) = page.upgrade() {
                    page.pool.borrow_mut().timeout(now());
                    page.pump();
                }
            };
            Self {
                timer: Timer::guarded(on_time, |callback| options.guarded(callback)),
                pool: RefCell::new(pool),
                workers: Default::default(),
                assets,
                hand_world: options.hand_world,
                options,
                module: Deferred::new(),
                started: Deferred::new(),
                intake: Intake::default(),
                on_result: RefCell::default(),
                on_fatal: RefCell::default(),
                is_pumping: Cell::default(),
            }
        }))
    }

    fn begin(self: &Rc<Self>) {
        let layout: Vec<Steps> = self.pool.borrow().layout().collect();
        self.assets.begin(layout.into_iter());
        self.pump();
    }

    pub(super) fn close(self: &Rc<Self>) {
        *self.on_result.borrow_mut() = None;
        *self.on_fatal.borrow_mut() = None;
        self.assets.downloads.abort();
        self.module.reject(&js_error(aborted()));
        self.pool.borrow_mut().close();
        self.pump();
    }

    /// Does all that there is to do. What is called may come back here; it then finds the flag set, and the outer call goes
    /// on with what it has brought.
    pub(super) fn pump(self: &Rc<Self>) {
        if self.is_pumping.replace(true) {
            return;
        }
        loop {
            let command = self.pool.borrow_mut().poll_command(now());
            if let Some(command) = command {
                self.obey(command);
                continue;
            }
            let event = self.pool.borrow_mut().poll_event();
            if let Some(event) = event {
                self.tell(event);
                continue;
            }
            let on_result = self.on_result.borrow().clone();
            let Some(on_result) = on_result else { break };
            let result = self.pool.borrow_mut().next_result();
            let Some((result, timestamp_ms)) = result else {
                break;
            };
            self.hand_on(&on_result, &result, timestamp_ms);
        }
        self.is_pumping.set(false);
        match self.pool.borrow().next_deadline_ms() {
            Some(at_ms) => self.timer.set((at_ms - now()).max(0.0)),
            None => self.timer.clear(),
        }
    }

    fn hand_on(&self, on_result: &Function, result: &FrameResult, timestamp_ms: f64) {
        let result = result_object(result, timestamp_ms, self.hand_world);
        // The facade's own, which does not throw.
        let _ = on_result.call1(&JsValue::UNDEFINED, &result);
    }

    fn tell(self: &Rc<Self>, event: Event) {
        match event {
            Event::Ready => {
                self.assets.tell(&Progress::Ready);
                self.started.resolve(&JsValue::UNDEFINED);
            }
            Event::Fatal { error, is_silence } => {
                let error = js_error(error);
                crate::error::set(&error, "isSilence", &is_silence.into());
                self.assets.downloads.abort();
                self.started.reject(&error);
                let on_fatal = self.on_fatal.borrow().clone();
                if let Some(on_fatal) = on_fatal {
                    let _ = on_fatal.call1(&JsValue::UNDEFINED, &error);
                }
            }
        }
    }

    fn obey(self: &Rc<Self>, command: Command<PreparedFrame>) {
        match command {
            Command::Spawn { worker } => self.spawn(worker),
            Command::Compile { worker, is_retry } => self.compile(worker, is_retry),
            Command::Init { worker, steps } => {
                spawn_local(Rc::clone(self).init(worker, steps));
            }
            Command::Adopt {
                worker,
                steps,
                served,
                lost,
            } => spawn_local(Rc::clone(self).adopt(worker, steps, served, lost)),
            Command::Decode {
                worker,
                ticket,
                index,
                frame,
                copies,
                released,
            } => {
                let message = move |source| ToWorker::Decode {
                    ticket,
                    frame: index,
                    source,
                    copies,
                    released,
                };
                match frame {
                    PreparedFrame::Ready(source) => {
                        self.send_frame(worker, ticket, &message(source.kind), source);
                    }
                    PreparedFrame::Bad(error) => self.refuse(worker, ticket, error),
                    PreparedFrame::Pending(pending) => {
                        let page = Rc::clone(self);
                        spawn_local(async move {
                            let made = pending.made().await;
                            if !page.pool.borrow().is_wanted(worker, ticket) {
                                return;
                            }
                            match made {
                                Ok(source) => {
                                    let message = message(source.kind);
                                    page.send_frame(worker, ticket, &message, source);
                                }
                                Err(error) => page.refuse(worker, ticket, error),
                            }
                            page.pump();
                        });
                    }
                }
            }
            Command::Run {
                worker,
                ticket,
                index,
                job,
                pixels_from,
                released,
            } => {
                if let Some(holder) = pixels_from {
                    let message = ToWorker::SendPixels {
                        frame: index,
                        to: worker,
                    };
                    self.post(holder, &message);
                }
                let message = ToWorker::Run {
                    ticket,
                    frame: index,
                    job,
                    released,
                };
                self.post(worker, &message);
                self.pool.borrow_mut().sent(worker, ticket, now());
            }
            Command::PixelsLost { worker, index } => {
                self.post(worker, &ToWorker::PixelsLost { frame: index });
            }
            Command::End { place } => {
                let worker = self.workers[place].take();
                drop(worker);
            }
        }
    }

    fn send_frame(&self, worker: WorkerId, ticket: u64, message: &ToWorker, source: Source) {
        let posted = {
            let handle = self.workers[worker.place].borrow();
            let Some(handle) = handle.as_ref().filter(|handle| handle.id == worker) else {
                return;
            };
            let (value, transfer) = source.for_posting();
            handle.post(message, &[value], &transfer)
        };
        match posted {
            Ok(()) => {
                source.sent();
                self.pool.borrow_mut().sent(worker, ticket, now());
            }
            // A frame that cannot be posted, such as an ImageBitmap that was closed after it was pushed.
            Err(thrown) => {
                let message = crate::browser::message_of(&thrown);
                let error = FrameError::new(ErrorCode::UnsupportedFrame, message);
                self.refuse(worker, ticket, error);
            }
        }
    }

    fn refuse(&self, worker: WorkerId, ticket: u64, error: FrameError) {
        self.pool.borrow_mut().refused(worker, ticket, error, now());
    }

    /// Messages without a frame can always be posted.
    pub(super) fn post(&self, worker: WorkerId, message: &ToWorker) {
        let handle = self.workers[worker.place].borrow();
        if let Some(handle) = handle.as_ref().filter(|handle| handle.id == worker) {
            let _ = handle.post(message, &[], &Array::new());
        }
    }

    fn spawn(self: &Rc<Self>, worker: WorkerId) {
        let page = Rc::downgrade(self);
        let hear = move |worker, heard| {
            if let Some(page) = page.upgrade() {
                page.hear(worker, heard);
                page.pump();
            }
        };
        let before = self.workers[worker.place].take();
        drop(before);
        let guarded = |listener: &Function| self.options.guarded(listener);
        match Handle::create(worker, &self.options.create_worker, guarded, hear) {
            Ok(handle) => *self.workers[worker.place].borrow_mut() = Some(handle),
            Err(reason) => {
                let message = format!("A worker could not be created: {reason}");
                let error = FrameError::new(ErrorCode::WorkerFailed, message);
                self.pool.borrow_mut().fail(worker, error, now());
            }
        }
    }

    fn hear(self: &Rc<Self>, worker: WorkerId, heard: Heard) {
        let now_ms = now();
        match heard {
            Heard::Hello { version } => {
                self.pool.borrow_mut().said_hello(worker, &version, now_ms);
            }
            Heard::Downloaded {
                loaded_bytes,
                total_bytes,
            } => {
                self.heard_bytes();
                self.assets.tell(&Progress::Download {
                    asset: INFERENCE.to_owned(),
                    loaded_bytes,
                    total_bytes,
                });
            }
            Heard::Compiled(module) => self.compiled(&module),
            Heard::ScriptBroken(error) | Heard::Message(FromWorker::Broken { error }, _) => {
                self.pool.borrow_mut().fail(worker, error, now_ms);
            }
            Heard::Error(reason) => self.pool.borrow_mut().broke(worker, &reason, now_ms),
            Heard::Nonsense => {
                let found = "unknown: it sent an unknown message";
                let error = crate::pool::version_mismatch("the worker script", found);
                self.pool.borrow_mut().fail(worker, error, now_ms);
            }
            Heard::Message(FromWorker::Loaded { name }, _) => {
                self.pool.borrow_mut().heard(now_ms);
                self.assets.tell(&Progress::Optimise {
                    asset: name,
                    worker: worker.place,
                });
            }
            Heard::Message(
                FromWorker::Ready {
                    version,
                    memory_bytes,
                },
                _,
            ) => {
                let mut pool = self.pool.borrow_mut();
                pool.ready(worker, &version, memory_bytes, now_ms);
            }
            Heard::Message(
                FromWorker::Decoded {
                    ticket,
                    width,
                    height,
                    elapsed_us,
                    memory_bytes,
                },
                spare,
            ) => {
                if let Some(spare) = spare.dyn_ref::<Uint8Array>() {
                    self.intake.buffers.give(spare.buffer());
                }
                let size = ImageSize { width, height };
                let answer = Answer::Decoded { size, elapsed_us };
                self.answered(worker, ticket, answer, Some(memory_bytes));
            }
            Heard::Message(
                FromWorker::Outcome {
                    ticket,
                    outcome,
                    elapsed_us,
                    memory_bytes,
                },
                _,
            ) => {
                let answer = Answer::Outcome {
                    outcome,
                    elapsed_us,
                };
                self.answered(worker, ticket, answer, Some(memory_bytes));
            }
            Heard::Message(FromWorker::Failed { ticket, error }, _) => {
                self.answered(worker, ticket, Answer::Failed(error), None);
            }
        }
    }

    fn answered(&self, worker: WorkerId, ticket: u64, answer: Answer, memory_bytes: Option<u64>) {
        let mut pool = self.pool.borrow_mut();
        pool.answered(worker, ticket, answer, memory_bytes, now());
    }

    /// Bytes have come from the network, here or in a worker.
    pub(super) fn heard_bytes(&self) {
        self.assets.downloads.heard();
        self.pool.borrow_mut().heard(now());
    }
}

/// As many as there are workers where the browser does not say.
fn cores() -> usize {
    let cores = global("navigator").map(|navigator| property(&navigator, "hardwareConcurrency"));
    cores
        .and_then(|cores| cores.as_f64())
        .map_or(MAX_WORKERS, |cores| cores as usize)
}

fn step_names(steps: Steps) -> Array {
    let name = |step| match step {
        Step::Decode => "decode",
        Step::Branch(Branch::Pose) => "pose",
        Step::Branch(Branch::LeftHand) => "leftHand",
        Step::Branch(Branch::RightHand) => "rightHand",
        Step::Branch(Branch::Face) => "face",
    };
    steps.iter().map(|step| JsValue::from(name(step))).collect()
}
