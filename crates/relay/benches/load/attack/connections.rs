//! Attackers that take places: connections that are no session yet, or never become one.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::MOMENT;
use super::floods::{connect, connect_with, upgrade_request, websocket_frame};

/// More than the relay has places for: its sessions and 1,024.
const CONNECTIONS: usize = 1_216;
const REQUESTS: usize = 60;
const PAUSE: Duration = Duration::from_millis(100);
/// Nearly all of the greatest message.
const UNFINISHED_BYTES: usize = (8 << 20) - 1000;
const REFUSED: usize = 100;

/// What such a connection does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// Sends requests and reads no answer.
    Unread,
    /// Sends nothing.
    Silent,
    /// Sends a byte of a head every second.
    Trickling,
    /// Sends the first part of a TLS client's hello.
    HalfHello,
    /// Sends another byte of it every second.
    TricklingHello,
}

/// The start of a client's hello of 512 bytes: TLS record, handshake message, version, some of its random bytes.
const HALF_HELLO: &[u8] = b"\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03chosen at random";
/// What README allows a handshake.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// Holds all the places there are, from so many addresses, and takes each again that is given back.
pub(super) async fn hold(address: SocketAddr, manner: Manner, addresses: u8, end: Instant) {
    let holders = (0..CONNECTIONS).map(|number| async move {
        // Not all at once: a queue of the kernel's holds 1,024 at most.
        sleep(Duration::from_millis(number as u64 / 2)).await;
        let source = 1 + (number % usize::from(addresses)) as u8;
        while Instant::now() < end {
            let held = timeout_at(end, hold_one(address, manner, source));
            // It was closed, or could not be opened.
            if let Ok(Ok(()) | Err(_)) = held.await {
                sleep(PAUSE).await;
            }
        }
    });
    join_all(holders).await;
}

/// Until the connection is closed.
async fn hold_one(address: SocketAddr, manner: Manner, source: u8) -> Result<()> {
    match manner {
        Manner::Unread => {
            let socket = TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(4096)?;
            let mut stream = connect_with(socket, address, source).await?;
            let requests = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(REQUESTS);
            stream.write_all(requests.as_bytes()).await?;
            loop {
                sleep(Duration::from_secs(1)).await;
                // Nothing else tells someone who does not read that the connection is closed.
                match stream.try_write(b"G") {
                    Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
                    _ => {}
                }
            }
        }
        Manner::Silent => {
            let mut stream = connect(address, source).await?;
            let _ = stream.read(&mut [0]).await?;
        }
        Manner::HalfHello => {
            let mut stream = connect(address, source).await?;
            stream.write_all(HALF_HELLO).await?;
            let _ = stream.read(&mut [0]).await?;
        }
        Manner::Trickling => trickle(address, source, b"GET / HTTP/1.1\r\nHost: ").await?,
        Manner::TricklingHello => trickle(address, source, HALF_HELLO).await?,
    }
    Ok(())
}

async fn trickle(address: SocketAddr, source: u8, start: &[u8]) -> Result<()> {
    let mut stream = connect(address, source).await?;
    stream.write_all(start).await?;
    loop {
        stream.write_all(b"a").await?;
        sleep(Duration::from_secs(1)).await;
    }
}

/// Handshakes that are never done, with places enough for all; says which is not closed in its time.
pub(super) async fn undone_handshakes(address: SocketAddr) -> Vec<String> {
    let manners = [Manner::Silent, Manner::HalfHello, Manner::TricklingHello];
    let within = HANDSHAKE + MOMENT;
    let held = manners.map(|manner| async move {
        let closed = timeout(within, hold_one(address, manner, 1)).await;
        closed
            .err()
            .map(|_| format!("{manner:?} is open after {within:?}"))
    });
    join_all(held).await.into_iter().flatten().collect()
}

/// Asks for sessions where there is no place, and sends each time nearly all of a great message.
pub(super) async fn ask_for_sessions(address: SocketAddr, end: Instant) {
    let ask = || async {
        let mut stream = connect(address, 1).await?;
        let request = upgrade_request(&format!("Host: {address}\r\n"));
        stream.write_all(request.as_bytes()).await?;
        let _ = stream.read(&mut [0; 4096]).await?;
        let message = websocket_frame(0x82, &vec![0; UNFINISHED_BYTES]);
        stream.write_all(&message).await?;
        sleep(Duration::from_secs(4)).await;
        anyhow::Ok(())
    };
    join_all((0..REFUSED).map(|_| async {
        while Instant::now() < end {
            let _ = timeout_at(end, ask()).await;
            sleep(PAUSE).await;
        }
    }))
    .await;
}
