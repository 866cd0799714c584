//! From a manifest as it is written to one whose every value is known to be sound.

use serde_json::Value;

use super::file::{ManifestFile, Part, PartFile, PartName, ValueName};
use super::points::Names;
use super::{
    Acceptance, ExamplesRule, IdleRule, Layout, MAX_FEATURES, MAX_WINDOW, Manifest, Needs,
    PartFeatures, Rows, WindowRule,
};
use crate::options::{FacePoints, Graph, Parts};
use crate::signs::SignsError;

/// Most labels.
const MAX_LABELS: usize = 100_000;

/// Most parts of the features.
const MAX_PARTS: usize = 32;

/// Most numbers of a window.
const MAX_WINDOW_FEATURES: usize = 1 << 21;

type Checked<T = ()> = Result<T, SignsError>;

fn wrong<T>(field: impl Into<String>, problem: impl Into<String>) -> Checked<T> {
    Err(SignsError::manifest(field, problem))
}

/// A whole number of a range.
fn in_range(field: &str, value: usize, least: usize, most: usize) -> Checked {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => wrong(field, format!("must be {least} to {most}, not {value}")),
    }
}

/// A number of a range; not NaN.
fn within(field: &str, value: f32, least: f32, most: f32) -> Checked {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => wrong(field, format!("must be {least} to {most}, not {value}")),
    }
}

impl Manifest {
    /// Checks a manifest that was read.
    pub(super) fn from_file(file: ManifestFile) -> Checked<Self> {
        if file.version != 1 {
            return wrong("version", format!("must be 1, not {}", file.version));
        }
        check_model(file.model.as_deref(), &file.labels)?;
        let Some(face) = FacePoints::from_count(file.face) else {
            return wrong("face", format!("must be 468 or 478, not {}", file.face));
        };
        let parts = features(&file, face)?;
        let needs = needs(&file, face, &parts)?;
        check_window(&file.window)?;
        check_acceptance(&file.acceptance)?;
        check_idle(&file.idle)?;
        check_examples(&file, &parts)?;
        let mut of_points = parts.iter().map(|part| part.values.len());
        let first = of_points.next();
        let manifest = Self {
            values_per_point: first.filter(|first| of_points.all(|other| other == *first)),
            file,
            parts,
            needs,
        };
        manifest.check_size()?;
        Ok(manifest)
    }

    fn check_size(&self) -> Checked {
        let features = self.features_per_frame();
        let field = "features.parts";
        if features > MAX_FEATURES {
            let problem = format!("give {features} numbers a frame, more than {MAX_FEATURES}");
            return wrong(field, problem);
        }
        let of_window = features * self.window().most;
        if of_window > MAX_WINDOW_FEATURES {
            let problem = format!(
                "give {features} numbers a frame, with window.most {} more than {MAX_WINDOW_FEATURES} together",
                self.window().most
            );
            return wrong(field, problem);
        }
        let is_by_value = self.layout() == Layout::ValuesFramesPoints;
        if is_by_value && self.values_per_point().is_none() {
            let problem =
                "must not be \"values-frames-points\" where parts have different numbers of values";
            return wrong("features.layout", problem);
        }
        Ok(())
    }
}

fn check_model(model: Option<&str>, labels: &[Value]) -> Checked {
    let Some(name) = model else {
        return match labels.len() {
            0 => Ok(()),
            count => wrong(
                "labels",
                format!("must be left out where there is no model, not {count}"),
            ),
        };
    };
    let is_name = !name.contains(['/', '\\', '\0', ':']) && !matches!(name, "" | "." | "..");
    if !is_name || name.len() > 255 {
        return wrong(
            "model",
            format!("must be the name of a file without a path, not {name:?}"),
        );
    }
    in_range("labels", labels.len(), 1, MAX_LABELS)?;
    for (index, label) in labels.iter().enumerate() {
        if !matches!(label, Value::String(_) | Value::Object(_)) {
            return wrong(
                format!("labels[{index}]"),
                format!("must be a text or an object, not {label}"),
            );
        }
    }
    Ok(())
}

fn features(file: &ManifestFile, face: FacePoints) -> Checked<Vec<PartFeatures>> {
    let parts = &file.features.parts;
    in_range("features.parts", parts.len(), 1, MAX_PARTS)?;
    let parts = parts.iter().enumerate();
    parts
        .map(|(index, part)| part_features(part, face, &format!("features.parts[{index}]")))
        .collect()
}

