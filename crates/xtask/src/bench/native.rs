//! Native subjects: the pipeline's own bench program, and Python's MediaPipe.

use std::path::Path;

use xshell::{Shell, cmd};

use super::{Options, Subject, rivals};
use crate::plan::{Finish, Plan};
use crate::workspace::Workspace;

const BUILD: &str = "build the pipeline's bench program";
/// What Python's MediaPipe calls itself in its samples.
pub(super) const PYTHON_MEDIAPIPE: &str = "mediapipe 0.10.21 (Python)";
/// All packages at once, so that their dependencies are those of `cargo test --workspace --release`, already built.
const CARGO_BENCH: [&str; 6] = [
    "bench",
    "--quiet",
    "--workspace",
    "--features=live-keypoints-pipeline/bench",
    "--bench",
    "pipeline",
];
const MAX_THREADS: usize = 4;

/// Adds the step that compiles the program.
pub(super) fn add_build_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BUILD, || {
        let shell = workspace.shell();
        cmd!(shell, "cargo {CARGO_BENCH...} --no-run").run()?;
        Ok(Finish::Done)
    });
}

pub(super) fn subjects<'a>(
    shell: &'a Shell,
    workspace: &Workspace,
    options: &Options,
    clip: &Path,
) -> Vec<Subject<'a>> {
    let frames = options.frames.to_string();
    let program = |label: String, arguments: &[&str]| Subject {
        label,
        turn: cmd!(shell, "cargo {CARGO_BENCH...} --")
            .args(arguments)
            .quiet(),
    };
    let clip_text = clip.to_string_lossy();
    let of_clip = ["--clip", &*clip_text, "--frames", &*frames];
    let mut subjects = vec![
        program("kernels".to_owned(), &["kernels"]),
        program("stages".to_owned(), &[&["stages"], &of_clip[..]].concat()),
    ];
    for threads in 1..=MAX_THREADS {
        let threads = threads.to_string();
        let arguments = [&["clip", "--threads", &*threads], &of_clip[..]].concat();
        subjects.push(program(
            format!("whole frames, threads: {threads}"),
            &arguments,
        ));
    }
    if options.rivals {
        let python = rivals::python(workspace);
        let program = workspace.path("tests/bench/rivals/mediapipe_holistic.py");
        subjects.push(Subject {
            label: PYTHON_MEDIAPIPE.to_owned(),
            turn: cmd!(shell, "{python} {program} {clip} {frames}").quiet(),
        });
    }
    subjects
}
