//! Subjects in headless Chromium: this package with 1 to 4 workers, the page's thread beside it, what other packages do on
//! the same frames, and the four landmarkers of `live-keypoints/tasks` beside tasks-vision's.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use super::comparison::{JPEG, PIXELS};
use super::{Options, Part, Subject, rivals};
use crate::browser;
use crate::workspace::Workspace;

pub(super) const TASKS_VISION: &str = "tasks-vision 1.1.0, HolisticLandmarker";
pub(super) const LEGACY_HOLISTIC: &str = "@mediapipe/holistic 0.5.1675471629";
pub(super) const ONNXRUNTIME_WEB: &str = "onnxruntime-web 1.30.0, one thread";
pub(super) const LANDMARKERS_SUITE: &str = "landmarkers";
const MAX_WORKERS: usize = 4;

/// One of MediaPipe's landmarkers, which both packages have.
pub(super) struct Landmarker {
    name: &'static str,
    options: fn() -> Value,
    /// Ours with one worker, and tasks-vision's.
    pub(super) subjects: [&'static str; 2],
}

macro_rules! landmarker {
    ($name:literal, $with:literal, $options:tt) => {
        Landmarker {
            name: $name,
            options: || json!($options),
            subjects: [
                concat!("live-keypoints, 1 worker, ", $name, $with),
                concat!("tasks-vision 1.1.0, ", $name, $with),
            ],
        }
    };
}

pub(super) const LANDMARKERS: [Landmarker; 4] = [
    landmarker!("FaceLandmarker", " with blendshapes", { "outputFaceBlendshapes": true }),
    landmarker!("HandLandmarker", " of 2 hands", { "numHands": 2 }),
    landmarker!("PoseLandmarker", " full", {}),
    landmarker!("HolisticLandmarker", " with blendshapes", { "outputFaceBlendshapes": true }),
];

pub(super) fn subjects<'a>(
    shell: &'a Shell,
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
) -> Result<Vec<Subject<'a>>> {
    let chromium = browser::chromium(workspace).context("there is no Chromium")?;
    let program = workspace.path("tests/bench/turn.mjs");
    let subject = |label: String, name: &str, more: Value| {
        let mut turn = json!({
            "suite": "browser",
            "subject": name,
            "label": label,
            "clip": clip,
            "frames": options.frames,
        });
        if let (Value::Object(turn), Value::Object(more)) = (&mut turn, more) {
            turn.extend(more);
        }
        let turn = turn.to_string();
        Subject {
            label,
            turn: cmd!(shell, "node {program} {turn}")
                .env("CHROMIUM", &chromium)
                .quiet(),
        }
    };
    let folder = rivals::folder(workspace);
    let task = |of: &str, name: &str, inputs: &[&str], options: Value| {
        let task = json!({ "of": of, "landmarker": name, "inputs": inputs, "options": options });
        json!({ "options": task, "rivals": folder })
    };
    let mut subjects = Vec::new();
    if options.has(Part::Browser) {
        subjects.extend((1..=MAX_WORKERS).map(|workers| {
            let plural = if workers == 1 { "" } else { "s" };
            let label = format!("live-keypoints, {workers} worker{plural}");
            let more = json!({ "options": { "workers": workers } });
            subject(label, "live-keypoints", more)
        }));
        subjects.push(page_thread(shell, workspace, options, clip, &chromium));
        if options.rivals {
            let holistic = task(
                "tasks-vision",
                "HolisticLandmarker",
                &[PIXELS, JPEG],
                json!({}),
            );
            subjects.push(subject(TASKS_VISION.to_owned(), "tasks", holistic));
            for (label, name, needs_webgl) in [
                (LEGACY_HOLISTIC, "legacy holistic", true),
                (ONNXRUNTIME_WEB, "onnxruntime-web", false),
            ] {
                let more = json!({ "options": {}, "rivals": folder, "webgl": needs_webgl });
                subjects.push(subject(label.to_owned(), name, more));
            }
        }
    }
    if options.has(Part::Landmarkers) {
        for landmarker in &LANDMARKERS {
            let packages = ["live-keypoints", "tasks-vision"];
            let measured = if options.rivals { 2 } else { 1 };
            for (of, label) in packages.iter().zip(landmarker.subjects).take(measured) {
                let mut more = task(of, landmarker.name, &[PIXELS], (landmarker.options)());
                more["suite"] = LANDMARKERS_SUITE.into();
                subjects.push(subject(label.to_owned(), "tasks", more));
            }
        }
    }
    Ok(subjects)
}

/// How long the package keeps the page's own thread busy, from a trace, as tracing would slow the others down.
fn page_thread<'a>(
    shell: &'a Shell,
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
    chromium: &Path,
) -> Subject<'a> {
    let program = workspace.path("tests/bench/page_thread.mjs");
    let label = format!("live-keypoints, {MAX_WORKERS} workers, 640×480");
    let turn = json!({
        "label": label,
        "clip": clip,
        "frames": options.frames,
        "workers": MAX_WORKERS,
    })
    .to_string();
    Subject {
        label: format!("{label}: the page's own thread"),
        turn: cmd!(shell, "node {program} {turn}")
            .env("CHROMIUM", chromium)
            .quiet(),
    }
}
