use super::*;
use crate::landmarks::{FaceLandmarks, HandLandmarks};
use crate::options::FacePoints;
use crate::signs::test_frames::{empty, hand, in_mirror, pose, with_right_hand};

fn manifest(parts: &str, rest: &str) -> Manifest {
    let json = format!(r#"{{"version":1,"features":{{"parts":[{parts}]{rest}}}}}"#);
    Manifest::from_json(&json).unwrap()
}

fn row(manifest: &Manifest, frame: &FrameKeypoints, side: Side) -> (Vec<f32>, bool) {
    let mut row = vec![9.0; 3];
    let features = Features::new(manifest);
    let is_there = features.write(frame, side, &mut row);
    assert_eq!(row.len(), features.len());
    (row, is_there)
}

#[track_caller]
fn check_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
    assert!(
        found.iter().zip(expected).all(is_near),
        "{found:?} {expected:?}"
    );
}

#[test]
fn points_are_measured_from_their_origin_in_their_unit_in_the_order_that_is_said() {
    let part = r#"{"part":"pose","points":[13,"left_shoulder"],"origin":["left_shoulder","right_shoulder"],
                   "unit":[11,12],"values":["y","x","visibility"]}"#;
    let frame = FrameKeypoints {
        pose: Some(pose()),
        ..empty(0)
    };
    // Twice as wide as high: the shoulders are 0.4 heights apart, their middle is at (1.0, 0.4).
    let (found, is_there) = row(&manifest(part, ""), &frame, Side::AsSeen);
    check_near(&found, &[0.25, (0.26 - 1.0) / 0.4, 0.7, 0.0, 0.5, 0.9]);
    assert!(is_there);
    let (found, _) = row(
        &manifest(part, r#","aspect":"picture""#),
        &frame,
        Side::AsSeen,
    );
    check_near(&found, &[0.5, (0.13 - 0.5) / 0.2, 0.7, 0.0, 0.5, 0.9]);
}

#[test]
fn without_origin_and_unit_values_are_those_of_the_picture_and_visibility_is_the_poses_only() {
    let part = r#"{"part":"right_hand","points":["wrist"],"values":["x","y","z","visibility"],"weight":2}"#;
    let mut frame = empty(0);
    frame.right_hand = Some(HandLandmarks::from_fn(|_| [0.25, 0.5, -0.125]));
    let (found, _) = row(&manifest(part, ""), &frame, Side::AsSeen);
    // Weight is for places: that a point is seen does not count twice as much.
    check_near(&found, &[1.0, 1.0, -0.5, 1.0]);
}

#[test]
fn what_is_absent_is_filled_with_the_value_for_it_and_the_order_stays() {
    let parts = r#"{"part":"left_hand","points":"all","values":["x"],"missing":-1},
                   {"part":"right_hand","points":["wrist"],"values":["y"],"missing":7},
                   {"part":"right_hand","points":["wrist"],"reference":"pose","origin":11,"unit":[11,12],
                    "values":["x"],"missing":3}"#;
    let mut frame = empty(0);
    frame.right_hand = Some(hand([0.5, 0.25], 0.0));
    let (found, is_there) = row(&manifest(parts, ""), &frame, Side::AsSeen);
    assert_eq!(found[..21], [-1.0; 21]);
    assert_eq!(found[21..], [0.25, 3.0]);
    assert!(is_there);
    let (found, is_there) = row(&manifest(parts, ""), &empty(0), Side::AsSeen);
    assert_eq!((&found[21..], is_there), (&[7.0, 3.0][..], false));
}

