//! Results in the forms that leave the program. None of them needs the models: a page writes them, too.
//!
//! - [`jsonl`]: one JSON object a frame.
//! - [`pose_file`]: the `.pose` format of sign-language-processing/pose; `pose_components` holds its names and colours.

pub mod jsonl;
mod pose_components;
pub mod pose_file;
