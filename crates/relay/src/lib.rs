//!
//! - [`frame`]: a picture as it comes in, JPEG or PNG, and its decoding.
//! - [`model_loading`]: the models, from the binary or a folder.
//! - [`pool`]: the worker threads, at most [`MAX_WORKERS`](pool::MAX_WORKERS), that run the tasks of any number of sessions.
//! - [`extract`]: keypoints of files or of a stream of pictures.
//! - [`serve`]: the HTTP server.

pub mod extract;
pub mod frame;
pub mod model_loading;
mod png_picture;
pub mod pool;
pub mod serve;
