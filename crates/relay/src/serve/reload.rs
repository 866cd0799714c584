//! Tokens and certificate, read anew while the relay runs.

use std::sync::Arc;

use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::tls::Tls;
use crate::live::{Access, Tokens};

/// Reads tokens and certificate anew whenever that is asked for. What cannot be read stays as it is.
pub(super) async fn reload_files(asked: Arc<Notify>, access: Arc<Access>, tls: Option<Arc<Tls>>) {
    loop {
        asked.notified().await;
        if let Some(tokens) = &access.tokens {
            match tokens.reload() {
                Ok(()) => info!("tokens read anew"),
                Err(error) => error!(
                    error = &error as &dyn std::error::Error,
                    "the tokens stay as they were"
                ),
            }
            warn_of_short_tokens(&access);
        }
        if let Some(tls) = &tls {
            match tls.reload() {
                Ok(()) => info!("certificate read anew"),
                Err(error) => error!(
                    error = &error as &dyn std::error::Error,
                    "the certificate stays as it was"
                ),
            }
        }
    }
}

/// Whoever runs the relay should know that they can be guessed.
pub(super) fn warn_of_short_tokens(access: &Access) {
    let count = access.tokens.as_ref().map_or(0, Tokens::short_ones);
    if count > 0 {
        warn!(
            count,
            "tokens of fewer than 16 characters can be guessed: `openssl rand -hex 32` makes one that cannot"
        );
    }
}
