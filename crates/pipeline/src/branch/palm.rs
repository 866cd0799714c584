//! Palms in the whole picture, as MediaPipe's HandLandmarker looks for hands
//! (`mediapipe/tasks/cc/vision/hand_detector/hand_detector_graph.cc`).

use super::{PalmJob, PalmOutcome};
use crate::detector::{Detection, PALM_DETECTOR};
use crate::error::ModelError;
use crate::inference::Models;
use crate::picture::RgbImage;
use crate::rect::{Bounds, NormalizedRect};
use crate::roi;

pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &PalmJob,
) -> Result<PalmOutcome, ModelError> {
    let (crop, outputs) = models.palm_detection()?.run(image, None)?;
    let (boxes, logits) = (outputs.values(0)?, outputs.values(1)?);
    let palms = PALM_DETECTOR.all(boxes, logits, job.min_detection_confidence, job.most);
    let in_image = |point| crop.letterbox.roi_from_input(point);
    let rois = palms.iter().map(|palm: &Detection<7>| {
        let bounds = Bounds {
            min: in_image(palm.bounds.min),
            max: in_image(palm.bounds.max),
        };
        roi::hand_from_palm(
            bounds,
            &palm.keypoints.map(in_image),
            job.graph,
            image.size(),
        )
    });
    Ok(PalmOutcome {
        rois: rois.filter(NormalizedRect::is_croppable).collect(),
    })
}
