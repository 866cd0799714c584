//! Which points a manifest means by its indices, names and groups.

use std::collections::BTreeSet;

use super::file::{Bones, Origin, Part, PointRef, Points};
use crate::options::FacePoints;
use crate::signs::SignsError;
use crate::topology::{
    Connection, FACE_CONTOURS, FACE_IRISES, HAND_NAMES, POSE_CONNECTIONS, POSE_NAMES, index_of,
};

impl Part {
    /// Its name, as the manifest has it.
    pub(in super::super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pose => "pose",
            Self::PoseWorld => "pose_world",
            Self::LeftHand => "left_hand",
            Self::RightHand => "right_hand",
            Self::LeftHandWorld => "left_hand_world",
            Self::RightHandWorld => "right_hand_world",
            Self::Face => "face",
        }
    }

    pub(in super::super) const fn is_world(self) -> bool {
        matches!(
            self,
            Self::PoseWorld | Self::LeftHandWorld | Self::RightHandWorld
        )
    }

    pub(in super::super) const fn is_pose(self) -> bool {
        matches!(self, Self::Pose | Self::PoseWorld)
    }

    /// Names of its points; the face's have none.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Pose | Self::PoseWorld => &POSE_NAMES,
            Self::LeftHand | Self::RightHand | Self::LeftHandWorld | Self::RightHandWorld => {
                &HAND_NAMES
            }
            Self::Face => &[],
        }
    }

    const fn point_count(self, face: FacePoints) -> usize {
        match self {
            Self::Face => face.count(),
            _ => self.names().len(),
        }
    }
}

/// The bones of a hand, from the wrist outwards: four of the thumb, then of each finger.
const HAND_BONES: [[usize; 2]; 20] = {
    let mut bones = [[0; 2]; 20];
    let mut point = 1;
    while point <= 20 {
        let starts_at_wrist = point % 4 == 1;
        bones[point - 1] = [if starts_at_wrist { 0 } else { point - 1 }, point];
        point += 1;
    }
    bones
};

/// Points of one part, as a field of the manifest names them.
pub(super) struct Names {
    pub(super) part: Part,
    pub(super) face: FacePoints,
    /// Path of the field.
    pub(super) field: String,
}

impl Names {
    /// The indices that a list, a group or "all" stands for. At least one.
    pub(super) fn points(&self, points: &Points) -> Result<Vec<usize>, SignsError> {
        let points = match points {
            Points::Named(name) if name == "all" => (0..self.count()).collect(),
            Points::Named(name) => self.group_or_point(name, &self.field)?,
            Points::Listed(list) => {
                let mut indices = Vec::new();
                for (position, point) in list.iter().enumerate() {
                    let field = format!("{}[{position}]", self.field);
                    match point {
                        PointRef::Index(index) => indices.push(self.index(*index, &field)?),
                        PointRef::Name(name) => indices.extend(self.group_or_point(name, &field)?),
                    }
                }
                indices
            }
        };
        if points.is_empty() {
            return Err(SignsError::manifest(
                &self.field,
                "must name a point, not []",
            ));
        }
        Ok(points)
    }

    /// The pairs of indices that a list or "all" stands for. At least one.
    pub(super) fn bones(&self, bones: &Bones) -> Result<Vec<[usize; 2]>, SignsError> {
        let bones = match (bones, self.part) {
            (Bones::Named(name), Part::Face) => {
                let problem =
                    format!("must be a list of pairs of points, not {name:?}: a face has no bones");
                return Err(SignsError::manifest(&self.field, problem));
            }
            (Bones::Named(name), part) if name == "all" && part.is_pose() => POSE_CONNECTIONS
                .iter()
                .map(|line| line.map(usize::from))
                .collect(),
            (Bones::Named(name), _) if name == "all" => HAND_BONES.to_vec(),
            (Bones::Named(name), _) => {
                let problem = format!("must be \"all\" or a list of pairs of points, not {name:?}");
                return Err(SignsError::manifest(&self.field, problem));
            }
            (Bones::Listed(list), _) => {
                let pairs = list.iter().enumerate().map(|(position, pair)| {
                    self.pair(pair, &format!("{}[{position}]", self.field))
                });
                pairs.collect::<Result<Vec<_>, _>>()?
            }
        };
        if bones.is_empty() {
            return Err(SignsError::manifest(
                &self.field,
                "must name a bone, not []",
            ));
        }
        Ok(bones)
    }

