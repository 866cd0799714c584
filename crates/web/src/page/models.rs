//! The model files of this version.

use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::{Quality, Step, Steps};

/// A model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModelFile {
    /// Without `.onnx`.
    pub(crate) name: &'static str,
    /// In hexadecimal.
    pub(crate) sha256: &'static str,
}

const POSE_DETECTION: ModelFile = ModelFile {
    name: "pose_detection",
    sha256: "6e511719ff1953d71f34b0e16b31efeda79b1642cc4ce4b92c3a4ef16f31d7d8",
};
const POSE_LANDMARK_FULL: ModelFile = ModelFile {
    name: "pose_landmark_full",
    sha256: "9681d09bec2bc00b0eeebd590d0cb502aad4fb6c59559d46eb1062ba4b505016",
};
const POSE_LANDMARK_LITE: ModelFile = ModelFile {
    name: "pose_landmark_lite",
    sha256: "ec551005de1c6ff6b1795b3b47d2ffa2248c2945072ea43e5b2fd195d986ebaf",
};
const HAND_RECROP: ModelFile = ModelFile {
    name: "hand_recrop",
    sha256: "8cdf80a22163dbebe948eb5d90424bf27641c50c655e30ae861f255d262b0219",
};
const HAND_LANDMARK_FULL: ModelFile = ModelFile {
    name: "hand_landmark_full",
    sha256: "b3852c035d48c45042c7a53c74d0649b0bdf6487acfd0d4c536d6095760d5c5a",
};
const HAND_LANDMARK_LITE: ModelFile = ModelFile {
    name: "hand_landmark_lite",
    sha256: "57e52fec077b0acbc974ee39ced4e5b420299947cee2561ac05e187a4e8ae6dc",
};
const FACE_DETECTION: ModelFile = ModelFile {
    name: "face_detection_short_range",
    sha256: "47e389f16f3df36978412063471d46f2c0997930d98b332939c7d6d74b27cf49",
};
const FACE_LANDMARK: ModelFile = ModelFile {
    name: "face_landmark",
    sha256: "9c04f931ffd0f01ff1232df01cfe20b178105360b8720bd4b9fd1afb892483d1",
};

/// All of them.
pub(crate) const MODELS: [ModelFile; 8] = [
    POSE_DETECTION,
    POSE_LANDMARK_FULL,
    POSE_LANDMARK_LITE,
    HAND_RECROP,
    HAND_LANDMARK_FULL,
    HAND_LANDMARK_LITE,
    FACE_DETECTION,
    FACE_LANDMARK,
];

/// The files that a worker needs which serves these steps. Of each branch the largest comes first, so that what loading it
/// leaves free serves the next.
pub(super) fn models_for(steps: Steps, quality: Quality) -> Vec<ModelFile> {
    let (pose, hand) = match quality {
        Quality::Full => (POSE_LANDMARK_FULL, HAND_LANDMARK_FULL),
        Quality::Lite => (POSE_LANDMARK_LITE, HAND_LANDMARK_LITE),
    };
    let serves = |branch| steps.contains(Step::Branch(branch));
    let mut models = Vec::new();
    if serves(Branch::Pose) {
        models.extend([pose, POSE_DETECTION]);
    }
    if serves(Branch::LeftHand) || serves(Branch::RightHand) {
        models.extend([hand, HAND_RECROP]);
    }
    if serves(Branch::Face) {
        models.extend([FACE_LANDMARK, FACE_DETECTION]);
    }
    models
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_digests_are_those_of_the_files() {
        for model in MODELS {
            let path = format!("../pipeline/models/{}.onnx", model.name);
            let digest = Sha256::digest(std::fs::read(path).unwrap());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(model.sha256, digest, "{}", model.name);
        }
    }

    #[test]
    fn all_steps_need_the_models_of_a_quality() {
        let full = models_for(Steps::ALL, Quality::Full);
        let lite = models_for(Steps::ALL, Quality::Lite);
        assert_eq!((full.len(), lite.len()), (6, 6));
        for model in MODELS {
            assert_eq!(full.contains(&model), !model.name.ends_with("_lite"));
            assert_eq!(lite.contains(&model), !model.name.ends_with("_full"));
        }
        assert_eq!(models_for(Steps::NONE, Quality::Full), []);
    }
}
