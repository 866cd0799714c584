//! What a session may be told, with the defaults of MediaPipe Holistic.

use serde::{Deserialize, Serialize};

use crate::error::SessionError;
#[cfg(doc)]
use crate::motion::{STILL_THRESHOLD, SmallGrey};
use crate::topology::{FACE_POINTS, FACE_POINTS_WITH_IRISES};

/// Which parts a session finds and reports. Without the pose, hands and face are found each by itself in every [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// 33 body landmarks, in the picture and in metres.
    pub pose: bool,
    /// 21 landmarks of each hand.
    pub hands: bool,
    /// 478 landmarks of the face, or 468.
    pub face: bool,
}

impl Parts {
    /// Pose, hands and face.
    pub const ALL: Self = Self {
        pose: true,
        hands: true,
        face: true,
    };
}

/// Which landmark models: `Full` for accuracy, `Lite` for about two thirds of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// `pose_landmark_full` and `hand_landmark_full`, as Python's `model_complexity=1`.
    #[default]
    Full,
    /// `pose_landmark_lite` and `hand_landmark_lite`.
    Lite,
}

/// How many points a face has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FacePoints {
    /// The mesh, as MediaPipe's legacy holistic graph gives it.
    Mesh468,
    /// The mesh and the irises, as MediaPipe Tasks give them.
    #[default]
    WithIrises478,
}

impl FacePoints {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Mesh468, Self::WithIrises478];

    /// The number.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Mesh468 => FACE_POINTS,
            Self::WithIrises478 => FACE_POINTS_WITH_IRISES,
        }
    }

    /// The one of this number.
    #[must_use]
    pub fn from_count(count: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|face| face.count() == count)
    }
}

/// Most hands that are looked for in a picture.
pub const MAX_HANDS: usize = 4;

/// Which of MediaPipe's graphs a session follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Graph {
    /// Hands and face are looked for near the pose's wrists and head. Without the pose among the [`Parts`] there is nothing to
    /// go by, and `Landmarkers` runs.
    #[default]
    Holistic,
    /// PoseLandmarker, HandLandmarker and FaceLandmarker beside each other: each part is found by its own detector, and
    /// only those that are asked for run.
    Landmarkers,
}

/// How hands are looked for in [`Graph::Holistic`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hands {
    /// Near the pose's wrists, as MediaPipe's holistic graph does.
    #[default]
    Body,
    /// Where that gives no hand: at its place in the frame before, then with the palm detector, in every third frame at most.
    /// So hands are found whose wrist is hidden or wrongly placed, and those of nobody
    /// (<https://github.com/google-ai-edge/mediapipe/issues/5373>).
    Recover,
}

