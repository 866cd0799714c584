//! One hand: region from the pose, re-crop, choice of region, landmarks (HOLISTIC_SPEC §7).

use super::{HandJob, HandOutcome, HandReading};
use crate::error::ModelError;
use crate::inference::Models;
use crate::landmarks::{HandLandmarks, HandWorldLandmarks};
use crate::picture::RgbImage;
use crate::rect::{NormalizedRect, rotated};
use crate::roi;
use crate::tracking::{HAND_LIMITS, keeps_previous};

/// MediaPipe shrinks the depth of hands by this (`normalize_z` of the hand landmark graph).
const NORMALIZE_Z: f32 = 0.4;

pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &HandJob,
) -> Result<HandOutcome, ModelError> {
    let size = image.size();
    let mut outcome = HandOutcome::default();

    let from_pose = roi::hand_from_pose(job.wrist, job.pinky, job.index, size);
    if !from_pose.is_croppable() {
        return Ok(outcome);
    }
    outcome.roi_from_pose = Some(from_pose);

    let from_recrop = recrop(models, image, &from_pose)?;
    if !from_recrop.is_croppable() {
        return Ok(outcome);
    }
    outcome.roi_from_recrop = Some(from_recrop);

    let mut roi = from_recrop;
    if let Some(previous) = &job.previous {
        let from_previous = roi::hand_from_landmarks(previous, size);
        outcome.roi_from_previous = Some(from_previous);
        let points = previous.iter().map(|[x, y, _]| [*x, *y]);
        if from_previous.is_croppable()
            && keeps_previous(from_previous, points, from_recrop, HAND_LIMITS, size)
        {
            roi = from_previous;
        }
    }
    outcome.reading = Some(match &job.early {
        Some(early) if early.roi.has_bits_of(&roi) => early.clone(),
        _ => read(models, image, roi)?,
    });
    Ok(outcome)
}

fn recrop(
    models: &Models,
    image: &RgbImage,
    roi: &NormalizedRect,
) -> Result<NormalizedRect, ModelError> {
    let (crop, outputs) = models.hand_recrop()?.run(image, Some(roi))?;
    let input_size = crop.input_size as f32;
    let points = outputs.values(0)?;
    let image_from_roi = roi.image_from_roi();
    let point = |index: usize| {
        let in_input = [0, 1].map(|axis| points[index * 2 + axis] / input_size);
        image_from_roi(crop.letterbox.roi_from_input(in_input))
    };
    Ok(roi::hand_from_recrop(point(0), point(1), image.size()))
}

/// Runs the landmark model on a region.
pub(super) fn read(
    models: &Models,
    image: &RgbImage,
    roi: NormalizedRect,
) -> Result<HandReading, ModelError> {
    let (crop, outputs) = models.hand_landmark()?.run(image, Some(&roi))?;
    let input_size = crop.input_size as f32;
    let (points, world) = (outputs.values(0)?, outputs.values(3)?);
    let right = outputs.values(2)?[0];
    let image_from_roi = roi.image_from_roi();
    let landmarks = HandLandmarks::from_fn(|index| {
        let [x, y, z] = std::array::from_fn(|v| points[index * 3 + v] / input_size);
        let [x, y] = image_from_roi(crop.letterbox.roi_from_input([x, y]));
        let z = crop.letterbox.roi_depth_from_input(z / NORMALIZE_Z) * roi.width;
        [x, y, z]
    });
    let world = HandWorldLandmarks::from_fn(|index| {
        let [x, y, z] = std::array::from_fn(|v| world[index * 3 + v]);
        let [x, y] = rotated([x, y], roi.rotation);
        [x, y, z]
    });
    let flat = [landmarks.as_flat(), world.as_flat()];
    let is_finite = flat
        .iter()
        .all(|values| values.iter().all(|v| v.is_finite()));
    Ok(HandReading {
        roi,
        presence: outputs.values(1)?[0],
        landmarks: is_finite.then_some(landmarks),
        world: is_finite.then_some(world),
        right,
    })
}
