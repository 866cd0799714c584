//! The five components of a `.pose` file of holistic keypoints, as `holistic_components()` of pose-format 0.15.0 makes
//! them: names, limbs and colours.

use super::pose_file::put_u16s;
use crate::options::FacePoints;
use crate::topology::{
    Connection, FACE_TRIANGLES, HAND_CONNECTIONS, HAND_NAMES, POSE_CONNECTIONS, POSE_NAMES,
};

/// The kinds of component.
enum Kind {
    Body,
    Face,
    Hand,
}

pub(super) struct Component {
    name: &'static str,
    kind: Kind,
}

pub(super) const COMPONENTS: [Component; 5] = [
    component("POSE_LANDMARKS", Kind::Body),
    component("FACE_LANDMARKS", Kind::Face),
    component("LEFT_HAND_LANDMARKS", Kind::Hand),
    component("RIGHT_HAND_LANDMARKS", Kind::Hand),
    component("POSE_WORLD_LANDMARKS", Kind::Body),
];

const fn component(name: &'static str, kind: Kind) -> Component {
    Component { name, kind }
}

/// What a point consists of, confidence last.
const POINT_FORMAT: &str = "XYZC";

type Rgb = [u16; 3];
const BODY_COLORS: [Rgb; 1] = [[255, 0, 0]];
const FACE_COLORS: [Rgb; 1] = [[128, 0, 0]];
/// A colour a point: wrist, thumb, index, middle, ring and little finger. Some exceed 255, as in the original.
const HAND_COLORS: [Rgb; 21] = [
    [232, 232, 232],
    [192, 0, 0],
    [227, 35, 35],
    [262, 70, 70],
    [297, 105, 105],
    [0, 0, 192],
    [35, 35, 227],
    [70, 70, 262],
    [105, 105, 297],
    [0, 192, 0],
    [35, 227, 35],
    [70, 262, 70],
    [105, 297, 105],
    [0, 192, 192],
    [35, 227, 227],
    [70, 262, 262],
    [105, 297, 297],
    [255, 128, 0],
    [255, 178, 102],
    [255, 153, 51],
    [255, 128, 0],
];

impl Component {
    /// Appends the component to a header. Irises have no limbs, as in the original.
    pub(super) fn put(&self, bytes: &mut Vec<u8>, face: FacePoints) {
        let (names, limbs, colors): (Vec<String>, Vec<Connection>, &[Rgb]) = match self.kind {
            Kind::Body => (upper(&POSE_NAMES), POSE_CONNECTIONS.to_vec(), &BODY_COLORS),
            Kind::Hand => (upper(&HAND_NAMES), HAND_CONNECTIONS.to_vec(), &HAND_COLORS),
            Kind::Face => {
                let numbers = (0..face.count()).map(|index| index.to_string());
                (numbers.collect(), mesh_lines(), &FACE_COLORS)
            }
        };
        put_text(bytes, self.name);
        put_text(bytes, POINT_FORMAT);
        // Tables of this file and of `topology`, none longer than 2556.
        put_u16s(
            bytes,
            [names.len(), limbs.len(), colors.len()].map(|n| n as u16),
        );
        for name in &names {
            put_text(bytes, name);
        }
        for limb in limbs {
            put_u16s(bytes, limb);
        }
        for color in colors {
            put_u16s(bytes, *color);
        }
    }
}

fn upper(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_ascii_uppercase()).collect()
}

fn mesh_lines() -> Vec<Connection> {
    let (triangles, _) = FACE_TRIANGLES.as_chunks::<3>();
    let sides = |[a, b, c]: &[u16; 3]| [[*a, *b], [*b, *c], [*c, *a]];
    triangles.iter().flat_map(sides).collect()
}

/// Texts are names of this file and of `topology`, none longer than 30 bytes.
fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_u16s(bytes, [text.len() as u16]);
    bytes.extend(text.as_bytes());
}
