//! Whole frames on 1 to 4 threads: pixels in and JPEG in, in a row and one at a time.

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::{FrameResult, Options, Quality};

use crate::pictures::{Picture, there_and_back};
use crate::sample::{SUBJECT, Sample};
use crate::stopwatch::{median, timed, timed_process};
use crate::threads::{Input, Session, run_until_idle};

const WARM_UP_FRAMES: usize = 10;
const FRAME_US: i64 = 33_333;

pub(crate) fn measure(
    pictures: &[Picture],
    threads: NonZeroUsize,
    is_early: bool,
) -> anyhow::Result<Vec<Sample>> {
    let sample = |case, metric, value| sample(threads, is_early, case, metric, value);
    let (models, loading) = timed(|| Models::embedded(Quality::Full));
    let models = models?;
    let mut samples = vec![sample("start", "load_models_ms", loading.wall)];
    let pixels = |picture: &Picture| Input::Pixels(Arc::clone(&picture.pixels));
    let jpeg = |picture: &Picture| Input::Jpeg(picture.jpeg.as_slice().into());
    let inputs: [(&str, Vec<Input>); 2] = [
        ("pixels in", pictures.iter().map(pixels).collect()),
        ("JPEG in", pictures.iter().map(jpeg).collect()),
    ];
    for (case, frames) in inputs {
        let frames: Vec<Input> = there_and_back(&frames).cloned().collect();
        let mut run = Run {
            session: Session::new(Options {
                buffer_size: frames.len(),
                max_unread_results: frames.len(),
                ..Options::default()
            })?,
            models: &models,
            threads,
            is_early,
            timestamp_us: 0,
        };
        run.frames(&frames[..WARM_UP_FRAMES.min(frames.len())])?;
        let (found, in_a_row) = timed_process(|| run.frames(&frames));
        let found = found?;
        ensure!(
            found * 10 >= frames.len() * 9,
            "{case}: a body in {found} of {} frames, so this is not the work to be measured",
            frames.len()
        );
        let mut latencies = Vec::with_capacity(frames.len());
        for frame in &frames {
            let (found, millis) = timed_process(|| run.frames(std::slice::from_ref(frame)));
            found?;
            latencies.push(millis.wall);
        }
        let count = frames.len() as f64;
        samples.extend([
            sample(case, "wall_ms", in_a_row.wall / count),
            sample(case, "cpu_ms", in_a_row.cpu / count),
            sample(case, "latency_ms", median(latencies)),
        ]);
    }
    Ok(samples)
}

struct Run<'a> {
    session: Session,
    models: &'a Models,
    threads: NonZeroUsize,
    is_early: bool,
    timestamp_us: i64,
}

impl Run<'_> {
    /// Computes the frames; in how many a body was found.
    fn frames(&mut self, frames: &[Input]) -> anyhow::Result<usize> {
        for frame in frames {
            self.timestamp_us += FRAME_US;
            self.session.add_frame(frame.clone(), self.timestamp_us, 0);
        }
        run_until_idle(&mut self.session, self.models, self.threads, self.is_early);
        let mut found = 0;
        for _ in frames {
            match self.session.next_result().context("a result is missing")? {
                FrameResult::Keypoints(keypoints) => found += usize::from(keypoints.pose.is_some()),
                FrameResult::Failed(failed) => bail!("a frame failed: {failed:?}"),
            }
        }
        Ok(found)
    }
}

fn sample(
    threads: NonZeroUsize,
    is_early: bool,
    case: &str,
    metric: &'static str,
    value: f64,
) -> Sample {
    let plural = if threads.get() == 1 { "" } else { "s" };
    let early = if is_early { ", early" } else { "" };
    Sample {
        suite: "native",
        subject: format!("{SUBJECT}, {threads} thread{plural}{early}"),
        case: case.to_owned(),
        metric,
        value,
    }
}
