//! The browser side of live-keypoints. Four modules are built from this crate, and the npm package uses all of them:
//!
//! - feature `session`: what runs on the page's own thread. Small, no decoder, no models, no pixels.
//! - feature `inference`: decoder and models, what each worker loads.
//! - feature `relay`: the client of a relay, which a page loads that has one compute. It needs no SIMD.
//! - feature `signs`: from keypoints to signs, by a model of any operators or by examples. Loaded only for that.
//!
//! What decides anything knows no browser and is tested natively; the rest is glue.
//!
//! - `pool`: the workers of a stream and what they do; `relay`: the client of a relay. State machines, without clock and I/O.
//! - `page`: a stream in the page, which carries out the pool's commands; `pose_file`: recordings as `.pose` files.
//! - `relay_stream`: a stream that a relay computes, which does for `relay` what needs a browser.
//! - `worker`: what runs in a worker; `messages`: what it and the page say to each other.
//! - `signs`: the recogniser of signs; `given_keypoints`: results that are given back.
//! - `frame`: what can be pushed.
//! - `declared`: the objects that cross between Rust and JavaScript; `objects`: results and counters among
//!   them; `sign_objects`: signs.
//!
//! Errors cross as JavaScript `Error`s with a `code`, one of `ErrorCode`'s words.

#[cfg(any(feature = "session", feature = "relay"))]
mod abort;
#[cfg(any(feature = "session", feature = "inference", feature = "relay"))]
mod browser;
#[cfg(any(feature = "session", feature = "relay", feature = "signs"))]
mod declared;
#[cfg(any(feature = "session", feature = "relay"))]
mod deferred;
mod error;
#[cfg(any(feature = "session", feature = "inference", feature = "relay"))]
mod frame;
#[cfg(any(feature = "session", feature = "signs"))]
mod given_keypoints;
#[cfg(any(feature = "session", feature = "relay"))]
#[cfg_attr(
    not(feature = "relay"),
    expect(
        dead_code,
        unreachable_pub,
        reason = "only a relay's stream is at something"
    )
)]
mod link_state;
#[cfg(any(feature = "session", feature = "inference"))]
mod messages;
#[cfg(any(feature = "session", feature = "relay", feature = "signs"))]
mod object;
#[cfg(any(feature = "session", feature = "relay"))]
mod objects;
#[cfg(feature = "session")]
mod page;
#[cfg(any(feature = "session", feature = "relay"))]
mod panics;
#[cfg(feature = "session")]
mod pool;
#[cfg(feature = "session")]
mod pose_file;
#[cfg(feature = "relay")]
pub mod relay;
#[cfg(feature = "relay")]
mod relay_stream;
#[cfg(any(feature = "relay", feature = "signs"))]
mod sign_objects;
#[cfg(feature = "signs")]
mod signs;
#[cfg(feature = "session")]
mod small_map;
#[cfg(any(feature = "session", feature = "relay"))]
mod stage_times;
mod start;
#[cfg(feature = "inference")]
mod worker;
#[cfg(any(feature = "session", feature = "inference"))]
mod worker_id;

#[cfg(feature = "session")]
pub use page::PageStream;
#[cfg(feature = "session")]
pub use pose_file::PoseFile;
#[cfg(feature = "relay")]
pub use relay_stream::RelayStream;
#[cfg(feature = "signs")]
pub use signs::Recognizer;
#[cfg(feature = "inference")]
pub use worker::InferenceWorker;

use wasm_bindgen::prelude::*;

/// What the package declares itself, or what is declared here and written there.
#[cfg(any(feature = "session", feature = "relay"))]
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { PageStreamOptions, PanicHooks, RelayStreamOptions } from "../../../src/bindings.js";
import type { Frame } from "../../../src/frames.js";
import type { ConnectionState, FailedFrame, Keypoints, Sign, Stats } from "../../../src/generated/results.js";
"#;

/// Likewise of the module of signs.
#[cfg(feature = "signs")]
#[wasm_bindgen(typescript_custom_section)]
const TYPES_OF_SIGNS: &str = r#"
import type { Keypoints, Sign, SignNeeds } from "../../../src/generated/results.js";
"#;

/// The version of this module; page and worker must have the same.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Only in the module that uses relaxed SIMD, which has bindings of its own; a worker knows it by this export.
#[cfg(feature = "relaxed-simd")]
#[wasm_bindgen(js_name = usesRelaxedSimd)]
#[must_use]
pub fn uses_relaxed_simd() -> bool {
    true
}
