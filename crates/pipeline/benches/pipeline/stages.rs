//! The stages of a frame: decoding, the crop and the model of each step, what is made of the models' outputs.
//!
//! A first pass over the clip tracks it and keeps the jobs of each frame; a second one runs the stages of one frame
//! after the other, as they come in real work, and times each.

use std::collections::BTreeMap;
use std::hint::black_box;

use anyhow::Context;
use live_keypoints_pipeline::branch::bench::refine_by_heat_map;
use live_keypoints_pipeline::branch::{self, BranchJob, BranchOutcome};
use live_keypoints_pipeline::detector::{FACE_DETECTOR, POSE_DETECTOR};
use live_keypoints_pipeline::inference::bench::run_model;
use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage, decode_jpeg};
use live_keypoints_pipeline::rect::NormalizedRect;
use live_keypoints_pipeline::{Decoded, Options, Outcome, Quality, Session, Steps, Task, Work};

use crate::pictures::{Picture, there_and_back};
use crate::sample::{SUBJECT, Sample};
use crate::stopwatch::{Millis, median, timed};

const SUITE: &str = "stages";
const FRAME_US: i64 = 33_333;
const MIN_SCORE: f32 = 0.5;

pub(crate) fn measure(pictures: &[Picture]) -> anyhow::Result<Vec<Sample>> {
    let models = Models::embedded(Quality::Full)?;
    let frames: Vec<&Picture> = there_and_back(pictures).collect();
    let jobs = jobs_of(&frames, &models)?;
    let mut stages = Stages {
        models: ModelKind::of_quality(Quality::Full)
            .into_iter()
            .map(|kind| Ok((kind.name(), Model::load(kind, kind.embedded_bytes())?)))
            .collect::<anyhow::Result<_>>()?,
        times: BTreeMap::new(),
    };
    for (picture, jobs) in frames.iter().zip(&jobs) {
        stages.decode(picture)?;
        stages.pose_detector(&picture.pixels)?;
        for job in jobs {
            stages.branch(&models, &picture.pixels, job)?;
        }
    }
    Ok(stages.samples())
}

/// The branch jobs of each frame, as tracking makes them.
fn jobs_of(frames: &[&Picture], models: &Models) -> anyhow::Result<Vec<Vec<BranchJob>>> {
    let mut session: Session<usize, usize> = Session::new(Options::default())?;
    let mut jobs = vec![Vec::new(); frames.len()];
    for (number, frame) in frames.iter().enumerate() {
        session.add_frame(number, (number as i64 + 1) * FRAME_US, 0);
        while let Some(Task { id, work }) = session.next_task(Steps::ALL, 0) {
            let outcome = match work {
                Work::Decode { frame: number, .. } => Outcome::Decoded(Decoded {
                    size: frame.pixels.size(),
                    pixels: number,
                    grey: None,
                }),
                Work::Branch(number, job) => {
                    let outcome = branch::run(models, &frame.pixels, &job)?;
                    jobs[number].push(job);
                    Outcome::Branch(outcome)
                }
            };
            session.complete(id, outcome, 0, 0);
        }
        session.next_result().context("a frame without a result")?;
    }
    Ok(jobs)
}

struct Stages {
    models: BTreeMap<&'static str, Model>,
    times: BTreeMap<String, Vec<Millis>>,
}

impl Stages {
    fn note(&mut self, stage: &str, millis: Millis) {
        self.times.entry(stage.to_owned()).or_default().push(millis);
    }

    fn decode(&mut self, picture: &Picture) -> anyhow::Result<()> {
        let (image, millis) = timed(|| decode_jpeg(&picture.jpeg, DecodeLimits::default()));
        image?;
        self.note("JPEG decode", millis);
        Ok(())
    }

    /// Crop and model, each by itself; the outputs.
    fn model(
        &mut self,
        kind: ModelKind,
        image: &RgbImage,
        roi: Option<&NormalizedRect>,
    ) -> anyhow::Result<Vec<Vec<f32>>> {
        let spec = kind.input().picture().context(kind.name())?;
        let mut input = vec![0.0; spec.input_len()];
        let (_, cropping) = timed(|| spec.crop(image, roi, &mut input));
        let model = self.models.get(kind.name()).context(kind.name())?;
        let (outputs, running) = timed(|| run_model(model, &input));
        let outputs = outputs?;
        let values = (0..kind.outputs().len())
            .map(|index| Ok(outputs.values(index)?.to_vec()))
            .collect::<anyhow::Result<_>>();
        self.note(&format!("{}: crop", kind.name()), cropping);
        self.note(&format!("{}: model", kind.name()), running);
        values
    }