fn part_features(file: &PartFile, face: FacePoints, field: &str) -> Checked<PartFeatures> {
    let part = file.part;
    let path = |name: &str| format!("{field}.{name}");
    let names = |part, name: &str| Names {
        part,
        face,
        field: path(name),
    };
    let rows = match (&file.points, &file.bones) {
        (Some(points), None) => Rows::Points(names(part, "points").points(points)?),
        (None, Some(bones)) => Rows::Bones(names(part, "bones").bones(bones)?),
        (None, None) => return wrong(field, "must have points or bones"),
        (Some(_), Some(_)) => return wrong(field, "must have points or bones, not both"),
    };
    let reference = file.reference.unwrap_or(part);
    if reference != part && (reference.is_world() || part.is_world()) {
        let problem = format!(
            "must be a part in the picture as {} is, not {:?}: world points have an origin of their own",
            part.as_str(),
            reference.as_str()
        );
        return wrong(path("reference"), problem);
    }
    if matches!(rows, Rows::Bones(_)) {
        let given = [
            ("origin", file.origin.is_some()),
            ("unit", file.unit.is_some()),
            ("reference", file.reference.is_some()),
        ];
        if let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given) {
            return wrong(
                path(name),
                "must be left out where there are bones: they have length 1",
            );
        }
    }
    let origin = match &file.origin {
        Some(origin) => names(reference, "origin").origin(origin)?,
        None => Vec::new(),
    };
    let unit = file
        .unit
        .as_ref()
        .map(|unit| names(reference, "unit").pair(unit, &path("unit")));
    check_values(file, matches!(rows, Rows::Bones(_)), &path("values"))?;
    for (name, value) in [("weight", file.weight), ("missing", file.missing)] {
        within(&path(name), value, -1e6, 1e6)?;
    }
    Ok(PartFeatures {
        part,
        rows,
        reference,
        origin,
        unit: unit.transpose()?,
        values: file.values.clone(),
        weight: file.weight,
        missing: file.missing,
    })
}

fn check_values(file: &PartFile, is_bones: bool, field: &str) -> Checked {
    in_range(field, file.values.len(), 1, 4)?;
    for (index, value) in file.values.iter().enumerate() {
        if file.values[..index].contains(value) {
            return wrong(
                format!("{field}[{index}]"),
                format!("must not be {value:?} twice"),
            );
        }
    }
    if is_bones && file.values.contains(&ValueName::Visibility) {
        return wrong(field, "must not have visibility where there are bones");
    }
    Ok(())
}

/// The parts of a session that features are of: pose, hands, face.
fn parts_of(features: &[PartFeatures]) -> Parts {
    let has = |is: fn(Part) -> bool| {
        let parts = features.iter().flat_map(|of| [of.part, of.reference]);
        parts.into_iter().any(is)
    };
    Parts {
        pose: has(Part::is_pose),
        hands: has(|part| !part.is_pose() && part != Part::Face),
        face: has(|part| part == Part::Face),
    }
}

fn needs(file: &ManifestFile, face: FacePoints, features: &[PartFeatures]) -> Checked<Needs> {
    let of_features = parts_of(features);
    let parts = match &file.parts {
        None => of_features,
        Some(names) => Parts {
            pose: names.contains(&PartName::Pose),
            hands: names.contains(&PartName::Hands),
            face: names.contains(&PartName::Face),
        },
    };
    for (name, is_needed, is_there) in [
        ("pose", of_features.pose, parts.pose),
        ("hands", of_features.hands, parts.hands),
        ("face", of_features.face, parts.face),
    ] {
        if is_needed && !is_there {
            return wrong(
                "parts",
                format!("must have {name:?}, which features are of"),
            );
        }
    }
    let graph: Graph = file.graph;
    Ok(Needs {
        graph,
        face_points: face,
        parts,
        hand_world: features
            .iter()
            .any(|it| matches!(it.part, Part::LeftHandWorld | Part::RightHandWorld)),
        still_threshold: file.idle.threshold,
    })
}

fn check_window(window: &WindowRule) -> Checked {
    in_range("window.most", window.most, 1, MAX_WINDOW)?;
    in_range("window.least", window.least, 1, window.most)?;
    in_range("window.stride", window.stride, 1, MAX_WINDOW)
}

fn check_acceptance(acceptance: &Acceptance) -> Checked {
    within("acceptance.confidence", acceptance.confidence, 0.0, 1.0)?;
    in_range("acceptance.history", acceptance.history, 1, 100)?;
    in_range(
        "acceptance.agreement",
        acceptance.agreement,
        1,
        acceptance.history,
    )?;
    in_range("acceptance.release", acceptance.release, 0, 1000)
}

fn check_idle(idle: &IdleRule) -> Checked {
    in_range("idle.frames", idle.frames, 1, 100_000)?;
    within("idle.threshold", idle.threshold, 0.0, 255.0)
}

fn check_examples(file: &ManifestFile, features: &[PartFeatures]) -> Checked {
    let Some(ExamplesRule {
        either_hand,
        neighbours,
        limit,
    }) = file.examples
    else {
        return Ok(());
    };
    if file.model.is_some() {
        return wrong("examples", "must be left out where there is a model");
    }
    if either_hand && parts_of(features).face {
        return wrong(
            "examples.either_hand",
            "must not be true where features are of the face",
        );
    }
    in_range("examples.neighbours", neighbours, 1, 100)?;
    within("examples.limit", limit, f32::MIN_POSITIVE, 1e6)
}
