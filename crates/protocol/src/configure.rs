//! The `configure` message: what holds for the frames after it.

use live_keypoints_pipeline::motion::STILL_THRESHOLD;
use live_keypoints_pipeline::{FacePoints, Graph, Hands, Options, Parts, Quality};
use serde::{Deserialize, Serialize};

use crate::binary_result;
use crate::points::PointSelection;

/// The fields of `configure`; what is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configure {
    /// How the parts are found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
    /// The parts to report. On the wire a list of their names.
    #[serde(default, with = "part_names", skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// The landmark models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// How many points a face has, on the wire their number.
    #[serde(default, with = "face_count", skip_serializing_if = "Option::is_none")]
    pub face: Option<FacePoints>,
    /// Whether the face's expressions are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blendshapes: Option<bool>,
    /// Hands to look for, where they are found without the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_hands: Option<usize>,
    /// How hands are looked for, where there is a body to go by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hands: Option<Hands>,
    /// How keypoints are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The version of binary results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_version: Option<binary_result::Version>,
    /// Temporal smoothing of the pose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<bool>,
    /// Temporal smoothing of the hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_smoothing: Option<bool>,
    /// Temporal smoothing of the face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_smoothing: Option<bool>,
    /// Whether x becomes 1 − x.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirrored: Option<bool>,
    /// Whether a frame that shows no motion repeats the keypoints of an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_still: Option<bool>,
    /// Whether signs are told, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signs: Option<bool>,
    /// Frames that wait on the relay, 1 to [`MAX_BUFFER_SIZE`](crate::MAX_BUFFER_SIZE).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_size: Option<usize>,
    /// Whether hands are given in metres as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_world: Option<bool>,
    /// Which points of a part are sent; JSON only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointSelection>,
}

/// How keypoints are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As text messages.
    #[default]
    Json,
    /// As binary messages of about a third of the bytes.
    Binary,
}

impl Configure {
    /// The names of its fields, as they are on the wire.
    pub const FIELDS: [&str; 18] = [
        "graph",
        "parts",
        "quality",
        "face",
        "blendshapes",
        "num_hands",
        "hands",
        "format",
        "binary_version",
        "smoothing",
        "hand_smoothing",
        "face_smoothing",
        "mirrored",
        "skip_still",
        "signs",
        "buffer_size",
        "hand_world",
        "points",
    ];

    /// Writes what was given over what held before; `signs` is of what makes signs of its answers,
    /// `format`, `binary_version`, `hand_world` and `points` are of answers, not
    /// of the session.
    pub fn apply(&self, options: &mut Options) {
        let Self {
            graph,
            parts,
            quality,
            face,
            blendshapes,
            num_hands,
            hands,
            format: _,
            binary_version: _,
            hand_world: _,
            points: _,
            signs: _,
            smoothing,
            hand_smoothing,
            face_smoothing,
            mirrored,
            skip_still,
            buffer_size,
        } = self;
        let skip_still = skip_still.map(|skips| skips.then_some(STILL_THRESHOLD));
        set(&mut options.graph, *graph);
        set(&mut options.parts, *parts);
        set(&mut options.quality, *quality);
        set(&mut options.face_points, *face);
        set(&mut options.blendshapes, *blendshapes);
        set(&mut options.num_hands, *num_hands);
        set(&mut options.hands, *hands);
        set(&mut options.smoothing, *smoothing);
        set(&mut options.hand_smoothing, *hand_smoothing);
        set(&mut options.face_smoothing, *face_smoothing);
        set(&mut options.mirrored, *mirrored);
        set(&mut options.skip_still, skip_still);
        set(&mut options.buffer_size, *buffer_size);
    }
}

fn set<T>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}

/// A face by its number of points.
mod face_count {
    use live_keypoints_pipeline::FacePoints;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        face: &Option<FacePoints>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        face.map(FacePoints::count).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<FacePoints>, D::Error> {
        let Some(count) = Option::<u64>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let face = usize::try_from(count).ok().and_then(FacePoints::from_count);
        let wrong = || D::Error::custom(format!("face must be 468 or 478, not {count}"));
        face.map(Some).ok_or_else(wrong)
    }
}

/// Parts as a list of names.
mod part_names {
    use live_keypoints_pipeline::Parts;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Part {
        Pose,
        Hands,
        Face,
    }

    pub(super) fn serialize<S: Serializer>(
        parts: &Option<Parts>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let names = parts.map(|Parts { pose, hands, face }| {
            let all = [(pose, Part::Pose), (hands, Part::Hands), (face, Part::Face)];
            let asked_for = all.into_iter().filter(|(is_asked_for, _)| *is_asked_for);
            asked_for.map(|(_, part)| part).collect::<Vec<_>>()
        });
        names.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Parts>, D::Error> {
        let names = Option::<Vec<Part>>::deserialize(deserializer)?;
        Ok(names.map(|names| Parts {
            pose: names.contains(&Part::Pose),
            hands: names.contains(&Part::Hands),
            face: names.contains(&Part::Face),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_a_message_that_says_all() {
        let all = Configure {
            graph: Some(Graph::Landmarkers),
            face: Some(FacePoints::WithIrises478),
            blendshapes: Some(true),
            num_hands: Some(4),
            hands: Some(Hands::Recover),
            binary_version: Some(binary_result::Version::Two),
            parts: Some(Parts::ALL),
            quality: Some(Quality::Lite),
            format: Some(Format::Binary),
            smoothing: Some(true),
            hand_smoothing: Some(true),
            face_smoothing: Some(true),
            mirrored: Some(true),
            skip_still: Some(true),
            signs: Some(true),
            buffer_size: Some(1),
            hand_world: Some(true),
            points: Some(PointSelection::ALL),
        };
        let serde_json::Value::Object(fields) = serde_json::to_value(&all).unwrap() else {
            panic!("no object");
        };
        let mut names = Configure::FIELDS.to_vec();
        names.sort_unstable();
        assert_eq!(fields.keys().collect::<Vec<_>>(), names);
        assert_eq!(
            fields["parts"],
            serde_json::json!(["pose", "hands", "face"])
        );
        assert_eq!(fields["graph"], "landmarkers");
        assert_eq!(
            (&fields["face"], &fields["binary_version"]),
            (&478.into(), &2.into())
        );
        assert_eq!(serde_json::to_string(&Configure::default()).unwrap(), "{}");
    }
}