/// How a [`Session`](crate::Session) works. All but the three sizes hold for single frames: each keeps the options that
/// held when it was added.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the parts are found. Where another one runs than for the frame before, tracking starts from scratch.
    pub graph: Graph,
    /// The parts to report.
    pub parts: Parts,
    /// The landmark models that jobs ask for.
    pub quality: Quality,
    /// Frames that wait for their turn before the oldest is dropped; 1 means "the newest only". At least 1.
    pub buffer_size: usize,
    /// How many points a face has.
    pub face_points: FacePoints,
    /// Whether to tell how strong a face's expressions are. Needs the face, of 478 points.
    pub blendshapes: bool,
    /// Temporal smoothing of the pose: visibility low-pass and one-euro filters (HOLISTIC_SPEC §9). The region of the
    /// next frame is always taken from smoothed auxiliary landmarks in [`Graph::Holistic`], and never in the other.
    pub smoothing: bool,
    /// Temporal smoothing of hands, which MediaPipe's holistic graph does not have. Of reported landmarks only: the region
    /// of the next frame is taken from unsmoothed ones, so that tracking stays as it is.
    pub hand_smoothing: bool,
    /// As `hand_smoothing`, of the face. [`Graph::Landmarkers`] smooths the face of a stream without being asked.
    pub face_smoothing: bool,
    /// x becomes 1 − x in reported landmarks (−x in metres), for a picture that is shown mirrored. Sides stay the
    /// subject's own, tracking stays as it is.
    pub mirrored: bool,
    /// Whether a frame of the stream that shows no motion repeats the keypoints of the last frame that was computed, at no more
    /// cost than its decoding: the grey levels, 0..=255, by which the tile of the picture that changes most may differ from
    /// that frame ([`SmallGrey::local_change`], [`STILL_THRESHOLD`]). The first frames without motion are computed all the
    /// same, until the filters have come to rest; filters and tracking see only frames that are computed. At
    /// [`STILL_THRESHOLD`] a blink goes unnoticed where the face is lower than about a third of the picture.
    pub skip_still: Option<f32>,
    /// Frames that may be in work at once, pose ahead of hands and face. 1..=16.
    pub max_frames_in_flight: usize,
    /// Results that wait to be read before the oldest is dropped. At least 1.
    pub max_unread_results: usize,
    /// Least score of a detected person, 0..=1.
    pub min_pose_detection_confidence: f32,
    /// A pose counts while its presence is above this, 0..=1.
    pub min_pose_presence_confidence: f32,
    /// A hand counts while its presence is above this, 0..=1.
    pub min_hand_landmarks_confidence: f32,
    /// How hands are looked for where [`Graph::Holistic`] runs: the other has no body to go by.
    pub hands: Hands,
    /// Hands to look for, 1 to [`MAX_HANDS`]. Where [`Graph::Holistic`] runs there are 2, a left and a right one.
    pub num_hands: usize,
    /// Least score of a detected palm, 0..=1. Of [`Graph::Landmarkers`] and [`Hands::Recover`] only.
    pub min_palm_detection_confidence: f32,
    /// Least score of a detected face, 0..=1.
    pub min_face_detection_confidence: f32,
    /// A face counts while its presence is above this, 0..=1.
    pub min_face_presence_confidence: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            graph: Graph::Holistic,
            parts: Parts::ALL,
            quality: Quality::Full,
            buffer_size: 50,
            face_points: FacePoints::default(),
            blendshapes: false,
            smoothing: true,
            hand_smoothing: false,
            face_smoothing: false,
            mirrored: false,
            skip_still: None,
            max_frames_in_flight: 3,
            max_unread_results: 50,
            min_pose_detection_confidence: 0.5,
            min_pose_presence_confidence: 0.5,
            min_hand_landmarks_confidence: 0.5,
            hands: Hands::default(),
            num_hands: 2,
            min_palm_detection_confidence: 0.5,
            min_face_detection_confidence: 0.5,
            min_face_presence_confidence: 0.5,
        }
    }
}

impl Options {
    /// The graph that a frame runs by, which the parts decide as well.
    #[must_use]
    pub fn graph_to_run(&self) -> Graph {
        match self.parts.pose {
            true => self.graph,
            false => Graph::Landmarkers,
        }
    }

    /// Whether hands are looked for that the body does not give.
    #[must_use]
    pub fn recovers_hands(&self) -> bool {
        self.hands == Hands::Recover && self.graph_to_run() == Graph::Holistic && self.parts.hands
    }

    /// Whether the palm detector may run.
    #[must_use]
    pub fn wants_palms(&self) -> bool {
        let is_alone = self.graph_to_run() == Graph::Landmarkers && self.parts.hands;
        is_alone || self.recovers_hands()
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`SessionError::InvalidOption`] names the first option outside its range.
    pub fn validate(&self) -> Result<(), SessionError> {
        let invalid = |option, expected, value: String| {
            Err(SessionError::InvalidOption {
                option,
                expected,
                value,
            })
        };
        for (option, value) in [
            ("buffer_size", self.buffer_size),
            ("max_unread_results", self.max_unread_results),
        ] {
            if value == 0 {
                return invalid(option, "at least 1", value.to_string());
            }
        }
        if !(1..=16).contains(&self.max_frames_in_flight) {
            let value = self.max_frames_in_flight.to_string();
            return invalid("max_frames_in_flight", "1 to 16", value);
        }
        if !(1..=MAX_HANDS).contains(&self.num_hands) {
            return invalid("num_hands", "1 to 4", self.num_hands.to_string());
        }
        if self.num_hands != 2 && self.graph_to_run() == Graph::Holistic {
            let expected = "2 where graph is holistic and parts have pose";
            return invalid("num_hands", expected, self.num_hands.to_string());
        }
        for (option, value) in [
            (
                "min_pose_detection_confidence",
                self.min_pose_detection_confidence,
            ),
            (
                "min_pose_presence_confidence",
                self.min_pose_presence_confidence,
            ),
            (
                "min_hand_landmarks_confidence",
                self.min_hand_landmarks_confidence,
            ),
            (
                "min_palm_detection_confidence",
                self.min_palm_detection_confidence,
            ),
            (
                "min_face_detection_confidence",
                self.min_face_detection_confidence,
            ),
            (
                "min_face_presence_confidence",
                self.min_face_presence_confidence,
            ),
        ] {
            if let Some(found) = outside(value, 1.0) {
                return invalid(option, "a number from 0 to 1", found.to_owned());
            }
        }
        if let Some(found) = self.skip_still.and_then(|most| outside(most, 255.0)) {
            let expected = "none or 0 to 255 grey levels";
            return invalid("skip_still", expected, found.to_owned());
        }
        if !(self.parts.pose || self.parts.hands || self.parts.face) {
            return invalid(
                "parts",
                "at least one of pose, hands, face",
                "none".to_owned(),
            );
        }
        if self.hands == Hands::Recover && !self.recovers_hands() {
            let expected = "body unless graph is holistic and parts have pose and hands";
            return invalid("hands", expected, "recover".to_owned());
        }
        let has_irises = self.parts.face && self.face_points == FacePoints::WithIrises478;
        if self.blendshapes && !has_irises {
            let expected = "false unless face is among parts and has 478 points";
            return invalid("blendshapes", expected, "true".to_owned());
        }
        Ok(())
    }
}

