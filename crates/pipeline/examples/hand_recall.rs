//! `hand_recall HANDS_SEEN.json FOLDER_OF_CLIPS`: how many of the hands that a person sees in clips each way to look for
//! hands finds, and what it takes for a hand that is none, as a table.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use live_keypoints_pipeline::inference::{Model, ModelKind, Models};
use live_keypoints_pipeline::picture::DecodeLimits;
use live_keypoints_pipeline::{
    FrameKeypoints, FrameResult, Graph, HandLandmarks, Hands, InlineExecutor, Options, Quality,
    Session,
};
use serde::Deserialize;

/// A reported hand is the seen one where its middle knuckle lies nearer than this to where a person sees the middle of the
/// hand, in picture widths: about half a hand of these clips.
const MAX_DISTANCE: f32 = 0.2;

#[derive(Deserialize)]
struct Clip {
    left: Side,
    right: Side,
}

#[derive(Deserialize)]
struct Side {
    /// First and last frames of stretches in which part of the hand is in the picture. Either answer is right there.
    cut_off: Vec<[u64; 2]>,
    /// Frames in which most of the hand is in the picture, with its middle.
    seen: BTreeMap<u64, [f32; 2]>,
}

#[derive(Default)]
struct Count {
    seen: usize,
    found: usize,
    cut_off: usize,
    found_cut_off: usize,
    not_there: usize,
}

impl Count {
    fn add(&mut self, side: &Side, hand: Option<&HandLandmarks>, keypoints: &FrameKeypoints) {
        let index = keypoints.index;
        let is_cut_off = |[from, to]: &[u64; 2]| (*from..=*to).contains(&index);
        if let Some([x, y]) = side.seen.get(&index) {
            let aspect = keypoints.height as f32 / keypoints.width as f32;
            let is_there = |hand: &HandLandmarks| {
                (hand[9][0] - x).hypot((hand[9][1] - y) * aspect) < MAX_DISTANCE
            };
            let is_found = hand.is_some_and(is_there);
            self.seen += 1;
            self.found += usize::from(is_found);
            self.not_there += usize::from(hand.is_some() && !is_found);
        } else if side.cut_off.iter().any(is_cut_off) {
            self.cut_off += 1;
            self.found_cut_off += usize::from(hand.is_some());
        } else {
            self.not_there += usize::from(hand.is_some());
        }
    }
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jpg"));
    paths.sort();
    Ok(paths)
}

fn count(
    models: &Models,
    options: Options,
    clip: &Clip,
    paths: &[PathBuf],
) -> Result<Count, Box<dyn Error>> {
    let executor = InlineExecutor::new(models, DecodeLimits::default());
    let mut session = Session::new(options)?;
    let mut count = Count::default();
    for (path, time) in paths.iter().zip(1..) {
        session.add_frame(std::fs::read(path)?, time * 33_333, 0);
        executor.run_until_idle(&mut session);
        let Some(FrameResult::Keypoints(keypoints)) = session.next_result() else {
            return Err(format!("{} failed", path.display()).into());
        };
        count.add(&clip.left, keypoints.left_hand.as_ref(), &keypoints);
        count.add(&clip.right, keypoints.right_hand.as_ref(), &keypoints);
    }
    Ok(count)
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    let [list, folder] = &arguments[..] else {
        return Err("usage: hand_recall HANDS_SEEN.json FOLDER_OF_CLIPS".into());
    };
    let clips: BTreeMap<String, Clip> = serde_json::from_slice(&std::fs::read(list)?)?;
    let mut models = Models::embedded(Quality::Full)?;
    let palms = ModelKind::PalmDetectionFull;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("models/{}.onnx", palms.name()));
    models.insert(Model::load(palms, std::fs::read(file)?)?);

    println!("| clip | | seen | found | recall | cut off | found of these | false |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, clip) in &clips {
        let paths = pictures(&folder.join(name))?;
        for (way, options) in ways() {
            let count = count(&models, options, clip, &paths)?;
            println!(
                "| {name} | {way} | {} | {} | {:.2} | {} | {} | {} |",
                count.seen,
                count.found,
                count.found as f32 / count.seen as f32,
                count.cut_off,
                count.found_cut_off,
                count.not_there
            );
        }
    }
    Ok(())
}

fn ways() -> [(&'static str, Options); 3] {
    let in_graph = |graph| Options {
        graph,
        ..Options::default()
    };
    let recover = Options {
        hands: Hands::Recover,
        ..Options::default()
    };
    [
        ("holistic", in_graph(Graph::Holistic)),
        ("landmarkers", in_graph(Graph::Landmarkers)),
        ("holistic, hands recovered", recover),
    ]
}
