//! Real letters by example.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use live_keypoints_pipeline::FrameKeypoints;
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer, WindowInput};
use serde_json::json;

use crate::pose_file;

/// Languages whose alphabet is made with one hand. `ase` and `fsl` share recordings.
const ONE_HANDED: [&str; 12] = [
    "ase", "asq", "bzs", "gsg", "ise", "mfs", "psr", "sgg", "ssp", "svk", "eso", "lls",
];

struct Letter {
    letter: String,
    language: String,
    window: WindowInput,
}

pub(crate) fn run(folder: &Path) -> Result<()> {
    let recognizer = SignRecognizer::new(Manifest::by_example());
    let letters = read(folder, &recognizer)?;
    let languages: BTreeSet<&str> = letters.iter().map(|it| it.language.as_str()).collect();
    let (mut best, mut among_three, mut accepted, mut right) = (0, 0, 0, 0);
    for left_out in languages {
        let mut recognizer = recognizer.clone();
        for letter in letters.iter().filter(|it| it.language != left_out) {
            recognizer.teach(json!(letter.letter), &letter.window)?;
        }
        for letter in letters.iter().filter(|it| it.language == left_out) {
            let ranking = recognizer.taught().ranking(&letter.window)?;
            let is_it = |(label, _): &(usize, f32)| {
                recognizer.taught().labels()[*label] == letter.letter.as_str()
            };
            best += usize::from(ranking.first().is_some_and(is_it));
            among_three += usize::from(ranking.iter().take(3).any(is_it));
            let confidences = recognizer.taught().run(&letter.window)?;
            let told = confidences.iter().position(|confidence| {
                *confidence >= recognizer.manifest().acceptance().confidence
            });
            accepted += usize::from(told.is_some());
            right += usize::from(told.is_some_and(|label| is_it(&(label, 0.0))));
        }
    }
    let share = |count: usize| count as f32 / letters.len() as f32;
    println!(
        "{} letters: top-1 {:.3}, top-3 {:.3}; told {:.3}, of these right {:.3}",
        letters.len(),
        share(best),
        share(among_three),
        share(accepted),
        right as f32 / accepted.max(1) as f32
    );
    Ok(())
}

fn read(folder: &Path, recognizer: &SignRecognizer) -> Result<Vec<Letter>> {
    let index = fs::read_to_string(folder.join("index.csv")).context("no index.csv")?;
    let mut lines = index.lines();
    let names: Vec<&str> = lines.next().context("no header")?.split(',').collect();
    let column = |name: &str| {
        names
            .iter()
            .position(|other| *other == name)
            .context(name.to_owned())
    };
    let [path, language, words] = [
        column("path")?,
        column("signed_language")?,
        column("words")?,
    ];
    let mut letters = Vec::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let letter = fields[words].to_uppercase();
        let is_letter = letter.len() == 1 && letter.chars().all(|it| it.is_ascii_uppercase());
        let file = folder.join(fields[path]);
        if !is_letter || !ONE_HANDED.contains(&fields[language]) || !file.exists() {
            continue;
        }
        let frames =
            pose_file::read(&fs::read(&file)?).with_context(|| file.display().to_string())?;
        let Some(window) = recognizer.window_of(&middle(&frames)) else {
            continue;
        };
        letters.push(Letter {
            letter,
            language: fields[language].to_owned(),
            window,
        });
    }
    Ok(letters)
}

/// The middle third of the frames with the hand that is seen more often; none where it is seen in fewer than five.
fn middle(frames: &[FrameKeypoints]) -> Vec<FrameKeypoints> {
    let of = |has: fn(&FrameKeypoints) -> bool| -> Vec<&FrameKeypoints> {
        frames.iter().filter(|frame| has(frame)).collect()
    };
    let left = of(|frame| frame.left_hand.is_some());
    let right = of(|frame| frame.right_hand.is_some());
    let seen = if left.len() > right.len() {
        left
    } else {
        right
    };
    if seen.len() < 5 {
        return Vec::new();
    }
    let third = seen.len() / 3;
    seen[third..(2 * seen.len() / 3).max(third + 1)]
        .iter()
        .map(|frame| (*frame).clone())
        .collect()
}
