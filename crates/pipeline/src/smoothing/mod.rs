//! Temporal filters: a low-pass on visibility and one-euro filters on coordinates. Those of the pose are MediaPipe's
//! (HOLISTIC_SPEC §9); those of hands and face are an addition, on request.

mod in_space;
mod low_pass;
mod one_euro;
mod part_filters;
mod pose_filters;

pub use low_pass::LowPassFilter;
pub use one_euro::{OneEuroFilter, OneEuroParameters};
pub use part_filters::{FaceFilters, HandFilters};
pub use pose_filters::{PoseFilters, RawPose, SmoothedPose};
