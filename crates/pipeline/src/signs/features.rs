//! One frame's keypoints as a row of numbers.

use super::manifest::{Aspect, Manifest, Part, PartFeatures, Rows, ValueName};
use crate::keypoints::FrameKeypoints;

/// Lengths below this are no unit to measure by, and no bone has a direction.
const LEAST_LENGTH: f32 = 1e-6;

/// Makes rows as a manifest says.
///
/// A row is the parts one after the other, of each the points or bones, of each the values:
/// `(point − origin) / unit · weight`. Where a part, its origin or its unit is absent, or two points that are the unit fall
/// together, all its values are the manifest's `missing`, as is any single value that is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    parts: Vec<PartFeatures>,
    aspect: Aspect,
    len: usize,
    /// Whether a hand is among the parts.
    has_hands: bool,
}

/// Which person a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// As in the picture.
    AsSeen,
    /// As in a mirror: left and right are exchanged, with their sides.
    Mirrored,
}

impl Features {
    /// Makes rows as this manifest says.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        let parts = manifest.parts().to_vec();
        Self {
            has_hands: parts.iter().any(|part| part.part.is_hand()),
            len: manifest.features_per_frame(),
            aspect: manifest.aspect(),
            parts,
        }
    }

    /// Numbers of a row, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Writes the row of a frame over what `row` holds. Returns whether there is anything in it to go by: a hand where
    /// hands are among the parts, else any of them.
    pub fn write(&self, keypoints: &FrameKeypoints, side: Side, row: &mut Vec<f32>) -> bool {
        let aspect = match self.aspect {
            Aspect::Square => keypoints.width as f32 / (keypoints.height.max(1)) as f32,
            Aspect::Picture => 1.0,
        };
        let view = View {
            keypoints,
            side,
            aspect,
        };
        row.clear();
        let mut is_there = false;
        for part in &self.parts {
            let is_written = write_part(part, &view, row);
            is_there |= is_written && (part.part.is_hand() || !self.has_hands);
        }
        is_there
    }
}

/// Appends the values of a part. Returns whether it is there.
fn write_part(features: &PartFeatures, view: &View<'_>, row: &mut Vec<f32>) -> bool {
    let end = row.len() + features.rows.len() * features.values.len();
    let is_there = match (view.points(features.part), &features.rows) {
        (Some(points), Rows::Points(indices)) => {
            write_points(features, view, &points, indices, row).is_some()
        }
        (Some(points), Rows::Bones(bones)) => {
            for bone in bones {
                write_bone(features, &points, *bone, row);
            }
            true
        }
        (None, _) => false,
    };
    row.resize(end, features.missing);
    is_there
}

fn write_points(
    features: &PartFeatures,
    view: &View<'_>,
    points: &Points<'_>,
    indices: &[usize],
    row: &mut Vec<f32>,
) -> Option<()> {
    let reference = view.points(features.reference)?;
    let origin = match features.origin[..] {
        [] => [0.0; 4],
        [point] => reference.at(point)?,
        [first, second, ..] => middle(reference.at(first)?, reference.at(second)?),
    };
    let unit = match features.unit {
        Some([first, second]) => {
            let [first, second] = [reference.at(first)?, reference.at(second)?];
            distance(first, second, features.reference.is_world())
        }
        None => 1.0,
    };
    let has_place = origin[..3].iter().all(|value| value.is_finite());
    if !has_place || !unit.is_finite() || unit < LEAST_LENGTH {
        return None;
    }
    let scale = features.weight / unit;
    for index in indices {
        let point = points.at(*index)?;
        for value in &features.values {
            let number = match value.axis() {
                Some(axis) => (point[axis] - origin[axis]) * scale,
                None => point[3],
            };
            row.push(finite_or(number, features.missing));
        }
    }
    Some(())
}

fn write_bone(
    features: &PartFeatures,
    points: &Points<'_>,
    [from, to]: [usize; 2],
    row: &mut Vec<f32>,
) {
    let (Some(from), Some(to)) = (points.at(from), points.at(to)) else {
        return;
    };
    let axes = || features.values.iter().filter_map(|value| value.axis());
    let squares = axes().map(|axis| (to[axis] - from[axis]).powi(2));
    let length = squares.sum::<f32>().sqrt().max(LEAST_LENGTH);
    for axis in axes() {
        let number = (to[axis] - from[axis]) / length * features.weight;
        row.push(finite_or(number, features.missing));
    }
}

