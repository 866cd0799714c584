//! The table of models. Sources of inputs and outputs: HOLISTIC_SPEC §3.5 to §8 and `models/README.md`.

use crate::crop::{Border, CropSpec};
use crate::options::{FacePoints, Graph, Options, Quality};

/// One of the model files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// Finds a person in the whole picture.
    PoseDetection,
    /// 39 body points, heat map, world points in a region.
    PoseLandmarkFull,
    /// The same, smaller.
    PoseLandmarkLite,
    /// A better region for a hand.
    HandRecrop,
    /// 21 hand points, presence, handedness, world points in a region.
    HandLandmarkFull,
    /// The same, smaller.
    HandLandmarkLite,
    /// Finds a face in a region.
    FaceDetectionShortRange,
    /// 468 face points in a region.
    FaceLandmark,
    /// 478 face points in a region, irises included.
    FaceLandmark478,
    /// 52 expressions of the face, from 146 of these 478 points.
    FaceBlendshapes,
    /// Finds palms in the whole picture.
    PalmDetectionFull,
}

/// What a model looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ModelInput {
    /// A region of a picture, `[1, size, size, 3]` f32 NHWC RGB: its size and range, and how the region becomes it.
    Picture(CropSpec),
    /// x and y of so many points in pixels of the picture, `[1, points, 2]` f32.
    Points(usize),
}

impl ModelInput {
    /// The tensor's shape.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match *self {
            Self::Picture(CropSpec { input_size, .. }) => vec![1, input_size, input_size, 3],
            Self::Points(count) => vec![1, count, 2],
        }
    }

    /// How a region of a picture becomes the input; `None` where that is no picture.
    #[must_use]
    pub const fn picture(self) -> Option<CropSpec> {
        match self {
            Self::Picture(spec) => Some(spec),
            Self::Points(_) => None,
        }
    }
}

/// An output of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Name in the ONNX file.
    pub name: &'static str,
    /// Shape, f32.
    pub shape: &'static [usize],
}

impl ModelKind {
    /// Every model.
    pub const ALL: [Self; 11] = [
        Self::PoseDetection,
        Self::PoseLandmarkFull,
        Self::PoseLandmarkLite,
        Self::HandRecrop,
        Self::HandLandmarkFull,
        Self::HandLandmarkLite,
        Self::FaceDetectionShortRange,
        Self::FaceLandmark,
        Self::FaceLandmark478,
        Self::FaceBlendshapes,
        Self::PalmDetectionFull,
    ];

    /// The six models that a quality needs with the default options.
    #[must_use]
    pub const fn of_quality(quality: Quality) -> [Self; 6] {
        let (pose, hand) = match quality {
            Quality::Full => (Self::PoseLandmarkFull, Self::HandLandmarkFull),
            Quality::Lite => (Self::PoseLandmarkLite, Self::HandLandmarkLite),
        };
        [
            Self::PoseDetection,
            pose,
            Self::HandRecrop,
            hand,
            Self::FaceDetectionShortRange,
            Self::FaceLandmark478,
        ]
    }

    /// The models that frames with these options may run, in the order in which they do.
    #[must_use]
    pub fn needed_by(options: &Options) -> Vec<Self> {
        let [pose_detection, pose, hand_recrop, hand, face_detection, _] =
            Self::of_quality(options.quality);
        let graph = options.graph_to_run();
        let parts = options.parts;
        let mut kinds = Vec::new();
        if parts.pose {
            kinds.extend([pose_detection, pose]);
        }
        if parts.hands {
            if graph == Graph::Holistic {
                kinds.push(hand_recrop);
            }
            if options.wants_palms() {
                kinds.push(Self::PalmDetectionFull);
            }
            kinds.push(hand);
        }
        if parts.face {
            kinds.push(face_detection);
            kinds.push(match options.face_points {
                FacePoints::Mesh468 => Self::FaceLandmark,
                FacePoints::WithIrises478 => Self::FaceLandmark478,
            });
        }
        if options.blendshapes {
            kinds.push(Self::FaceBlendshapes);
        }
        kinds
    }

