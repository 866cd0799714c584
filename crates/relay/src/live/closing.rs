//! The end of a connection: what is said last, and the closing handshake.
//!
//! After a close frame of ours, what the peer still sends is thrown away as it comes. It is not read as messages, which
//! would be put together in memory for nobody.

use futures_util::SinkExt;
use live_keypoints_protocol::{CloseCode, ServerMessage, Stats};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;

use super::end::{End, LastWork};
use super::ws_live_signs::Socket;

/// Bytes that are thrown away at most while a peer is to read the close frame.
const MAX_DISCARDED_BYTES: u64 = 64 << 20;

/// Says how it ended and waits for the peer to close, so that it reads the close frame before the connection is gone.
pub(super) async fn close<S>(mut socket: Socket<S>, end: End, stats: Option<Stats>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if end.last_work() != LastWork::Nothing
        && let Some(stats) = stats
    {
        let message = Message::text(ServerMessage::Stats(stats).to_json());
        if socket.send(message).await.is_err() {
            return;
        }
    }
    let (code, reason) = end.close_frame();
    if socket.close(Some(close_frame(code, reason))).await.is_ok() {
        // What it has of an unfinished message goes with the WebSocket.
        let mut connection = socket.into_inner();
        connection.discard();
        // Up to its close frame: a proxy may take our half's end for that of the connection.
        let mut bytes = [0; 4096];
        while !connection.is_closed_by_peer()
            && connection
                .read(&mut bytes)
                .await
                .is_ok_and(|count| count > 0)
        {}
        let is_closed_by_peer = connection.is_closed_by_peer();
        hang_up(&mut connection, is_closed_by_peer).await;
    }
}

/// What is said with a close frame.
pub(super) fn close_frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame {
        code: code.number().into(),
        reason: reason.into(),
    }
}

/// Says a close frame and nothing else on a connection that never becomes a WebSocket of ours.
pub(super) async fn refuse<S>(mut connection: S, frame: CloseFrame)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = Vec::new();
    let is_sent = Frame::close(Some(frame)).format(&mut bytes).is_ok()
        && connection.write_all(&bytes).await.is_ok()
        && connection.flush().await.is_ok();
    if is_sent {
        hang_up(&mut connection, false).await;
    }
}

/// Closes our half (the server is the first to do so, RFC 6455 §7.1.1), and waits for the peer to close its own if it has
/// not said that it will: to close over unread bytes resets the connection, and the peer may then lose the close frame.
async fn hang_up<S>(connection: &mut S, is_closed_by_peer: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if connection.shutdown().await.is_err() || is_closed_by_peer {
        return;
    }
    let mut rest = connection.take(MAX_DISCARDED_BYTES);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
