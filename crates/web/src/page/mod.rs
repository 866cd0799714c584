//! The page's own thread: a stream of frames, the workers that compute it, and what they start with. The rules are in
//! `pool`, which knows no browser; here its commands are carried out.
//!
//! - `stream`: what JavaScript calls; `workers`: the pool's commands and the workers' answers; `start`: what
//!   workers are started with; `worker`: one of them.
//! - `assets`: module and models; `fetching`, `downloads`, `kept_models`: how they are had; `progress`: how far.
//! - `browser`: what of it web-sys leaves out.

mod assets;
mod browser;
mod downloads;
mod fetching;
mod kept_models;
pub(crate) mod models;
pub(crate) mod options;
pub(crate) mod progress;
mod start;
mod stream;
mod worker;
mod workers;

pub use stream::PageStream;
