//! The HTTP server: a folder of static files, the page with its modules and models.
//!
//! - `static_files`: what is sent, under which headers.
//! - `shutdown`: the signals that end it.

mod shutdown;
mod static_files;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use shutdown::interrupted;

/// Time that answers under way get to end once the server is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// What to serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServeConfig {
    /// Folder whose files are served; without one every path is not found.
    pub www: Option<PathBuf>,
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
    /// The server failed while it ran.
    #[error("the server failed")]
    Failed(#[source] io::Error),
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

/// Serves until `shutdown` resolves; answers under way then get a few seconds to end.
///
/// # Errors
/// [`ServeError::NoFolder`] at once, [`ServeError::Failed`] later.
pub async fn run(
    listener: TcpListener,
    config: ServeConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let app = app(&config)?;
    let (ending, has_ended) = oneshot::channel();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        // Nobody listens where the server failed before.
        let _ = ending.send(());
    });
    let drained = async move {
        if has_ended.await.is_ok() {
            tokio::time::sleep(DRAIN).await;
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        outcome = server.into_future() => outcome.map_err(ServeError::Failed),
        () = drained => Ok(()),
    }
}

fn app(config: &ServeConfig) -> Result<Router, ServeError> {
    let Some(www) = &config.www else {
        return Ok(Router::new());
    };
    std::fs::read_dir(www).map_err(|source| ServeError::NoFolder {
        path: www.clone(),
        source,
    })?;
    Ok(static_files::router(www))
}
