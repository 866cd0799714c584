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
use serde_json::json;

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

pub(crate) fn run(clips: &[PathBuf], stills: &[PathBuf]) -> Result<()> {
    let recognizer = SignRecognizer::new(Manifest::by_example());
    let options = recognizer.manifest().needs().options(Options::default());
    let (mut copies, mut classes) = (Vec::new(), 0);
    for clip in clips {
        let frames = keypoints(&files(clip)?, &options)?;
        for window in frames.chunks_exact(FRAMES) {
            let seen = window
                .iter()
                .filter(|it| it.left_hand.is_some() || it.right_hand.is_some());
            if seen.count() * 2 < FRAMES {
                continue;
            }
            for (kind, frames) in copies_of(window) {
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
    let least = recognizer.manifest().acceptance().confidence;
    let mut right = 0;
    let mut nearest = Vec::new();
    for left_out in 0..copies.len() {
        let mut recognizer = recognizer.clone();
        for (_, copy) in copies
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != left_out)
        {
            recognizer.teach(json!(copy.class.to_string()), &copy.window)?;
        }
        let copy = &copies[left_out];
        let confidences = recognizer.taught().run(&copy.window)?;
        let told = confidences
            .iter()
            .position(|confidence| *confidence >= least);
        let label = told.map(|label| recognizer.taught().labels()[label].clone());
        if label == Some(json!(copy.class.to_string())) {
            right += 1;
        } else {
            println!(
                "window {} {}: {label:?} {:.2?}",
                copy.class, copy.kind, confidences
            );
        }
        nearest.extend(
            recognizer
                .taught()
                .ranking(&copy.window)?
                .first()
                .map(|it| it.1),
        );
    }
    nearest.sort_by(f32::total_cmp);
    println!(
        "{right} of {} copies of {classes} windows told and right ({:.1} %); nearest: median {:.3}, greatest {:.3}",
        copies.len(),
        100.0 * right as f32 / copies.len() as f32,
        nearest[nearest.len() / 2],
        nearest[nearest.len() - 1]
    );
    let mut recognizer = recognizer;
    for copy in &copies {
        recognizer.teach(json!(copy.class.to_string()), &copy.window)?;
    }
    of_stills(&mut recognizer, stills, &options)
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
            recognizer.push(frame, false);
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
