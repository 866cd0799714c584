//! One way in for every executor.

use super::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, blendshapes, face, hand, palm, pose,
};
use crate::error::ModelError;
use crate::inference::Models;
use crate::picture::RgbImage;

/// Runs a branch on a picture. The same job on the same picture gives the same outcome, whoever runs it.
///
/// # Errors
/// [`ModelError::Missing`] if `models` lacks one that the branch needs; [`ModelError::Failed`] if the runtime fails.
pub fn run(
    models: &Models,
    image: &RgbImage,
    job: &BranchJob,
) -> Result<BranchOutcome, ModelError> {
    Ok(match job {
        BranchJob::Pose(job) => BranchOutcome::Pose(pose::run(models, image, job)?),
        BranchJob::LeftHand(job) => BranchOutcome::LeftHand(hand::run(models, image, job)?),
        BranchJob::RightHand(job) => BranchOutcome::RightHand(hand::run(models, image, job)?),
        BranchJob::Face(job) => BranchOutcome::Face(face::run(models, image, job)?),
        BranchJob::Blendshapes(job) => {
            BranchOutcome::Blendshapes(blendshapes::run(models, image, job)?)
        }
        BranchJob::Palm(job) => BranchOutcome::Palm(palm::run(models, image, job)?),
        BranchJob::HandInRegion { roi, .. } => {
            BranchOutcome::HandInRegion(hand::read(models, image, *roi)?)
        }
        BranchJob::Early(EarlyJob::Hand { roi, .. }) => {
            BranchOutcome::Early(EarlyOutcome::Hand(hand::read(models, image, *roi)?))
        }
        BranchJob::Early(EarlyJob::Face { roi, points }) => {
            let mesh = face::mesh(models, image, *roi, *points)?;
            BranchOutcome::Early(EarlyOutcome::Face(mesh))
        }
    })
}
