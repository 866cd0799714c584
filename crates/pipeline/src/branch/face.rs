//! Face: region from the pose, detector, choice of region, mesh (HOLISTIC_SPEC §8).

use super::{FaceJob, FaceMesh, FaceOutcome};
use crate::crop::PixelRoi;
use crate::detector::{DetectedKeypoints, Detection, FACE_DETECTOR};
use crate::error::ModelError;
use crate::inference::Models;
use crate::landmarks::FaceLandmarks;
use crate::numeric::{sigmoid, sin_cos};
use crate::picture::RgbImage;
use crate::rect::{ImageSize, NormalizedRect};
use crate::roi;
use crate::tracking::{FACE_LIMITS, keeps_previous};

pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &FaceJob,
) -> Result<FaceOutcome, ModelError> {
    let size = image.size();
    let mut outcome = FaceOutcome::default();

    let from_pose = roi::face_from_pose(&job.head, size);
    if !from_pose.is_croppable() {
        return Ok(outcome);
    }
    outcome.roi_from_pose = Some(from_pose);

    let Some((score, keypoints)) = detect(models, image, &from_pose, job.min_detection_confidence)?
    else {
        return Ok(outcome);
    };
    outcome.detection = Some(DetectedKeypoints { score, keypoints });
    let from_detection = roi::face_from_detection(&keypoints, size);
    if !from_detection.is_croppable() {
        return Ok(outcome);
    }
    outcome.roi_from_detection = Some(from_detection);

    let mut roi = from_detection;
    if let Some(previous) = &job.previous {
        let from_previous = roi::face_from_mesh(previous, size);
        outcome.roi_from_previous = Some(from_previous);
        let points = previous.iter().map(|[x, y, _]| [*x, *y]);
        if from_previous.is_croppable()
            && keeps_previous(from_previous, points, from_detection, FACE_LIMITS, size)
        {
            roi = from_previous;
        }
    }
    outcome.mesh = match &job.early {
        Some(early) if early.roi.has_bits_of(&roi) => job.early.clone(),
        _ => mesh(models, image, roi)?,
    };
    Ok(outcome)
}

/// A score and the detector's six keypoints, in fractions of the picture.
type ScoredKeypoints = (f32, [[f32; 2]; 6]);

/// Score and keypoints of the best face in a region, in fractions of the picture.
fn detect(
    models: &Models,
    image: &RgbImage,
    roi: &NormalizedRect,
    min_score: f32,
) -> Result<Option<ScoredKeypoints>, ModelError> {
    let (crop, outputs) = models.face_detection()?.run(image, Some(roi))?;
    let (boxes, logits) = (outputs.values(0)?, outputs.values(1)?);
    let best = FACE_DETECTOR.best(boxes, logits, min_score);
    let image_from_input = image_from_padded(&crop.padded, image.size());
    Ok(best.map(|best: Detection<6>| (best.score, best.keypoints.map(image_from_input))))
}

/// Maps fractions of the model's input into the picture through the padded region (HOLISTIC_SPEC §3.3): MediaPipe's
/// projection matrix, each element rounded as there.
fn image_from_padded(padded: &PixelRoi, size: ImageSize) -> impl Fn([f32; 2]) -> [f32; 2] + use<> {
    let (width, height) = (padded.width, padded.height);
    let (sin, cos) = sin_cos(padded.rotation);
    let [center_x, center_y] = padded.center;
    let (image_width, image_height) = size.as_f32();
    let (per_width, per_height) = (1.0 / image_width, 1.0 / image_height);
    let x_row = [
        width * cos * per_width,
        -height * sin * per_width,
        (-0.5 * width * cos + 0.5 * height * sin + center_x) * per_width,
    ];
    let y_row = [
        width * sin * per_height,
        height * cos * per_height,
        (-0.5 * height * cos - 0.5 * width * sin + center_y) * per_height,
    ];
    move |[u, v]| [x_row, y_row].map(|row| u * row[0] + v * row[1] + row[2])
}

/// Runs the mesh model on a region; `None` where it gives values that are no numbers.
pub(super) fn mesh(
    models: &Models,
    image: &RgbImage,
    roi: NormalizedRect,
) -> Result<Option<FaceMesh>, ModelError> {
    let (crop, outputs) = models.face_landmark()?.run(image, Some(&roi))?;
    let input_size = crop.input_size as f32;
    let points = outputs.values(0)?;
    let image_from_roi = roi.image_from_roi();
    let landmarks = FaceLandmarks::from_fn(|index| {
        let [x, y, z] = std::array::from_fn(|v| points[index * 3 + v] / input_size);
        let [x, y] = image_from_roi([x, y]);
        [x, y, z * roi.width]
    });
    let presence = sigmoid(outputs.values(1)?[0]);
    let is_finite = landmarks.as_flat().iter().all(|v| v.is_finite());
    Ok(is_finite.then_some(FaceMesh {
        roi,
        presence,
        landmarks,
    }))
}
