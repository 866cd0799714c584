//! Temporal filters of the pose (HOLISTIC_SPEC §9): a low-pass on visibility and one-euro filters on coordinates.

mod low_pass;
mod one_euro;
mod pose_filters;

pub use low_pass::LowPassFilter;
pub use one_euro::{OneEuroFilter, OneEuroParameters};
pub use pose_filters::{PoseFilters, RawPose, SmoothedPose};
