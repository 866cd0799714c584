//! Models that few sessions ask for: loaded for the first job that needs them, by the worker that has it.

use std::sync::OnceLock;

use live_keypoints_pipeline::inference::{ModelKind, Models};

use crate::model_loading::{ModelSource, is_there, load_kinds};

/// What faces of 468 points need, in one set.
const MESH: [ModelKind; 2] = [ModelKind::FaceLandmark, ModelKind::FaceDetectionShortRange];
const EXPRESSIONS: [ModelKind; 1] = [ModelKind::FaceBlendshapes];
const PALMS: [ModelKind; 1] = [ModelKind::PalmDetectionFull];

/// Models of a source that are loaded when they are needed, at most once.
#[derive(Debug)]
pub(crate) struct LateModels {
    source: ModelSource,
    /// Those of which there is a file.
    kinds: Vec<ModelKind>,
    /// `None` where they cannot be loaded.
    loaded: OnceLock<Option<Models>>,
}

impl LateModels {
    /// Those of the source, in the sets in which jobs need them.
    pub(crate) fn of(source: &ModelSource) -> [Self; 3] {
        [&MESH[..], &EXPRESSIONS, &PALMS].map(|kinds| Self {
            source: source.clone(),
            kinds: kinds
                .iter()
                .copied()
                .filter(|kind| is_there(source, *kind))
                .collect(),
            loaded: OnceLock::new(),
        })
    }

    /// Whether jobs may ask for this model: it is there, and was not found to be of no use.
    pub(crate) fn have(&self, kind: ModelKind) -> bool {
        self.kinds.contains(&kind) && !matches!(self.loaded.get(), Some(None))
    }

    /// The models, loaded by now.
    pub(crate) fn models(&self) -> Option<&Models> {
        let load = || match load_kinds(&self.source, &self.kinds) {
            Ok(models) => Some(models),
            Err(error) => {
                let reason = &error as &dyn std::error::Error;
                tracing::error!(reason, "clients cannot have what needs these models");
                None
            }
        };
        self.loaded.get_or_init(load).as_ref()
    }
}
