//! Windows of clips by example, and stills that resemble none of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use live_keypoints_pipeline::inference::Models;
use live_keypoints_pipeline::picture::{DecodeLimits, RgbImage};
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer, WindowInput};
use live_keypoints_pipeline::topology::{POSE_NAMES, index_of};
use live_keypoints_pipeline::{
    FrameKeypoints, FrameResult, InlineExecutor, Options, PoseLandmarks, Quality, Session,
};
use serde_json::{Value, json};

/// Frames of a window.
const FRAMES: usize = 14;

/// The keypoints of a clip's frames, in their order.
pub(crate) fn keypoints(files: &[PathBuf], options: &Options) -> Result<Vec<FrameKeypoints>> {
    let models = Models::embedded(Quality::Full)?;
    let executor = InlineExecutor::new(&models, DecodeLimits::default());
    let mut session = Session::<Vec<u8>, Arc<RgbImage>>::new(options.clone())?;
    let mut found = Vec::new();
    for (index, file) in files.iter().enumerate() {
        session.add_frame(fs::read(file)?, 33_333 * index as i64, 0);
        executor.run_until_idle(&mut session);
        match session.next_result() {
            Some(FrameResult::Keypoints(keypoints)) => found.push(*keypoints),
            other => bail!("{}: {other:?}", file.display()),
        }
    }
    Ok(found)
}

/// The files of a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "jpg"));
    files.sort();
    Ok(files)
}

struct Copy {
    class: usize,
    kind: &'static str,
    window: WindowInput,
}

impl Copy {
    fn label(&self) -> Value {
        json!(self.class.to_string())
    }
}

pub(crate) fn run(clips: &[PathBuf], stills: &[PathBuf]) -> Result<()> {
    let mut recognizer = SignRecognizer::new(Manifest::by_example());
    let options = recognizer.manifest().needs().options(Options::default());
    let copies = copies(clips, &recognizer, &options)?;
    leave_one_out(&recognizer, &copies)?;
    teach(&mut recognizer, copies.iter());
    of_stills(&mut recognizer, stills, &options)
}

/// The copies of all windows of the clips that can be taught. Those that follow each other have no frame in common.
fn copies(clips: &[PathBuf], recognizer: &SignRecognizer, options: &Options) -> Result<Vec<Copy>> {
    let (mut copies, mut classes, mut windows) = (Vec::new(), 0, 0);
    for clip in clips {
        let frames = keypoints(&files(clip)?, options)?;
        for frames in frames.chunks_exact(FRAMES) {
            windows += 1;
            let window = recognizer.window_of(frames).context("no frames")?;
            if recognizer.clone().teach(json!(""), &window).is_err() {
                continue;
            }
            for (kind, frames) in copies_of(frames) {
                let window = recognizer.window_of(&frames).context("no frames")?;
                copies.push(Copy {
                    class: classes,
                    kind,
                    window,
                });
            }
            classes += 1;
        }
    }
    println!("{windows} windows, of these {classes} with enough hands to be taught");
    Ok(copies)
}

/// Teaches these, and says how many could not be.
fn teach<'a>(recognizer: &mut SignRecognizer, copies: impl Iterator<Item = &'a Copy>) -> usize {
    let taught = copies.map(|copy| recognizer.teach(copy.label(), &copy.window));
    taught.filter(Result::is_err).count()
}

/// Each copy by all others. Copies with too few hands to be taught are answered as any other.
fn leave_one_out(recognizer: &SignRecognizer, copies: &[Copy]) -> Result<()> {
    let least = recognizer.manifest().acceptance().confidence;
    let (mut right, mut wrong, mut best) = (0, 0, 0);
    let mut nearest = Vec::new();
    for (left_out, copy) in copies.iter().enumerate() {
        let mut recognizer = recognizer.clone();
        let others = copies.iter().enumerate();
        teach(
            &mut recognizer,
            others
                .filter(|(index, _)| *index != left_out)
                .map(|it| it.1),
        );
        let taught = recognizer.taught();
        let ranking = taught.ranking(&copy.window)?;
        let first = ranking.first().map(|it| &taught.labels()[it.0]);
        best += usize::from(first == Some(&copy.label()));
        nearest.extend(ranking.first().map(|it| it.1));
        let confidences = taught.run(&copy.window)?;
        let told = confidences.iter().position(|it| *it >= least);
        match told.map(|label| &taught.labels()[label]) {
            Some(label) if *label == copy.label() => right += 1,
            other => {
                wrong += usize::from(other.is_some());
                let sure = confidences.iter().copied().fold(0.0, f32::max);
                println!(
                    "window {} {}: told {other:?}, at most {sure:.2}, nearest {:?}",
                    copy.class,
                    copy.kind,
                    ranking.first()
                );
            }
        }
    }
    let cannot = teach(&mut recognizer.clone(), copies.iter());
    nearest.sort_by(f32::total_cmp);
    let share = |count: usize| 100.0 * count as f32 / copies.len() as f32;
    println!(
        "{} copies, of these {cannot} with too few hands to be taught: told and right {:.1} %, told and wrong {:.1} %, \
         right in rank {:.1} %; nearest: median {:.3}, greatest {:.3}",
        copies.len(),
        share(right),
        share(wrong),
        share(best),
        nearest[nearest.len() / 2],
        nearest[nearest.len() - 1]
    );
    Ok(())
}

