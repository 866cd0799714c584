//! What comes from the client.

use std::io;

use futures_util::{Stream, StreamExt};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::end::End;
use super::live_session::LiveSession;
use super::meter::Meter;
use super::pace::Pace;

/// Receives frames and text messages until the connection closes, and hands them to the session. It never waits for
/// the pool; a bad frame is the session's to answer. It waits only for a client that lets answers to its text messages
/// lie, and for one that sends faster than anybody needs.
pub(super) async fn producer_handler<S>(mut messages: S, session: &LiveSession, meter: &Meter)
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    let mut pace = Pace::of_messages();
    loop {
        session.room_for_replies().await;
        let message = messages.next().await;
        if let Some(Ok(Message::Binary(_) | Message::Text(_))) = message {
            meter.message_taken();
        }
        match message {
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
        let wait = pace.read(1, session.age());
        if !wait.is_zero() {
            sleep(wait).await;
            meter.note_pause();
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
        Error::Io(error) if error.kind() == io::ErrorKind::OutOfMemory => End::ShortOfMemory,
        _ => End::Lost,
    }
}
