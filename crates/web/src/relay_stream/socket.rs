//! The socket of one connection: a `WebSocket`, or what the caller makes that is like one.

use js_sys::{Array, Function, Reflect, Uint8Array};
use live_keypoints_protocol::{CloseCode, FrameHeader};
use wasm_bindgen::prelude::*;

use crate::browser::tag_of;
use crate::object::property;
use crate::relay::SocketId;

#[wasm_bindgen]
extern "C" {
    /// What is used of a `WebSocket`, whose other properties are read and set by name.
    #[derive(Clone)]
    type SocketLike;

    #[wasm_bindgen(method, structural, catch)]
    fn send(this: &SocketLike, message: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    fn close(this: &SocketLike, code: u16) -> Result<(), JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = addEventListener)]
    fn add_event_listener(
        this: &SocketLike,
        event: &str,
        listener: &Function,
    ) -> Result<(), JsValue>;
}

/// `WebSocket.OPEN`.
const OPEN: f64 = 1.0;

/// What is heard from a socket.
pub(super) enum Heard {
    /// It is open.
    Open,
    Text(String),
    Binary(Vec<u8>),
    /// A message that is neither.
    Other,
    /// What is wrong with it; that it is closed follows.
    Complaint(String),
    Closed {
        code: u16,
        reason: String,
    },
}

/// A handle to a socket.
#[derive(Clone)]
pub(super) struct Socket {
    pub(super) id: SocketId,
    socket: SocketLike,
}

impl Socket {
    /// Makes a socket by `create`, `(url, subprotocols) => SocketLike`. The error is that of `create`.
    pub(super) fn create(
        id: SocketId,
        create: &Function,
        url: &JsValue,
        subprotocols: &[String],
    ) -> Result<Self, JsValue> {
        let subprotocols: Array = subprotocols.iter().map(JsValue::from).collect();
        let socket = create.call2(&JsValue::UNDEFINED, url, &subprotocols)?;
        let socket = socket.unchecked_into();
        Ok(Self { id, socket })
    }

    /// Tells `hear` of all that comes, from now on.
    pub(super) fn listen(
        &self,
        guarded: impl Fn(&Function) -> Function,
        hear: impl Fn(SocketId, Heard) + Clone + 'static,
    ) -> Result<(), JsValue> {
        Reflect::set(&self.socket, &"binaryType".into(), &"arraybuffer".into())?;
        let id = self.id;
        let listen = |event: &str, read: fn(&JsValue) -> Heard| {
            let hear = hear.clone();
            // Collected together with the socket, which may say something after it was closed.
            let listener = Closure::<dyn FnMut(JsValue)>::new(move |event| hear(id, read(&event)));
            let listener = guarded(listener.into_js_value().unchecked_ref());
            self.socket.add_event_listener(event, &listener)
        };
        listen("open", |_| Heard::Open)?;
        listen("message", |event| read_message(&property(event, "data")))?;
        // A browser keeps the reason to itself; other sockets tell it, and want to be listened to.
        listen("error", |event| Heard::Complaint(text(event, "message")))?;
        listen("close", |event| Heard::Closed {
            code: property(event, "code").as_f64().unwrap_or_default() as u16,
            reason: text(event, "reason"),
        })
    }

    /// Whether it is open, and not closing.
    pub(super) fn is_open(&self) -> bool {
        property(&self.socket, "readyState").as_f64() == Some(OPEN)
    }

    /// Bytes that were given to it and are not on their way yet.
    pub(super) fn unsent_bytes(&self) -> u64 {
        let bytes = property(&self.socket, "bufferedAmount");
        bytes.as_f64().unwrap_or_default() as u64
    }

    /// Sends a text message.
    pub(super) fn send_text(&self, text: &str) -> Result<(), JsValue> {
        self.socket.send(&text.into())
    }

    /// Sends a frame as one binary message.
    pub(super) fn send_frame(
        &self,
        header: &[u8; FrameHeader::LENGTH],
        jpeg: &[u8],
    ) -> Result<(), JsValue> {
        let header_bytes = header.len() as u32;
        let message = Uint8Array::new_with_length(header_bytes + jpeg.len() as u32);
        message.subarray(0, header_bytes).copy_from(header);
        message
            .subarray(header_bytes, message.length())
            .copy_from(jpeg);
        self.socket.send(&message)
    }

    /// Begins to close it.
    pub(super) fn close(&self) {
        // Some refuse to close what never opened.
        let _ = self.socket.close(CloseCode::Normal.number());
    }
}

fn read_message(data: &JsValue) -> Heard {
    if let Some(text) = data.as_string() {
        return Heard::Text(text);
    }
    match tag_of(data).as_str() {
        "ArrayBuffer" => Heard::Binary(Uint8Array::new(data).to_vec()),
        _ => Heard::Other,
    }
}

fn text(event: &JsValue, key: &str) -> String {
    property(event, key).as_string().unwrap_or_default()
}
