//! Connections: accepted, made TLS ones if so wished, and served with HTTP/1.1, each on a task of its own. What a peer
//! leaves undone costs only its own connection, and that for a bounded time.

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
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

/// Bytes of the head of a request.
const MAX_REQUEST_HEAD_BYTES: usize = 32 << 10;
/// Before the next try to accept where the system has no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes that the system holds for a peer that does not read: results are to wait here, where a newer one replaces them.
const MAX_UNSENT_BYTES: u32 = 64 << 10;

/// How connections are served.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) app: Router,
    pub(super) tls: Option<TlsAcceptor>,
    /// Connections at once; more wait to be accepted.
    pub(super) room: Arc<Semaphore>,
    /// For the TLS handshake and the head of a request.
    pub(super) patience: Duration,
    pub(super) shutdown: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Connections {
    /// Accepts connections until the shutdown. Those that are open then end after the request they are at.
    pub(super) async fn accept(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => return,
                accepted = self.accept_one(&listener) => accepted,
            };
            match accepted {
                Ok((stream, peer, permit)) => {
                    let connections = self.clone();
                    self.tasks.spawn(async move {
                        connections.serve(stream, peer).await;
                        drop(permit);
                    });
                }
                // The peer was gone again before it was accepted.
                Err(error) if is_of_peer(&error) => {}
                Err(error) => {
                    warn!(%error, "no connection can be accepted now");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn accept_one(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, permit))
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = prepare(&stream) {
            debug!(%peer, %error, "a socket option is not known here");
        }
        match &self.tls {
            None => self.serve_http(stream, peer).await,
            Some(tls) => match timeout(self.patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve_http(stream, peer).await,
                Ok(Err(error)) => debug!(%peer, %error, "no TLS handshake"),
                Err(_) => debug!(%peer, "the TLS handshake took too long"),
            },
        }
    }

    async fn serve_http<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let app = self.app.clone();
        let service = tower_service(app, peer);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience)
            .max_buf_size(MAX_REQUEST_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
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
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    let service = TowerToHyperService::new(app);
    hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
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
