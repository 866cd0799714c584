//! Regions of interest: where each model looks next (the table in HOLISTIC_SPEC §5.5).
//!
//! Every recipe is a box or a square made from points, then moved and enlarged.

use std::f32::consts::FRAC_PI_2;

use crate::landmarks::{FaceLandmarks, HandLandmarks, Landmarks};
use crate::options::{FacePoints, Graph};
use crate::rect::{
    Bounds, ImageSize, MAXIMUM_START, NormalizedRect, RectTransform, rotated, rotation_between,
};

const POSE: RectTransform = RectTransform {
    shift_y: 0.0,
    scale: 1.25,
};
const HAND_FROM_POSE: RectTransform = RectTransform {
    shift_y: -0.1,
    scale: 2.7,
};
const HAND_FROM_RECROP: RectTransform = RectTransform {
    shift_y: -0.1,
    scale: 1.0,
};
const HAND_FROM_PALM: RectTransform = RectTransform {
    shift_y: -0.5,
    scale: 2.6,
};
const HAND_FROM_LANDMARKS: RectTransform = RectTransform {
    shift_y: -0.1,
    scale: 2.0,
};
const FACE_FROM_POSE: RectTransform = RectTransform {
    shift_y: 0.0,
    scale: 3.0,
};
const FACE_FROM_DETECTION: RectTransform = RectTransform {
    shift_y: -0.1,
    scale: 2.0,
};
/// MediaPipe Tasks' holistic graph leaves the shift out.
const FACE_478_FROM_DETECTION: RectTransform = RectTransform {
    shift_y: 0.0,
    scale: 2.0,
};
/// Without becoming square.
const FACE_FROM_DETECTED_BOX_SCALE: f32 = 1.5;
const FACE_FROM_MESH: RectTransform = RectTransform {
    shift_y: 0.0,
    scale: 1.5,
};

/// The angle at which a hand points in its region, radians. MediaPipe's HandLandmarker means 90 degrees and writes 90 into the option that is in radians: a fresh palm's region is
/// turned by 26.6° against the hand, and the hand model gives other landmarks for it
/// (`mediapipe/tasks/cc/vision/hand_detector/hand_detector_graph.cc`).
const fn palm_target_angle(graph: Graph) -> f32 {
    match graph {
        Graph::Landmarkers => 90.0,
        Graph::Holistic => FRAC_PI_2,
    }
}

/// The palm, without the fingers' ends: MediaPipe makes a hand's next region from these 12 of its 21 points.
const PALM_POINTS: [usize; 12] = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18];

/// Pose: from the detector's mid-hip point (start) and full-body point (end).
#[must_use]
pub fn pose_from_detection(
    mid_hips: [f32; 2],
    full_body: [f32; 2],
    size: ImageSize,
) -> NormalizedRect {
    NormalizedRect::from_alignment_points(mid_hips, full_body, FRAC_PI_2, size)
        .transformed(size, POSE)
}

/// Pose of the next frame: from this frame's smoothed auxiliary points.
#[must_use]
pub fn pose_from_auxiliary(auxiliary: &Landmarks<2, 3>, size: ImageSize) -> NormalizedRect {
    let [center, scale_point] = auxiliary.map(|[x, y, _]| [x, y]);
    pose_from_detection(center, scale_point, size)
}

/// The size of the body that the filters work relative to, in pixels: the square around the unsmoothed auxiliary
/// points, enlarged in [`Graph::Landmarkers`] only.
#[must_use]
pub fn pose_object_scale_px(graph: Graph, auxiliary: &Landmarks<2, 3>, size: ImageSize) -> f32 {
    let (image_width, image_height) = size.as_f32();
    let [center, scale_point] = auxiliary.map(|[x, y, _]| [x, y]);
    let rect = NormalizedRect::from_alignment_points(center, scale_point, FRAC_PI_2, size);
    let rect = match graph {
        Graph::Holistic => rect,
        Graph::Landmarkers => rect.transformed(size, POSE),
    };
    (rect.width * image_width + rect.height * image_height) / 2.0
}

/// Hand: from the pose's wrist, little finger and index finger (HOLISTIC_SPEC §7.1).
#[must_use]
pub fn hand_from_pose(
    wrist: [f32; 2],
    pinky: [f32; 2],
    index: [f32; 2],
    size: ImageSize,
) -> NormalizedRect {
    let (image_width, image_height) = size.as_f32();
    let [wrist, pinky, index] =
        [wrist, pinky, index].map(|[x, y]| [x * image_width, y * image_height]);
    let middle = [0, 1].map(|axis| (2.0 * index[axis] + pinky[axis]) / 3.0);
    let rect = NormalizedRect {
        rotation: rotation_between(wrist, middle, FRAC_PI_2),
        ..NormalizedRect::square_around(middle, wrist, size)
    };
    rect.transformed(size, HAND_FROM_POSE)
}

