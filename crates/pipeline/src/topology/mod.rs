//! What the points are called and which of them are joined, for whoever draws or writes them.
//!
//! A point's index is its place in the table of names, and in the landmarks of the part. Names are those of MediaPipe,
//! in lower case but for the blendshapes.
//!
//! - `pose`, `hand`: names and lines.
//! - `face_contours`: lips, eyes, eyebrows, oval.
//! - `face_mesh`: the triangles.
//! - `face_irises`: the rims of the irises.
//! - `blendshapes`: names of expressions.

mod blendshapes;
mod face_contours;
mod face_irises;
mod face_mesh;
mod hand;
mod pose;

pub use blendshapes::BLENDSHAPE_NAMES;
pub use face_contours::{
    FACE_LEFT_EYE, FACE_LEFT_EYEBROW, FACE_LIPS, FACE_OVAL, FACE_RIGHT_EYE, FACE_RIGHT_EYEBROW,
};
pub use face_irises::{FACE_LEFT_IRIS, FACE_RIGHT_IRIS};
pub use face_mesh::FACE_TRIANGLES;
pub use hand::{HAND_CONNECTIONS, HAND_NAMES};
pub use pose::{POSE_CONNECTIONS, POSE_NAMES};

/// A line between two points, by their indices.
pub type Connection = [u16; 2];

/// Number of points of the face. They have no names.
pub const FACE_POINTS: usize = 468;

/// Number of points of the face with its irises. They have no names, and the first 468 are those of the face without.
pub const FACE_POINTS_WITH_IRISES: usize = 478;

/// The contours of the face by name.
pub const FACE_CONTOURS: [(&str, &[Connection]); 6] = [
    ("lips", &FACE_LIPS),
    ("left_eye", &FACE_LEFT_EYE),
    ("left_eyebrow", &FACE_LEFT_EYEBROW),
    ("right_eye", &FACE_RIGHT_EYE),
    ("right_eyebrow", &FACE_RIGHT_EYEBROW),
    ("oval", &FACE_OVAL),
];

/// The rims of the irises by name.
pub const FACE_IRISES: [(&str, &[Connection]); 2] = [
    ("left_iris", &FACE_LEFT_IRIS),
    ("right_iris", &FACE_RIGHT_IRIS),
];

/// The index of a name in a table of names.
///
/// ```
/// use live_keypoints_pipeline::topology::{HAND_NAMES, index_of};
///
/// assert_eq!(index_of(&HAND_NAMES, "index_finger_tip"), Some(8));
/// assert_eq!(index_of(&HAND_NAMES, "elbow"), None);
/// ```
#[must_use]
pub fn index_of(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::landmarks::{HandLandmarks, Landmarks, PoseLandmarks};

    /// Lines whatever their direction.
    fn lines(connections: &[Connection]) -> BTreeSet<Connection> {
        let sorted = |[a, b]: &Connection| [*a.min(b), *a.max(b)];
        connections.iter().map(sorted).collect()
    }

    fn points_of<const N: usize, const D: usize>(_: fn([[f32; D]; N]) -> Landmarks<N, D>) -> usize {
        N
    }

    #[test]
    fn every_point_has_a_name_of_its_own() {
        assert_eq!(POSE_NAMES.len(), points_of(PoseLandmarks::new));
        assert_eq!(HAND_NAMES.len(), points_of(HandLandmarks::new));
        assert_eq!(BLENDSHAPE_NAMES.iter().collect::<BTreeSet<_>>().len(), 52);
        assert_eq!(POSE_NAMES.iter().collect::<BTreeSet<_>>().len(), 33);
        assert_eq!(HAND_NAMES.iter().collect::<BTreeSet<_>>().len(), 21);
    }

    #[test]
    fn sides_of_the_pose_alternate_left_odd_right_even_from_the_shoulders_on() {
        for (index, name) in POSE_NAMES.iter().enumerate().skip(11) {
            let side = if index % 2 == 1 { "left_" } else { "right_" };
            assert!(name.starts_with(side), "{index} {name}");
        }
    }

    #[test]
    fn pose_and_hand_lines_are_those_of_the_web_package() {
        // HOLISTIC_SPEC §6.6 and §7.5: the lists of MediaPipe Tasks, which differ in direction only.
        let pose = [
            [0, 4],
            [4, 5],
            [5, 6],
            [6, 8],
            [0, 1],
            [1, 2],
            [2, 3],
            [3, 7],
            [10, 9],
            [12, 11],
            [12, 14],
            [14, 16],
            [16, 18],
            [16, 20],
            [16, 22],
            [18, 20],
            [11, 13],
            [13, 15],
            [15, 17],
            [15, 19],
            [15, 21],
            [17, 19],
            [12, 24],
            [11, 23],
            [24, 23],
            [24, 26],
            [23, 25],
            [26, 28],
            [25, 27],
            [28, 30],
            [27, 29],
            [30, 32],
            [29, 31],
            [28, 32],
            [27, 31],
        ];
        let hand = [
            [0, 1],
            [0, 5],
            [9, 13],
            [13, 17],
            [5, 9],
            [0, 17],
            [1, 2],
            [2, 3],
            [3, 4],
            [5, 6],
            [6, 7],
            [7, 8],
            [9, 10],
            [10, 11],
            [11, 12],
            [13, 14],
            [14, 15],
            [15, 16],
            [17, 18],
            [18, 19],
            [19, 20],
        ];
        assert_eq!(lines(&POSE_CONNECTIONS), lines(&pose));
        assert_eq!(lines(&HAND_CONNECTIONS), lines(&hand));
    }

    #[test]
    fn contours_are_lines_between_points_of_the_mesh() {
        let mut count = 0;
        for (name, connections) in FACE_CONTOURS {
            count += lines(connections).len();
            assert_eq!(lines(connections).len(), connections.len(), "{name}");
            let is_inside = |point: &u16| usize::from(*point) < FACE_POINTS;
            assert!(connections.iter().flatten().all(is_inside), "{name}");
        }
        assert_eq!(count, 124);
    }

    #[test]
    fn the_rims_of_the_irises_are_closed_and_leave_their_centres_out() {
        for (name, rim) in FACE_IRISES {
            let starts: BTreeSet<u16> = rim.iter().map(|[start, _]| *start).collect();
            let ends: BTreeSet<u16> = rim.iter().map(|[_, end]| *end).collect();
            assert_eq!((starts.len(), &starts), (4, &ends), "{name}");
        }
        let points = FACE_IRISES.iter().flat_map(|(_, rim)| rim.iter()).flatten();
        let points: BTreeSet<usize> = points.map(|point| usize::from(*point)).collect();
        let centers = BTreeSet::from([468, 473]);
        let irises: BTreeSet<usize> = (FACE_POINTS..FACE_POINTS_WITH_IRISES).collect();
        assert_eq!(points, &irises - &centers);
    }

    #[test]
    fn the_triangles_touch_every_point_and_no_directed_side_occurs_twice() {
        let (triangles, rest) = FACE_TRIANGLES.as_chunks::<3>();
        assert!(rest.is_empty());
        let sides: BTreeSet<_> = triangles
            .iter()
            .flat_map(|[a, b, c]| [[a, b], [b, c], [c, a]])
            .collect();
        assert_eq!(sides.len(), 2556);
        let points: BTreeSet<_> = FACE_TRIANGLES.iter().collect();
        assert_eq!(points.len(), FACE_POINTS);
    }
}
