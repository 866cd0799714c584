//! `/echo`, only with the feature `echo`: the WebSocket stack of `/live-signs` without its protocol, for conformance tests
//! such as Autobahn's.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::Response;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::closing::close;
use super::end::End;
use super::endpoint::{Endpoint, upgrade, websocket};
use super::producer_handler::end_of;
use super::ws_live_signs::Socket;
use crate::places::Seat;

/// Answers every message with itself.
pub(crate) async fn echo(
    State(endpoint): State<Arc<Endpoint>>,
    Extension(seat): Extension<Arc<Seat>>,
    mut request: Request,
) -> Response<Body> {
    match upgrade(&mut request) {
        Ok((response, upgrade)) => {
            let sessions = endpoint.sessions.clone();
            sessions.spawn(async move {
                if let Ok(upgraded) = upgrade.await
                    && seat.become_session()
                {
                    let common = &endpoint.common;
                    let mut socket = websocket(TokioIo::new(upgraded), common).await;
                    let end = echo_all(&mut socket).await;
                    let _ = timeout(common.limits.patience.close, close(socket, end, None)).await;
                }
            });
            response
        }
        Err(refusal) => *refusal,
    }
}

async fn echo_all<S>(socket: &mut Socket<S>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = socket.next().await {
        match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                if socket.send(message).await.is_err() {
                    return End::Lost;
                }
            }
            Ok(_) => {}
            Err(error) => return end_of(&error),
        }
    }
    End::ClosedByClient
}
