//! Results in the forms that leave the program. None of them needs the models: a page writes them, too.
//!
//! - [`jsonl`]: one JSON object a frame.

pub mod jsonl;
