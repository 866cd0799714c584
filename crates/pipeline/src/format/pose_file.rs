//! The `.pose` format, version 0.2, of sign-language-processing/pose (PyPI `pose-format`), with the components and values
//! that its `pose_format.utils.holistic.load_holistic` writes, so that files of both can be mixed.
//!
//! Little-endian throughout:
//!
//! ```text
//! header  f32 version, u16 width, height, depth, u16 components, then for each of them:
//!         name, point format, u16 points, limbs, colours, the points' names, u16×2 a limb, u16×3 a colour
//!         (a text is its u16 length and UTF-8)
//! body    f32 fps, u32 frames, u16 people,
//!         f32 points    [frames][people][576][x, y, z], then
//!         f32 confidence[frames][people][576]; 586 with the irises
//! ```
//!
//! Values are those of `load_holistic` of pose-format 0.15.0: x and y times width and height of the file, z as MediaPipe
//! gives it, the world landmarks no different (so their x and y are metres times pixels); confidence is the visibility
//! for the body and 1 for hands and face; what is absent is all zeros.

use std::io::{self, Write};
use std::iter;

use thiserror::Error;

use super::pose_components::COMPONENTS;
use crate::keypoints::FrameKeypoints;
use crate::options::FacePoints;
use crate::rect::ImageSize;

/// The version of the format.
const VERSION: f32 = 0.2;

/// Points of a frame: 33 of the body, 468 or 478 of the face, 21 of each hand, 33 of the body in the world.
#[must_use]
pub const fn points(face: FacePoints) -> usize {
    33 + face.count() + 21 + 21 + 33
}

/// Width and height in pixels, which the file has once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoseFileSize {
    width: u16,
    height: u16,
}

/// A picture whose sides the format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the .pose format holds sides up to 65,535 pixels, not {width}×{height}")]
pub struct SizeOverflow {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl TryFrom<ImageSize> for PoseFileSize {
    type Error = SizeOverflow;

