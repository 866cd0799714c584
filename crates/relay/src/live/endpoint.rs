//! `GET /live-signs`: who may connect, the upgrade, and whether there is room.

use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use live_keypoints_pipeline::Quality;
use live_keypoints_pipeline::inference::ModelKind;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info, info_span, warn};

use super::access::{Access, Refusal, offered_subprotocols};
use super::closing::close_with;
use super::limits::{Limits, MAX_BUFFER_SIZE, MAX_TEXT_BYTES};
use super::meter::Metered;
use super::protocol::{PROTOCOL, WelcomeLimits, WelcomeMessage};
use super::registry::SessionRegistry;
use super::ws_live_signs::{Common, Socket, ws_live_signs};

/// A read takes this many bytes at most; allocated for each session at once.
const READ_BUFFER_BYTES: usize = 32 << 10;
/// Enough for any result with some pongs before it.
const MAX_WRITE_BUFFER_BYTES: usize = 1 << 20;

/// What the endpoint needs.
pub(crate) struct Endpoint {
    pub(crate) common: Common,
    pub(crate) access: Access,
    pub(crate) registry: SessionRegistry,
    pub(crate) sessions: TaskTracker,
}

/// Answers a request for the endpoint; a session goes on after the answer.
pub(crate) async fn live_signs(
    State(endpoint): State<Arc<Endpoint>>,
    Extension(peer): Extension<SocketAddr>,
    mut request: Request,
) -> Response<Body> {
    let metrics = &endpoint.common.metrics;
    if let Err(refusal) = endpoint.access.check(request.headers()) {
        info!(%peer, ?refusal, "connection refused");
        return match refusal {
            Refusal::Origin => {
                metrics.count_refused("origin");
                (StatusCode::FORBIDDEN, "this origin is not allowed\n").into_response()
            }
            Refusal::Token => {
                metrics.count_refused("token");
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, "a token is needed\n").into_response()
            }
        };
    }
    let (mut response, upgrade) = match upgrade(&mut request) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return *refusal,
    };
    if offered_subprotocols(request.headers()).any(|name| name == PROTOCOL) {
        response.headers_mut().insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(PROTOCOL),
        );
    }
    let span = info_span!("session", id = tracing::field::Empty, %peer);
    let sessions = endpoint.sessions.clone();
    sessions.spawn(
        async move {
            match upgrade.await {
                Ok(upgraded) => endpoint.serve(TokioIo::new(upgraded), peer).await,
                Err(error) => info!(%error, "the connection was not upgraded"),
            }
        }
        .instrument(span),
    );
    response
}

/// The answer to a request for a WebSocket, and the connection that it becomes; or why it becomes none.
pub(super) fn upgrade(
    request: &mut Request,
) -> Result<(Response<Body>, OnUpgrade), Box<Response<Body>>> {
    match create_response_with_body(request, Body::empty) {
        Ok(response) => Ok((response, hyper::upgrade::on(request))),
        Err(error) => Err(Box::new(no_upgrade(&error.to_string()))),
    }
}

/// A WebSocket connection whose memory is bounded.
pub(super) async fn websocket<S>(connection: S, common: &Common) -> Socket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let max_message_bytes = common.limits.max_message_bytes;
    let metrics = Arc::clone(&common.metrics);
    let connection = Metered::new(connection, metrics, &common.memory, max_message_bytes);
    let config = websocket_config(max_message_bytes);
    WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await
}

fn no_upgrade(reason: &str) -> Response<Body> {
    let upgrade: [(HeaderName, &str); 3] = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "upgrade"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
    ];
    let body = format!("this is a WebSocket endpoint ({PROTOCOL}): {reason}\n");
    (StatusCode::UPGRADE_REQUIRED, upgrade, body).into_response()
}

impl Endpoint {
    async fn serve<S>(&self, connection: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Common {
            limits, metrics, ..
        } = &self.common;
        let socket = websocket(connection, &self.common).await;
        match self.registry.admit(peer.ip()) {
            Ok(place) => {
                tracing::Span::current().record("id", place.id);
                ws_live_signs(socket, self.common.clone(), self.welcome()).await;
                drop(place);
            }
            Err(full) => {
                warn!(reason = full.reason(), "session refused");
                metrics.count_refused(full.label());
                let frame = CloseFrame {
                    code: CloseCode::Again,
                    reason: full.reason().into(),
                };
                let _ = timeout(limits.patience.close, close_with(socket, frame, false)).await;
            }
        }
    }

    fn welcome(&self) -> WelcomeMessage {
        let Limits {
            max_message_bytes,
            max_pixels,
            max_fps,
            max_consecutive_bad,
            idle_timeout,
            max_session,
            ..
        } = *self.common.limits;
        WelcomeMessage {
            protocol: PROTOCOL,
            server: concat!("live-keypoints-relay/", env!("CARGO_PKG_VERSION")),
            limits: WelcomeLimits {
                max_message_bytes,
                max_text_bytes: MAX_TEXT_BYTES,
                max_pixels,
                max_fps: max_fps.map(std::num::NonZeroU32::get),
                max_buffer_size: MAX_BUFFER_SIZE,
                max_consecutive_bad: max_consecutive_bad.get(),
                idle_timeout_secs: idle_timeout.as_secs(),
                max_session_secs: max_session.map(|age| age.as_secs()),
            },
            models: self.model_names(),
            quality: self.common.models.quality(),
        }
    }

    /// Those of the main quality, then what another adds.
    fn model_names(&self) -> Vec<&'static str> {
        let main = self.common.models.quality();
        let others = [Quality::Full, Quality::Lite]
            .into_iter()
            .filter(|quality| *quality != main && self.common.models.have(*quality));
        let mut names = Vec::new();
        for quality in iter::once(main).chain(others) {
            for name in ModelKind::of_quality(quality).map(ModelKind::name) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

/// Memory that a connection may take is bounded whatever the peer does; small writes go out at once.
fn websocket_config(max_message_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(max_message_bytes))
        .max_frame_size(Some(max_message_bytes))
}
