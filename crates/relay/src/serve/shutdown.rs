//! The signals that end the server.

use std::io;

/// Resolves at an interrupt (Ctrl+C, SIGINT) or, on Unix, at SIGTERM. From the call on these no longer kill the program.
///
/// # Errors
/// What the system says if it lets no signal be caught.
#[cfg(unix)]
pub fn interrupted() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves at an interrupt (Ctrl+C). From the call on it no longer kills the program.
///
/// # Errors
/// What the system says if it lets no interrupt be caught.
#[cfg(windows)]
pub fn interrupted() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
