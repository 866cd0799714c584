//! The program as its user runs it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bounds;
mod documents;
mod extract_images;
mod extract_landmarkers;
mod extract_options;
mod extract_output;
mod extract_signs;
mod extract_video;
mod program;
mod serve;
#[cfg(unix)]
mod serve_attacked;
mod serve_live;
mod serve_signs;
