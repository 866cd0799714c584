//! What must not keep the relay from ending, nor end it: work, peers, its log.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use live_keypoints_protocol::ServerMessage;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::MOMENT;
use super::floods::{Flood, connect, session, still, upgrade_request};
use super::pictures::Picture;
use crate::clip::{self, Clip, live_signs};
use crate::server::Server;

/// More log lines than a pipe holds.
const REFUSED_ORIGINS: usize = 600;
/// An answer to a still that is refused, beside other work.
const ANSWER: Duration = Duration::from_secs(5);

/// What becomes of the relay's standard error.
#[derive(Clone, Copy, Debug)]
pub(super) enum Log {
    /// Whoever read it is gone.
    Gone,
    /// Its disk is full.
    Full,
    /// Nobody reads it, and it is open.
    Unread,
}

impl Log {
    pub(super) fn stderr(self) -> Result<Stdio> {
        Ok(match self {
            Self::Full => File::options().write(true).open("/dev/full")?.into(),
            Self::Gone | Self::Unread => Stdio::piped(),
        })
    }

    /// Has the relay log: pages of another origin are refused.
    pub(super) async fn fill(self, server: &mut Server, end: Instant) {
        if matches!(self, Self::Gone) {
            drop(server.child.stderr.take());
        }
        let address = server.address;
        let request = upgrade_request(&format!(
            "Host: {address}\r\nOrigin: http://evil.example\r\n"
        ));
        for _ in 0..REFUSED_ORIGINS {
            let refused = async {
                let mut stream = connect(address, 1).await?;
                stream.write_all(request.as_bytes()).await?;
                stream.readable().await?;
                anyhow::Ok(())
            };
            // Where it stands still, this takes long.
            let _ = timeout_at(end.min(Instant::now() + MOMENT), refused).await;
        }
    }
}

/// Sends stills from so many sessions, as many from each, and says which were not refused, or not in time.
pub(super) async fn stills(
    server: &Server,
    jpeg: &[u8],
    [sessions, each]: [usize; 2],
) -> Vec<String> {
    let address = server.address;
    let runs = (0..sessions).map(|_| async {
        let (mut socket, _) = connect_async(live_signs(address)).await?;
        for _ in 0..each {
            socket.send(Message::binary(clip::still(0, jpeg))).await?;
        }
        let mut left = each;
        while left > 0 {
            let message = socket.next().await.context("the session is closed")??;
            let text = message.to_text().unwrap_or_default();
            match ServerMessage::read(text)? {
                Some(ServerMessage::Keypoints(_)) => anyhow::bail!("it is computed"),
                Some(ServerMessage::Failed(_)) => left -= 1,
                _ => {}
            }
        }
        anyhow::Ok(())
    });
    let runs = runs.map(|run| async {
        match timeout(ANSWER, run).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some(format!("a still has no answer after {ANSWER:?}")),
        }
    });
    join_all(runs).await.into_iter().flatten().collect()
}

/// Sends stills in the same way, and is gone.
pub(super) async fn stills_and_gone(
    server: &Server,
    jpeg: &[u8],
    [sessions, each]: [usize; 2],
) -> Result<()> {
    for _ in 0..sessions {
        let mut stream = session(server.address).await?;
        stream.write_all(&still(jpeg).repeat(each)).await?;
        sleep(Duration::from_millis(300)).await;
    }
    Ok(())
}

/// Work enough for minutes, under way when the relay is told to end; and a session that never says that it is over.
pub(super) async fn overwork(server: &Server, clip: &Clip) -> Result<TcpStream> {
    let deaf = session(server.address).await?;
    let bombs = [
        Picture::Lossless { scans: 200 },
        Picture::Refined { scans: 400 },
    ];
    for picture in bombs {
        stills_and_gone(server, &picture.bytes(clip), [2, 4]).await?;
    }
    let heavy = Flood::Paced(Picture::ProgressiveCmyk, 10.0);
    let end = Instant::now() + Duration::from_secs(1);
    heavy.run(server.address, clip, 4, end).await;
    Ok(deaf)
}
