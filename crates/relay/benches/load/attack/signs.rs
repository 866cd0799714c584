//! A folder of signs whose answers are as dear as a manifest allows: as many examples as there may be.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use live_keypoints_pipeline::signs::{Manifest, SignRecognizer, Window};
use serde_json::json;

/// As many signs, three examples each, as far as there is room.
const EXAMPLES: usize = 1024;

/// Writes `signs.json` and `examples.json` into a new folder `signs`.
pub(super) fn write_folder(files: &Path) -> Result<()> {
    let manifest = Manifest::by_example();
    let sides = if manifest.examples().either_hand {
        2
    } else {
        1
    };
    let features = sides * manifest.features_per_frame();
    let mut window = Window::new(&manifest);
    let mut recognizer = SignRecognizer::new(manifest);
    for number in 0..EXAMPLES {
        window.clear();
        for frame in 0..recognizer.manifest().window().most {
            let value = |at: usize| ((number * 31 + frame * 7 + at * 3) % 17) as f32 / 17.0 - 0.5;
            let row: Vec<f32> = (0..features).map(value).collect();
            window.push(frame as i64, &row, true);
        }
        let example = window.newest(usize::MAX).context("it has frames")?;
        // The first that there is no room for is the last.
        let label = json!(format!("sign {}", number / 3));
        if recognizer.teach(label, &example).is_err() {
            break;
        }
    }
    let folder = files.join("signs");
    fs::create_dir(&folder)?;
    fs::write(folder.join("signs.json"), recognizer.manifest().to_json())?;
    fs::write(folder.join("examples.json"), recognizer.taught().to_json())?;
    Ok(())
}
