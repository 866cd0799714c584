//! Static files: types by the ending of the name, `index.html` for a folder, never a file outside the folder.
//!
//! Every answer is to be revalidated (`no-cache` with `ETag` and `Last-Modified`), so that page, workers and module
//! always are of one version and unchanged models are not sent again.

use std::path::Path;

use axum::Router;
use axum::http::{HeaderValue, header};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Serves the files of a folder. Links inside it are followed, wherever they lead.
pub(super) fn router(folder: &Path) -> Router {
    let with = SetResponseHeaderLayer::overriding;
    Router::new()
        .fallback_service(ServeDir::new(folder))
        .layer(with(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        ))
        .layer(with(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
}
