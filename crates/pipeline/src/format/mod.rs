//! Results in the forms that leave the program. None of them needs the models: a page writes them, too.
//!
//! - [`jsonl`]: one JSON object a frame.
//! - [`message`]: the JSON messages of the protocol `live-keypoints.v1`; [`points`]: which points they hold.
//! - [`binary`]: the binary results of that protocol.
//! - [`pose_file`]: the `.pose` format of sign-language-processing/pose; `pose_components` holds its names and colours.
//! - `object`: the fields of a frame that JSON Lines and messages share.

pub mod binary;
pub mod jsonl;
pub mod message;
mod object;
pub mod points;
mod pose_components;
pub mod pose_file;
