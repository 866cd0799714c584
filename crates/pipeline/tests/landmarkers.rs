//! The graph `Landmarkers`, and the face of 478 points in `Holistic`, against MediaPipe Tasks, on the pictures of the repository (`tests/golden/README.md`).

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

#[path = "support/golden.rs"]
#[expect(dead_code, reason = "what the stages need besides")]
mod golden;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use golden::{distances, read_picture, rows, xy};
use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::RgbImage;
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{
    Decoded, FacePoints, FrameKeypoints, FrameResult, Graph, HandSource, Hands, Options, Outcome,
    Parts, Session, Steps, Task, Work, branch,
};
use serde_json::Value;

type Stream = Session<PathBuf, Arc<RgbImage>>;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn golden_frames(of: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(repository("tests/golden/landmarkers.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    golden[of].as_array().unwrap().clone()
}

fn file_of(frame: &Value) -> PathBuf {
    repository("tests/fixtures").join(frame["file"].as_str().unwrap())
}

fn models() -> Models {
    let mut models = Models::new();
    for kind in [
        ModelKind::PoseDetection,
        ModelKind::PoseLandmarkFull,
        ModelKind::PalmDetectionFull,
        ModelKind::HandRecrop,
        ModelKind::HandLandmarkFull,
        ModelKind::FaceDetectionShortRange,
        ModelKind::FaceLandmark478,
        ModelKind::FaceBlendshapes,
    ] {
        let path = repository(&format!("crates/pipeline/models/{}.onnx", kind.name()));
        models.insert(Model::load(kind, std::fs::read(path).unwrap()).unwrap());
    }
    models
}

fn stream(graph: Graph) -> Stream {
    Session::new(Options {
        graph,
        parts: Parts::ALL,
        face_points: FacePoints::WithIrises478,
        blendshapes: true,
        ..Options::default()
    })
    .unwrap()
}

/// Processes what waits; one frame at most.
fn result(models: &Models, session: &mut Stream) -> FrameKeypoints {
    result_of(models, session, |path| Arc::new(read_picture(path)))
}

fn result_of<F>(
    models: &Models,
    session: &mut Session<F, Arc<RgbImage>>,
    picture: impl Fn(&F) -> Arc<RgbImage>,
) -> FrameKeypoints {
    while let Some(Task { id, work }) = session.next_task(Steps::ALL, 0) {
        let outcome = match work {
            Work::Decode { frame, .. } => {
                let pixels = picture(&frame);
                let size = pixels.size();
                Outcome::Decoded(Decoded {
                    pixels,
                    size,
                    grey: None,
                })
            }
            Work::Branch(image, job) => Outcome::Branch(branch::run(models, &image, &job).unwrap()),
        };
        session.complete(id, outcome, 0, 0);
    }
    match session.next_result().unwrap() {
        FrameResult::Keypoints(keypoints) => *keypoints,
        FrameResult::Failed(failed) => panic!("{failed:?}"),
    }
}

/// How far a frame may be off.
struct Limits {
    pose_px: f64,
    pose_world_m: f64,
    hand_px: f64,
    hand_world_m: f64,
    handedness: f64,
    face_px: f64,
    blendshape: f64,
}

/// MediaPipe got the same pixels.
const SAME_PIXELS: Limits = Limits {
    pose_px: 0.05,
    pose_world_m: 0.005,
    hand_px: 0.1,
    hand_world_m: 0.001,
    handedness: 0.005,
    face_px: 0.02,
    blendshape: 0.005,
};
/// `jpeg-decoder` gives other pixels than libjpeg-turbo: MediaPipe fed with them moves its own hands and pose by half a pixel.
const SAME_JPEG: Limits = Limits {
    pose_px: 1.0,
    pose_world_m: 0.05,
    hand_px: 1.0,
    hand_world_m: 0.015,
    handedness: 0.03,
    face_px: 0.12,
    blendshape: 0.1,
};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn mean_distance_px<const D: usize>(
    own: &[[f32; D]],
    expected: &[Vec<f64>],
    size: ImageSize,
) -> f64 {
    let expected: Vec<[f32; 2]> = expected
        .iter()
        .map(|row| [row[0] as f32, row[1] as f32])
        .collect();
    mean(&distances(&xy(own), &expected, size))
}

/// The largest difference of x, y and z.
fn largest_difference<const D: usize>(own: &[[f32; D]], expected: &[Vec<f64>]) -> f64 {
    let pairs = own.iter().zip(expected);
    let differences = pairs.flat_map(|(own, expected)| {
        (0..3).map(move |axis| (f64::from(own[axis]) - expected[axis]).abs())
    });
    differences.fold(0.0, f64::max)
}

fn assert_near(what: &str, difference: f64, limit: f64) {
    assert!(difference <= limit, "{what}: {difference} > {limit}");
}

fn check(keypoints: &FrameKeypoints, golden: &Value, limits: &Limits) {
    let size = ImageSize {
        width: keypoints.width,
        height: keypoints.height,
    };
    let (pose, expected) = (keypoints.pose.as_ref().unwrap(), rows(&golden["pose"]));
    let world = keypoints.pose_world.as_ref().unwrap();
    let visible: Vec<usize> = (0..33).filter(|n| expected[*n][3] >= 0.5).collect();
    let own: Vec<[f32; 4]> = visible.iter().map(|n| pose[*n]).collect();
    let expected: Vec<Vec<f64>> = visible.iter().map(|n| expected[*n].clone()).collect();
    let off_px = mean_distance_px(&own, &expected, size);
    assert_near("pose", off_px, limits.pose_px);
    let off_m = largest_difference(&world[..], &rows(&golden["pose_world"]));
    assert_near("pose in metres", off_m, limits.pose_world_m);

    let hands = golden["hands"].as_array().unwrap();
    let own_hands = keypoints.hands.as_ref().unwrap();
    assert_eq!(own_hands.len(), hands.len());
    for (own, expected) in own_hands.iter().zip(hands) {
        assert_eq!(format!("{:?}", own.handedness), expected["handedness"]);
        let off = f64::from(own.score) - expected["score"].as_f64().unwrap();
        assert_near("handedness", off.abs(), limits.handedness);
        let off_px = mean_distance_px(&own.points[..], &rows(&expected["points"]), size);
        assert_near("hand", off_px, limits.hand_px);
        let off_m = largest_difference(&own.world[..], &rows(&expected["world"]));
        assert_near("hand in metres", off_m, limits.hand_world_m);
    }

    check_face(keypoints, golden, limits);
}

fn check_face(keypoints: &FrameKeypoints, golden: &Value, limits: &Limits) {
    let size = ImageSize {
        width: keypoints.width,
        height: keypoints.height,
    };
    // Each with its index before x, y and z.
    let expected = rows(&golden["face"]);
    let face = keypoints.face.as_ref().unwrap();
    let own: Vec<[f32; 3]> = expected.iter().map(|row| face[row[0] as usize]).collect();
    let expected: Vec<Vec<f64>> = expected.iter().map(|row| row[1..].to_vec()).collect();
    let off_px = mean_distance_px(&own, &expected, size);
    assert_near("face", off_px, limits.face_px);
    let expected = golden["blendshapes"].as_array().unwrap().iter();
    let own = keypoints
        .blendshapes
        .as_ref()
        .unwrap()
        .as_ref()
        .unwrap()
        .iter();
    let differences = own
        .zip(expected)
        .map(|(own, expected)| (f64::from(*own) - expected.as_f64().unwrap()).abs());
    let off = differences.fold(0.0, f64::max);
    assert_near("blendshapes", off, limits.blendshape);
}

/// The hand is one of a fresh palm, whose region MediaPipe turns askew: without that its landmarks differ by pixels.
#[test]
fn a_still_is_as_mediapipe_tasks_have_it() {
    let models = models();
    for golden in golden_frames("stills") {
        let mut session = stream(Graph::Landmarkers);
        session.add_still(file_of(&golden), 0, 0).unwrap();
        check(&result(&models, &mut session), &golden, &SAME_PIXELS);
    }
}

/// Three frames show each filter and each region, and are too few for differences to add up.
#[test]
fn the_first_frames_of_a_clip_are_as_mediapipe_tasks_have_them() {
    let models = models();
    let mut session = stream(Graph::Landmarkers);
    for (index, golden) in golden_frames("clip").iter().enumerate() {
        session.add_frame(file_of(golden), (index as i64 + 1) * 33_000, 0);
        let keypoints = result(&models, &mut session);
        assert_eq!(keypoints.hands.as_ref().unwrap().len(), 1);
        check(&keypoints, golden, &SAME_JPEG);
    }
}

/// MediaPipe got the same pixels. But where a pose is off by a thousandth of a pixel, the detector's crop may be sampled 1/32
/// pixel beside, and the mesh then looks at another region: the most on the small face of the second still, of which scores
/// of expressions move by 0.13.
const NEAR_THE_POSE: Limits = Limits {
    face_px: 0.2,
    blendshape: 0.15,
    ..SAME_PIXELS
};

#[test]
fn a_face_near_a_pose_is_as_holistic_landmarker_has_it() {
    let models = models();
    for golden in golden_frames("stills") {
        let mut session = stream(Graph::Holistic);
        session.add_still(file_of(&golden), 0, 0).unwrap();
        let keypoints = result(&models, &mut session);
        check_face(&keypoints, &golden["holistic"], &NEAR_THE_POSE);
    }
    let mut session = stream(Graph::Holistic);
    for (index, golden) in golden_frames("clip").iter().enumerate() {
        session.add_frame(file_of(golden), (index as i64 + 1) * 33_000, 0);
        let keypoints = result(&models, &mut session);
        check_face(&keypoints, &golden["holistic"], &NEAR_THE_POSE);
    }
}

/// The hand of the clip so near that next to nothing of the body is in the picture: without that, the holistic graph finds
/// no hand. The landmarks are those to which the body leads in the whole picture.
#[test]
fn a_close_up_of_a_hand_is_recovered_from_a_palm_and_tracked() {
    const CORNER: [u32; 2] = [190, 80];
    const SIDE: u32 = 120;
    const FRAMES: std::ops::Range<usize> = 6..18;
    /// Of a hand of 70 pixels, at whose region the model looks through the rim of the picture.
    const MAX_MEAN_PX: f64 = 4.0;
    let text = std::fs::read_to_string(repository("tests/golden/fingers.clip.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let models = models();
    let of = |hands| Options {
        hands,
        parts: Parts {
            face: false,
            ..Parts::ALL
        },
        ..Options::default()
    };
    let mut by_body = Session::new(of(Hands::Body)).unwrap();
    let mut recovered = Session::new(of(Hands::Recover)).unwrap();
    let mut sources = Vec::new();
    let frames = golden["frames"].as_array().unwrap();
    for index in FRAMES {
        let frame = &frames[index];
        let path = repository(&format!("tests/fixtures/clips/fingers/{index:03}.jpg"));
        let close_up = Arc::new(cropped(&read_picture(&path), CORNER, SIDE));
        let size = close_up.size();
        for session in [&mut by_body, &mut recovered] {
            session.add_frame(close_up.clone(), (index as i64 + 1) * 33_333, 0);
        }
        let keypoints = result_of(&models, &mut by_body, Arc::clone);
        assert_eq!((keypoints.left_hand, keypoints.right_hand), (None, None));

        let keypoints = result_of(&models, &mut recovered, Arc::clone);
        assert_eq!(keypoints.right_hand, None);
        let own = keypoints.left_hand.unwrap();
        let expected: Vec<[f32; 2]> = rows(&frame["left_hand"])
            .iter()
            .map(|row| {
                let in_picture = [row[0] * 320.0, row[1] * 240.0];
                [0, 1].map(|axis| {
                    ((in_picture[axis] - f64::from(CORNER[axis])) / f64::from(SIDE)) as f32
                })
            })
            .collect();
        let off_px = mean(&distances(&xy(&own[..]), &expected, size));
        assert_near(&format!("hand of frame {index}"), off_px, MAX_MEAN_PX);
        sources.push(keypoints.hand_sources.unwrap().left_hand.unwrap());
    }
    assert_eq!(sources[0], HandSource::Palm);
    assert!(
        sources[1..]
            .iter()
            .all(|source| *source == HandSource::Tracked),
        "{sources:?}"
    );
}

fn cropped(image: &RgbImage, [left, top]: [u32; 2], side: u32) -> RgbImage {
    let stride = image.size().width as usize * 3;
    let rows = (top..top + side).map(|y| y as usize * stride + left as usize * 3);
    let pixels = rows.flat_map(|start| image.pixels()[start..start + side as usize * 3].to_vec());
    RgbImage::from_rgb(side, side, pixels.collect()).unwrap()
}
