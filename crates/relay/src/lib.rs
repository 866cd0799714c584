//! Server and command line of live-keypoints: the same pipeline on threads.
//!
//! - [`frame`]: a picture as it comes in, JPEG or PNG, and its decoding.
//! - [`model_loading`]: the models, from the binary or a folder.
//! - [`model_sets`]: models by job; `late_models`: those that few sessions need.
//! - [`pool`]: the worker threads, at most [`MAX_WORKERS`](pool::MAX_WORKERS), that run the tasks of any number of sessions.
//! - [`extract`]: keypoints of files or of a stream of pictures.
//! - [`signs`]: the folder of what signs are recognised by.
//! - [`memory`]: the ceiling on what all sessions take.
//! - [`live`]: live keypoints over WebSocket, `GET /live-signs`.
//! - [`serve`]: the HTTP server around it.

pub mod extract;
pub mod frame;
mod late_models;
pub mod live;
pub mod memory;
pub mod model_loading;
pub mod model_sets;
mod places;
mod png_picture;
pub mod pool;
mod seldom;
pub mod serve;
pub mod signs;