fn of_stills(recognizer: &mut SignRecognizer, stills: &[PathBuf], options: &Options) -> Result<()> {
    for still in stills {
        let found = keypoints(std::slice::from_ref(still), options)?;
        let frames: Vec<FrameKeypoints> = (0..40)
            .map(|index| FrameKeypoints {
                index,
                timestamp_us: 33_333 * index as i64,
                ..found[0].clone()
            })
            .collect();
        recognizer.reset();
        let mut told = 0;
        for frame in &frames {
            recognizer.push(frame);
            if let Some(window) = recognizer.take_window() {
                told += usize::from(recognizer.answer_by_examples(&window)?.is_some());
            }
        }
        let window = recognizer.window_of(&frames).context("no frames")?;
        let nearest = recognizer.taught().ranking(&window)?.first().map(|it| it.1);
        let hands = [found[0].left_hand.is_some(), found[0].right_hand.is_some()];
        println!(
            "{}: hands {hands:?}, nearest {nearest:.3?}, told {told}",
            still.display()
        );
    }
    Ok(())
}

/// The window as it is, and its copies.
fn copies_of(window: &[FrameKeypoints]) -> Vec<(&'static str, Vec<FrameKeypoints>)> {
    let each = |change: &dyn Fn(&FrameKeypoints) -> FrameKeypoints| -> Vec<FrameKeypoints> {
        window.iter().map(change).collect()
    };
    vec![
        ("as it is", window.to_vec()),
        ("mirrored", each(&in_mirror)),
        ("shifted", each(&|frame| moved(frame, 1.0, [0.1, -0.08]))),
        ("scaled down", each(&|frame| moved(frame, 0.7, [0.0, 0.0]))),
        ("scaled up", each(&|frame| moved(frame, 1.4, [0.0, 0.0]))),
        ("slower", stretched(window, FRAMES * 14 / 10)),
        ("faster", stretched(window, FRAMES * 7 / 10)),
    ]
}

/// So many frames from first to last, each between two as their places are.
fn stretched(window: &[FrameKeypoints], count: usize) -> Vec<FrameKeypoints> {
    (0..count)
        .map(|index| {
            let at = index as f32 * (window.len() - 1) as f32 / (count - 1) as f32;
            let (first, share) = (at as usize, at.fract());
            let next = &window[(first + 1).min(window.len() - 1)];
            let mut frame = window[first].clone();
            frame.timestamp_us = 33_333 * index as i64;
            let mix = |to: &mut f32, other: f32| *to += share * (other - *to);
            if let (Some(to), Some(other)) = (&mut frame.pose, &next.pose) {
                let pairs = to.as_flattened_mut().iter_mut().zip(other.as_flat());
                pairs.for_each(|(to, other)| mix(to, *other));
            }
            for (to, other) in [
                (&mut frame.left_hand, &next.left_hand),
                (&mut frame.right_hand, &next.right_hand),
            ] {
                if let (Some(to), Some(other)) = (to, other) {
                    let pairs = to.as_flattened_mut().iter_mut().zip(other.as_flat());
                    pairs.for_each(|(to, other)| mix(to, *other));
                }
            }
            frame
        })
        .collect()
}

fn moved(frame: &FrameKeypoints, scale: f32, [right, down]: [f32; 2]) -> FrameKeypoints {
    let mut frame = frame.clone();
    let place = |point: &mut [f32]| {
        point[0] = 0.5 + (point[0] - 0.5) * scale + right;
        point[1] = 0.5 + (point[1] - 0.5) * scale + down;
        point[2] *= scale;
    };
    frame
        .pose
        .iter_mut()
        .flat_map(|pose| pose.iter_mut())
        .for_each(|point| place(point));
    for hand in [&mut frame.left_hand, &mut frame.right_hand] {
        hand.iter_mut()
            .flat_map(|hand| hand.iter_mut())
            .for_each(|point| place(point));
    }
    frame
}

fn in_mirror(frame: &FrameKeypoints) -> FrameKeypoints {
    let mut frame = frame.clone();
    frame.mirror();
    std::mem::swap(&mut frame.left_hand, &mut frame.right_hand);
    let of_other = |pose: PoseLandmarks| {
        PoseLandmarks::from_fn(|point| {
            let name = POSE_NAMES[point];
            let other = match name.contains("left") {
                true => name.replace("left", "right"),
                false => name.replace("right", "left"),
            };
            pose[index_of(&POSE_NAMES, &other).unwrap_or(point)]
        })
    };
    frame.pose = frame.pose.take().map(of_other);
    frame
}
