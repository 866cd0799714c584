//! The HTTP server: live keypoints, and a folder of static files, the page with its modules and models.
//!
//! - `connections`: accepted and served, with `tls` if so wished.
//! - `static_files`: what is sent, under which headers.
//! - `health`: whether it is well, and its metrics.
//! - `shutdown`: the signals that end it.

mod connections;
mod health;
mod shutdown;
mod static_files;
mod tls;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

pub use shutdown::interrupted;
pub use tls::{TlsError, TlsFiles};

use crate::live::{Access, Common, Endpoint, Limits, Metrics, SessionRegistry, live_signs};
use crate::memory::MessageMemory;
use crate::model_sets::ModelSets;
use crate::pool::{MAX_WORKERS, WorkerPool};
use connections::Connections;
use health::Health;

/// Beyond the deadline for sessions, for their closing handshakes and for answers under way.
const CLOSING: Duration = Duration::from_secs(6);
/// Connections that are no session, or not yet one.
const OTHER_CONNECTIONS: usize = 1024;

const DEFAULT_WORKERS: NonZeroUsize = NonZeroUsize::new(MAX_WORKERS).unwrap();

/// What to serve, and to whom.
#[derive(Debug)]
pub struct ServeConfig {
    /// Folder whose files are served; without one there are none.
    pub www: Option<PathBuf>,
    /// The models; their main quality holds until a client asks for another.
    pub models: Arc<ModelSets>,
    /// Worker threads, at most [`MAX_WORKERS`](crate::pool::MAX_WORKERS).
    pub workers: NonZeroUsize,
    /// What a client may ask.
    pub limits: Limits,
    /// Who may connect.
    pub access: Access,
    /// Certificate and key; without them connections are not encrypted.
    pub tls: Option<TlsFiles>,
    /// Where to serve `/healthz`, `/readyz` and `/metrics`, unencrypted; `None`: with everything else.
    pub metrics_listener: Option<TcpListener>,
}

impl ServeConfig {
    /// The defaults, with these models.
    #[must_use]
    pub fn new(models: Arc<ModelSets>) -> Self {
        Self {
            www: None,
            models,
            workers: DEFAULT_WORKERS,
            limits: Limits::default(),
            access: Access::default(),
            tls: None,
            metrics_listener: None,
        }
    }

    /// Checks that the folder can be read.
    ///
    /// # Errors
    /// [`ServeError::NoFolder`].
    pub fn validate(&self) -> Result<(), ServeError> {
        let Some(path) = &self.www else {
            return Ok(());
        };
        match std::fs::read_dir(path) {
            Ok(_) => Ok(()),
            Err(source) => Err(ServeError::NoFolder {
                path: path.clone(),
                source,
            }),
        }
    }
}

/// Why the server did not start, or ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program listens on the address.
    #[error("another program listens on {address} already: end it or choose another --listen")]
    AddressTaken {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The folder to serve is none.
    #[error("{} is no folder that can be read", path.display())]
    NoFolder {
        /// What was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The worker threads cannot be started.
    #[error("the worker threads cannot be started")]
    Workers(#[source] io::Error),
}

/// Listens on an address; port 0 takes any free port.
///
/// # Errors
/// [`ServeError::AddressTaken`], [`ServeError::Listen`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::AddressTaken { address },
            _ => ServeError::Listen { address, source },
        })
}

/// Serves until `shutdown` resolves; sessions then answer the frames they have, up to a deadline, and are closed.
///
/// # Errors
/// [`ServeError::NoFolder`], [`ServeError::Tls`], [`ServeError::Workers`], all at once.
pub async fn run(
    listener: TcpListener,
    config: ServeConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    config.validate()?;
    let tls = config.tls.as_ref().map(TlsFiles::acceptor).transpose()?;
    let drain = config.limits.drain;
    let pool = WorkerPool::start(
        Arc::clone(&config.models),
        config.limits.decode_limits(),
        config.workers,
        config.limits.max_pictures_bytes(),
    )
    .map_err(ServeError::Workers)?;
    warn_if_open(&listener, &config.access);
    let common = Common {
        pool: Arc::new(pool),
        models: config.models,
        memory: MessageMemory::new(config.limits.max_messages_bytes()),
        limits: Arc::new(config.limits),
        metrics: Arc::new(Metrics::new()),
        shutdown: CancellationToken::new(),
    };
    let health = health::router(Health {
        metrics: Arc::clone(&common.metrics),
        pool: Arc::clone(&common.pool),
        shutdown: common.shutdown.clone(),
    });
    let tasks = TaskTracker::new();
    let shutting_down = common.shutdown.clone();
    let connections = Connections {
        app: Router::new(),
        tls: None,
        room: Arc::new(Semaphore::new(OTHER_CONNECTIONS)),
        patience: common.limits.patience.request,
        shutdown: common.shutdown.clone(),
        tasks: tasks.clone(),
    };
    let max_sessions = common.limits.max_sessions.get();
    let endpoint = Endpoint {
        registry: SessionRegistry::new(&common.limits),
        common,
        access: config.access,
        sessions: tasks.clone(),
    };
    let mut app = app(endpoint, config.www.as_deref());
    // Who watches the relay can do so until its end.
    let end = CancellationToken::new();
    let _end_of_watching = end.clone().drop_guard();
    if let Some(metrics_listener) = config.metrics_listener {
        let connections = Connections {
            app: health,
            shutdown: end,
            tasks: TaskTracker::new(),
            ..connections.clone()
        };
        tokio::spawn(connections.accept(metrics_listener));
    } else {
        app = app.merge(health);
    }
    let connections = Connections {
        app,
        tls,
        room: Arc::new(Semaphore::new(
            max_sessions.saturating_add(OTHER_CONNECTIONS),
        )),
        ..connections
    };
    tasks.spawn(connections.accept(listener));
    shutdown.await;
    info!("shutting down");
    shutting_down.cancel();
    tasks.close();
    if tokio::time::timeout(drain + CLOSING, tasks.wait())
        .await
        .is_err()
    {
        warn!(
            tasks = tasks.len(),
            "the deadline passed before everything had ended"
        );
    }
    Ok(())
}

fn app(endpoint: Endpoint, www: Option<&std::path::Path>) -> Router {
    let live = Router::new().route("/live-signs", any(live_signs));
    #[cfg(feature = "echo")]
    let live = live.route("/echo", any(crate::live::echo));
    let live = live.with_state(Arc::new(endpoint));
    match www {
        Some(www) => static_files::router(www).merge(live),
        None => live,
    }
}

/// Who listens beyond this machine should know who may come.
fn warn_if_open(listener: &TcpListener, access: &Access) {
    let is_loopback = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    if !is_loopback && access.tokens.is_none() {
        warn!("anyone who reaches this address may use it: see --token-file");
    }
}
