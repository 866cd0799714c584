//! Carries the pool's commands out, and tells it what workers say.

use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::assets::INFERENCE;
use super::progress::Progress;
use super::stream::Page;
use super::worker::{Handle, Heard};
use crate::browser::now;
use crate::frame::{PreparedFrame, Source};
use crate::messages::{FromWorker, ToWorker};
use crate::pool::{Answer, Command};
use crate::worker_id::WorkerId;

impl Page {
    pub(super) fn obey(self: &Rc<Self>, command: Command<PreparedFrame>) {
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
                wants_grey,
                released,
            } => {
                let message = move |source| ToWorker::Decode {
                    ticket,
                    frame: index,
                    source,
                    copies,
                    wants_grey,
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
        let guarded = |listener: &Function| self.options.panics.guarded(listener);
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
                    grey,
                    elapsed_us,
                    memory_bytes,
                },
                spare,
            ) => {
                if let Some(spare) = spare.dyn_ref::<Uint8Array>() {
                    self.intake.buffers.give(spare.buffer());
                }
                let size = ImageSize { width, height };
                let answer = Answer::Decoded {
                    size,
                    grey,
                    elapsed_us,
                };
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
