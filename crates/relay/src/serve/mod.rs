//! The HTTP server: live keypoints, and a folder of static files, the page with its modules and models.
//!
//! - `connections`: accepted and served, with `tls` if so wished, each `watched` until it is a session.
//! - `hosts`: whether a request is for this relay.
//! - `static_files`: what is sent, under which headers.
//! - `health`: whether it is well, and its metrics, as a `shared_text`.
//! - `shutdown`: the signals that end it, or have it `reload` files. `log_writer`: what it logs.

mod connections;
mod health;
mod hosts;
mod log_writer;
mod reload;
mod shared_text;
mod shutdown;
mod static_files;
mod tls;
mod watched;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use live_keypoints_pipeline::Options;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

pub use log_writer::LogWriter;
pub use shutdown::{Signal, Signals};
pub use tls::{TlsError, TlsFiles};

use crate::live::{
    Access, Common, Endpoint, Limits, Metrics, Replies, SessionRegistry, live_signs,
};
use crate::memory::MessageMemory;
use crate::model_sets::ModelSets;
use crate::places::Places;
use crate::pool::{MAX_WORKERS, WorkerPool};
use crate::signs::Signs;
use connections::Connections;
use health::Health;
use hosts::Hosts;
use reload::{reload_files, warn_of_short_tokens};
use tls::Tls;

/// Beyond the deadline for sessions, for their closing handshakes and for answers under way.
const CLOSING: Duration = Duration::from_secs(6);

const DEFAULT_WORKERS: NonZeroUsize = NonZeroUsize::new(MAX_WORKERS).unwrap();

/// What to serve, and to whom.
#[derive(Debug)]
pub struct ServeConfig {
    /// Folder whose files are served; without one there are none.
    pub www: Option<PathBuf>,
    /// The models; their main quality holds until a client asks for another.
    pub models: Arc<ModelSets>,
    /// What signs are recognised by; without it there are none.
    pub signs: Option<Arc<Signs>>,
    /// Whose messages clients are sent that do not offer the subprotocol.
    pub replies: Replies,
    /// Worker threads, at most [`MAX_WORKERS`].
    pub workers: NonZeroUsize,
    /// What a client may ask.
    pub limits: Limits,
    /// Who may connect.
    pub access: Access,
    /// Certificate and key; without them connections are not encrypted.
    pub tls: Option<TlsFiles>,
    /// Where to serve `/healthz`, `/readyz` and `/metrics`, unencrypted; `None`: with everything else.
    pub metrics_listener: Option<TcpListener>,
    /// Told when tokens and certificate are to be read anew.
    pub reload: Arc<Notify>,
}

impl ServeConfig {
    /// The defaults, with these models.
    #[must_use]
    pub fn new(models: Arc<ModelSets>) -> Self {
        Self {
            www: None,
            models,
            signs: None,
            replies: Replies::default(),
            workers: DEFAULT_WORKERS,
            limits: Limits::default(),
            access: Access::default(),
            tls: None,
            metrics_listener: None,
            reload: Arc::default(),
        }
    }