/// Hand: from the two points of the re-crop model, centre and scale point.
#[must_use]
pub fn hand_from_recrop(
    center: [f32; 2],
    scale_point: [f32; 2],
    size: ImageSize,
) -> NormalizedRect {
    NormalizedRect::from_alignment_points(center, scale_point, -FRAC_PI_2, size)
        .transformed(size, HAND_FROM_RECROP)
}

/// Hand: from the box and the seven keypoints of the palm detector, in fractions of the picture. In [`Graph::Holistic`],
/// which recovers a hand by it, the hand stands upright in it.
#[must_use]
pub fn hand_from_palm(
    bounds: Bounds,
    keypoints: &[[f32; 2]; 7],
    graph: Graph,
    size: ImageSize,
) -> NormalizedRect {
    const WRIST: usize = 0;
    const MIDDLE_FINGER_KNUCKLE: usize = 2;
    let (image_width, image_height) = size.as_f32();
    let in_pixels = |index: usize| {
        let [x, y] = keypoints[index];
        [x * image_width, y * image_height]
    };
    let (wrist, knuckle) = (in_pixels(WRIST), in_pixels(MIDDLE_FINGER_KNUCKLE));
    let rect = NormalizedRect {
        rotation: rotation_between(wrist, knuckle, palm_target_angle(graph)),
        ..NormalizedRect::from_bounds(bounds, keypoints[WRIST], keypoints[WRIST], size)
    };
    rect.transformed(size, HAND_FROM_PALM)
}

/// Hand: from its landmarks in the previous frame (HOLISTIC_SPEC §7.3).
#[must_use]
pub fn hand_from_landmarks(landmarks: &HandLandmarks, size: ImageSize) -> NormalizedRect {
    let (image_width, image_height) = size.as_f32();
    let point = |index: usize| [landmarks[index][0], landmarks[index][1]];
    let in_pixels = |[x, y]: [f32; 2]| [x * image_width, y * image_height];

    let knuckles = [0, 1].map(|axis| {
        let outer = (point(5)[axis] + point(13)[axis]) / 2.0;
        (outer + point(9)[axis]) / 2.0
    });
    let rotation = rotation_between(in_pixels(point(0)), in_pixels(knuckles), FRAC_PI_2);

    let center = Bounds::of_points(PALM_POINTS.map(point), MAXIMUM_START).center();
    let palm_along_axes = PALM_POINTS.map(point).map(|[x, y]| {
        let offset = [
            (x - center[0]) * image_width,
            (y - center[1]) * image_height,
        ];
        rotated(offset, -rotation)
    });
    let bounds = Bounds::of_points(palm_along_axes, MAXIMUM_START);
    let middle = rotated(bounds.center(), rotation);
    let rect = NormalizedRect {
        x_center: (middle[0] + image_width * center[0]) / image_width,
        y_center: (middle[1] + image_height * center[1]) / image_height,
        width: (bounds.max[0] - bounds.min[0]) / image_width,
        height: (bounds.max[1] - bounds.min[1]) / image_height,
        rotation,
    };
    rect.transformed(size, HAND_FROM_LANDMARKS)
}

/// Face: from pose points 0..=10, the head.
#[must_use]
pub fn face_from_pose(head: &[[f32; 2]; 11], size: ImageSize) -> NormalizedRect {
    const RIGHT_EYE: usize = 5;
    const LEFT_EYE: usize = 2;
    let bounds = Bounds::of_points(*head, MAXIMUM_START);
    NormalizedRect::from_bounds(bounds, head[RIGHT_EYE], head[LEFT_EYE], size)
        .transformed(size, FACE_FROM_POSE)
}

/// Face near the pose's head: from the detector's six keypoints, the first two being the eyes.
#[must_use]
pub fn face_from_detection(
    keypoints: &[[f32; 2]; 6],
    points: FacePoints,
    size: ImageSize,
) -> NormalizedRect {
    let transform = match points {
        FacePoints::Mesh468 => FACE_FROM_DETECTION,
        FacePoints::WithIrises478 => FACE_478_FROM_DETECTION,
    };
    let bounds = Bounds::of_points(*keypoints, f32::MIN);
    NormalizedRect::from_bounds(bounds, keypoints[0], keypoints[1], size)
        .transformed(size, transform)
}

/// Face of 478 points without a pose: from the detector's box, levelled by the eyes.
#[must_use]
pub fn face_from_detected_box(
    bounds: Bounds,
    keypoints: &[[f32; 2]; 6],
    size: ImageSize,
) -> NormalizedRect {
    NormalizedRect::from_bounds(bounds, keypoints[0], keypoints[1], size)
        .enlarged(FACE_FROM_DETECTED_BOX_SCALE)
}

/// Face near the pose's head, of so many points: from its mesh in the previous frame. MediaPipe Tasks' holistic graph, which
/// has 478 points, does not make the region square.
#[must_use]
pub fn face_from_mesh_near_head(
    mesh: &FaceLandmarks,
    points: FacePoints,
    size: ImageSize,
) -> NormalizedRect {
    match points {
        FacePoints::Mesh468 => face_from_mesh(mesh, size),
        FacePoints::WithIrises478 => mesh_box(mesh, size).enlarged(FACE_FROM_MESH.scale),
    }
}

