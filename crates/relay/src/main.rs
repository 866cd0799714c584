//! The program `live-keypoints-relay`.

mod cli;
mod documents;

use std::backtrace::Backtrace;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, panic, thread};

use anyhow::Context;
use clap::{CommandFactory, Parser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use live_keypoints_relay::extract::{
    ExtractConfig, ExtractError, Inputs, JsonLines, Mode, OutputFile, PoseFile, ResultSink,
    SignLines, StandardInput, Summary, extract,
};
use live_keypoints_relay::model_loading::{LoadError, load, load_all};
use live_keypoints_relay::pool::WorkerPool;
use live_keypoints_relay::serve::{self, LogWriter, ServeConfig, Signal, Signals};
use live_keypoints_relay::signs::{SignsFolder, SignsFolderError};
use tokio::sync::{Notify, oneshot};
use tracing_subscriber::filter::LevelFilter;

use cli::{Cli, Command, ExtractArgs, FormatArg, LogFormatArg, ServeArgs};

/// For the last lines of the log.
const LAST_LINES: Duration = Duration::from_secs(1);
/// Exit status of what an interrupt ended, as in shells.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    keep_small_blocks();
    let outcome = match Cli::parse().command {
        Command::Extract(args) => run_extract(&args),
        Command::Serve(args) => run_serve(&args),
        Command::Completions { shell } => printed(documents::print_completions(shell)),
        Command::Man { page } => printed(documents::print_man_page(page)),
        Command::Licences => printed(documents::print_licences()),
    };
    outcome.unwrap_or_else(|error| {
        report(&describe(&error));
        ExitCode::FAILURE
    })
}

/// Lets glibc map whatever is larger than 8 MiB, as large pictures are, and unmap it once it is free. By itself it raises that
/// size up to 32 MiB as such blocks are freed, and keeps what a burst of large pictures took. Of the smaller blocks, the
/// tensors among them, a thread keeps 16 MiB: each frame takes a hundred megabytes of them, and where the system had to find
/// those anew a third of a frame's time went there.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a function of C")]
fn keep_small_blocks() {
    for (parameter, bytes) in [
        (libc::M_MMAP_THRESHOLD, 8 << 20),
        (libc::M_TRIM_THRESHOLD, 16 << 20),
    ] {
        // SAFETY: it takes two numbers, and no other thread runs yet.
        unsafe { libc::mallopt(parameter, bytes) };
    }
}

fn printed(outcome: io::Result<()>) -> anyhow::Result<ExitCode> {
    outcome.context("standard output cannot be written")?;
    Ok(ExitCode::SUCCESS)
}

fn run_extract(args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let limits = args.limits();
    let folder = args.signs.as_deref().map(SignsFolder::open).transpose()?;
    let needs = folder.as_ref().map(|folder| folder.manifest().needs());
    let options = args
        .options(needs)
        .unwrap_or_else(|error| wrong_command_line(error));
    if args.skip_still && args.mode() == Mode::Image {
        wrong_command_line("--skip-still needs --mode video: other pictures have no motion");
    }
    let inputs =
        Inputs::new(&args.inputs, limits).unwrap_or_else(|error| wrong_command_line(error));
    if let Some([first, second]) = inputs.numbers_turned_round() {
        report(&format!(
            "{} comes before {}: a folder's pictures are taken in bytewise order; give the files in their order, or pad \
             their numbers with zeros",
            first.display(),
            second.display()
        ));
    }
    let output = args.output.as_deref();
    if let Some(input) = output.and_then(|output| inputs.find(output)) {
        anyhow::bail!(
            "{} is one of the inputs, too: nothing is written",
            input.display()
        );
    }
    let standard_input = inputs.standard_input();
    let signs = folder.map(SignsFolder::load).transpose()?;
    let models = load(&args.models.source(), &options)?;
    let pool = WorkerPool::start(Arc::new(models), limits, args.workers(), u64::MAX)
        .context("the worker threads cannot be started")?;
    let (output, output_file): (Box<dyn Write>, _) = match &args.output {
        Some(path) => {
            let interrupt = Interrupt::catch().context("signals cannot be caught")?;
            let made = OutputFile::create(path);
            let (file, output) = made.with_context(|| cannot_write(path))?;
            interrupt.removes(output.beside().map(Path::to_owned))?;
            (Box::new(file), Some((output, path)))
        }
        None => (Box::new(io::stdout().lock()), None),
    };
    let output = BufWriter::with_capacity(1 << 16, output);
    let mut sink: Box<dyn ResultSink> = match (args.format, signs) {
        (FormatArg::Jsonl, Some(signs)) => Box::new(SignLines::new(output, signs)),
        (FormatArg::Jsonl, None) => Box::new(JsonLines(output)),
        (FormatArg::Pose, _) => {
            let file = PoseFile::new(output, args.fps, options.face_points)
                .context("no temporary file can be made")?;
            Box::new(file)
        }
    };
    let config = ExtractConfig {
        mode: args.mode(),
        frame_rate: args.fps,
        options,
    };
    let progress = progress_bar(args, inputs.known_length());
    let outcome = extract(&pool, inputs, &config, sink.as_mut(), &mut || {
        progress.inc(1);
    });
    progress.finish_and_clear();
    match outcome {
        Ok(summary) => {
            // Without any picture, results of earlier ones stay.
            if let (1.., Some((output, path))) = (summary.pictures, output_file) {
                output.put_in_place().with_context(|| cannot_write(path))?;
            }
            Ok(exit_code_of(summary, standard_input.as_deref()))
        }
        // Who reads has had enough, as `head` does.
        Err(ExtractError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error.into()),
    }
}

