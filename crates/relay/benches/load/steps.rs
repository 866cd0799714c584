//! More and more cameras on one server, until it falls behind.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::camera::{Camera, FRAMES_A_SECOND, Seen, Shot};
use crate::clip::Clip;
use crate::server::{Server, Usage, own_cpu_secs};

/// Cameras at once, step by step.
const STEPS: [usize; 12] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/// From the first frames until frames count.
const SETTLING: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(7);
/// For the answers to the last frames.
const GRACE: Duration = Duration::from_millis(500);

/// 99 of 100 answers come within this, or the server is not held to keep up.
const MAX_P99: Duration = Duration::from_millis(200);
const MIN_ANSWERED: f64 = 0.95;
/// The clip shows one person all the time: who finds none is not measured.
const MIN_BODIES: f64 = 0.9;

const SUITE: &str = "load";
const MOST: &str = "most sessions held";

/// What `steps` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Folder of JPEGs
    #[arg(long)]
    clip: PathBuf,
    /// Frames of it, shown there and back
    #[arg(long)]
    frames: usize,
    /// Name of the server in the samples
    #[arg(long)]
    subject: String,
    /// The server with its arguments; `{port}` stands for its port
    #[arg(last = true, required = true)]
    server: Vec<String>,
}

/// What a step found.
struct Found {
    sessions: usize,
    p50: Duration,
    p99: Duration,
    /// Of the frames sent, as a part.
    answered: f64,
    frames_per_s: f64,
    server_cpu_secs: f64,
    own_cpu_secs: f64,
    memory_mb: f64,
    frames: usize,
}

/// Prints the samples of one turn.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let clip = Clip::read(&options.clip, options.frames)?;
    let server = Server::start(&options.server).await?;
    let idle = server.usage()?;
    let mut held: Option<Found> = None;
    for sessions in STEPS {
        let found = step(&server, &clip, sessions).await?;
        found.show(&options.subject);
        if !found.is_held() {
            break;
        }
        held = Some(found);
    }
    let show = |metric: &str, value: f64| show(&options.subject, MOST, metric, value);
    show(
        "sessions",
        held.as_ref().map_or(0.0, |held| held.sessions as f64),
    );
    if let Some(held) = held {
        held.show_costs(idle, show);
    }
    Ok(())
}

async fn step(server: &Server, clip: &Clip, sessions: usize) -> Result<Found> {
    let cameras = (0..sessions).map(|_| Camera::connect(server.address, clip, FRAMES_A_SECOND));
    let cameras = try_join_all(cameras).await?;
    let begin = Instant::now() + Duration::from_millis(50);
    let count_from = begin + SETTLING;
    let end = count_from + MEASURED;
    let runs = cameras.into_iter().enumerate().map(|(number, camera)| {
        // Real cameras are not in step.
        let offset = Duration::from_secs(1) / FRAMES_A_SECOND * number as u32 / sessions as u32;
        async move {
            let seen = RefCell::default();
            let times = [begin + offset, end, end + GRACE];
            camera.run(clip, times, &seen).await?;
            anyhow::Ok(seen.into_inner())
        }
    });
    let watch = async {
        sleep_until(count_from).await;
        let before = (server.usage()?, own_cpu_secs());
        sleep_until(end).await;
        anyhow::Ok((before, (server.usage()?, own_cpu_secs())))
    };
    let (seen, (before, after)) = tokio::try_join!(try_join_all(runs), watch)?;
    Found::of(&seen, count_from, [before, after])
}

impl Found {
    fn of(seen: &[Seen], count_from: Instant, usage: [(Usage, f64); 2]) -> Result<Self> {
        let shots: Vec<Shot> = seen
            .iter()
            .flat_map(|seen| &seen.shots)
            .filter(|shot| shot.sent >= count_from)
            .copied()
            .collect();
        let answered = || shots.iter().filter(|shot| shot.answered.is_some());
        let bodies = answered().filter(|shot| shot.has_body).count();
        let count = answered().count();
        ensure!(
            bodies as f64 >= MIN_BODIES * count as f64,
            "a body in {bodies} of {count} frames"
        );
        let mut latencies: Vec<Duration> = answered()
            .filter_map(|shot| Some(shot.answered? - shot.sent))
            .collect();
        latencies.sort();
        let [(before, own_before), (after, own_after)] = usage;
        Ok(Self {
            sessions: seen.len(),
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
            answered: count as f64 / shots.len().max(1) as f64,
            frames_per_s: count as f64 / MEASURED.as_secs_f64(),
            server_cpu_secs: after.cpu_secs - before.cpu_secs,
            own_cpu_secs: own_after - own_before,
            memory_mb: after.memory_mb,
            frames: count,
        })
    }

    fn is_held(&self) -> bool {
        self.p99 < MAX_P99 && self.answered >= MIN_ANSWERED
    }

    fn show(&self, subject: &str) {
        let case = format!("sessions: {}", self.sessions);
        let show = |metric: &str, value: f64| show(subject, &case, metric, value);
        show("p50_ms", self.p50.as_secs_f64() * 1e3);
        show("p99_ms", self.p99.as_secs_f64() * 1e3);
        show("answered_percent", self.answered * 100.0);
        show("frames_per_s", self.frames_per_s);
        show("cpu_cores", self.server_cpu_secs / MEASURED.as_secs_f64());
        show("load_cpu_cores", self.own_cpu_secs / MEASURED.as_secs_f64());
        show("memory_mb", self.memory_mb);
    }

    /// What a frame and a session cost the server.
    fn show_costs(&self, idle: Usage, show: impl Fn(&str, f64)) {
        let sessions = self.sessions as f64;
        let of_sessions = self.memory_mb - idle.memory_mb;
        show(
            "frames_per_cpu_s",
            self.frames as f64 / self.server_cpu_secs,
        );
        show(
            "cpu_cores_per_session",
            self.server_cpu_secs / MEASURED.as_secs_f64() / sessions,
        );
        show("memory_mb_idle", idle.memory_mb);
        show("memory_mb_per_session", of_sessions / sessions);
    }
}

/// The least value that so many percent do not exceed; a day where there is none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let value = rank.checked_sub(1).and_then(|at| sorted.get(at));
    value.copied().unwrap_or(Duration::from_secs(86_400))
}

#[expect(clippy::print_stdout, reason = "samples are printed")]
fn show(subject: &str, case: &str, metric: &str, value: f64) {
    let sample =
        json!({"suite": SUITE, "subject": subject, "case": case, "metric": metric, "value": value});
    println!("{sample}");
}
