//! Face: where it is looked for, detector, choice of region, mesh.
//!
//! Near the pose's head there is always a detector's run, and the region of the mesh before is kept where it is near what
//! that found (HOLISTIC_SPEC §8). Without a pose, the detector looks at the whole picture, and only for a face that is not
//! tracked (`mediapipe/tasks/cc/vision/face_landmarker/face_landmarker_graph.cc`).

use super::{FaceJob, FaceMesh, FaceOutcome};
use crate::crop::PixelRoi;
use crate::detector::{DetectedKeypoints, Detection, FACE_DETECTOR, FACE_LANDMARKER_DETECTOR};
use crate::error::ModelError;
use crate::inference::Models;
use crate::landmarks::FaceLandmarks;
use crate::numeric::{sigmoid, sin_cos};
use crate::options::FacePoints;
use crate::picture::RgbImage;
use crate::rect::{Bounds, ImageSize, NormalizedRect};
use crate::roi;
use crate::tracking::{FACE_LIMITS, keeps_previous};

pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &FaceJob,
) -> Result<FaceOutcome, ModelError> {
    let mut outcome = FaceOutcome::default();
    let roi = match &job.head {
        Some(head) => near_head(models, image, job, head, &mut outcome)?,
        None => anywhere(models, image, job, &mut outcome)?,
    };
    let Some(roi) = roi else { return Ok(outcome) };
    outcome.mesh = match &job.early {
        Some(early) if early.roi.has_bits_of(&roi) => job.early.clone(),
        _ => mesh(models, image, roi, job.points)?,
    };
    Ok(outcome)
}

fn near_head(
    models: &Models,
    image: &RgbImage,
    job: &FaceJob,
    head: &[[f32; 2]; 11],
    outcome: &mut FaceOutcome,
) -> Result<Option<NormalizedRect>, ModelError> {
    let size = image.size();
    let from_pose = roi::face_from_pose(head, size);
    if !from_pose.is_croppable() {
        return Ok(None);
    }
    outcome.roi_from_pose = Some(from_pose);

    let Some(found) = detect(models, image, Some(&from_pose), job, outcome)? else {
        return Ok(None);
    };
    let from_detection = roi::face_from_detection(&found.keypoints, job.points, size);
    if !from_detection.is_croppable() {
        return Ok(None);
    }
    outcome.roi_from_detection = Some(from_detection);

    if let Some(previous) = &job.previous {
        let from_previous = roi::face_from_mesh_near_head(previous, size);
        outcome.roi_from_previous = Some(from_previous);
        let points = previous.iter().map(|[x, y, _]| [*x, *y]);
        if from_previous.is_croppable()
            && keeps_previous(from_previous, points, from_detection, FACE_LIMITS, size)
        {
            return Ok(Some(from_previous));
        }
    }
    Ok(Some(from_detection))
}

fn anywhere(
    models: &Models,
    image: &RgbImage,
    job: &FaceJob,
    outcome: &mut FaceOutcome,
) -> Result<Option<NormalizedRect>, ModelError> {
    let size = image.size();
    let previous = job.previous.as_ref();
    outcome.roi_from_previous = previous.map(|mesh| roi::face_from_mesh(mesh, size));
    let tracked = outcome
        .roi_from_previous
        .filter(NormalizedRect::is_croppable);
    if tracked.is_some() {
        return Ok(tracked);
    }
    let Some(found) = detect(models, image, None, job, outcome)? else {
        return Ok(None);
    };
    let from_detection = match job.points {
        FacePoints::Mesh468 => roi::face_from_detection(&found.keypoints, job.points, size),
        FacePoints::WithIrises478 => {
            roi::face_from_detected_box(found.bounds, &found.keypoints, size)
        }
    };
    outcome.roi_from_detection = Some(from_detection).filter(NormalizedRect::is_croppable);
    Ok(outcome.roi_from_detection)
}

