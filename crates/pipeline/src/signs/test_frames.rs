//! Frames for tests.

use crate::keypoints::FrameKeypoints;
use crate::landmarks::{HandLandmarks, PoseLandmarks};

/// A frame of 200×100 pixels without any part, 40 ms after the one before.
pub(super) fn empty(index: u64) -> FrameKeypoints {
    FrameKeypoints::empty(index, 40_000 * index as i64, [200, 100])
}

/// A body whose shoulders are at (0.6, 0.4) and (0.4, 0.4); all else lies on a line.
pub(super) fn pose() -> PoseLandmarks {
    PoseLandmarks::from_fn(|point| match point {
        11 => [0.6, 0.4, -0.1, 0.9],
        12 => [0.4, 0.4, -0.1, 0.8],
        _ => [0.01 * point as f32, 0.5, 0.0, 0.7],
    })
}

/// A hand with its wrist at this place, whose fingers are spread or bent by `bend`, 0..=1.
pub(super) fn hand([x, y]: [f32; 2], bend: f32) -> HandLandmarks {
    HandLandmarks::from_fn(|point| {
        let (finger, joint) = (
            (point.max(1) - 1) / 4,
            if point == 0 { 0 } else { (point - 1) % 4 + 1 },
        );
        let angle = -1.2 + 0.4 * finger as f32 + bend * joint as f32 * 0.6;
        let length = 0.02 * joint as f32;
        [
            x + length * angle.sin(),
            y - 2.0 * length * angle.cos(),
            -0.1 * length * bend,
        ]
    })
}

/// A frame with a body and a right hand.
pub(super) fn with_right_hand(index: u64, place: [f32; 2], bend: f32) -> FrameKeypoints {
    FrameKeypoints {
        pose: Some(pose()),
        right_hand: Some(hand(place, bend)),
        ..empty(index)
    }
}

/// The frame as a mirror shows it: places are turned over, and so are the sides.
pub(super) fn in_mirror(frame: &FrameKeypoints) -> FrameKeypoints {
    let mut mirrored = frame.clone();
    mirrored.mirror();
    std::mem::swap(&mut mirrored.left_hand, &mut mirrored.right_hand);
    std::mem::swap(
        &mut mirrored.left_hand_world,
        &mut mirrored.right_hand_world,
    );
    for pose in [&mut mirrored.pose, &mut mirrored.pose_world] {
        let of_other = pose.take().map(|pose| {
            PoseLandmarks::from_fn(|point| {
                let name = crate::topology::POSE_NAMES[point];
                let other = match (name.contains("left"), name.contains("right")) {
                    (true, _) => name.replace("left", "right"),
                    (_, true) => name.replace("right", "left"),
                    _ => name.to_owned(),
                };
                pose[crate::topology::index_of(&crate::topology::POSE_NAMES, &other).unwrap()]
            })
        });
        *pose = of_other;
    }
    mirrored
}
