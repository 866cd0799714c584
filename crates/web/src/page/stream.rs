//! A stream that workers of this page compute.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, WebAssembly};
use live_keypoints_pipeline::FrameResult;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::assets::Assets;
use super::options::{StartOptions, StreamOptions};
use super::progress::Progress;
use super::worker::Handle;
use crate::abort::{OnAbort, aborted};
use crate::browser::{Timer, now};
use crate::declared::{Maybe, ToJs};
use crate::deferred::Deferred;
use crate::error::js_error;
use crate::frame::{Intake, PreparedFrame};
use crate::object::{global, property};
use crate::objects::{Stats, WorkerStats, result_object};
use crate::pool::{Event, MAX_WORKERS, Pool, Served};
use crate::stage_times::StageTimes;

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
    pub(super) intake: Intake,
    has_hand_world: bool,
    stage_times: RefCell<StageTimes>,
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
    pub async fn start(
        #[wasm_bindgen(unchecked_param_type = "PageStreamOptions & PanicHooks")] options: JsValue,
    ) -> Result<PageStream, JsValue> {
        let signal = property(&options, "signal");
        let options = StartOptions::read(&options)?;
        options.panics.tell();
        let page = Page::new(options)?;
        let on_abort = {
            let page = Rc::downgrade(&page);
            move || {
                if let Some(page) = page.upgrade() {
                    page.started.reject(&js_error(aborted()));
                    page.close();
                }
            }
        };
        let _on_abort = OnAbort::new(signal, on_abort)?;
        page.begin();
        let outcome = JsFuture::from(page.started.promise()).await;
        match outcome {
            Ok(_) => Ok(Self(page)),
            Err(error) => {
                page.close();
                Err(error)
            }
        }
    }

    /// From now on, results go to `on_result`, and what ends the stream to `on_fatal`.
    pub fn connect(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(result: Keypoints | FailedFrame) => void")]
        on_result: Function,
        #[wasm_bindgen(unchecked_param_type = "(error: Error) => void")] on_fatal: Function,
    ) {
        *self.0.on_result.borrow_mut() = Some(on_result);
        *self.0.on_fatal.borrow_mut() = Some(on_fatal);
    }

    /// Takes a frame of the stream; a full buffer drops its oldest. Returns the frame's index. Nothing comes of it before
    /// `pump`. Throws `unsupported-frame` for what is no frame.
    #[wasm_bindgen(js_name = addFrame)]
    pub fn add_frame(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Frame")] frame: &JsValue,
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
    pub fn add_still(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Frame")] frame: &JsValue,
        transfer: Option<bool>,
    ) -> Result<f64, JsValue> {
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

    /// What the stream and its workers have done.
    #[wasm_bindgen(unchecked_return_type = "Stats")]
    pub fn stats(&self) -> JsValue {
        let pool = self.0.pool.borrow();
        let stats = pool.stats();
        let workers = pool.worker_stats().map(|worker| WorkerStats {
            steps: worker.steps.iter().collect(),
            busy_ms: worker.busy_ms,
            replaced: worker.replaced,
            memory_bytes: worker.memory_bytes,
        });
        Stats {
            received: stats.received,
            dropped: stats.dropped,
            completed: stats.completed,
            still: stats.still,
            failed: stats.failed,
            buffered: stats.buffered,
            in_flight: stats.in_work,
            unread: stats.unread,
            workers: workers.collect(),
            connection: Maybe(None),
            stages: self.0.stage_times.borrow().stats(),
        }
        .to_js()
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
        let StreamOptions { workers, .. } = options.stream;
        let session = options.session.clone();
        let pool = Pool::new(session, workers, cores(), options.patience, now());
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
                timer: Timer::guarded(on_time, |callback| options.panics.guarded(callback)),
                pool: RefCell::new(pool),
                workers: Default::default(),
                assets,
                has_hand_world: options.stream.hand_world,
                stage_times: RefCell::default(),
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
        let layout: Vec<Served> = self.pool.borrow().layout().collect();
        self.assets.begin(&layout);
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
        if let FrameResult::Keypoints(keypoints) = result {
            self.stage_times.borrow_mut().add(&keypoints.timings);
        }
        let result = result_object(result, timestamp_ms, self.has_hand_world);
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
}

/// As many as there are workers where the browser does not say.
fn cores() -> usize {
    let cores = global("navigator").map(|navigator| property(&navigator, "hardwareConcurrency"));
    cores
        .and_then(|cores| cores.as_f64())
        .map_or(MAX_WORKERS, |cores| cores as usize)
}
