//! The models that there are, of which each job takes those it asks for.

use live_keypoints_pipeline::branch::{BranchJob, EarlyJob};
use live_keypoints_pipeline::inference::{ModelKind, Models};
use live_keypoints_pipeline::{FacePoints, Options, Quality};

use crate::late_models::LateModels;

/// All models of one quality, those of the other that differ, and those that are loaded when the first job needs them.
#[derive(Debug)]
pub struct ModelSets {
    quality: Quality,
    main: Models,
    other: Option<Models>,
    late: Vec<LateModels>,
    /// For jobs of a quality that is not there.
    none: Models,
}

impl ModelSets {
    /// All six models of one quality; or fewer and others, if they are all that its sessions ask for.
    #[must_use]
    pub fn new(quality: Quality, models: Models) -> Self {
        Self {
            quality,
            main: models,
            other: None,
            late: Vec::new(),
            none: Models::new(),
        }
    }

    /// Adds the models of body and hands of the other quality.
    pub fn add_other(&mut self, models: Models) {
        self.other = Some(models);
    }

    /// Adds models that need not be loaded yet.
    pub(crate) fn add_late(&mut self, models: impl IntoIterator<Item = LateModels>) {
        self.late.extend(models);
    }

    /// The quality that has all models.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// The models that jobs may ask for.
    pub fn kinds(&self) -> impl Iterator<Item = ModelKind> {
        let have = |kind: &ModelKind| self.have(*kind);
        ModelKind::ALL.into_iter().filter(have)
    }

    /// The first model that is not there of those that frames with these options need.
    #[must_use]
    pub fn lacking(&self, options: &Options) -> Option<ModelKind> {
        let kinds = ModelKind::needed_by(options);
        kinds.into_iter().find(|kind| !self.have(*kind))
    }

    fn have(&self, kind: ModelKind) -> bool {
        let other = match self.quality {
            Quality::Full => Quality::Lite,
            Quality::Lite => Quality::Full,
        };
        ModelKind::of_quality(self.quality).contains(&kind)
            || self.other.is_some() && ModelKind::of_quality(other).contains(&kind)
            || self.late.iter().any(|models| models.have(kind))
    }

    /// The models for a job. Those that were not needed before are loaded.
    pub(crate) fn of_job(&self, job: &BranchJob) -> &Models {
        match (late_model(job), job.quality()) {
            (Some(kind), _) => match self.late.iter().find(|models| models.have(kind)) {
                Some(late) => late.models().unwrap_or(&self.none),
                None => &self.main,
            },
            (None, Some(quality)) if quality != self.quality => {
                self.other.as_ref().unwrap_or(&self.none)
            }
            (None, _) => &self.main,
        }
    }
}

/// The model that says in which late set a job finds all of its own.
fn late_model(job: &BranchJob) -> Option<ModelKind> {
    const MESH: FacePoints = FacePoints::Mesh468;
    match job {
        BranchJob::Face(job) if job.points == MESH => Some(ModelKind::FaceLandmark),
        BranchJob::Early(EarlyJob::Face { points: MESH, .. }) => Some(ModelKind::FaceLandmark),
        BranchJob::Blendshapes(_) => Some(ModelKind::FaceBlendshapes),
        BranchJob::Palm(_) => Some(ModelKind::PalmDetectionFull),
        _ => None,
    }
}
