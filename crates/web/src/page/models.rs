//! The model files of this version.

use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::{FacePoints, Graph, Options, Quality, Step, Steps};

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
const FACE_LANDMARKS_478: ModelFile = ModelFile {
    name: "face_landmarks_478",
    sha256: "31e7a37cb39befbc9bee2a1815b26927a1f8a8270fbbaaabfe673cdbe4c747e4",
};
const FACE_BLENDSHAPES: ModelFile = ModelFile {
    name: "face_blendshapes",
    sha256: "6e9b8522916aaa394661e17ebe4a9efed9b25fccd5525cfba8cede5f1d8677a5",
};
const PALM_DETECTION: ModelFile = ModelFile {
    name: "palm_detection_full",
    sha256: "3eff96305028740eb79aca7204f4b723a84f7df1ef8a9723e93d38ba2bb58715",
};

/// All of them.
pub(crate) const MODELS: [ModelFile; 11] = [
    POSE_DETECTION,
    POSE_LANDMARK_FULL,
    POSE_LANDMARK_LITE,
    HAND_RECROP,
    HAND_LANDMARK_FULL,
    HAND_LANDMARK_LITE,
    FACE_DETECTION,
    FACE_LANDMARK,
    FACE_LANDMARKS_478,
    FACE_BLENDSHAPES,
    PALM_DETECTION,
];

/// The files that a worker needs which serves these steps. Of each branch the largest comes first, so that what loading it
/// leaves free serves the next.
pub(super) fn models_for(steps: Steps, options: &Options) -> Vec<ModelFile> {
    let (pose, hand) = match options.quality {
        Quality::Full => (POSE_LANDMARK_FULL, HAND_LANDMARK_FULL),
        Quality::Lite => (POSE_LANDMARK_LITE, HAND_LANDMARK_LITE),
    };
    let serves = |branch| steps.contains(Step::Branch(branch));
    let mut models = Vec::new();
    if serves(Branch::Pose) {
        models.extend([pose, POSE_DETECTION]);
    }
    if serves(Branch::LeftHand) || serves(Branch::RightHand) {
        models.push(hand);
        if options.graph_to_run() == Graph::Holistic {
            models.push(HAND_RECROP);
        }
    }
    if serves(Branch::Palm) && options.wants_palms() {
        models.push(PALM_DETECTION);
    }
    if serves(Branch::Face) {
        models.push(match options.face_points {
            FacePoints::Mesh468 => FACE_LANDMARK,
            FacePoints::WithIrises478 => FACE_LANDMARKS_478,
        });
        if options.blendshapes {
            models.push(FACE_BLENDSHAPES);
        }
        models.push(FACE_DETECTION);
    }
    models
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use live_keypoints_pipeline::Parts;
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
    fn all_steps_need_the_models_of_their_options() {
        let names = |steps, options: Options| -> Vec<&str> {
            let models = models_for(steps, &options);
            models.iter().map(|model| model.name).collect()
        };
        let holistic = [
            ["pose_landmark_full", "pose_detection"],
            ["hand_landmark_full", "hand_recrop"],
            ["face_landmarks_478", "face_detection_short_range"],
        ];
        assert_eq!(names(Steps::ALL, Options::default()), holistic.concat());
        let mesh = Options {
            face_points: FacePoints::Mesh468,
            ..Options::default()
        };
        assert!(names(Steps::ALL, mesh).contains(&"face_landmark"));
        let lite = Options {
            quality: Quality::Lite,
            ..Options::default()
        };
        let lite = names(Steps::ALL, lite);
        assert!(lite.contains(&"pose_landmark_lite") && lite.contains(&"hand_landmark_lite"));
        let landmarkers = Options {
            graph: Graph::Landmarkers,
            blendshapes: true,
            ..Options::default()
        };
        let expected = [
            "pose_landmark_full",
            "pose_detection",
            "hand_landmark_full",
            "palm_detection_full",
            "face_landmarks_478",
            "face_blendshapes",
            "face_detection_short_range",
        ];
        assert_eq!(names(Steps::ALL, landmarkers), expected);
        let hands = Options {
            parts: Parts {
                hands: true,
                pose: false,
                face: false,
            },
            ..Options::default()
        };
        let lanes = [Branch::LeftHand, Branch::RightHand, Branch::Palm].map(Step::Branch);
        let expected = ["hand_landmark_full", "palm_detection_full"];
        assert_eq!(names(lanes.into_iter().collect(), hands), expected);
        assert!(names(Steps::NONE, Options::default()).is_empty());
    }
}
