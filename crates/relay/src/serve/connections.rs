//! Connections: accepted, made TLS ones if so wished, and served with HTTP/1.1, each on a task of its own. What a peer
//! leaves undone costs only its own connection, and that for a bounded time:
//!
//! | while it | it has |
//! |---|---|
//! | does its part of the TLS handshake | `Patience::request` |
//! | sends the head of a request, or none after another | `Patience::request`, for all of it |
//! | sends a body | no time: bodies are not read |
//! | takes an answer, or that to its upgrade | `Patience::stalled_write` without a byte, see `watched` |
//! | is told that there is no room for a session, or the relay ends | `Patience::close` |
//!
//! Nobody has to wait for that: see `places`. A session has clocks of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::tls::Tls;
use super::watched::Watched;
use crate::live::Patience;
use crate::places::{Places, Seat};
use crate::seldom::Seldom;

/// Bytes of the head of a request.
const MAX_REQUEST_HEAD_BYTES: usize = 32 << 10;
/// Before the next try to accept where connections had to make room for it.
const BRIEF_PAUSE: Duration = Duration::from_millis(10);
/// The same where the system has no room and there are none.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes that the system holds for a peer that does not read: results are to wait here, where a newer one replaces them.
const MAX_UNSENT_BYTES: u32 = 64 << 10;

/// How connections are served.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) app: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) places: Places,
    pub(super) patience: Patience,
    pub(super) shutdown: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Connections {
    /// Accepts connections until the shutdown. Those that are open then end after the request they are at.
    pub(super) async fn accept(self, listener: TcpListener) {
        static LOG: Seldom = Seldom::new();
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let seat = Arc::new(self.places.take(peer.ip()));
                    let connections = self.clone();
                    self.tasks
                        .spawn(async move { connections.serve(stream, peer, seat).await });
                }
                // The peer was gone again before it was accepted.
                Err(error) if is_of_peer(&error) => {}
                Err(error) => {
                    if let Some(left_out) = LOG.turn() {
                        warn!(%error, left_out, "no connection can be accepted now");
                    }
                    let has_room = self.places.make_room();
                    sleep(if has_room { BRIEF_PAUSE } else { ACCEPT_PAUSE }).await;
                }
            }
        }
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr, seat: Arc<Seat>) {
        if let Err(error) = prepare(&stream) {
            debug!(%peer, %error, "a socket option is not known here");
        }
        let stream = Watched::new(stream, Arc::clone(&seat), self.patience.stalled_write);
        tokio::select! {
            () = self.serve_stream(stream, peer, &seat) => {}
            () = seat.evicted() => debug!(%peer, "the connection had to make room"),
        }
    }

    async fn serve_stream(&self, stream: Watched, peer: SocketAddr, seat: &Arc<Seat>) {
        let Some(tls) = &self.tls else {
            return self.serve_http(stream, peer, seat).await;
        };
        match timeout(self.patience.request, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.serve_http(stream, peer, seat).await,
            Ok(Err(error)) => debug!(%peer, %error, "no TLS handshake"),
            Err(_) => debug!(%peer, "the TLS handshake took too long"),
        }
    }

    async fn serve_http<S>(&self, stream: S, peer: SocketAddr, seat: &Arc<Seat>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = tower_service(self.app.clone(), peer, Arc::clone(seat));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience.request)
            .max_buf_size(MAX_REQUEST_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                match timeout(self.patience.close, connection).await {
                    Ok(outcome) => outcome,
                    Err(_) => return debug!(%peer, "the connection did not end in time"),
                }
            }
        };
        if let Err(error) = outcome {
            debug!(%peer, %error, "the connection broke");
        }
    }
}

fn tower_service(
    app: Router,
    peer: SocketAddr,
    seat: Arc<Seat>,
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    let service = TowerToHyperService::new(app);
    hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(Arc::clone(&seat));
        hyper::service::Service::call(&service, request.map(Body::new))
    })
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(MAX_UNSENT_BYTES)?;
    #[cfg(not(target_os = "linux"))]
    socket2::SockRef::from(stream).set_send_buffer_size(MAX_UNSENT_BYTES as usize)?;
    Ok(())
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
