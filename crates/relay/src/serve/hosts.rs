//! Requests for this relay, and no others: the `Host` of each is looked at, whatever it asks for.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tracing::info;

use super::tls::Tls;
use crate::live::{Access, Metrics};
use crate::seldom::shown;

/// What is needed to tell.
#[derive(Clone)]
pub(super) struct Hosts {
    pub(super) access: Arc<Access>,
    /// Its certificate's names are the relay's own.
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) metrics: Arc<Metrics>,
}

impl Hosts {
    /// Puts the question before an application.
    pub(super) fn guard(self, app: Router) -> Router {
        app.layer(from_fn_with_state(self, check))
    }
}

async fn check(
    State(hosts): State<Hosts>,
    Extension(peer): Extension<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let is_certified = |name: &str| hosts.tls.as_ref().is_some_and(|tls| tls.certifies(name));
    let (uri, headers) = (request.uri(), request.headers());
    let checked = hosts
        .access
        .check_host(request.version(), uri, headers, is_certified);
    match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            hosts.metrics.count_refused(refusal.label());
            if let Some(left_out) = refusal.log().turn() {
                let host = shown(headers.get(header::HOST));
                let origin = shown(headers.get(header::ORIGIN));
                info!(%peer, ?refusal, %origin, %host, left_out, "connection refused");
            }
            refusal.response()
        }
    }
}