    /// The file's name without `.onnx`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PoseDetection => "pose_detection",
            Self::PoseLandmarkFull => "pose_landmark_full",
            Self::PoseLandmarkLite => "pose_landmark_lite",
            Self::HandRecrop => "hand_recrop",
            Self::HandLandmarkFull => "hand_landmark_full",
            Self::HandLandmarkLite => "hand_landmark_lite",
            Self::FaceDetectionShortRange => "face_detection_short_range",
            Self::FaceLandmark => "face_landmark",
            Self::FaceLandmark478 => "face_landmarks_478",
            Self::FaceBlendshapes => "face_blendshapes",
            Self::PalmDetectionFull => "palm_detection_full",
        }
    }

    /// The model of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What goes in.
    #[must_use]
    pub const fn input(self) -> ModelInput {
        let (input_size, range, keeps_aspect, border) = match self {
            Self::PoseDetection => (224, [-1.0, 1.0], true, Border::Zero),
            Self::PoseLandmarkFull | Self::PoseLandmarkLite | Self::HandRecrop => {
                (256, [0.0, 1.0], true, Border::Replicate)
            }
            Self::HandLandmarkFull | Self::HandLandmarkLite => {
                (224, [0.0, 1.0], true, Border::Replicate)
            }
            Self::FaceDetectionShortRange => (128, [-1.0, 1.0], true, Border::Zero),
            Self::FaceLandmark => (192, [0.0, 1.0], false, Border::Replicate),
            Self::FaceLandmark478 => (256, [0.0, 1.0], false, Border::Replicate),
            Self::PalmDetectionFull => (192, [0.0, 1.0], true, Border::Zero),
            Self::FaceBlendshapes => return ModelInput::Points(146),
        };
        ModelInput::Picture(CropSpec {
            input_size,
            range,
            keeps_aspect,
            border,
        })
    }

    /// The outputs in the order in which [`Model::run`](super::Model::run) gives them.
    #[must_use]
    pub const fn outputs(self) -> &'static [OutputSpec] {
        const fn output(name: &'static str, shape: &'static [usize]) -> OutputSpec {
            OutputSpec { name, shape }
        }
        match self {
            // Boxes of 12 values for 2254 anchors, score logits.
            Self::PoseDetection => {
                &const {
                    [
                        output("Identity", &[1, 2254, 12]),
                        output("Identity_1", &[1, 2254, 1]),
                    ]
                }
            }
            // 39 points of x, y, z, visibility logit, presence logit; presence; heat map logits; 39 world points.
            Self::PoseLandmarkFull | Self::PoseLandmarkLite => {
                &const {
                    [
                        output("Identity", &[1, 195]),
                        output("Identity_1", &[1, 1]),
                        output("Identity_3", &[1, 64, 64, 39]),
                        output("Identity_4", &[1, 117]),
                    ]
                }
            }
            // Centre and scale point in input pixels.
            Self::HandRecrop => &const { [output("output_crop", &[1, 1, 1, 4])] },
            // 21 points in input pixels; presence; probability of handedness class 0; 21 world points.
            Self::HandLandmarkFull | Self::HandLandmarkLite => {
                &const {
                    [
                        output("Identity", &[1, 63]),
                        output("Identity_1", &[1, 1]),
                        output("Identity_2", &[1, 1]),
                        output("Identity_3", &[1, 63]),
                    ]
                }
            }
            // Boxes of 16 values for 896 anchors, score logits.
            Self::FaceDetectionShortRange => {
                &const {
                    [
                        output("regressors", &[1, 896, 16]),
                        output("classificators", &[1, 896, 1]),
                    ]
                }
            }
            // 468 points in input pixels; presence logit.
            Self::FaceLandmark => {
                &const {
                    [
                        output("conv2d_21", &[1, 1, 1, 1404]),
                        output("conv2d_31", &[1, 1, 1, 1]),
                    ]
                }
            }
            // 478 points in input pixels; presence logit.
            Self::FaceLandmark478 => {
                &const {
                    [
                        output("Identity", &[1, 1, 1, 1434]),
                        output("Identity_1", &[1, 1, 1, 1]),
                    ]
                }
            }
            // A score for each expression.
            Self::FaceBlendshapes => &const { [output("StatefulPartitionedCall:0", &[52])] },
            // Boxes of 18 values for 2016 anchors, score logits.
            Self::PalmDetectionFull => {
                &const {
                    [
                        output("Identity", &[1, 2016, 18]),
                        output("Identity_1", &[1, 2016, 1]),
                    ]
                }
            }
        }
    }

    /// The file as it is embedded in the binary.
    #[cfg(feature = "embedded-models")]
    #[must_use]
    pub const fn embedded_bytes(self) -> &'static [u8] {
        macro_rules! file {
            ($name:literal) => {
                include_bytes!(concat!("../../models/", $name, ".onnx"))
            };
        }
        match self {
            Self::PoseDetection => file!("pose_detection"),
            Self::PoseLandmarkFull => file!("pose_landmark_full"),
            Self::PoseLandmarkLite => file!("pose_landmark_lite"),
            Self::HandRecrop => file!("hand_recrop"),
            Self::HandLandmarkFull => file!("hand_landmark_full"),
            Self::HandLandmarkLite => file!("hand_landmark_lite"),
            Self::FaceDetectionShortRange => file!("face_detection_short_range"),
            Self::FaceLandmark => file!("face_landmark"),
            Self::FaceLandmark478 => file!("face_landmarks_478"),
            Self::FaceBlendshapes => file!("face_blendshapes"),
            Self::PalmDetectionFull => file!("palm_detection_full"),
        }
    }

    /// The file beside the sources.
    #[cfg(test)]
    pub(super) fn file(self) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
        std::fs::read(format!("{folder}/{}.onnx", self.name())).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Parts;

    #[test]
    fn options_need_the_models_of_their_parts_and_no_more() {
        let holistic = Options::default();
        let six = ModelKind::of_quality(Quality::Full);
        assert_eq!(ModelKind::needed_by(&holistic), six);
        let hands = Parts {
            pose: false,
            hands: true,
            face: false,
        };
        let near_pose = Options {
            parts: Parts {
                pose: true,
                ..hands
            },
            ..holistic
        };
        assert_eq!(ModelKind::needed_by(&near_pose), six[..4]);
        let alone = Options {
            parts: hands,
            quality: Quality::Lite,
            ..near_pose
        };
        let landmarkers = Options {
            graph: Graph::Landmarkers,
            ..alone.clone()
        };
        let expected = [ModelKind::PalmDetectionFull, ModelKind::HandLandmarkLite];
        for options in [&alone, &landmarkers] {
            assert_eq!(ModelKind::needed_by(options), expected);
        }
        let expressions = Options {
            parts: Parts {
                hands: false,
                face: true,
                ..hands
            },
            face_points: FacePoints::WithIrises478,
            blendshapes: true,
            ..alone
        };
        let expected = [
            ModelKind::FaceDetectionShortRange,
            ModelKind::FaceLandmark478,
            ModelKind::FaceBlendshapes,
        ];
        assert_eq!(ModelKind::needed_by(&expressions), expected);
    }
}
