//! The end of a connection: what is said last, and the closing handshake.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::end::{End, LastWork};
use super::protocol::{ServerMessage, StatsMessage};
use super::ws_live_signs::Socket;

/// Bytes that are thrown away at most while a peer is to read the close frame.
const MAX_DISCARDED_BYTES: u64 = 64 << 20;

/// Says how it ended and waits for the peer to close, so that it reads the close frame before the connection is gone.
pub(super) async fn close<S>(mut socket: Socket<S>, end: End, stats: Option<StatsMessage>)
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
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    close_with(socket, frame, end == End::ClosedByClient).await;
}

/// The closing handshake, of which the peer may have done its part.
pub(super) async fn close_with<S>(
    mut socket: Socket<S>,
    frame: CloseFrame,
    mut is_closed_by_peer: bool,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if socket.close(Some(frame)).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        is_closed_by_peer |= matches!(message, Message::Close(_));
    }
    let connection = socket.get_mut().discard();
    // The server is the first to close the connection (RFC 6455 §7.1.1).
    if connection.shutdown().await.is_err() || is_closed_by_peer {
        return;
    }
    // What the peer still sends is thrown away: to close over unread bytes resets the connection, and the peer may then
    // lose the close frame.
    let mut rest = connection.take(MAX_DISCARDED_BYTES);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
