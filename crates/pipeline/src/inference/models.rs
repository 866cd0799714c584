//! The set of models that an executor holds: all of a quality, or those of the branches it serves.

use super::{Model, ModelKind};
use crate::error::ModelError;
use crate::options::FacePoints;
#[cfg(feature = "embedded-models")]
use crate::options::Quality;

/// Models by role. `full` and `lite` share their roles: the one loaded last serves.
#[derive(Debug, Default)]
pub struct Models {
    pose_detection: Option<Model>,
    pose_landmark: Option<Model>,
    hand_recrop: Option<Model>,
    hand_landmark: Option<Model>,
    face_detection: Option<Model>,
    face_landmark: Option<Model>,
    face_landmark_478: Option<Model>,
    face_blendshapes: Option<Model>,
    palm_detection: Option<Model>,
}

impl Models {
    /// No model yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All that a quality needs with the default options, from the bytes in the binary.
    ///
    /// # Errors
    /// Those of [`Model::load`], which a sound build does not have.
    #[cfg(feature = "embedded-models")]
    pub fn embedded(quality: Quality) -> Result<Self, ModelError> {
        let mut models = Self::new();
        for kind in ModelKind::of_quality(quality) {
            models.insert(Model::load(kind, kind.embedded_bytes())?);
        }
        Ok(models)
    }

    /// Adds a model; one of the same role is replaced.
    pub fn insert(&mut self, model: Model) {
        let role = match model.kind() {
            ModelKind::PoseDetection => &mut self.pose_detection,
            ModelKind::PoseLandmarkFull | ModelKind::PoseLandmarkLite => &mut self.pose_landmark,
            ModelKind::HandRecrop => &mut self.hand_recrop,
            ModelKind::HandLandmarkFull | ModelKind::HandLandmarkLite => &mut self.hand_landmark,
            ModelKind::FaceDetectionShortRange => &mut self.face_detection,
            ModelKind::FaceLandmark => &mut self.face_landmark,
            ModelKind::FaceLandmark478 => &mut self.face_landmark_478,
            ModelKind::FaceBlendshapes => &mut self.face_blendshapes,
            ModelKind::PalmDetectionFull => &mut self.palm_detection,
        };
        *role = Some(model);
    }

    /// Runs one of the models that have not run yet on an empty input; false if all have. A model's first run takes longer:
    /// memory is taken, and where code is compiled as it is needed, it is.
    ///
    /// # Errors
    /// Those of [`Model::warm_up`].
    pub fn warm_up_next(&self) -> Result<bool, ModelError> {
        let Some(cold) = self.iter().find(|model| !model.has_run()) else {
            return Ok(false);
        };
        cold.warm_up()?;
        Ok(true)
    }

    /// In the order in which a frame needs them.
    fn iter(&self) -> impl Iterator<Item = &Model> {
        [
            &self.pose_detection,
            &self.pose_landmark,
            &self.hand_recrop,
            &self.palm_detection,
            &self.hand_landmark,
            &self.face_detection,
            &self.face_landmark,
            &self.face_landmark_478,
            &self.face_blendshapes,
        ]
        .into_iter()
        .flatten()
    }

    pub(crate) fn pose_detection(&self) -> Result<&Model, ModelError> {
        loaded(self.pose_detection.as_ref(), "pose_detection")
    }

    pub(crate) fn pose_landmark(&self) -> Result<&Model, ModelError> {
        loaded(self.pose_landmark.as_ref(), "pose_landmark")
    }

    pub(crate) fn hand_recrop(&self) -> Result<&Model, ModelError> {
        loaded(self.hand_recrop.as_ref(), "hand_recrop")
    }

    pub(crate) fn hand_landmark(&self) -> Result<&Model, ModelError> {
        loaded(self.hand_landmark.as_ref(), "hand_landmark")
    }

    pub(crate) fn face_detection(&self) -> Result<&Model, ModelError> {
        loaded(self.face_detection.as_ref(), "face_detection_short_range")
    }

    pub(crate) fn face_landmark(&self, points: FacePoints) -> Result<&Model, ModelError> {
        match points {
            FacePoints::Mesh468 => loaded(self.face_landmark.as_ref(), "face_landmark"),
            FacePoints::WithIrises478 => {
                loaded(self.face_landmark_478.as_ref(), "face_landmarks_478")
            }
        }
    }

    pub(crate) fn face_blendshapes(&self) -> Result<&Model, ModelError> {
        loaded(self.face_blendshapes.as_ref(), "face_blendshapes")
    }

    pub(crate) fn palm_detection(&self) -> Result<&Model, ModelError> {
        loaded(self.palm_detection.as_ref(), "palm_detection_full")
    }
}

fn loaded<'a>(model: Option<&'a Model>, name: &'static str) -> Result<&'a Model, ModelError> {
    model.ok_or(ModelError::Missing { model: name })
}