/// What a number is that is not from 0 to `most`. (The code that writes a float would be a twentieth of the page's module.)
fn outside(value: f32, most: f32) -> Option<&'static str> {
    match value {
        value if (0.0..=most).contains(&value) => None,
        value if value < 0.0 => Some("less"),
        value if value > most => Some("more"),
        _ => Some("NaN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_pose_every_graph_is_the_landmarkers() {
        let mut options = Options {
            num_hands: 3,
            ..Options::default()
        };
        assert!(options.validate().is_err());
        options.parts.pose = false;
        assert_eq!(options.graph_to_run(), Graph::Landmarkers);
        assert_eq!(options.validate(), Ok(()));
        assert!(options.wants_palms());
        options.parts.hands = false;
        assert!(!options.wants_palms());
    }

    #[test]
    fn the_defaults_are_valid_and_each_range_is_held() {
        assert_eq!(Options::default().validate(), Ok(()));
        let wrong = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            match options.validate() {
                Err(SessionError::InvalidOption { option, .. }) => option,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(wrong(|o| o.buffer_size = 0), "buffer_size");
        assert_eq!(wrong(|o| o.max_unread_results = 0), "max_unread_results");
        assert_eq!(
            wrong(|o| o.max_frames_in_flight = 17),
            "max_frames_in_flight"
        );
        assert_eq!(wrong(|o| o.num_hands = 0), "num_hands");
        assert_eq!(wrong(|o| o.num_hands = MAX_HANDS + 1), "num_hands");
        assert_eq!(wrong(|o| o.num_hands = 1), "num_hands");
        let one_hand = Options {
            graph: Graph::Landmarkers,
            num_hands: 1,
            ..Options::default()
        };
        assert_eq!(one_hand.validate(), Ok(()));
        assert_eq!(
            wrong(|o| o.min_palm_detection_confidence = -0.1),
            "min_palm_detection_confidence"
        );
        assert_eq!(
            wrong(|o| o.min_pose_detection_confidence = f32::NAN),
            "min_pose_detection_confidence"
        );
        assert_eq!(
            wrong(|o| o.min_face_presence_confidence = 1.5),
            "min_face_presence_confidence"
        );
        for wrong_threshold in [-1.0, 255.5, f32::NAN] {
            let options = Options {
                skip_still: Some(wrong_threshold),
                ..Options::default()
            };
            let error = options.validate().unwrap_err();
            assert!(error.to_string().contains("skip_still"), "{error}");
        }
        let none = Parts {
            pose: false,
            hands: false,
            face: false,
        };
        let options = Options {
            parts: none,
            ..Options::default()
        };
        assert!(options.validate().is_err());

        let recover_alone = |o: &mut Options| {
            o.hands = Hands::Recover;
            o.graph = Graph::Landmarkers;
        };
        assert_eq!(wrong(recover_alone), "hands");
        let recover_nothing = |o: &mut Options| {
            o.hands = Hands::Recover;
            o.parts.hands = false;
        };
        assert_eq!(wrong(recover_nothing), "hands");
        let recover_without_body = |o: &mut Options| {
            o.hands = Hands::Recover;
            o.parts.pose = false;
        };
        assert_eq!(wrong(recover_without_body), "hands");
        let recover = Options {
            hands: Hands::Recover,
            ..Options::default()
        };
        assert_eq!(recover.validate(), Ok(()));

        let no_irises = |o: &mut Options| {
            o.blendshapes = true;
            o.face_points = FacePoints::Mesh468;
        };
        assert_eq!(wrong(no_irises), "blendshapes");
        let no_face = |o: &mut Options| {
            o.blendshapes = true;
            o.parts.face = false;
        };
        assert_eq!(wrong(no_face), "blendshapes");
        let options = Options {
            blendshapes: true,
            ..Options::default()
        };
        assert_eq!(options.validate(), Ok(()));
    }
}
