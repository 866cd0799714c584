//! Runs every stage on MediaPipe's own input of that frame, so that nothing accumulates, and collects the differences.
//!
//! A stage file holds MediaPipe's inner streams (`tests/golden/README.md` says how it was made), a golden file its
//! landmarks.

#![expect(
    clippy::unwrap_used,
    reason = "a golden file that is not as it should be ends the check"
)]

#[path = "golden.rs"]
mod golden;

use std::collections::BTreeMap;
use std::path::Path;

use live_keypoints_pipeline::branch::{
    self, BranchJob, BranchOutcome, FaceJob, FaceOutcome, HandJob, HandOutcome, PoseJob,
    PoseOutcome,
};
use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::RgbImage;
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::{PoseFilters, RawPose};
use live_keypoints_pipeline::{
    FaceLandmarks, FacePoints, Graph, HandLandmarks, ModelError, Quality, roi,
};
use serde_json::Value;

use golden::{
    distances, landmarks, millimetres, picture_files, points, read_picture, rect, rect_distance,
    rows, xy,
};

/// Differences by stage, in the order of their names.
#[derive(Default)]
pub(crate) struct Report {
    /// Pixels, unless the name says otherwise.
    pub(crate) differences: BTreeMap<&'static str, Vec<f64>>,
    /// Decisions that differ from MediaPipe's.
    pub(crate) disagreements: Vec<String>,
}

impl Report {
    fn add(&mut self, stage: &'static str, values: impl IntoIterator<Item = f64>) {
        self.differences.entry(stage).or_default().extend(values);
    }

    /// Mean difference of a stage; `None` where it was never compared.
    pub(crate) fn mean(&self, stage: &str) -> Option<f64> {
        let values = self
            .differences
            .get(stage)
            .filter(|values| !values.is_empty())?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    }

    /// One line a stage: count, mean, 95th percentile, maximum.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for (stage, values) in &self.differences {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
            let mean = self.mean(stage).unwrap_or(f64::NAN);
            text += &format!(
                "{stage:34} n={:6} mean {mean:10.6} p95 {:10.6} max {:10.6}\n",
                sorted.len(),
                at(0.95),
                at(1.0)
            );
        }
        text + &format!("disagreements: {:?}\n", self.disagreements)
    }
}

/// Those that MediaPipe's legacy holistic graph runs.
pub(crate) fn models() -> Result<Models, ModelError> {
    let mut models = Models::embedded(Quality::Full)?;
    let face = ModelKind::FaceLandmark;
    models.insert(Model::load(face, face.embedded_bytes())?);
    Ok(models)
}

/// Checks one picture, or the pictures of a folder in the order of their names.
pub(crate) fn check(models: &Models, pictures: &Path, stages: &Path, golden: &Path) -> Report {
    let read = |path: &Path| -> Value {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_str(&text).unwrap()
    };
    let (stages, golden) = (read(stages), read(golden));
    let smoothing = stages["smooth"].as_bool().unwrap();
    let mut checker = Checker {
        models,
        report: Report::default(),
        filters: PoseFilters::new(Graph::Holistic, smoothing),
        previous: None,
        has_roi: false,
    };
    let files = picture_files(pictures);
    let frames = stages["frames"].as_array().unwrap();
    let golden_frames = golden["frames"].as_array().unwrap();
    for ((file, frame), golden) in files.iter().zip(frames).zip(golden_frames) {
        checker.frame(&read_picture(file), frame, golden);
    }
    checker.report
}

struct Checker<'a> {
    models: &'a Models,
    report: Report,
    filters: PoseFilters,
    /// Golden landmarks of the frame before.
    previous: Option<Value>,
    /// Whether MediaPipe carried a region over from the frame before.
    has_roi: bool,
}

