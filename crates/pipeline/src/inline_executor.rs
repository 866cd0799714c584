//! The simplest executor: every task on the caller's thread, one after the other.

use std::sync::Arc;

use crate::branch;
use crate::error::PictureError;
use crate::inference::Models;
use crate::motion::SmallGrey;
use crate::picture::{DecodeLimits, RgbImage, decode_jpeg};
use crate::session::{Decoded, Outcome, Session, Steps, Task, Work};

/// Runs a session's tasks on the caller's thread. It has no clock: timings stay 0.
#[derive(Clone, Copy, Debug)]
pub struct InlineExecutor<'a> {
    models: &'a Models,
    limits: DecodeLimits,
}

impl<'a> InlineExecutor<'a> {
    /// An executor with these models and limits.
    #[must_use]
    pub fn new(models: &'a Models, limits: DecodeLimits) -> Self {
        Self { models, limits }
    }

    /// Runs tasks until the session has none.
    pub fn run_until_idle<F: AsRef<[u8]>>(&self, session: &mut Session<F, Arc<RgbImage>>) {
        while let Some(Task { id, work }) = session.next_task(Steps::ALL, 0) {
            let outcome = self.outcome_of(work);
            session.complete(id, outcome, 0, 0);
        }
    }

    /// Does one piece of work.
    pub fn outcome_of<F: AsRef<[u8]>>(
        &self,
        work: Work<F, Arc<RgbImage>>,
    ) -> Outcome<Arc<RgbImage>> {
        match work {
            Work::Decode { frame, wants_grey } => {
                let image = decode_jpeg(frame.as_ref(), self.limits);
                decoded(image, wants_grey)
            }
            Work::Branch(image, job) => match branch::run(self.models, &image, &job) {
                Ok(outcome) => Outcome::Branch(outcome),
                Err(error) => Outcome::Failed(error.into()),
            },
        }
    }
}

/// Decodes a JPEG as an outcome for a session.
#[must_use]
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Outcome<Arc<RgbImage>> {
    decoded(decode_jpeg(bytes, limits), false)
}

fn decoded(image: Result<RgbImage, PictureError>, wants_grey: bool) -> Outcome<Arc<RgbImage>> {
    match image {
        Ok(image) => Outcome::Decoded(Decoded {
            size: image.size(),
            grey: wants_grey.then(|| SmallGrey::of(&image)),
            pixels: Arc::new(image),
        }),
        Err(error) => Outcome::Failed(error.into()),
    }
}
