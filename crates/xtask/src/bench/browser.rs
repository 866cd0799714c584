//! Subjects in headless Chromium: this package with 1 to 4 workers, the page's thread beside it, and what other packages do
//! on the same frames.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use super::{Options, Subject, rivals};
use crate::browser;
use crate::workspace::Workspace;

pub(super) const TASKS_VISION: &str = "tasks-vision 1.1.0, HolisticLandmarker";
pub(super) const LEGACY_HOLISTIC: &str = "@mediapipe/holistic 0.5.1675471629";
pub(super) const ONNXRUNTIME_WEB: &str = "onnxruntime-web 1.30.0, one thread";
const MAX_WORKERS: usize = 4;

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
    let mut subjects: Vec<Subject<'_>> = (1..=MAX_WORKERS)
        .map(|workers| {
            let plural = if workers == 1 { "" } else { "s" };
            let label = format!("live-keypoints, {workers} worker{plural}");
            let more = json!({ "options": { "workers": workers } });
            subject(label, "live-keypoints", more)
        })
        .collect();
    subjects.push(page_thread(shell, workspace, options, clip, &chromium));
    if options.rivals {
        let folder = rivals::folder(workspace);
        for (label, name, needs_webgl) in [
            (TASKS_VISION, "tasks-vision", false),
            (LEGACY_HOLISTIC, "legacy holistic", true),
            (ONNXRUNTIME_WEB, "onnxruntime-web", false),
        ] {
            let more = json!({ "options": {}, "rivals": folder, "webgl": needs_webgl });
            subjects.push(subject(label.to_owned(), name, more));
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
