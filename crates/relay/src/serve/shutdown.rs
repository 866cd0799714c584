//! The signals that end the server, or have it read its files anew.

use std::io;

/// What somebody who runs the server asks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// To end: an interrupt (Ctrl+C, SIGINT) or, on Unix, SIGTERM.
    End,
    /// To read tokens and certificate anew: SIGHUP, on Unix.
    Reload,
}

/// Signals that are caught, and no longer kill the program.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Catches them from now on; SIGHUP only if there is something to read anew.
    ///
    /// # Errors
    /// What the system says if it lets no signal be caught.
    pub fn catch(can_reload: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: can_reload
                .then(|| signal(SignalKind::hangup()))
                .transpose()?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = hang_up => Signal::Reload,
        }
    }
}

/// Signals that are caught, and no longer kill the program.
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// What the system says if it lets no interrupt be caught.
    pub fn catch(_can_reload: bool) -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        self.0.recv().await;
        Signal::End
    }
}