    /// Checks that the folder can be read, and that there is what signs need.
    ///
    /// # Errors
    /// [`ServeError::NoFolder`], [`ServeError::NoSigns`], [`ServeError::SignsModelMissing`].
    pub fn validate(&self) -> Result<(), ServeError> {
        self.validate_signs()?;
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

impl ServeConfig {
    fn validate_signs(&self) -> Result<(), ServeError> {
        let Some(signs) = &self.signs else {
            return match self.replies {
                Replies::V1 => Ok(()),
                Replies::Original => Err(ServeError::NoSigns),
            };
        };
        let options = signs.manifest().needs().options(Options {
            quality: self.models.quality(),
            ..Options::default()
        });
        match self.models.lacking(&options) {
            Some(kind) => Err(ServeError::SignsModelMissing { model: kind.name() }),
            None => Ok(()),
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
    #[error("{} is not a readable folder", path.display())]
    NoFolder {
        /// What was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The original's messages are of signs alone.
    #[error("replies original: there are no signs to tell (--signs)")]
    NoSigns,
    /// Keypoints that signs are recognised by cannot be had.
    #[error("the model {model}, which the manifest of signs needs, is not among the models")]
    SignsModelMissing {
        /// Its name.
        model: &'static str,
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
/// [`ServeError`] of what was given, all at once.
pub async fn run(
    listener: TcpListener,
    config: ServeConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    config.validate()?;
    let tls = config.tls.map(Tls::load).transpose()?.map(Arc::new);
    let (drain, patience) = (config.limits.drain, config.limits.patience.clone());
    let max_connections = config.limits.max_connections;
    let pool = WorkerPool::start(
        Arc::clone(&config.models),
        config.limits.decode_limits(),
        config.workers,
        config.limits.max_pictures_bytes(),
    )
    .map_err(ServeError::Workers)?;
    let access = Arc::new(config.access);
    warn_if_open(&listener, &access);
    warn_of_short_tokens(&access);
    let common = Common {
        pool: Arc::new(pool),
        models: config.models,
        signs: config.signs,
        memory: MessageMemory::new(config.limits.max_messages_bytes()),
        limits: Arc::new(config.limits),
        metrics: Arc::new(Metrics::new()),
        shutdown: CancellationToken::new(),
    };
    let shutting_down = common.shutdown.clone();
    // Who watches the relay can do so until its end.
    let end = CancellationToken::new();
    let _end_of_watching = end.clone().drop_guard();
    let reload = reload_files(config.reload, Arc::clone(&access), tls.clone());
    tokio::spawn(end.clone().run_until_cancelled_owned(reload));
    let hosts = Hosts {
        access: Arc::clone(&access),
        tls: tls.clone(),
        metrics: Arc::clone(&common.metrics),
    };
    let health = Health {
        metrics: Arc::clone(&common.metrics),
        metrics_text: Arc::default(),
        pool: Arc::clone(&common.pool),
        shutdown: common.shutdown.clone(),
        access: Some(Arc::clone(&access)),
    };
    let evictions = common.metrics.connections_evicted.clone();
    let tasks = TaskTracker::new();
    let endpoint = Endpoint {
        registry: SessionRegistry::new(&common.limits),
        replies: config.replies,
        common,
        access,
        sessions: tasks.clone(),
    };
    let mut app = app(endpoint, config.www.as_deref());
    if let Some(metrics_listener) = config.metrics_listener {
        let health = health::router(Health {
            access: None,
            ..health
        });
        let hosts = Hosts {
            tls: None,
            ..hosts.clone()
        };
        let connections = Connections {
            app: hosts.guard(health),
            tls: None,
            places: Places::new(max_connections, evictions.clone()),
            patience: patience.clone(),
            shutdown: end,
            tasks: TaskTracker::new(),
        };
        tokio::spawn(connections.accept(metrics_listener));
    } else {
        app = app.merge(health::router(health));
    }
    let connections = Connections {
        app: hosts.guard(app),
        tls,
        places: Places::new(max_connections, evictions),
        patience,
        shutdown: shutting_down.clone(),
        tasks: tasks.clone(),
    };
    tasks.spawn(connections.accept(listener));
    shutdown.await;
    info!("shutting down");
    shutting_down.cancel();
    tasks.close();
    let deadline = drain.saturating_add(CLOSING);
    if tokio::time::timeout(deadline, tasks.wait()).await.is_err() {
        warn!(
            tasks = tasks.len(),
            "the deadline passed before everything had ended"
        );
    }
    Ok(())
}

fn app(endpoint: Endpoint, www: Option<&std::path::Path>) -> Router {
    let live = Router::new().route(live_keypoints_protocol::PATH, any(live_signs));
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
