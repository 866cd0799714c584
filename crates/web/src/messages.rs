//! What page and workers say to each other: postcard in an array, with what the browser hands over beside it. A worker
//! answers each `Decode` and `Run` with `Decoded`, `Outcome`, `Failed` or `Broken`; the page sends it one step more than it is
//! at, and never two `Decode`s at once. A `Run` may overtake a step that waits for its frame or its pixels.
//!
//! Before the workers' module is there, their script speaks for itself (`worker.ts`): `{ hello }`, `{ downloaded }`,
//! `{ compiled }` and `{ broken }`, asked by `{ compile }` and `{ module }`.

use js_sys::{Array, Uint8Array};
use live_keypoints_pipeline::FrameError;
use live_keypoints_pipeline::branch::{BranchJob, BranchOutcome};
use live_keypoints_pipeline::motion::SmallGrey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use crate::frame::SourceKind;
use crate::worker_id::WorkerId;

/// What the page says.
#[derive(Debug, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: a face's job is rarely worth an allocation for every step"
)]
pub(crate) enum ToWorker {
    /// How to work.
    Init {
        max_pixels: u64,
        /// Whether a JPEG may be decoded at a reduced scale.
        fast_decode: bool,
        /// How many models follow before the worker is ready.
        models: usize,
        /// Whether it is to run the kernels once, so that the browser optimises them for all workers.
        warms_kernels: bool,
    },
    /// Another worker, by the port that comes along.
    Peer { worker: WorkerId },
    /// A model to load, whose bytes come along; once ready, one of another worker's steps, which this one takes over.
    Model { name: String },
    /// Read a frame's pixels, and send them to these.
    Decode {
        ticket: u64,
        frame: u64,
        source: SourceKind,
        copies: Vec<WorkerId>,
        /// Whether the picture is also wanted in small.
        wants_grey: bool,
        /// Frames whose pixels are needed no more.
        released: Vec<u64>,
    },
    /// Run a branch on a frame whose pixels are here or on their way.
    Run {
        ticket: u64,
        frame: u64,
        job: BranchJob,
        released: Vec<u64>,
    },
    /// Send a frame's pixels to another worker.
    SendPixels { frame: u64, to: WorkerId },
    /// Pixels that a step waits for will not come.
    PixelsLost { frame: u64 },
}

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time: a face's outcome is rarely worth an allocation for every step"
)]
pub(crate) enum FromWorker {
    /// A model is read and brought into the form that it runs in.
    Loaded { name: String },
    /// All of `Init` is done.
    Ready { version: String, memory_bytes: u64 },
    /// The picture's size; its pixels may be fewer. The buffer that pixels came in goes back beside it.
    Decoded {
        ticket: u64,
        width: u32,
        height: u32,
        grey: Option<SmallGrey>,
        elapsed_us: u64,
        memory_bytes: u64,
    },
    /// A branch has run.
    Outcome {
        ticket: u64,
        outcome: BranchOutcome,
        elapsed_us: u64,
        memory_bytes: u64,
    },
    /// This step failed; the worker goes on.
    Failed { ticket: u64, error: FrameError },
    /// The worker cannot go on and wants to be replaced.
    Broken { error: FrameError },
}

/// A message for `postMessage`.
pub(crate) fn pack(message: &impl Serialize, beside: &[&JsValue]) -> Array {
    // Nothing of these types cannot be written.
    let bytes = postcard::to_allocvec(message).unwrap_or_default();
    let parcel = Array::of1(&Uint8Array::from(&bytes[..]));
    for value in beside {
        parcel.push(value);
    }
    parcel
}

/// The message, and what came beside it; `None` for what is no such message.
pub(crate) fn unpack<T: DeserializeOwned>(data: &JsValue) -> Option<(T, JsValue)> {
    let parcel: &Array = data.dyn_ref()?;
    let bytes: Uint8Array = parcel.get(0).dyn_into().ok()?;
    let message = postcard::from_bytes(&bytes.to_vec()).ok()?;
    Some((message, parcel.get(1)))
}
