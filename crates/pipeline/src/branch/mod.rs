//! The five branches of a frame, as pure functions of picture, models and job.
//!
//! A job carries all the state a branch has, so any executor that holds the models may run it; an outcome carries all
//! that the [`Session`](crate::Session) needs to go on. Both are plain data that crosses threads and workers.

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "inference")]
mod blendshapes;
#[cfg(feature = "inference")]
mod face;
#[cfg(feature = "inference")]
mod hand;
#[cfg(feature = "inference")]
mod heat_map;
mod job;
#[cfg(feature = "inference")]
mod palm;
#[cfg(feature = "inference")]
mod pose;
#[cfg(feature = "inference")]
mod run;

pub use job::{
    BlendshapesJob, Branch, BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceJob, FaceMesh,
    FaceOutcome, HandJob, HandOutcome, HandReading, PalmJob, PalmOutcome, PoseJob, PoseOutcome,
};
#[cfg(feature = "inference")]
pub use run::run;
