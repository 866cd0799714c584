//! Results as files. None of them needs the models: a page writes them, too. What a relay says is in the crate
//! `live-keypoints-protocol`.
//!
//! - [`jsonl`]: one JSON object a frame.
//! - [`pose_file`]: the `.pose` format of sign-language-processing/pose; `pose_components` holds its names and colours.
//! - `object`: the fields of a line.

pub mod jsonl;
mod object;
mod pose_components;
pub mod pose_file;
