//! Models by quality, of which each job takes those it asks for.

use live_keypoints_pipeline::Quality;
use live_keypoints_pipeline::branch::BranchJob;
use live_keypoints_pipeline::inference::Models;

/// All models of one quality, and those of the other that differ.
#[derive(Debug)]
pub struct ModelSets {
    quality: Quality,
    main: Models,
    other: Option<Models>,
    /// For jobs of a quality that is not there.
    none: Models,
}

impl ModelSets {
    /// All six models of one quality.
    #[must_use]
    pub fn new(quality: Quality, models: Models) -> Self {
        Self {
            quality,
            main: models,
            other: None,
            none: Models::new(),
        }
    }

    /// Adds the models of body and hands of the other quality.
    pub fn add_other(&mut self, models: Models) {
        self.other = Some(models);
    }

    /// The quality that has all models.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// Whether jobs of this quality can run.
    #[must_use]
    pub fn have(&self, quality: Quality) -> bool {
        quality == self.quality || self.other.is_some()
    }

    /// The models for a job.
    pub(crate) fn of_job(&self, job: &BranchJob) -> &Models {
        match job.quality() {
            Some(quality) if quality != self.quality => self.other.as_ref().unwrap_or(&self.none),
            _ => &self.main,
        }
    }
}