fn finite_or(value: f32, missing: f32) -> f32 {
    match value.is_finite() {
        true => value,
        false => missing,
    }
}

fn middle(first: [f32; 4], second: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|axis| (first[axis] + second[axis]) / 2.0)
}

fn distance(first: [f32; 4], second: [f32; 4], is_world: bool) -> f32 {
    let axes = if is_world { 3 } else { 2 };
    let squares = (0..axes).map(|axis| (first[axis] - second[axis]).powi(2));
    squares.sum::<f32>().sqrt()
}

impl ValueName {
    /// Where it is in a point; visibility is no axis.
    const fn axis(self) -> Option<usize> {
        match self {
            Self::X => Some(0),
            Self::Y => Some(1),
            Self::Z => Some(2),
            Self::Visibility => None,
        }
    }
}

impl Part {
    const fn is_hand(self) -> bool {
        !self.is_pose() && !matches!(self, Self::Face)
    }

    /// The part that a mirror shows as this one.
    const fn in_mirror(self) -> Self {
        match self {
            Self::LeftHand => Self::RightHand,
            Self::RightHand => Self::LeftHand,
            Self::LeftHandWorld => Self::RightHandWorld,
            Self::RightHandWorld => Self::LeftHandWorld,
            Self::Pose | Self::PoseWorld | Self::Face => self,
        }
    }
}

/// A frame as features see it.
struct View<'a> {
    keypoints: &'a FrameKeypoints,
    side: Side,
    /// What x and z of the picture are multiplied with.
    aspect: f32,
}

impl<'a> View<'a> {
    /// The points of a part, if it is there.
    fn points(&self, part: Part) -> Option<Points<'a>> {
        let of = match self.side {
            Side::AsSeen => part,
            Side::Mirrored => part.in_mirror(),
        };
        let k = self.keypoints;
        let values = match of {
            Part::Pose => Values::Four(&**k.pose.as_ref()?),
            Part::PoseWorld => Values::Four(&**k.pose_world.as_ref()?),
            Part::LeftHand => Values::Three(&**k.left_hand.as_ref()?),
            Part::RightHand => Values::Three(&**k.right_hand.as_ref()?),
            Part::LeftHandWorld => Values::Three(&**k.left_hand_world.as_ref()?),
            Part::RightHandWorld => Values::Three(&**k.right_hand_world.as_ref()?),
            Part::Face => Values::Three(k.face.as_ref()?),
        };
        let scale = if part.is_world() { 1.0 } else { self.aspect };
        let (slope, start) = match (self.side, part.is_world()) {
            (Side::AsSeen, _) => (1.0, 0.0),
            (Side::Mirrored, true) => (-1.0, 0.0),
            (Side::Mirrored, false) => (-1.0, 1.0),
        };
        Some(Points {
            values,
            has_sides: self.side == Side::Mirrored && part.is_pose(),
            x: [slope * scale, start * scale],
            z: scale,
        })
    }
}

/// The points of a part.
struct Points<'a> {
    values: Values<'a>,
    /// Whether points of the left stand for those of the right, and the other way round.
    has_sides: bool,
    /// What x is multiplied with, and what is added then.
    x: [f32; 2],
    /// What z is multiplied with.
    z: f32,
}

enum Values<'a> {
    /// x, y, z, visibility.
    Four(&'a [[f32; 4]]),
    /// x, y, z.
    Three(&'a [[f32; 3]]),
}

impl Points<'_> {
    /// x, y, z and visibility of a point; `None` where there are fewer, as in a face without irises.
    fn at(&self, index: usize) -> Option<[f32; 4]> {
        let index = if self.has_sides {
            pose_in_mirror(index)
        } else {
            index
        };
        let [x, y, z, visibility] = match self.values {
            Values::Four(points) => *points.get(index)?,
            Values::Three(points) => {
                let [x, y, z] = *points.get(index)?;
                [x, y, z, 1.0]
            }
        };
        Some([x * self.x[0] + self.x[1], y, z * self.z, visibility])
    }
}

/// The point of the pose that a mirror shows as this one.
const fn pose_in_mirror(index: usize) -> usize {
    match index {
        1..=3 => index + 3,
        4..=6 => index - 3,
        7.. if index % 2 == 1 => index + 1,
        7.. => index - 1,
        _ => index,
    }
}

#[cfg(test)]
mod tests;