    fn try_from(ImageSize { width, height }: ImageSize) -> Result<Self, SizeOverflow> {
        match (u16::try_from(width), u16::try_from(height)) {
            (Ok(width), Ok(height)) => Ok(Self { width, height }),
            _ => Err(SizeOverflow { width, height }),
        }
    }
}

/// Writes all that comes before the points. Every face of the file has so many.
///
/// # Errors
/// What `out` says.
pub fn write_header(
    mut out: impl Write,
    size: PoseFileSize,
    fps: f32,
    frames: u32,
    face: FacePoints,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    bytes.extend(VERSION.to_le_bytes());
    // Depth is 0 where no depth camera gave any.
    put_u16s(&mut bytes, [size.width, size.height, 0]);
    put_u16s(&mut bytes, [COMPONENTS.len() as u16]);
    for component in &COMPONENTS {
        component.put(&mut bytes, face);
    }
    bytes.extend(fps.to_le_bytes());
    bytes.extend(frames.to_le_bytes());
    let people = 1;
    put_u16s(&mut bytes, [people]);
    out.write_all(&bytes)
}

pub(super) fn put_u16s<const N: usize>(bytes: &mut Vec<u8>, values: [u16; N]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// The values of one frame, in the order of the components.
#[derive(Clone, Debug, PartialEq)]
pub struct PoseFileFrame {
    /// x, y, z of each point.
    points: Vec<[f32; 3]>,
    /// One a point.
    confidences: Vec<f32>,
}

impl PoseFileFrame {
    /// The values of these keypoints in a file of this size and of faces of so many points: what a face has more is left
    /// out, what it lacks is zero. All is zero for a frame that failed.
    #[must_use]
    pub fn new(
        keypoints: Option<&FrameKeypoints>,
        size: PoseFileSize,
        face_points: FacePoints,
    ) -> Self {
        let mut frame = Self {
            points: Vec::with_capacity(points(face_points)),
            confidences: Vec::with_capacity(points(face_points)),
        };
        let absent = (None, None, None, None, None);
        let (pose, face, left_hand, right_hand, world) = keypoints.map_or(absent, |keypoints| {
            (
                keypoints.pose.as_ref(),
                keypoints.face.as_ref(),
                keypoints.left_hand.as_ref(),
                keypoints.right_hand.as_ref(),
                keypoints.pose_world.as_ref(),
            )
        });
        frame.put(33, pose.map(|pose| &pose[..]), size, |point| point[3]);
        let face = face.map(|face| &face[..face.len().min(face_points.count())]);
        frame.put(face_points.count(), face, size, |_| 1.0);
        frame.put(21, left_hand.map(|hand| &hand[..]), size, |_| 1.0);
        frame.put(21, right_hand.map(|hand| &hand[..]), size, |_| 1.0);
        frame.put(33, world.map(|world| &world[..]), size, |point| point[3]);
        frame
    }

    fn put<const D: usize>(
        &mut self,
        count: usize,
        part: Option<&[[f32; D]]>,
        size: PoseFileSize,
        confidence: fn(&[f32; D]) -> f32,
    ) {
        let [width, height] = [size.width, size.height].map(f32::from);
        let part = part.unwrap_or_default();
        let scaled = |point: &[f32; D]| [point[0] * width, point[1] * height, point[2]];
        self.points.extend(part.iter().map(scaled));
        self.confidences.extend(part.iter().map(confidence));
        let missing = count - part.len();
        self.points.extend(iter::repeat_n([0.0; 3], missing));
        self.confidences.extend(iter::repeat_n(0.0, missing));
    }

    /// Writes the points, which stand before all confidences of the file.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_points(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(&bytes_of(self.points.as_flattened()))
    }

    /// Writes the confidences.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_confidences(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(&bytes_of(&self.confidences))
    }
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Writes a whole file from its frames.
///
/// # Errors
/// What `out` says; [`io::ErrorKind::InvalidInput`] for more than 2³² − 1 frames.
pub fn write_file(
    mut out: impl Write,
    size: PoseFileSize,
    fps: f32,
    frames: &[PoseFileFrame],
    face: FacePoints,
) -> io::Result<()> {
    let count = u32::try_from(frames.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "too many frames"))?;
    write_header(&mut out, size, fps, count, face)?;
    for frame in frames {
        frame.write_points(&mut out)?;
    }
    for frame in frames {
        frame.write_confidences(&mut out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landmarks::{FaceLandmarks, Landmarks};

    fn keypoints() -> FrameKeypoints {
        FrameKeypoints {
            pose: Some(Landmarks::from_fn(|_| [0.5, 0.25, -0.5, 0.75])),
            pose_world: Some(Landmarks::from_fn(|_| [0.5, 0.25, -0.5, 0.75])),
            right_hand: Some(Landmarks::from_fn(|_| [1.0, 1.0, 0.0])),
            ..FrameKeypoints::empty(0, 0, [200, 100])
        }
    }

    const POINTS: usize = 576;
    const SIZE: PoseFileSize = PoseFileSize {
        width: 200,
        height: 100,
    };

    #[test]
    fn a_part_that_is_there_is_scaled_and_one_that_is_not_is_zero() {
        let frame = PoseFileFrame::new(Some(&keypoints()), SIZE, FacePoints::Mesh468);
        assert_eq!(
            (frame.points.len(), frame.confidences.len()),
            (POINTS, POINTS)
        );
        assert_eq!(
            (frame.points[0], frame.confidences[0]),
            ([100.0, 25.0, -0.5], 0.75)
        );
        assert_eq!((frame.points[33], frame.confidences[33]), ([0.0; 3], 0.0));
        let right_hand = 33 + 468 + 21;
        assert_eq!(frame.points[right_hand], [200.0, 100.0, 0.0]);
        assert_eq!(frame.confidences[right_hand], 1.0);
        assert_eq!(frame.points[POINTS - 1], [100.0, 25.0, -0.5]);
        let failed = PoseFileFrame::new(None, SIZE, FacePoints::Mesh468);
        assert!(
            failed
                .confidences
                .iter()
                .all(|confidence| *confidence == 0.0)
        );
    }

    #[test]
    fn the_file_is_as_long_as_its_header_and_frames() {
        let frame = PoseFileFrame::new(Some(&keypoints()), SIZE, FacePoints::Mesh468);
        let mut empty = Vec::new();
        write_file(&mut empty, SIZE, 25.0, &[], FacePoints::Mesh468).unwrap();
        let mut bytes = Vec::new();
        write_file(
            &mut bytes,
            SIZE,
            25.0,
            &[frame.clone(), frame],
            FacePoints::Mesh468,
        )
        .unwrap();
        assert_eq!(bytes.len() - empty.len(), 2 * POINTS * 4 * 4);
        assert_eq!(
            bytes[..12],
            [0xCD, 0xCC, 0x4C, 0x3E, 200, 0, 100, 0, 0, 0, 5, 0]
        );
        assert_eq!(bytes[12..28], *b"\x0E\0POSE_LANDMARKS");
        let body_start = empty.len() - 10;
        assert_eq!(
            bytes[body_start..empty.len()],
            [0, 0, 0xC8, 0x41, 2, 0, 0, 0, 1, 0]
        );
    }

    #[test]
    fn a_face_has_as_many_points_as_the_file_says() {
        let [mesh, with_irises] = FacePoints::ALL;
        let place = |n: usize| [n as f32, 0.0, 0.0];
        for (given, face_points) in [
            (mesh, mesh),
            (mesh, with_irises),
            (with_irises, mesh),
            (with_irises, with_irises),
        ] {
            let mut keypoints = keypoints();
            keypoints.face = Some(FaceLandmarks::from_fn(given, place));
            let frame = PoseFileFrame::new(Some(&keypoints), SIZE, face_points);
            assert_eq!(frame.points.len(), points(face_points));
            let right_hand = 33 + face_points.count() + 21;
            assert_eq!(frame.points[right_hand], [200.0, 100.0, 0.0]);
            let last = if given == with_irises && face_points == with_irises {
                477
            } else {
                467
            };
            let there = |n: &usize| frame.confidences[33 + n] == 1.0;
            assert_eq!((0..face_points.count()).rfind(there), Some(last));
            assert_eq!(frame.points[33 + last][0], last as f32 * 200.0);
        }
        let header = |face| {
            let mut bytes = Vec::new();
            write_header(&mut bytes, SIZE, 25.0, 0, face).unwrap();
            bytes
        };
        assert!(
            header(with_irises)
                .windows(5)
                .any(|name| name == b"\x03\x00477")
        );
        assert!(!header(mesh).windows(5).any(|name| name == b"\x03\x00477"));
    }

    #[test]
    fn a_side_over_sixteen_bits_is_refused() {
        let size = ImageSize {
            width: 65_536,
            height: 1,
        };
        assert!(PoseFileSize::try_from(size).is_err());
    }
}
