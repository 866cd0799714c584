//! `GET /live-signs`: who may connect, the upgrade, and whether there is room.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use live_keypoints_pipeline::{Graph, Options};
use live_keypoints_protocol::{
    CloseCode, MAX_BUFFER_SIZE, MAX_TEXT_BYTES, PROTOCOL, Welcome, WelcomeLimits, WelcomeSigns,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span, warn};

use super::access::{Access, Refusal};
use super::closing::{close_frame, refuse};
use super::limits::Limits;
use super::meter::Metered;
use super::original::Replies;
use super::registry::{Full, Place, SessionRegistry};
use super::tokens::offered_subprotocols;
use super::ws_live_signs::{Common, Socket, ws_live_signs};
use crate::places::Seat;
use crate::seldom::{Seldom, shown};

/// A read takes this many bytes at most; allocated for each session at once.
const READ_BUFFER_BYTES: usize = 32 << 10;
/// Enough for any result with some pongs before it.
const MAX_WRITE_BUFFER_BYTES: usize = 1 << 20;

/// What the endpoint needs.
pub(crate) struct Endpoint {
    pub(crate) common: Common,
    pub(crate) access: Arc<Access>,
    pub(crate) registry: SessionRegistry,
    pub(crate) replies: Replies,
    pub(crate) sessions: TaskTracker,
}

/// Answers a request for the endpoint; a session goes on after the answer.
pub(crate) async fn live_signs(
    State(endpoint): State<Arc<Endpoint>>,
    Extension(peer): Extension<SocketAddr>,
    Extension(seat): Extension<Arc<Seat>>,
    mut request: Request,
) -> Response<Body> {
    if let Err(refusal) = endpoint.check(request.headers(), peer).await {
        return refusal.response();
    }
    let (mut response, upgrade) = match upgrade(&mut request) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return *refusal,
    };
    let asks_for_v1 = offered_subprotocols(request.headers()).any(|name| name == PROTOCOL);
    if asks_for_v1 {
        response.headers_mut().insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(PROTOCOL),
        );
    }
    let speaks_v1 = asks_for_v1 || endpoint.replies == Replies::V1;
    let sessions = endpoint.sessions.clone();
    match endpoint.registry.admit(peer.ip()) {
        Ok(place) => {
            let span = info_span!("session", id = place.id, %peer);
            let session = async move { endpoint.serve(upgrade, &seat, place, speaks_v1).await };
            sessions.spawn(session.instrument(span));
        }
        Err(full) => {
            sessions.spawn(async move { endpoint.refuse(upgrade, &seat, full, peer).await });
        }
    }
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
    async fn check(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal> {
        let checked = match self.access.check_origin(headers) {
            Ok(()) => self.access.check_token(headers, peer.ip()).await,
            refused => refused,
        };
        checked.inspect_err(|refusal| {
            self.common.metrics.count_refused(refusal.label());
            if let Some(left_out) = refusal.log().turn() {
                let origin = shown(headers.get(header::ORIGIN));
                let host = shown(headers.get(header::HOST));
                info!(%peer, ?refusal, %origin, %host, left_out, "connection refused");
            }
        })
    }

    async fn serve(&self, upgrade: OnUpgrade, seat: &Seat, place: Place, speaks_v1: bool) {
        match upgrade.await {
            Ok(upgraded) if seat.become_session() => {
                let socket = websocket(TokioIo::new(upgraded), &self.common).await;
                let welcome = speaks_v1.then(|| self.welcome());
                ws_live_signs(socket, self.common.clone(), welcome).await;
            }
            Ok(_) => debug!("the connection had to make room"),
            Err(error) => debug!(%error, "the connection was not upgraded"),
        }
        drop(place);
    }

    /// Tells in a close frame, as browsers show no page the status of an answer, that there is no room. The connection
    /// keeps its place among those that are no sessions until that is over.
    async fn refuse(&self, upgrade: OnUpgrade, seat: &Seat, full: Full, peer: SocketAddr) {
        static LOG: Seldom = Seldom::new();
        self.common.metrics.count_refused(full.label());
        if let Some(left_out) = LOG.turn() {
            warn!(%peer, reason = full.reason(), left_out, "session refused");
        }
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let frame = close_frame(CloseCode::Overloaded, full.reason());
        let refused = refuse(TokioIo::new(upgraded), frame);
        tokio::select! {
            _ = timeout(self.common.limits.patience.close, refused) => {}
            () = seat.evicted() => {}
        }
    }

    fn welcome(&self) -> Welcome {
        let Limits {
            max_message_bytes,
            max_pixels,
            max_fps,
            max_consecutive_bad,
            idle_timeout,
            max_session,
            ..
        } = *self.common.limits;
        let models = &self.common.models;
        let can_run = |graph: &Graph| {
            let options = Options {
                graph: *graph,
                quality: models.quality(),
                ..Options::default()
            };
            models.lacking(&options).is_none()
        };
        let graphs = [Graph::Holistic, Graph::Landmarkers]
            .into_iter()
            .filter(can_run);
        Welcome {
            protocol: PROTOCOL.to_owned(),
            server: concat!("live-keypoints-relay/", env!("CARGO_PKG_VERSION")).to_owned(),
            limits: WelcomeLimits {
                max_message_bytes: Some(max_message_bytes as u64),
                max_text_bytes: Some(MAX_TEXT_BYTES as u64),
                max_pixels: Some(max_pixels),
                max_fps: max_fps.map(std::num::NonZeroU32::get),
                max_buffer_size: Some(MAX_BUFFER_SIZE as u64),
                max_consecutive_bad: Some(max_consecutive_bad.get().into()),
                idle_timeout_secs: Some(idle_timeout.as_secs()),
                max_session_secs: max_session.map(|age| age.as_secs()),
            },
            models: models.kinds().map(|kind| kind.name().to_owned()).collect(),
            graphs: graphs.collect(),
            quality: Some(models.quality()),
            signs: self.common.signs.as_ref().map(|signs| WelcomeSigns {
                labels: signs.labels() as u64,
            }),
        }
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
