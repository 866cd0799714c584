//! Static files: types by the ending of the name, `index.html` for a folder. Only regular files that are below the folder
//! themselves, wherever links lead, and no name that starts with a dot: `.env` and `.git` are not for visitors.
//!
//! Every answer is to be revalidated (`no-cache` with `ETag` and `Last-Modified`), so that page, workers and module
//! always are of one version and unchanged models are not sent again.
//!
//! The policy says what no ordinary page does without: it is shown in a frame by its own site only, has no other base or
//! plug-in, and hands its visitor's camera to nobody. What a page loads and runs is for the page to say, in a `meta`
//! element.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Files that are opened at once: a disk that hangs takes no more threads than that.
const MAX_OPENING: usize = 64;

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-cache"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "frame-ancestors 'self'; base-uri 'self'; object-src 'self'",
    ),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self)",
    ),
];

#[derive(Clone)]
struct Folder {
    path: Arc<Path>,
    turns: Arc<Semaphore>,
}

/// Serves the files of a folder.
pub(super) fn router(path: &Path) -> Router {
    let folder = Folder {
        path: path.into(),
        turns: Arc::new(Semaphore::new(MAX_OPENING)),
    };
    let router = Router::new()
        .fallback_service(ServeDir::new(path))
        .layer(from_fn_with_state(folder, check));
    HEADERS.into_iter().fold(router, |router, (name, value)| {
        let value = HeaderValue::from_static(value);
        router.layer(SetResponseHeaderLayer::overriding(name, value))
    })
}

async fn check(State(folder): State<Folder>, request: Request, next: Next) -> Response {
    let _turn = folder.turns.acquire().await;
    let path = relative(request.uri().path());
    let is_served = match path {
        Some(path) => {
            let is_file = move || is_file_of(&folder.path, &path).unwrap_or(false);
            spawn_blocking(is_file).await.unwrap_or(false)
        }
        None => false,
    };
    if is_served {
        next.run(request).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// The path below the folder; `None` for one that leads elsewhere or is hidden.
fn relative(path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path.trim_start_matches('/'));
    let path = path.decode_utf8().ok()?;
    let names = Path::new(path.as_ref()).components();
    names
        .map(|name| match name {
            Component::Normal(name) if !is_hidden(name) => Some(name),
            _ => None,
        })
        .collect()
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether what a request for this path gets is a regular file below the folder. Nothing is opened.
fn is_file_of(folder: &Path, path: &Path) -> io::Result<bool> {
    let folder = folder.canonicalize()?;
    let mut file = folder.join(path).canonicalize()?;
    if file.is_dir() {
        file = file.join("index.html").canonicalize()?;
    }
    let is_below = file.strip_prefix(&folder).is_ok_and(|path| {
        let mut names = path.iter();
        names.all(|name| !is_hidden(name))
    });
    Ok(is_below && file.metadata()?.is_file())
}
