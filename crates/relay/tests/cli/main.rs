//! The program as its user runs it.

mod extract_images;
mod extract_options;
mod extract_video;
mod program;
mod serve;
