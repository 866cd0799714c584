//! What comes from the client.

use futures_util::{Stream, StreamExt};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::end::End;
use super::live_session::LiveSession;

/// Receives frames and text messages until the connection closes, and hands them to the session. It never waits for
/// the pool; a bad frame is the session's to answer. It waits only for a client that lets answers to its text messages
/// lie.
pub(super) async fn producer_handler<S>(mut messages: S, session: &LiveSession)
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        session.room_for_replies().await;
        match messages.next().await {
            Some(Ok(Message::Binary(frame))) => session.receive_frame(&frame),
            Some(Ok(Message::Text(text))) => session.receive_text(&text),
            // Pings are answered below this layer; frames by themselves are only written.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            // Reading on lets the closing handshake go out.
            Some(Ok(Message::Close(_))) => session.end(End::ClosedByClient),
            Some(Err(error)) => session.end(end_of(&error)),
            None => {
                session.end(End::ClosedByClient);
                return;
            }
        }
    }
}

/// How a session ends whose connection fails with this.
pub(super) fn end_of(error: &Error) -> End {
    use tokio_tungstenite::tungstenite::error::ProtocolError;

    match error {
        Error::Capacity(_) => End::TooLarge,
        Error::Utf8(_) => End::InvalidUtf8,
        Error::ConnectionClosed | Error::AlreadyClosed => End::ClosedByClient,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Lost,
        Error::Protocol(_) => End::ProtocolViolation,
        _ => End::Lost,
    }
}