/// Face: from its mesh in the previous frame.
#[must_use]
pub fn face_from_mesh(mesh: &FaceLandmarks, size: ImageSize) -> NormalizedRect {
    mesh_box(mesh, size).transformed(size, FACE_FROM_MESH)
}

fn mesh_box(mesh: &FaceLandmarks, size: ImageSize) -> NormalizedRect {
    const RIGHT_EYE_OUTER_CORNER: usize = 33;
    const LEFT_EYE_OUTER_CORNER: usize = 263;
    let point = |index: usize| [mesh[index][0], mesh[index][1]];
    let bounds = Bounds::of_points(mesh.iter().map(|[x, y, _]| [*x, *y]), MAXIMUM_START);
    NormalizedRect::from_bounds(
        bounds,
        point(RIGHT_EYE_OUTER_CORNER),
        point(LEFT_EYE_OUTER_CORNER),
        size,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize {
        width: 640,
        height: 480,
    };

    #[test]
    fn a_hand_that_points_up_has_no_rotation_and_a_square_around_the_knuckles() {
        let rect = hand_from_pose([0.5, 0.8], [0.5, 0.6], [0.5, 0.6], SIZE);
        assert!(rect.rotation.abs() < 1e-6);
        let side_px = 2.0 * 0.2 * 480.0;
        assert!((rect.width * 640.0 - 2.7 * side_px).abs() < 1e-3);
        assert!((rect.height * 480.0 - 2.7 * side_px).abs() < 1e-3);
        assert!((rect.y_center * 480.0 - (0.6 * 480.0 - 0.1 * side_px)).abs() < 1e-3);
    }

    #[test]
    fn the_region_of_a_face_is_square_unless_it_is_of_478_points_near_a_head() {
        // 64 × 96 pixels, level.
        let mesh = FaceLandmarks::from_fn(FacePoints::WithIrises478, |n| match n {
            33 => [0.4, 0.5, 0.0],
            263 => [0.5, 0.5, 0.0],
            n if n % 2 == 0 => [0.45, 0.4, 0.0],
            _ => [0.45, 0.6, 0.0],
        });
        let sides_px = |rect: NormalizedRect| [rect.width * 640.0, rect.height * 480.0];
        let is_near =
            |a: [f32; 2], b: [f32; 2]| (0..2).all(|axis| (a[axis] - b[axis]).abs() < 1e-2);
        let near_head = |points| sides_px(face_from_mesh_near_head(&mesh, points, SIZE));
        assert!(is_near(near_head(FacePoints::WithIrises478), [96.0, 144.0]));
        // Whatever the mesh before was: the projection of 468 points wants a square.
        assert!(is_near(near_head(FacePoints::Mesh468), [144.0, 144.0]));
        assert!(is_near(
            sides_px(face_from_mesh(&mesh, SIZE)),
            [144.0, 144.0]
        ));

        let bounds = Bounds {
            min: [0.4, 0.4],
            max: [0.5, 0.6],
        };
        let eyes = [
            [0.4, 0.5],
            [0.5, 0.5],
            [0.45, 0.4],
            [0.45, 0.6],
            [0.4, 0.4],
            [0.5, 0.6],
        ];
        let boxed = face_from_detected_box(bounds, &eyes, SIZE);
        assert!(is_near(sides_px(boxed), [96.0, 144.0]));
        let of = |points| face_from_detection(&eyes, points, SIZE);
        let [shifted, unshifted] = FacePoints::ALL.map(of);
        assert!(is_near(sides_px(shifted), [192.0, 192.0]));
        assert_eq!(sides_px(shifted), sides_px(unshifted));
        assert!((unshifted.y_center - shifted.y_center - 0.1 * 0.2).abs() < 1e-6);
    }

    #[test]
    fn the_region_of_previous_landmarks_turns_with_the_hand() {
        let upright =
            HandLandmarks::from_fn(|n| [0.5 + (n % 4) as f32 * 0.02, 0.7 - n as f32 * 0.01, 0.0]);
        let region = hand_from_landmarks(&upright, SIZE);
        // The same hand, turned by a quarter around the middle of a square picture.
        let square = ImageSize {
            width: 480,
            height: 480,
        };
        let straight = hand_from_landmarks(&upright, square);
        let turned = HandLandmarks::from_fn(|n| {
            let [x, y, z] = upright[n];
            let [x, y] = rotated([x - 0.5, y - 0.5], FRAC_PI_2);
            [x + 0.5, y + 0.5, z]
        });
        let quarter = hand_from_landmarks(&turned, square);
        assert!((quarter.rotation - straight.rotation - FRAC_PI_2).abs() < 1e-5);
        assert!(region.is_croppable());
        assert!((quarter.width / straight.width - 1.0).abs() < 0.25);
    }
}
