//! Clients of every kind at once, for as long as is asked for.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::clip::Clip;
use crate::ledger::Ledger;
use crate::server::Server;
use crate::visitor::{Manner, Stay, visit};

const FRAMES: usize = 40;
/// Sessions that come and go, at once, beside one that stays.
const VISITORS: usize = 3;
/// Far more bad frames than a relay bears in a row.
const WITHOUT_END: usize = 1_000_000;
const LOOKS: u32 = 120;
const MIN_PAUSE: Duration = Duration::from_millis(500);
/// Until the relay has noticed that everybody has left.
const EMPTYING: Duration = Duration::from_secs(30);

/// What `soak` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Folder of JPEGs
    #[arg(long)]
    clip: PathBuf,
    /// How long
    #[arg(long)]
    seconds: f64,
    /// The relay with its arguments; `{port}` stands for its port
    #[arg(last = true, required = true)]
    server: Vec<String>,
}

#[derive(Default)]
struct Totals {
    sessions: u64,
    frames: Ledger,
    /// Frames of clients that left, or were sent away, without being told what became of them.
    untold: u64,
}

impl Totals {
    fn add(&mut self, manner: Manner, ledger: Ledger) {
        self.sessions += 1;
        if matches!(manner, Manner::Vanish | Manner::Close | Manner::Spoil) {
            self.untold += ledger.open() - ledger.left_over;
        }
        self.frames += ledger;
    }
}

/// Prints an object with `memory_mb` for each look, one with `end` when it is over.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let clip = Clip::read(&options.clip, FRAMES)?;
    let server = Server::start(&options.server).await?;
    let length = Duration::from_secs_f64(options.seconds);
    let end = Instant::now() + length;
    let totals = RefCell::new(Totals::default());
    let resident = visit_until(&server, &clip, end, &totals);
    let visitors = (0..VISITORS).map(|slot| come_and_go(&server, &clip, slot, end, &totals));
    let visitors = futures_util::future::try_join_all(visitors);
    let looks = look(&server, length, end, &totals);
    tokio::try_join!(resident, visitors, looks)?;
    let sessions_left = emptied(&server).await?;
    let received = server
        .metric("live_keypoints_frames_received_total")
        .await?;
    let Totals {
        sessions,
        frames,
        untold,
    } = totals.into_inner();
    ensure!(
        received <= frames.sent as f64,
        "{received} frames received, {} sent",
        frames.sent
    );
    print(&json!({"end": {
        "sessions": sessions,
        "sessions_left": sessions_left,
        "sent": frames.sent,
        "keypoints": frames.keypoints,
        "errors": frames.errors,
        "dropped": frames.dropped,
        "left_over": frames.left_over,
        "untold": untold,
    }}));
    Ok(())
}

/// One session for the whole time.
async fn visit_until(
    server: &Server,
    clip: &Clip,
    end: Instant,
    totals: &RefCell<Totals>,
) -> Result<()> {
    let ledger = visit(server.address, clip, Manner::Flood, Stay::Until(end)).await;
    let ledger = ledger.context("the session that stays")?;
    totals.borrow_mut().add(Manner::Flood, ledger);
    Ok(())
}

/// One session after the other.
async fn come_and_go(
    server: &Server,
    clip: &Clip,
    slot: usize,
    end: Instant,
    totals: &RefCell<Totals>,
) -> Result<()> {
    const MANNERS: [Manner; 5] = [
        Manner::Polite,
        Manner::Vanish,
        Manner::Flood,
        Manner::Close,
        Manner::Spoil,
    ];
    for number in slot.. {
        if Instant::now() >= end {
            break;
        }
        let manner = MANNERS[number % MANNERS.len()];
        let messages = match manner {
            Manner::Spoil => WITHOUT_END,
            _ => 5 + number * 37 % 60,
        };
        let ledger = visit(server.address, clip, manner, Stay::Messages(messages)).await;
        let ledger =
            ledger.with_context(|| format!("session {number} of slot {slot}, {manner:?}"))?;
        totals.borrow_mut().add(manner, ledger);
    }
    Ok(())
}

async fn look(
    server: &Server,
    length: Duration,
    end: Instant,
    totals: &RefCell<Totals>,
) -> Result<()> {
    let pause = (length / LOOKS).max(MIN_PAUSE);
    let began = Instant::now();
    loop {
        let next = Instant::now() + pause;
        if next >= end {
            return Ok(());
        }
        sleep_until(next).await;
        let usage = server.usage()?;
        let received = server
            .metric("live_keypoints_frames_received_total")
            .await?;
        let results = server.metric("live_keypoints_results_sent_total").await?;
        print(&json!({
            "seconds": began.elapsed().as_secs_f64(),
            "memory_mb": usage.memory_mb,
            "frames": received,
            "results": results,
            "sessions": totals.borrow().sessions,
        }));
    }
}

/// Sessions that are still open when all have left, and some time has passed.
async fn emptied(server: &Server) -> Result<f64> {
    let began = Instant::now();
    loop {
        let sessions = server.metric("live_keypoints_sessions").await?;
        if sessions == 0.0 || began.elapsed() > EMPTYING {
            return Ok(sessions);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::print_stdout, reason = "who started it reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