impl Checker<'_> {
    fn frame(&mut self, image: &RgbImage, frame: &Value, golden: &Value) {
        let size = image.size();
        let pose_rect = rect(&frame["pose_rect"]);
        if !self.has_roi {
            self.detection(image, frame, pose_rect);
        }
        let previous = self.previous.take();
        self.has_roi = false;
        let Some(pose_rect) = pose_rect else {
            self.filters.pose_lost();
            return;
        };
        let outcome = self.pose(image, Some(pose_rect));
        let presence = f64::from(outcome.presence.unwrap());
        let golden_presence = frame["pose_presence"].as_f64().unwrap();
        self.report.add(
            "pose presence ×1000",
            [(presence - golden_presence).abs() * 1000.0],
        );
        if (presence > 0.5) == frame["pose_raw"].is_null() {
            let note = format!("{}: pose presence {presence}", frame["index"]);
            self.report.disagreements.push(note);
        }
        if frame["pose_raw"].is_null() {
            self.filters.pose_lost();
            return;
        }
        self.pose_landmarks(&outcome, frame, size);
        self.pose_filters(frame, size);
        for side in ["left_hand", "right_hand"] {
            self.hand(image, frame, golden, previous.as_ref(), side);
        }
        self.face(image, frame, golden, previous.as_ref());
        self.previous = Some(golden.clone());
        self.has_roi = !frame["pose_rect_next"].is_null();
    }

    fn pose(&self, image: &RgbImage, roi: Option<NormalizedRect>) -> PoseOutcome {
        let job = BranchJob::Pose(PoseJob {
            roi,
            min_detection_confidence: 0.5,
            graph: Graph::Holistic,
            quality: Quality::Full,
        });
        match branch::run(self.models, image, &job).unwrap() {
            BranchOutcome::Pose(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn detection(&mut self, image: &RgbImage, frame: &Value, pose_rect: Option<NormalizedRect>) {
        let outcome = self.pose(image, None);
        if outcome.roi.is_some() != pose_rect.is_some() {
            let note = format!("{}: pose detector {:?}", frame["index"], outcome.detection);
            self.report.disagreements.push(note);
        }
        if let (Some(found), Some(expected), Some(detection)) =
            (outcome.roi, pose_rect, outcome.detection)
        {
            let golden = &frame["pose_detection"];
            let expected_points = points(&golden["keypoints"]);
            let size = image.size();
            self.report.add(
                "detection keypoints (pose)",
                distances(&detection.keypoints, &expected_points, size),
            );
            let score = (f64::from(detection.score) - golden["score"].as_f64().unwrap()).abs();
            self.report
                .add("detection score (pose) ×1000", [score * 1000.0]);
            self.report.add(
                "rect pose from detection",
                [rect_distance(found, expected, size)],
            );
        }
    }

    fn pose_landmarks(&mut self, outcome: &PoseOutcome, frame: &Value, size: ImageSize) {
        let pose = outcome.pose.as_ref().unwrap();
        let raw = rows(&frame["pose_raw"]);
        let width = f64::from(size.width);
        self.report.add(
            "landmarks pose",
            distances(&xy(&pose.landmarks[..]), &points(&frame["pose_raw"]), size),
        );
        self.report.add(
            "landmarks pose z",
            raw.iter()
                .zip(pose.landmarks.iter())
                .map(|(a, b)| (a[2] - f64::from(b[2])).abs() * width),
        );
        self.report.add(
            "landmarks pose visibility ×1000",
            raw.iter()
                .zip(pose.landmarks.iter())
                .map(|(a, b)| (a[3] - f64::from(b[3])).abs() * 1000.0),
        );
        self.report.add(
            "landmarks auxiliary",
            distances(&xy(&pose.auxiliary[..]), &points(&frame["aux_raw"]), size),
        );
        self.report.add(
            "landmarks pose world (mm)",
            millimetres(&pose.world[..], &rows(&frame["pose_world_raw"])),
        );
    }

    /// The filters, fed with MediaPipe's own raw values.
    fn pose_filters(&mut self, frame: &Value, size: ImageSize) {
        let raw = RawPose {
            landmarks: landmarks(&frame["pose_raw"]),
            world: landmarks(&frame["pose_world_raw"]),
            auxiliary: landmarks(&frame["aux_raw"]),
        };
        let scale_rect = rect(&frame["object_scale_rect"]).unwrap();
        let (width, height) = size.as_f32();
        let scale = (scale_rect.width * width + scale_rect.height * height) / 2.0;
        let own_scale = roi::pose_object_scale_px(Graph::Holistic, &raw.auxiliary, size);
        self.report
            .add("rect object scale", [f64::from((own_scale - scale).abs())]);
        let timestamp_us = frame["timestamp_us"].as_i64().unwrap();
        let smoothed = self.filters.apply(raw, timestamp_us, size);
        self.report.add(
            "filter auxiliary",
            distances(
                &xy(&smoothed.auxiliary[..]),
                &points(&frame["aux_filtered"]),
                size,
            ),
        );
        self.report.add(
            "filter pose",
            distances(&xy(&smoothed.landmarks[..]), &points(&frame["pose"]), size),
        );
        let visibility = rows(&frame["pose"])
            .into_iter()
            .zip(smoothed.landmarks.iter());
        self.report.add(
            "filter visibility ×1000",
            visibility.map(|(a, b)| (a[3] - f64::from(b[3])).abs() * 1000.0),
        );
        self.report.add(
            "filter world (mm)",
            millimetres(&smoothed.world[..], &rows(&frame["pose_world"])),
        );
        if let Some(next) = rect(&frame["pose_rect_next"]) {
            let own = roi::pose_from_auxiliary(&landmarks(&frame["aux_filtered"]), size);
            self.report
                .add("rect pose next", [rect_distance(own, next, size)]);
        }
    }

    fn hand(
        &mut self,
        image: &RgbImage,
        frame: &Value,
        golden: &Value,
        previous: Option<&Value>,
        side: &str,
    ) {
        let size = image.size();
        let is_left = side == "left_hand";
        let pose = rows(&frame["pose"]);
        let [wrist, pinky, index] = if is_left { [15, 17, 19] } else { [16, 18, 20] };
        let is_visible = pose[wrist][3] > 0.1;
        let of = |name: &str| &frame[format!("{side}_{name}")];
        if is_visible == of("rect_from_pose").is_null() {
            self.report
                .disagreements
                .push(format!("{}: {side} wrist gate", frame["index"]));
        }
        if !is_visible {
            return;
        }
        let point = |n: usize| [pose[n][0] as f32, pose[n][1] as f32];
        let job = HandJob {
            wrist: point(wrist),
            pinky: point(pinky),
            index: point(index),
            previous: previous.and_then(|golden| {
                (!golden[side].is_null())
                    .then(|| landmarks::<21, 3>(&golden[side]) as HandLandmarks)
            }),
            quality: Quality::Full,
            early: None,
        };
        let job = if is_left {
            BranchJob::LeftHand(job)
        } else {
            BranchJob::RightHand(job)
        };
        let outcome: HandOutcome = match branch::run(self.models, image, &job).unwrap() {
            BranchOutcome::LeftHand(outcome) | BranchOutcome::RightHand(outcome) => outcome,
            other => panic!("{other:?}"),
        };
        for (stage, own, expected) in [
            (
                "rect hand from pose",
                outcome.roi_from_pose,
                of("rect_from_pose"),
            ),
            (
                "rect hand from recrop",
                outcome.roi_from_recrop,
                of("rect_recrop"),
            ),
            (
                "rect hand from previous",
                outcome.roi_from_previous,
                of("rect_previous"),
            ),
        ] {
            if let (Some(own), Some(expected)) = (own, rect(expected)) {
                self.report.add(stage, [rect_distance(own, expected, size)]);
            }
        }
        let was_tracked = !of("rect_previous").is_null() && of("rect") == of("rect_previous");
        let roi = outcome.reading.as_ref().map(|reading| reading.roi);
        let is_tracked = roi.is_some() && outcome.roi_from_previous == roi;
        if was_tracked != is_tracked {
            self.report
                .disagreements
                .push(format!("{}: {side} tracked {is_tracked}", frame["index"]));
            return;
        }
        let reading = outcome.reading.unwrap();
        let presence = f64::from(reading.presence);
        let golden_presence = of("presence").as_f64().unwrap();
        self.report.add(
            "hand presence ×1000",
            [(presence - golden_presence).abs() * 1000.0],
        );
        if (presence > 0.5) == golden[side].is_null() {
            self.report
                .disagreements
                .push(format!("{}: {side} presence {presence}", frame["index"]));
        } else if presence > 0.5 {
            let own = reading.landmarks.unwrap();
            self.report.add(
                "landmarks hand",
                distances(&xy(&own[..]), &points(&golden[side]), size),
            );
            let width = f64::from(size.width);
            let depth = rows(&golden[side]).into_iter().zip(own.iter());
            self.report.add(
                "landmarks hand z",
                depth.map(|(a, b)| (a[2] - f64::from(b[2])).abs() * width),
            );
        }
    }

    fn face(&mut self, image: &RgbImage, frame: &Value, golden: &Value, previous: Option<&Value>) {
        let size = image.size();
        let pose = rows(&frame["pose"]);
        let job = BranchJob::Face(FaceJob {
            head: Some(std::array::from_fn(|n| {
                [pose[n][0] as f32, pose[n][1] as f32]
            })),
            points: FacePoints::Mesh468,
            previous: previous.and_then(|golden| {
                (!golden["face"].is_null())
                    .then(|| FaceLandmarks::from(landmarks::<468, 3>(&golden["face"])))
            }),
            min_detection_confidence: 0.5,
            early: None,
        });
        let outcome: FaceOutcome = match branch::run(self.models, image, &job).unwrap() {
            BranchOutcome::Face(outcome) => outcome,
            other => panic!("{other:?}"),
        };
        for (stage, own, expected) in [
            (
                "rect face from pose",
                outcome.roi_from_pose,
                "face_rect_from_pose",
            ),
            (
                "rect face from detection",
                outcome.roi_from_detection,
                "face_rect_from_detection",
            ),
            (
                "rect face from previous",
                outcome.roi_from_previous,
                "face_rect_previous",
            ),
        ] {
            if let (Some(own), Some(expected)) = (own, rect(&frame[expected])) {
                self.report.add(stage, [rect_distance(own, expected, size)]);
            }
        }
        if outcome.detection.is_some() == frame["face_rect_from_detection"].is_null() {
            self.report
                .disagreements
                .push(format!("{}: face detection", frame["index"]));
        }
        let (Some(mesh), Some(detection)) = (outcome.mesh, outcome.detection) else {
            return;
        };
        let expected = points(&frame["face_detections"][0]["keypoints"]);
        self.report.add(
            "detection keypoints (face)",
            distances(&detection.keypoints, &expected, size),
        );
        let was_tracked = !frame["face_rect_previous"].is_null()
            && frame["face_rect"] == frame["face_rect_previous"];
        let is_tracked = Some(mesh.roi) == outcome.roi_from_previous;
        if was_tracked != is_tracked {
            self.report
                .disagreements
                .push(format!("{}: face tracked {is_tracked}", frame["index"]));
            return;
        }
        let golden_presence = frame["face_presence"].as_f64().unwrap();
        self.report.add(
            "face presence ×1000",
            [(f64::from(mesh.presence) - golden_presence).abs() * 1000.0],
        );
        if (mesh.presence > 0.5) == golden["face"].is_null() {
            self.report.disagreements.push(format!(
                "{}: face presence {}",
                frame["index"], mesh.presence
            ));
        } else if mesh.presence > 0.5 {
            self.report.add(
                "landmarks face",
                distances(&xy(&mesh.landmarks[..]), &points(&golden["face"]), size),
            );
            let width = f64::from(size.width);
            let depth = rows(&golden["face"]).into_iter().zip(mesh.landmarks.iter());
            self.report.add(
                "landmarks face z",
                depth.map(|(a, b)| (a[2] - f64::from(b[2])).abs() * width),
            );
        }
    }
}
