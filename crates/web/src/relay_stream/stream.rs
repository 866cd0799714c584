//! A stream that a relay computes.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Function;
use live_keypoints_pipeline::signs::SignEvent;
use live_keypoints_pipeline::{ErrorCode, FrameResult};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::connection_state::ConnectionState;
use super::encoder::JpegEncoder;
use super::socket::{Heard, Socket};
use crate::abort::{OnAbort, aborted};
use crate::browser::{Timer, now};
use crate::declared::{Maybe, ToJs};
use crate::deferred::Deferred;
use crate::error::{frame_error_or, js_error};
use crate::frame::{Intake, PreparedFrame};
use crate::object::property;
use crate::objects::{ConnectionStats, Stats, result_object};
use crate::panics::Panics;
use crate::relay::{FrameToEncode, RelayClient, RelayEvent, RelayOptions, SocketId, Transmit};
use crate::sign_objects::Sign;
use crate::stage_times::StageTimes;

/// A stream on a relay. Times are in milliseconds.
#[wasm_bindgen]
pub struct RelayStream(Rc<Stream>);

/// Everything of a stream. Nothing of it is borrowed while JavaScript is called.
struct Stream {
    client: RefCell<RelayClient<PreparedFrame>>,
    /// Of the connection that there is.
    socket: RefCell<Option<Socket>>,
    /// `(url, subprotocols) => SocketLike`
    create_socket: Function,
    url: JsValue,
    panics: Panics,
    started: Deferred<JsValue>,
    is_started: Cell<bool>,
    intake: Intake,
    encoder: JpegEncoder,
    has_hand_world: bool,
    stage_times: RefCell<StageTimes>,
    listeners: RefCell<Option<Listeners>>,
    is_pumping: Cell<bool>,
    timer: Timer,
}

/// Who is told. They are the facade's own, and do not throw.
#[derive(Clone)]
struct Listeners {
    /// `(result) => void`
    on_result: Function,
    /// `(error) => void`
    on_fatal: Function,
    /// `(state) => void`
    on_connection: Function,
    /// `() => void`
    on_forgotten: Function,
    /// `(sign) => void`
    on_sign: Function,
    /// `() => void`
    on_idle: Function,
}

#[wasm_bindgen]
impl RelayStream {
    /// Opens the first connection, and resolves once frames can be sent. `options` are `{ url, name, options,
    /// createSocket, signal, guard, onPanic }`, where `name` is the address without what may be secret in it. Rejects
    /// where the connection cannot be had, or with `aborted` as soon as `signal` says so; nothing is left behind then.
    pub async fn start(
        #[wasm_bindgen(unchecked_param_type = "RelayStreamOptions & PanicHooks")] options: JsValue,
    ) -> Result<RelayStream, JsValue> {
        let stream = Stream::new(&options)?;
        stream.panics.tell();
        let on_abort = {
            let stream = Rc::downgrade(&stream);
            move || {
                if let Some(stream) = stream.upgrade()
                    && !stream.is_started.get()
                {
                    stream.started.reject(&js_error(aborted()));
                    stream.close();
                }
            }
        };
        let _on_abort = OnAbort::new(property(&options, "signal"), on_abort)?;
        stream.pump();
        match JsFuture::from(stream.started.promise()).await {
            Ok(_) => Ok(Self(stream)),
            Err(error) => {
                stream.close();
                Err(error)
            }
        }
    }

    /// From now on, results go to `on_result`, what ends the stream to `on_fatal`, changes of the connection to
    /// `on_connection`; `on_forgotten` is told when frames in flight get no result, as a reset threw them away; and signs,
    /// where they were asked for, go to `on_sign`, that nothing moves to `on_idle`.
    pub fn connect(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(result: Keypoints | FailedFrame) => void")]
        on_result: Function,
        #[wasm_bindgen(unchecked_param_type = "(error: Error) => void")] on_fatal: Function,
        #[wasm_bindgen(unchecked_param_type = "(state: ConnectionState) => void")]
        on_connection: Function,
        #[wasm_bindgen(unchecked_param_type = "() => void")] on_forgotten: Function,
        #[wasm_bindgen(unchecked_param_type = "(sign: Sign) => void")] on_sign: Function,
        #[wasm_bindgen(unchecked_param_type = "() => void")] on_idle: Function,
    ) {
        *self.0.listeners.borrow_mut() = Some(Listeners {
            on_result,
            on_fatal,
            on_connection,
            on_forgotten,
            on_sign,
            on_idle,
        });
        // What happened since `start` is told once the caller listens, too.
        self.0.timer.set(0.0);
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
        let mut client = self.0.client.borrow_mut();
        let added = client.add_frame(prepared, timestamp_ms, now());
        added.map(|index| index as f64).map_err(js_error)
    }

