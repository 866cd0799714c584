//! `cargo xtask fuzz`: the fuzzers of `fuzz/`, each for some minutes. An input that crashes, takes more than some seconds or
//! too much memory fails its step, and lies in `fuzz/artifacts` then.
//!
//! Sanitizers are off: outside of the kernels, which Miri and guard pages watch, there is no unsafe code of this
//! repository, and time is what counts here. Assertions and checks of overflow are on in what is fuzzed, `fuzz/Cargo.toml`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::setup;
use crate::workspace::Workspace;

/// Arguments of the command.
#[derive(Args)]
pub(crate) struct Options {
    /// Minutes for each fuzzer
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// One fuzzer only
    target: Option<Target>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// JPEGs with Exif, at the relay's limit of pixels
    Jpeg,
    /// PNGs
    Png,
    /// Concatenated JPEGs
    Mjpeg,
    /// Text messages and frame headers
    Messages,
    /// Jobs and outcomes, fed to a session
    Outcomes,
    /// Changed ONNX files
    Models,
    /// Manifests and examples of signs
    Signs,
}

impl Target {
    const fn step(self) -> &'static str {
        match self {
            Self::Jpeg => "fuzz JPEGs with Exif",
            Self::Png => "fuzz PNGs",
            Self::Mjpeg => "fuzz streams of JPEGs",
            Self::Messages => "fuzz messages and frame headers",
            Self::Outcomes => "fuzz jobs and outcomes",
            Self::Models => "fuzz ONNX files",
            Self::Signs => "fuzz manifests and examples of signs",
        }
    }

    /// The longest that one input may take, with the fuzzer's counting of every branch. One scan of a CMYK picture of 16
    /// megapixels is read to its end, which takes a relay 0.7 s and a fuzzer 4.3 s. Of a changed model tract infers shapes for as
    /// long as it likes: a relay gives it 30 s.
    const fn timeout_secs(self) -> u32 {
        match self {
            Self::Jpeg => 15,
            Self::Models => 30,
            _ => 2,
        }
    }

    /// The greatest input in bytes.
    const fn max_length(self) -> u32 {
        match self {
            Self::Jpeg | Self::Png | Self::Mjpeg => 1 << 16,
            Self::Messages | Self::Outcomes | Self::Signs => 1 << 14,
            Self::Models => 64,
        }
    }
}

/// For a picture of the greatest size, the fuzzer and its corpus.
const MEMORY_MB: u32 = 1024;

/// Adds a step for each fuzzer, or for the one that is asked for.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, options: &Options) {
    setup::add_cargo_fuzz(plan, workspace);
    let seconds = options.minutes * 60;
    let targets = Target::value_variants().iter().copied();
    for target in targets.filter(|target| options.target.is_none_or(|only| only == *target)) {
        plan.add_after(&[setup::CARGO_FUZZ], target.step(), move || {
            fuzz(workspace, target, seconds)
        });
    }
}

fn fuzz(workspace: &Workspace, target: Target, seconds: u64) -> Result<Finish> {
    let shell = workspace.shell();
    let version = cmd!(shell, "cargo +nightly --version")
        .quiet()
        .ignore_stderr()
        .read();
    if version.is_err() {
        return Ok(Finish::Skipped(
            "no nightly Rust (rustup toolchain install nightly)".to_owned(),
        ));
    }
    let name = format!("{target:?}").to_lowercase();
    // New inputs stay out of the repository's corpus: those that matter are made small and added by hand.
    let found = workspace.path("target/fuzz/corpus").join(&name);
    let seeds = workspace.path("fuzz/corpus").join(&name);
    let build = workspace.path("target/fuzz/build");
    shell.create_dir(&found)?;
    let limits = [
        format!("-timeout={}", target.timeout_secs()),
        format!("-rss_limit_mb={MEMORY_MB}"),
        format!("-max_len={}", target.max_length()),
        format!("-max_total_time={seconds}"),
    ];
    cmd!(
        shell,
        "cargo +nightly fuzz run --release --sanitizer none --target-dir {build} {name} {found} {seeds} -- {limits...}"
    )
    .run()?;
    Ok(Finish::Done)
}
