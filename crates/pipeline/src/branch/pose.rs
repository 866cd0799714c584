//! Body: detector where there is no region, landmarks, heat map, world points (HOLISTIC_SPEC §4, §6).

use super::heat_map::refine;
use super::{PoseJob, PoseOutcome};
use crate::detector::{DetectedKeypoints, POSE_DETECTOR, POSE_LANDMARKER_DETECTOR};
use crate::error::ModelError;
use crate::inference::Models;
use crate::landmarks::Landmarks;
use crate::numeric::sigmoid;
use crate::options::Graph;
use crate::picture::RgbImage;
use crate::rect::{NormalizedRect, rotated};
use crate::roi;
use crate::smoothing::RawPose;

/// Values a landmark: x, y, z, visibility logit, presence logit.
const VALUES: usize = 5;

pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &PoseJob,
) -> Result<PoseOutcome, ModelError> {
    let mut outcome = PoseOutcome {
        detection: None,
        roi: job.roi,
        presence: None,
        pose: None,
    };
    if job.roi.is_none() {
        outcome.detection = detect(models, image, job)?;
        outcome.roi = outcome.detection.as_ref().map(|detection| {
            roi::pose_from_detection(detection.keypoints[0], detection.keypoints[1], image.size())
        });
    }
    outcome.roi = outcome.roi.filter(NormalizedRect::is_croppable);
    if let Some(roi) = outcome.roi {
        let (presence, pose) = landmarks(models, image, &roi)?;
        outcome.presence = Some(presence);
        outcome.pose = pose;
    }
    Ok(outcome)
}

fn detect(
    models: &Models,
    image: &RgbImage,
    job: &PoseJob,
) -> Result<Option<DetectedKeypoints<4>>, ModelError> {
    let model = models.pose_detection()?;
    let (crop, outputs) = model.run(image, None)?;
    let (boxes, logits) = (outputs.values(0)?, outputs.values(1)?);
    let detector = match job.graph {
        Graph::Holistic => POSE_DETECTOR,
        Graph::Landmarkers => POSE_LANDMARKER_DETECTOR,
    };
    let best = detector.best(boxes, logits, job.min_detection_confidence);
    Ok(best.map(|best| DetectedKeypoints {
        score: best.score,
        keypoints: best
            .keypoints
            .map(|point| crop.letterbox.roi_from_input(point)),
    }))
}

fn landmarks(
    models: &Models,
    image: &RgbImage,
    roi: &NormalizedRect,
) -> Result<(f32, Option<RawPose>), ModelError> {
    let (crop, outputs) = models.pose_landmark()?.run(image, Some(roi))?;
    let input_size = crop.input_size as f32;
    let (points, heat_map, world) = (outputs.values(0)?, outputs.values(2)?, outputs.values(3)?);
    let presence = outputs.values(1)?[0];

    let image_from_roi = roi.image_from_roi();
    let landmark = |index: usize| {
        let [x, y, z, visibility] = std::array::from_fn(|v| points[index * VALUES + v]);
        let refined = refine([x / input_size, y / input_size], index, heat_map);
        let [x, y] = image_from_roi(crop.letterbox.roi_from_input(refined));
        let z = crop.letterbox.roi_depth_from_input(z / input_size) * roi.width;
        [x, y, z, sigmoid(visibility)]
    };
    let landmarks = Landmarks::from_fn(landmark);
    let pose = RawPose {
        world: Landmarks::from_fn(|index| {
            let [x, y, z] = std::array::from_fn(|v| world[index * 3 + v]);
            let [x, y] = rotated([x, y], roi.rotation);
            [x, y, z, landmarks[index][3]]
        }),
        auxiliary: Landmarks::from_fn(|index| {
            let [x, y, z, _] = landmark(33 + index);
            [x, y, z]
        }),
        landmarks,
    };
    let flat = [
        pose.landmarks.as_flat(),
        pose.world.as_flat(),
        pose.auxiliary.as_flat(),
    ];
    let is_finite = flat
        .iter()
        .all(|values| values.iter().all(|v| v.is_finite()));
    Ok((presence, is_finite.then_some(pose)))
}