    /// Takes a stateless picture; nothing comes of it before `pump`. Throws `busy`, and leaves the picture alone, where
    /// there is no room; or `unsupported-frame`.
    #[wasm_bindgen(js_name = addStill)]
    pub fn add_still(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Frame")] frame: &JsValue,
        transfer: Option<bool>,
    ) -> Result<f64, JsValue> {
        let stream = &self.0;
        let room = stream.client.borrow().has_room_for_still();
        room.map_err(js_error)?;
        let prepared = stream.intake.prepare(frame, transfer).map_err(js_error)?;
        let added = stream.client.borrow_mut().add_still(prepared, now());
        added.map(|index| index as f64).map_err(js_error)
    }

    /// Sends what can be sent, and tells what there is to tell.
    pub fn pump(&self) {
        self.0.pump();
    }

    /// Throws away the waiting frames and the tracking state.
    pub fn reset(&self) {
        self.0.observe();
        self.0.client.borrow_mut().reset();
    }

    /// What the stream and its connection have done.
    #[wasm_bindgen(unchecked_return_type = "Stats")]
    pub fn stats(&self) -> JsValue {
        self.0.observe();
        let stats = self.0.client.borrow().stats();
        Stats {
            received: stats.received,
            dropped: stats.dropped,
            completed: stats.completed,
            still: stats.still,
            failed: stats.failed,
            buffered: stats.buffered,
            in_flight: stats.in_flight,
            unread: 0,
            workers: Vec::new(),
            connection: Maybe(Some(ConnectionStats {
                state: stats.state,
                lost: stats.lost,
                buffered_bytes: stats.unsent_bytes,
            })),
            stages: self.0.stage_times.borrow().stats(),
        }
        .to_js()
    }

    /// Says goodbye, and lets all frames go; nothing is told after it.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Drop for RelayStream {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Stream {
    fn new(given: &JsValue) -> Result<Rc<Self>, JsValue> {
        let options = RelayOptions::read(&property(given, "options")).map_err(js_error)?;
        let panics = Panics::read(given)?;
        let name = property(given, "name").as_string().unwrap_or_default();
        let encoder = JpegEncoder::new(options.jpeg_quality, options.max_pixels);
        let has_hand_world = options.hand_world;
        let seed = js_sys::Math::random().to_bits();
        let client = RelayClient::new(&name, options, seed, now()).map_err(js_error)?;
        Ok(Rc::new_cyclic(|stream: &Weak<Self>| {
            let stream = stream.clone();
            let on_time = move || {
                if let Some(stream) = stream.upgrade() {
                    stream.client.borrow_mut().handle_timeout(now());
                    stream.pump();
                }
            };
            Self {
                timer: Timer::guarded(on_time, |callback| panics.guarded(callback)),
                client: RefCell::new(client),
                socket: RefCell::default(),
                create_socket: property(given, "createSocket").unchecked_into(),
                url: property(given, "url"),
                panics,
                started: Deferred::new(),
                is_started: Cell::default(),
                intake: Intake::default(),
                encoder,
                has_hand_world,
                stage_times: RefCell::default(),
                listeners: RefCell::default(),
                is_pumping: Cell::default(),
            }
        }))
    }

    fn close(self: &Rc<Self>) {
        *self.listeners.borrow_mut() = None;
        self.client.borrow_mut().close();
        self.pump();
    }

    /// Does all that there is to do. What is called may come back here; it then finds the flag set, and the outer call goes
    /// on with what it has brought.
    fn pump(self: &Rc<Self>) {
        if self.is_pumping.replace(true) {
            return;
        }
        while self.encode_next() || self.transmit_next() || self.tell_next() {}
        self.is_pumping.set(false);
        let next_ms = self.client.borrow().next_timeout();
        match next_ms {
            Some(at_ms) => self.timer.set((at_ms - now()).max(0.0)),
            None => self.timer.clear(),
        }
    }

    /// Looks at the socket: it tells of its own accord neither that it is closing nor that bytes have left it.
    fn observe(&self) {
        let socket = self.socket.borrow().clone();
        if let Some(socket) = socket {
            let (is_open, unsent_bytes) = (socket.is_open(), socket.unsent_bytes());
            let mut client = self.client.borrow_mut();
            client.observe(socket.id, is_open, unsent_bytes, now());
        }
    }

    fn encode_next(self: &Rc<Self>) -> bool {
        self.observe();
        let next = self.client.borrow_mut().poll_encode(now());
        let Some(FrameToEncode { index, frame }) = next else {
            return false;
        };
        let stream = Rc::clone(self);
        spawn_local(async move {
            let jpeg = stream.encoder.encode(frame).await;
            stream.client.borrow_mut().encoded(index, jpeg, now());
            stream.pump();
        });
        true
    }