    fn pose_detector(&mut self, image: &RgbImage) -> anyhow::Result<()> {
        let outputs = self.model(ModelKind::PoseDetection, image, None)?;
        let (_, millis) = timed(|| {
            black_box(POSE_DETECTOR.best::<4>(&outputs[0], &outputs[1], MIN_SCORE));
        });
        self.note("pose_detection: boxes", millis);
        Ok(())
    }

    /// The branch as a whole, then its stages one by one.
    fn branch(&mut self, models: &Models, image: &RgbImage, job: &BranchJob) -> anyhow::Result<()> {
        let (outcome, millis) = timed(|| branch::run(models, image, job));
        match outcome? {
            BranchOutcome::Pose(outcome) => {
                // A frame that also ran the detector would mix two kinds of work.
                if outcome.detection.is_none() {
                    self.note("branch pose, tracked", millis);
                }
                if let Some(roi) = outcome.roi {
                    self.pose_landmarks(image, &roi)?;
                }
            }
            BranchOutcome::LeftHand(outcome) | BranchOutcome::RightHand(outcome) => {
                self.note("branch hand", millis);
                if let Some(roi) = outcome.roi_from_pose {
                    self.model(ModelKind::HandRecrop, image, Some(&roi))?;
                }
                if let Some(reading) = outcome.reading {
                    self.model(ModelKind::HandLandmarkFull, image, Some(&reading.roi))?;
                }
            }
            BranchOutcome::Face(outcome) => {
                self.note("branch face", millis);
                if let Some(roi) = outcome.roi_from_pose {
                    self.face_detector(image, &roi)?;
                }
                if let Some(mesh) = outcome.mesh {
                    self.model(ModelKind::FaceLandmark478, image, Some(&mesh.roi))?;
                }
            }
            // Nobody asked for them.
            BranchOutcome::Palm(_)
            | BranchOutcome::HandInRegion(_)
            | BranchOutcome::Blendshapes(_)
            | BranchOutcome::Early(_) => {}
        }
        Ok(())
    }

    fn pose_landmarks(&mut self, image: &RgbImage, roi: &NormalizedRect) -> anyhow::Result<()> {
        let outputs = self.model(ModelKind::PoseLandmarkFull, image, Some(roi))?;
        let side = ModelKind::PoseLandmarkFull.input().shape()[1] as f32;
        let (points, heat_map) = (&outputs[0], &outputs[2]);
        let (_, millis) = timed(|| {
            for (index, values) in points.as_chunks::<5>().0.iter().enumerate() {
                let point = [values[0] / side, values[1] / side];
                black_box(refine_by_heat_map(point, index, heat_map));
            }
        });
        self.note("pose_landmark_full: heat map", millis);
        Ok(())
    }

    fn face_detector(&mut self, image: &RgbImage, roi: &NormalizedRect) -> anyhow::Result<()> {
        let outputs = self.model(ModelKind::FaceDetectionShortRange, image, Some(roi))?;
        let (_, millis) = timed(|| {
            black_box(FACE_DETECTOR.best::<6>(&outputs[0], &outputs[1], MIN_SCORE));
        });
        self.note("face_detection_short_range: boxes", millis);
        Ok(())
    }

    fn samples(&self) -> Vec<Sample> {
        let of = |stage: &str, metric, value| Sample {
            suite: SUITE,
            subject: SUBJECT.to_owned(),
            case: stage.to_owned(),
            metric,
            value,
        };
        self.times
            .iter()
            .flat_map(|(stage, times)| {
                let cpu = times.iter().map(|millis| millis.cpu);
                [
                    of(
                        stage,
                        "wall_ms",
                        median(times.iter().map(|millis| millis.wall)),
                    ),
                    of(stage, "cpu_ms", median(cpu)),
                ]
            })
            .collect()
    }
}
