//! The honest session beside an attack, and those who come new meanwhile: on a thread of their own, so that what the attack costs this
//! program does not count.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use futures_util::StreamExt;
use live_keypoints_protocol::ServerMessage;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::connect_async;

use super::MOMENT;
use super::tls::open_door;
use crate::camera::{Camera, Seen, Shot};
use crate::clip::{Clip, live_signs};
use crate::steps::percentile;

const FRAMES: usize = 40;
/// For the answers to the last frames.
const GRACE: Duration = Duration::from_secs(1);
const BETWEEN_NEWCOMERS: Duration = Duration::from_millis(400);

/// When an attack begins, is over, and has been over for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    pub(super) begin: Instant,
    pub(super) attack: Instant,
    pub(super) over: Instant,
    pub(super) end: Instant,
}

/// What an honest session saw of its frames in a while.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Phase {
    pub(super) answered_percent: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// How many tried, and how many got through in a moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Tries {
    pub(super) made: usize,
    pub(super) well: usize,
}

/// What was seen before, during and after an attack, and by those who came during it.
#[derive(Debug)]
pub(super) struct Witnessed {
    pub(super) phases: [Phase; 3],
    pub(super) health: Tries,
    pub(super) sessions: Tries,
    /// Why the honest session ended before its time.
    pub(super) ended: Option<String>,
}

/// An honest session that runs.
pub(super) struct Honest {
    thread: JoinHandle<Result<Witnessed>>,
    timeline: oneshot::Receiver<Timeline>,
}

impl Honest {
    /// Starts it, over TLS where it is given; it sends for as long as the attack and the time before and after it last together.
    pub(super) fn start(
        address: SocketAddr,
        tls: Option<TlsConnector>,
        clip: PathBuf,
        frames_a_second: u32,
        lengths: [Duration; 3],
    ) -> Self {
        let (told, timeline) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let clip = Clip::read(&clip, FRAMES)?;
                let address = match tls {
                    Some(tls) => open_door(tls, address).await?,
                    None => address,
                };
                let camera = Camera::connect(address, &clip, frames_a_second).await?;
                let timeline = Timeline::from_now(lengths);
                // Nobody asks where the attack could not be prepared.
                let _ = told.send(timeline);
                witness(address, camera, &clip, timeline).await
            })
        });
        Self { thread, timeline }
    }

    /// As soon as the first frame has been answered.
    pub(super) async fn timeline(&mut self) -> Result<Timeline> {
        let timeline = (&mut self.timeline).await;
        timeline.context("the honest session does not begin")
    }

    /// Waits until it is over.
    pub(super) async fn witnessed(self) -> Result<Witnessed> {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        joined.map_err(|_| anyhow!("the honest session panicked"))?
    }
}

impl Timeline {
    pub(super) fn from_now([before, during, after]: [Duration; 3]) -> Self {
        let begin = Instant::now() + Duration::from_millis(50);
        let attack = begin + before;
        let over = attack + during;
        Self {
            begin,
            attack,
            over,
            end: over + after,
        }
    }
}

async fn witness(
    address: SocketAddr,
    camera: Camera,
    clip: &Clip,
    timeline: Timeline,
) -> Result<Witnessed> {
    let Timeline {
        begin,
        attack,
        over,
        end,
    } = timeline;
    let seen = RefCell::<Seen>::default();
    let run = camera.run(clip, [begin, end, end + GRACE], &seen);
    let (ran, (health, sessions)) = tokio::join!(run, newcomers(address, timeline));
    let seen = seen.into_inner();
    let phase = |from, to| Phase::of(seen.shots.iter().filter(|s| (from..to).contains(&s.sent)));
    Ok(Witnessed {
        phases: [phase(begin, attack), phase(attack, over), phase(over, end)],
        health,
        sessions,
        ended: ran.err().map(|error| format!("{error:#}")),
    })
}

impl Phase {
    fn of<'a>(shots: impl Iterator<Item = &'a Shot>) -> Self {
        let shots: Vec<&Shot> = shots.collect();
        let mut latencies: Vec<Duration> = shots
            .iter()
            .filter_map(|shot| Some(shot.answered? - shot.sent))
            .collect();
        latencies.sort();
        let ms = |percent| percentile(&latencies, percent).as_secs_f64() * 1e3;
        Self {
            answered_percent: 100.0 * latencies.len() as f64 / shots.len().max(1) as f64,
            p50_ms: ms(50),
            p99_ms: ms(99),
        }
    }
}

/// During the attack: who asks for health, and who opens a session, by turns.
async fn newcomers(address: SocketAddr, timeline: Timeline) -> (Tries, Tries) {
    let (mut health, mut sessions) = (Tries::default(), Tries::default());
    sleep_until(timeline.attack + BETWEEN_NEWCOMERS).await;
    while Instant::now() < timeline.over {
        health.count(timeout(MOMENT, healthy(address)).await.is_ok_and(|s| s));
        sessions.count(timeout(MOMENT, welcomed(address)).await.is_ok_and(|s| s));
        sleep(BETWEEN_NEWCOMERS).await;
    }
    (health, sessions)
}

impl Tries {
    fn count(&mut self, is_well: bool) {
        self.made += 1;
        self.well += usize::from(is_well);
    }
}

async fn healthy(address: SocketAddr) -> bool {
    let answer = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = answer.await;
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

pub(super) async fn welcomed(address: SocketAddr) -> bool {
    let Ok((mut socket, _)) = connect_async(live_signs(address)).await else {
        return false;
    };
    let is_welcome = match socket.next().await {
        Some(Ok(message)) => message.to_text().is_ok_and(|text| {
            matches!(
                ServerMessage::read(text),
                Ok(Some(ServerMessage::Welcome(_)))
            )
        }),
        _ => false,
    };
    is_welcome && socket.close(None).await.is_ok()
}