    /// One point, or two.
    pub(super) fn origin(&self, origin: &Origin) -> Result<Vec<usize>, SignsError> {
        match origin {
            Origin::Point(point) => Ok(vec![self.point(point, &self.field)?]),
            Origin::Middle(points) => Ok(self.pair(points, &self.field)?.to_vec()),
        }
    }

    /// Two points that are not the same.
    pub(super) fn pair(
        &self,
        points: &[PointRef; 2],
        field: &str,
    ) -> Result<[usize; 2], SignsError> {
        let [first, second] = points;
        let first = self.point(first, &format!("{field}[0]"))?;
        let second = self.point(second, &format!("{field}[1]"))?;
        if first == second {
            let problem = format!("must be two different points, not {first} twice");
            return Err(SignsError::manifest(field, problem));
        }
        Ok([first, second])
    }

    fn count(&self) -> usize {
        self.part.point_count(self.face)
    }

    fn point(&self, point: &PointRef, field: &str) -> Result<usize, SignsError> {
        match point {
            PointRef::Index(index) => self.index(*index, field),
            PointRef::Name(name) => index_of(self.part.names(), name)
                .ok_or_else(|| self.unknown(name, "a point", field)),
        }
    }

    fn index(&self, index: usize, field: &str) -> Result<usize, SignsError> {
        if index < self.count() {
            return Ok(index);
        }
        let (part, last) = (self.part.as_str(), self.count() - 1);
        let problem = format!("must be 0 to {last}, a point of {part}, not {index}");
        Err(SignsError::manifest(field, problem))
    }

    fn group_or_point(&self, name: &str, field: &str) -> Result<Vec<usize>, SignsError> {
        let point = index_of(self.part.names(), name).map(|index| vec![index]);
        let points = point
            .or_else(|| self.group(name))
            .ok_or_else(|| self.unknown(name, "a point or group", field))?;
        for point in &points {
            self.index(*point, field)?;
        }
        Ok(points)
    }

    /// The points of a group of the face, by rising index.
    fn group(&self, name: &str) -> Option<Vec<usize>> {
        if self.part != Part::Face {
            return None;
        }
        let groups = FACE_CONTOURS.iter().chain(&FACE_IRISES);
        let of_name = |lines: &[(&str, &[Connection])]| -> BTreeSet<usize> {
            let ends = lines.iter().flat_map(|(_, lines)| lines.as_flattened());
            ends.map(|point| usize::from(*point)).collect()
        };
        let points = match name {
            "contours" => of_name(&FACE_CONTOURS),
            "irises" => of_name(&FACE_IRISES),
            _ => of_name(&[*groups.into_iter().find(|(known, _)| *known == name)?]),
        };
        Some(points.into_iter().collect())
    }

    fn unknown(&self, name: &str, what: &str, field: &str) -> SignsError {
        let part = self.part.as_str();
        SignsError::manifest(field, format!("must be {what} of {part}, not {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::HAND_CONNECTIONS;

    #[test]
    fn the_bones_of_a_hand_are_its_lines_but_for_those_across_the_palm() {
        let lines: BTreeSet<[usize; 2]> = HAND_CONNECTIONS
            .iter()
            .map(|[a, b]| [usize::from(*a.min(b)), usize::from(*a.max(b))])
            .collect();
        // The palm's are from knuckle to knuckle; the middle and ring fingers' from the wrist are bones and no lines.
        let palm = BTreeSet::from([[5, 9], [9, 13], [13, 17]]);
        let hidden = BTreeSet::from([[0, 9], [0, 13]]);
        let bones: BTreeSet<_> = HAND_BONES.into_iter().collect();
        assert_eq!(&lines - &bones, palm);
        assert_eq!(&bones - &lines, hidden);
    }
}