/// A signal that ends the program once its half of a file is gone.
struct Interrupt {
    runtime: tokio::runtime::Runtime,
    signals: Signals,
}

impl Interrupt {
    fn catch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let signals = runtime.block_on(async { Signals::catch(false) })?;
        Ok(Self { runtime, signals })
    }

    /// From now on, and for signals since it was caught.
    fn removes(mut self, file: Option<PathBuf>) -> io::Result<()> {
        thread::Builder::new().spawn(move || {
            self.runtime.block_on(self.signals.next());
            // It may be in its place already.
            let _ = file.map(fs::remove_file);
            process::exit(INTERRUPTED)
        })?;
        Ok(())
    }
}

fn wrong_command_line(error: impl Display) -> ! {
    Cli::command()
        .error(clap::error::ErrorKind::ValueValidation, error)
        .exit()
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

fn run_serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let log = LogWriter::to_standard_error().context("there is no thread for the log")?;
    start_logging(args.log_format, log.clone());
    let outcome = serve(args);
    log.flush(LAST_LINES);
    outcome
}

fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let signs = args.signs.as_deref().map(SignsFolder::open).transpose()?;
    let signs = signs.map(SignsFolder::load).transpose()?;
    let models = load_all(&args.models.source(), args.models.quality())?;
    let mut config = ServeConfig {
        www: args.www.clone(),
        workers: args.workers,
        limits: args.limits(),
        access: args.access()?,
        tls: args.tls(),
        signs: signs.map(Arc::new),
        replies: args.replies(),
        ..ServeConfig::new(Arc::new(models))
    };
    config.validate()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the server's threads cannot be started")?;
    let outcome = runtime.block_on(async {
        let signals = Signals::catch(args.can_reload()).context("signals cannot be caught")?;
        let listener = serve::bind(args.listen).await?;
        let address = listener.local_addr()?;
        let scheme = if config.tls.is_some() {
            "https"
        } else {
            "http"
        };
        if let Some(address) = args.metrics_listen {
            let listener = serve::bind(address).await?;
            tracing::info!(address = %listener.local_addr()?, "serving metrics");
            config.metrics_listener = Some(listener);
        }
        // Without standard output, or where nobody reads it, there is nobody to tell.
        thread::spawn(move || writeln!(io::stdout(), "listening on {scheme}://{address}"));
        let (end, ended) = oneshot::channel();
        tokio::spawn(obey(signals, Arc::clone(&config.reload), end));
        let shutdown = async move {
            let _ = ended.await;
        };
        serve::run(listener, config, shutdown).await?;
        Ok(ExitCode::SUCCESS)
    });
    // Neither a file that hangs nor a frame that is still computed holds the end up.
    runtime.shutdown_background();
    outcome
}

/// The first signal to end lets the server do so in order; the second ends it at once.
async fn obey(mut signals: Signals, reload: Arc<Notify>, end: oneshot::Sender<()>) {
    let mut end = Some(end);
    loop {
        match (signals.next().await, end.take()) {
            (Signal::Reload, kept) => {
                end = kept;
                reload.notify_one();
            }
            (Signal::End, Some(end)) => {
                let _ = end.send(());
            }
            (Signal::End, None) => process::exit(INTERRUPTED),
        }
    }
}

/// To standard error, from the level in `RUST_LOG` on, `info` if not given.
fn start_logging(format: LogFormatArg, writer: LogWriter) {
    let level = std::env::var("RUST_LOG")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        // They would be printed to standard error, which may be what failed.
        .log_internal_errors(false);
    match format {
        LogFormatArg::Text => subscriber.init(),
        LogFormatArg::Json => subscriber.json().init(),
    }
    // A panic's own output would wait for standard error.
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        tracing::error!(%panic, %backtrace, "a fault of the relay");
    }));
}

fn exit_code_of(summary: Summary, standard_input: Option<&StandardInput>) -> ExitCode {
    let Summary { pictures, failed } = summary;
    let skipped_bytes = standard_input.map_or(0, StandardInput::skipped_bytes);
    if skipped_bytes > 0 {
        report(&format!(
            "skipped {skipped_bytes} bytes of standard input that belong to no picture"
        ));
    }
    let is_stream_empty = standard_input.is_some_and(|stream| stream.pictures() == 0);
    if is_stream_empty {
        report("no picture on standard input");
    } else if pictures == 0 {
        report("no picture in the inputs");
    }
    if failed > 0 {
        report(&format!("{failed} of {pictures} pictures failed"));
    }
    if pictures == 0 || failed > 0 || is_stream_empty {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// On a terminal that does not also get the results.
fn progress_bar(args: &ExtractArgs, length: Option<usize>) -> ProgressBar {
    let is_hidden = args.output.is_none() && io::stdout().is_terminal();
    let target = if is_hidden {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(length.map(|length| length as u64), target);
    let template = match length {
        Some(_) => "{wide_bar} {pos}/{len} pictures, {per_sec}, {eta} to go",
        None => "{spinner} {pos} pictures, {per_sec}",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// One line: the stable word where there is one, the error and its causes.
fn describe(error: &anyhow::Error) -> String {
    let of_models = error.downcast_ref().map(LoadError::code);
    let of_signs = error.downcast_ref().map(SignsFolderError::code);
    match of_models.or(of_signs) {
        Some(code) => format!("{code}: {error:#}"),
        None => format!("{error:#}"),
    }
}

fn report(message: &str) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "live-keypoints-relay: {}", printable(message));
}

/// One line that does nothing to a terminal, whatever names of files are in it.
fn printable(message: &str) -> String {
    let escaped = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    message.chars().map(escaped).collect()
}