    fn transmit_next(self: &Rc<Self>) -> bool {
        let next = self.client.borrow_mut().poll_transmit();
        let Some(transmit) = next else { return false };
        let (id, done) = match transmit {
            Transmit::Open {
                socket,
                subprotocols,
            } => (socket, self.open(socket, &subprotocols)),
            Transmit::Text { socket, text } => {
                (socket, self.with(socket, |it| it.send_text(&text)))
            }
            Transmit::Frame {
                socket,
                header,
                jpeg,
            } => (
                socket,
                self.with(socket, |it| it.send_frame(&header, &jpeg)),
            ),
            Transmit::Close { socket: id } => {
                let socket = self.socket.borrow_mut().take_if(|socket| socket.id == id);
                if let Some(socket) = socket {
                    socket.close();
                }
                return true;
            }
        };
        if let Err(thrown) = done {
            let error = frame_error_or(&thrown, ErrorCode::ConnectionLost);
            let mut client = self.client.borrow_mut();
            client.handle_failure(id, error, now());
        }
        true
    }

    fn open(self: &Rc<Self>, id: SocketId, subprotocols: &[String]) -> Result<(), JsValue> {
        let socket = Socket::create(id, &self.create_socket, &self.url, subprotocols)?;
        *self.socket.borrow_mut() = Some(socket.clone());
        let stream = Rc::downgrade(self);
        let hear = move |id, heard| {
            if let Some(stream) = stream.upgrade() {
                stream.hear(id, heard);
            }
        };
        socket.listen(|listener| self.panics.guarded(listener), hear)
    }

    /// What is done with the socket of this name, if it is still there.
    fn with(
        &self,
        id: SocketId,
        act: impl FnOnce(&Socket) -> Result<(), JsValue>,
    ) -> Result<(), JsValue> {
        let socket = self.socket.borrow().clone();
        match socket.filter(|socket| socket.id == id) {
            Some(socket) => act(&socket),
            None => Ok(()),
        }
    }

    fn hear(self: &Rc<Self>, id: SocketId, heard: Heard) {
        self.observe();
        let now_ms = now();
        let mut client = self.client.borrow_mut();
        match heard {
            Heard::Open => client.handle_open(id),
            Heard::Text(text) => client.handle_text(id, &text, now_ms),
            Heard::Binary(bytes) => client.handle_binary(id, &bytes, now_ms),
            Heard::Other => client.handle_other(id, now_ms),
            Heard::Complaint(message) => client.handle_complaint(id, &message),
            Heard::Closed { code, reason } => client.handle_close(id, code, &reason, now_ms),
        }
        drop(client);
        self.pump();
    }

    fn tell_next(&self) -> bool {
        let listeners = self.listeners.borrow().clone();
        if self.is_started.get() && listeners.is_none() {
            return false;
        }
        let next = self.client.borrow_mut().poll_event();
        match (next, listeners) {
            (None, _) => return false,
            (Some(RelayEvent::Started), _) => {
                self.is_started.set(true);
                self.started.resolve(&JsValue::UNDEFINED);
            }
            (Some(RelayEvent::Ended(error)), None) => self.started.reject(&js_error(error)),
            // There is no other one before the start.
            (Some(_), None) => {}
            (Some(event), Some(listeners)) => self.tell(event, &listeners),
        }
        true
    }

    fn tell(&self, event: RelayEvent, listeners: &Listeners) {
        let (listener, value) = match event {
            RelayEvent::Result {
                result,
                timestamp_ms,
            } => {
                if let FrameResult::Keypoints(keypoints) = &result {
                    self.stage_times.borrow_mut().add(&keypoints.timings);
                }
                let result = result_object(&result, timestamp_ms, self.has_hand_world);
                (&listeners.on_result, result)
            }
            RelayEvent::Connection(connection) => {
                let state = ConnectionState {
                    state: connection.state,
                    reason: Maybe(connection.reason),
                    retry_in_ms: Maybe(connection.retry_in_ms),
                };
                (&listeners.on_connection, state.to_js())
            }
            RelayEvent::Sign(SignEvent::Sign(sign)) => (&listeners.on_sign, Sign::of(sign).to_js()),
            RelayEvent::Sign(SignEvent::Idle) => (&listeners.on_idle, JsValue::UNDEFINED),
            RelayEvent::Ended(error) => (&listeners.on_fatal, js_error(error)),
            RelayEvent::Started | RelayEvent::Forgotten => {
                (&listeners.on_forgotten, JsValue::UNDEFINED)
            }
        };
        let _ = listener.call1(&JsValue::UNDEFINED, &value);
    }
}
