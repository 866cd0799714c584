//! Fetching assets, and saying plainly when they are not what they should be.

use js_sys::{Object, Reflect, Uint8Array};
use live_keypoints_pipeline::{ErrorCode, FrameError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Response};

use super::browser;
use crate::abort::aborted;
use crate::browser::message_of;

/// How the browser's HTTP cache is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpCache {
    Default,
    /// Past it: where the answer is kept elsewhere, or what it would wait for is silent.
    NoStore,
}

impl HttpCache {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::NoStore => "no-store",
        }
    }
}

/// The answer to the request for an asset, when it may be the asset.
///
/// # Errors
/// `asset-unreachable`, `asset-wrong-type`, or `aborted` where the signal ended it.
pub(super) async fn answer_of(
    name: &str,
    address: &str,
    cache: HttpCache,
    signal: &AbortSignal,
) -> Result<Response, FrameError> {
    let request = Object::new();
    let _ = Reflect::set(&request, &"cache".into(), &cache.as_str().into());
    let _ = Reflect::set(&request, &"signal".into(), signal);
    let answer = match browser::fetch(address, &request) {
        Ok(promise) => JsFuture::from(promise).await,
        Err(thrown) => Err(thrown),
    };
    match answer {
        Ok(response) => checked(name, response.unchecked_into()),
        Err(_) if signal.aborted() => Err(aborted()),
        Err(thrown) => {
            let reason = message_of(&thrown);
            let message = format!("{name} could not be fetched from {address}: {reason}");
            Err(FrameError::new(ErrorCode::AssetUnreachable, message))
        }
    }
}

/// An answer that may be the asset.
pub(super) fn checked(name: &str, response: Response) -> Result<Response, FrameError> {
    let refused = |error| {
        if let Some(body) = response.body() {
            drop(body.cancel());
        }
        Err(error)
    };
    if !response.ok() {
        let status = format!("{} {}", response.status(), response.status_text());
        let (url, status) = (response.url(), status.trim_end());
        let message = format!("{name} could not be fetched: {url} answered with status {status}");
        return refused(FrameError::new(ErrorCode::AssetUnreachable, message));
    }
    if content_type(&response) == "text/html" {
        return refused(wrong_type(name, &response, "an HTML page"));
    }
    Ok(response)
}

/// The body of an answer, with its pieces told as bytes so far and, where the server tells, bytes in all. It stays outside
/// of this module's memory, which never shrinks.
///
/// # Errors
/// `asset-unreachable` if it breaks off.
pub(super) async fn body_of(
    name: &str,
    response: &Response,
    on_piece: &dyn Fn(f64, Option<f64>),
) -> Result<Uint8Array, FrameError> {
    let mut body = Body::default();
    let read = read_pieces(response, |piece, total| {
        body.add(piece, total);
        on_piece(f64::from(body.length), total);
    });
    if let Err(thrown) = read.await {
        let (url, reason, length) = (response.url(), message_of(&thrown), body.length);
        let message = format!("{name}: {url} broke off after {length} bytes: {reason}");
        return Err(FrameError::new(ErrorCode::AssetUnreachable, message));
    }
    Ok(body.whole())
}

/// Room is made for so many bytes at most before they come: ten times the largest model.
const MOST_ROOM: f64 = 64e6;

/// What has come of a body.
#[derive(Default)]
struct Body {
    length: u32,
    /// Room for all of it, where the server tells how long it is: copied at its end, a model would be a task of 10 ms.
    front: Option<Uint8Array>,
    front_length: u32,
    /// What there was no room for.
    rest: Vec<Uint8Array>,
}

impl Body {
    fn add(&mut self, piece: Uint8Array, total: Option<f64>) {
        let begin = self.length;
        self.length += piece.length();
        let is_room = |total: &f64| f64::from(self.length) <= *total && *total <= MOST_ROOM;
        if let Some(total) = total.filter(is_room) {
            let room = || Uint8Array::new_with_length(total as u32);
            self.front.get_or_insert_with(room).set(&piece, begin);
            self.front_length = self.length;
        } else {
            self.rest.push(piece);
        }
    }

    fn whole(self) -> Uint8Array {
        let front = self.front.unwrap_or_default();
        if front.length() == self.length {
            return front;
        }
        let whole = Uint8Array::new_with_length(self.length);
        let mut at = 0;
        for piece in [front.subarray(0, self.front_length)]
            .iter()
            .chain(&self.rest)
        {
            whole.set(piece, at);
            at += piece.length();
        }
        whole
    }
}

async fn read_pieces(
    response: &Response,
    mut take: impl FnMut(Uint8Array, Option<f64>),
) -> Result<(), JsValue> {
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let length = header("content-length").and_then(|length| length.parse::<u64>().ok());
    let length = length.filter(|length| *length > 0 && header("content-encoding").is_none());
    let length = length.map(|length| length as f64);
    let Some(stream) = response.body() else {
        return Ok(());
    };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(());
        }
        take(
            Reflect::get(&piece, &"value".into())?.unchecked_into(),
            length,
        );
    }
}

/// Of an answer, without parameters; empty where there is none.
fn content_type(response: &Response) -> String {
    let header = response.headers().get("content-type").ok().flatten();
    let header = header.unwrap_or_default();
    let essence = header.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The error of an answer that is not the asset.
pub(super) fn wrong_type(name: &str, response: &Response, found: &str) -> FrameError {
    let content_type = match content_type(response) {
        empty if empty.is_empty() => "no content type".to_owned(),
        content_type => content_type,
    };
    let (url, status) = (response.url(), response.status());
    let message = format!(
        "{name}: {url} answered with status {status} ({content_type}), but not with {name}: {found}"
    );
    FrameError::new(ErrorCode::AssetWrongType, message)
}
