//! `/healthz`, `/readyz` and `/metrics`: for those who run the relay. The first two need no token; `/metrics` does where
//! sessions do, if it is not on an address of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use super::log_writer::dropped_lines;
use super::shared_text::SharedText;
use crate::live::{Access, Metrics};
use crate::pool::WorkerPool;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What they tell of.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) metrics: Arc<Metrics>,
    /// Their text, written once for all who ask at a time.
    pub(super) metrics_text: Arc<SharedText>,
    pub(super) pool: Arc<WorkerPool>,
    pub(super) shutdown: CancellationToken,
    /// Who may see the metrics; `None`: anyone who reaches the address.
    pub(super) access: Option<Arc<Access>>,
}

/// The three paths.
pub(super) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// Ready as long as new sessions are taken.
async fn ready(State(health): State<Health>) -> Response {
    if health.shutdown.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response()
    } else {
        "ready\n".into_response()
    }
}

async fn metrics(
    State(health): State<Health>,
    Extension(peer): Extension<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if let Some(access) = &health.access
        && let Err(refusal) = access.check_token(&headers, peer.ip()).await
    {
        return refusal.response();
    }
    let render = || health.metrics.render(&health.pool, dropped_lines());
    match health.metrics_text.get(render).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