#[test]
fn a_body_is_nothing_to_go_by_where_features_are_of_hands() {
    let body = r#"{"part":"pose","points":"all","values":["x"]}"#;
    let both = format!(r#"{body},{{"part":"left_hand","points":"all","values":["x"]}}"#);
    let frame = FrameKeypoints {
        pose: Some(pose()),
        ..empty(0)
    };
    assert!(row(&manifest(body, ""), &frame, Side::AsSeen).1);
    assert!(!row(&manifest(&both, ""), &frame, Side::AsSeen).1);
}

#[test]
fn points_that_fall_together_and_numbers_that_are_none_are_missing() {
    let part = r#"{"part":"right_hand","points":[1,2],"origin":0,"unit":[0,9],"values":["x"],"missing":5}"#;
    let mut frame = empty(0);
    frame.right_hand = Some(HandLandmarks::from_fn(|_| [0.5; 3]));
    assert_eq!(
        row(&manifest(part, ""), &frame, Side::AsSeen),
        (vec![5.0; 2], false)
    );
    let mut hand = hand([0.5, 0.5], 0.0);
    hand[2][0] = f32::NAN;
    frame.right_hand = Some(hand.clone());
    let (found, is_there) = row(&manifest(part, ""), &frame, Side::AsSeen);
    assert!(is_there && found[0].is_finite() && found[1] == 5.0);
    hand[0][1] = f32::INFINITY;
    frame.right_hand = Some(hand);
    assert_eq!(row(&manifest(part, ""), &frame, Side::AsSeen).0, [5.0; 2]);
}

#[test]
fn a_face_without_irises_has_none_of_what_is_measured_by_them() {
    let part =
        r#"{"part":"face","points":"oval","origin":1,"unit":[468,473],"values":["x"],"missing":2}"#;
    let mut frame = empty(0);
    let face = |points| FaceLandmarks::from_fn(points, |n| [0.001 * n as f32, 0.5, 0.0]);
    frame.face = Some(face(FacePoints::WithIrises478));
    let (found, _) = row(&manifest(part, ""), &frame, Side::AsSeen);
    assert_eq!(found.len(), 36);
    // Point 10, the first of the oval: nine from the origin, in units of five.
    check_near(&found[..1], &[1.8]);
    frame.face = Some(face(FacePoints::Mesh468));
    assert_eq!(
        row(&manifest(part, ""), &frame, Side::AsSeen),
        (vec![2.0; 36], false)
    );
}

#[test]
fn bones_have_length_one_in_the_values_that_are_taken() {
    let part = |values: &str| {
        format!(r#"{{"part":"right_hand","bones":"all","values":{values},"weight":3}}"#)
    };
    let frame = with_right_hand(0, [0.5, 0.5], 0.4);
    for (values, axes) in [(r#"["x","y","z"]"#, 3), (r#"["y","x"]"#, 2)] {
        let (found, is_there) = row(&manifest(&part(values), ""), &frame, Side::AsSeen);
        assert!(is_there);
        for bone in found.chunks_exact(axes) {
            let length = bone.iter().map(|value| value * value).sum::<f32>().sqrt();
            assert!((length - 3.0).abs() < 1e-5, "{bone:?}");
        }
    }
    let pair =
        r#"{"part":"right_hand","bones":[["wrist","middle_finger_mcp"],[9,0]],"values":["x","y"]}"#;
    let (found, _) = row(&manifest(pair, ""), &frame, Side::AsSeen);
    assert_eq!(found[..2], [-found[2], -found[3]]);
}

#[test]
fn the_mirrored_row_is_the_row_of_what_a_mirror_shows() {
    let parts = r#"{"part":"left_hand","points":"all","origin":0,"unit":[0,9],"values":["x","y","z"]},
                   {"part":"right_hand","bones":"all","values":["x","y","z"]},
                   {"part":"pose","points":"all","values":["x","y","z","visibility"]},
                   {"part":"pose_world","points":"all","values":["x","y","z"]},
                   {"part":"right_hand_world","points":"all","values":["x","z"]}"#;
    let manifest = manifest(parts, "");
    let mut frame = with_right_hand(0, [0.3, 0.6], 0.3);
    frame.pose_world = Some(pose());
    frame.left_hand_world = Some(hand([0.0, 0.01], 0.6));
    let (found, is_there) = row(&manifest, &frame, Side::Mirrored);
    let (expected, _) = row(&manifest, &in_mirror(&frame), Side::AsSeen);
    assert!(is_there);
    check_near(&found, &expected);
    assert_ne!(found, row(&manifest, &frame, Side::AsSeen).0);
}
