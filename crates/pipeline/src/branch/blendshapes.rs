//! Expressions of a face, from where its points lie (`mediapipe/tasks/cc/vision/face_landmarker/face_blendshapes_graph.cc`).

use super::BlendshapesJob;
use crate::error::ModelError;
use crate::inference::Models;
use crate::landmarks::Blendshapes;
use crate::options::FacePoints;
use crate::picture::RgbImage;

/// The points that the model looks at, in its order.
const POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
];

/// `None` where the model gives values that are no numbers, and without the irises.
pub(super) fn run(
    models: &Models,
    image: &RgbImage,
    job: &BlendshapesJob,
) -> Result<Option<Blendshapes>, ModelError> {
    let (width, height) = image.size().as_f32();
    if job.landmarks.points() != FacePoints::WithIrises478 {
        return Ok(None);
    }
    // The model takes out where the face is and how large. Its shape is right in pixels only.
    let in_pixels = POINTS.map(|index| {
        let [x, y, _] = job.landmarks[index];
        [x * width, y * height]
    });
    let outputs = models.face_blendshapes()?.run_on_points(in_pixels)?;
    let scores = outputs.values(0)?;
    let blendshapes = Blendshapes::new(std::array::from_fn(|index| scores[index]));
    let is_finite = blendshapes.iter().all(|score| score.is_finite());
    Ok(is_finite.then_some(blendshapes))
}