/// The best face in a region, or in the whole picture, in fractions of the picture.
fn detect(
    models: &Models,
    image: &RgbImage,
    roi: Option<&NormalizedRect>,
    job: &FaceJob,
    outcome: &mut FaceOutcome,
) -> Result<Option<Detection<6>>, ModelError> {
    let (crop, outputs) = models.face_detection()?.run(image, roi)?;
    let (boxes, logits) = (outputs.values(0)?, outputs.values(1)?);
    let detector = match roi {
        Some(_) => FACE_DETECTOR,
        None => FACE_LANDMARKER_DETECTOR,
    };
    let best = detector.best(boxes, logits, job.min_detection_confidence);
    let image_from_input = ImageFromInput::new(&crop.padded, image.size());
    let found = best.map(|best: Detection<6>| Detection {
        score: best.score,
        bounds: Bounds {
            min: image_from_input.point(best.bounds.min),
            max: image_from_input.point(best.bounds.max),
        },
        keypoints: best.keypoints.map(|point| image_from_input.point(point)),
    });
    outcome.detection = found.map(|found| DetectedKeypoints {
        score: found.score,
        keypoints: found.keypoints,
    });
    Ok(found)
}

/// Maps fractions of the model's input into the picture through the padded region (HOLISTIC_SPEC §3.3): MediaPipe's
/// projection matrix, each element rounded as there.
struct ImageFromInput {
    x_row: [f32; 3],
    y_row: [f32; 3],
}

impl ImageFromInput {
    fn new(padded: &PixelRoi, size: ImageSize) -> Self {
        let (width, height) = (padded.width, padded.height);
        let (sin, cos) = sin_cos(padded.rotation);
        let [center_x, center_y] = padded.center;
        let (image_width, image_height) = size.as_f32();
        let (per_width, per_height) = (1.0 / image_width, 1.0 / image_height);
        Self {
            x_row: [
                width * cos * per_width,
                -height * sin * per_width,
                (-0.5 * width * cos + 0.5 * height * sin + center_x) * per_width,
            ],
            y_row: [
                width * sin * per_height,
                height * cos * per_height,
                (-0.5 * height * cos - 0.5 * width * sin + center_y) * per_height,
            ],
        }
    }

    fn point(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        [self.x_row, self.y_row].map(|row| u * row[0] + v * row[1] + row[2])
    }

    /// z scales as the length of a step along the input's upper edge.
    fn depth(&self, z: f32) -> f32 {
        let (x, y) = (self.x_row[0], self.y_row[0]);
        z * libm::sqrtf(x * x + y * y)
    }
}

/// Runs the mesh model on a region; `None` where it gives values that are no numbers.
pub(super) fn mesh(
    models: &Models,
    image: &RgbImage,
    roi: NormalizedRect,
    points: FacePoints,
) -> Result<Option<FaceMesh>, ModelError> {
    let (crop, outputs) = models.face_landmark(points)?.run(image, Some(&roi))?;
    let input_size = crop.input_size as f32;
    let values = outputs.values(0)?;
    let in_input =
        |index: usize| -> [f32; 3] { std::array::from_fn(|v| values[index * 3 + v] / input_size) };
    let landmarks = match points {
        FacePoints::Mesh468 => {
            let image_from_roi = roi.image_from_roi();
            FaceLandmarks::from_fn(points, |index| {
                let [x, y, z] = in_input(index);
                let [x, y] = image_from_roi([x, y]);
                [x, y, z * roi.width]
            })
        }
        // Their regions need not be square.
        FacePoints::WithIrises478 => {
            let image_from_input = ImageFromInput::new(&crop.padded, image.size());
            FaceLandmarks::from_fn(points, |index| {
                let [x, y, z] = in_input(index);
                let [x, y] = image_from_input.point([x, y]);
                [x, y, image_from_input.depth(z)]
            })
        }
    };
    let presence = sigmoid(outputs.values(1)?[0]);
    let is_finite = landmarks.as_flat().iter().all(|v| v.is_finite());
    Ok(is_finite.then_some(FaceMesh {
        roi,
        presence,
        landmarks,
    }))
}
