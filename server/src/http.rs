//! The routes of the server.
//!
//! `/` the editor page · `/ws` the stream · `POST /api/render?format=stl` one file of one model · and the operator's
//! pages of [`admin`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{FORWARDED, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use scadstream_memory::pressure::Thresholds;
use scadstream_protocol::SUBPROTOCOL;
use scadstream_protocol::limits::MAX_FRAME_BYTES;
use tokio::sync::{Semaphore, mpsc};
use tower_http::services::ServeDir;

use crate::config::ServerConfig;
use crate::dispatcher::Event;
use crate::metrics::Metrics;
use crate::session::{self, SessionId};
use crate::{admin, render_once, websocket};

/// Shown at `/` when the page is not there.
const NO_PAGE: &str = "<!doctype html><meta charset=utf-8><title>scadstream</title>\
<h1>scadstream is running</h1><p>The editor page is not built. In the project's folder, \
<code>make run</code> builds it and starts the server with it; or give the folder of a built page with \
<code>--web</code>.<p>The stream is at <code>/ws</code>, health at <a href=/api/debug/health>/api/debug/health</a>, \
metrics at <a href=/metrics>/metrics</a>.";

/// What all requests share.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) metrics: Metrics,
    pub(crate) thresholds: Thresholds,
    /// A permit for each connection that does work.
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) next_session: Arc<AtomicU64>,
}

impl App {
    pub(crate) fn new_session(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }
}

/// All routes.
pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/ws", get(stream))
        .route("/api/render", post(render_once::render))
        .route("/api/debug/health", get(admin::health))
        .route("/api/debug/memory", get(admin::memory))
        .route("/healthz", get(admin::healthz))
        .route("/readyz", get(admin::readyz))
        .route("/metrics", get(admin::metrics))
        .layer(DefaultBodyLimit::max(MAX_FRAME_BYTES));
    let page = app.config.web_folder.as_deref().filter(|folder| is_page(folder));
    match page {
        Some(folder) => routes.fallback_service(ServeDir::new(folder)),
        None => routes.route("/", get(Html(NO_PAGE))),
    }
    .with_state(app)
}

fn is_page(folder: &Path) -> bool {
    let there = folder.join("index.html").is_file();
    if !there {
        tracing::warn!(folder = %folder.display(), "there is no built page in this folder");
    }
    there
}

async fn stream(State(app): State<App>, mut request: Request) -> Response {
    let headers = request.headers();
    if let Err(refused) = check_origin(headers, &app.config.allowed_origins) {
        return refused.into_response();
    }
    let is_local = is_local(headers);
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|v| v.to_str().ok());
    if !offered.flat_map(|list| list.split(',')).any(|name| name.trim() == SUBPROTOCOL) {
        let message = format!("this server speaks the WebSocket subprotocol {SUBPROTOCOL}\n");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let (mut response, opening) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    let Ok(permit) = Arc::clone(&app.connections).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many connections: try again later\n")
            .into_response();
    };
    let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    let id = app.new_session();
    tokio::spawn(async move {
        match opening.connection().await {
            Ok(connection) => session::run(app, id, connection, is_local).await,
            Err(error) => tracing::warn!(session = %id, %error, "no connection came about"),
        }
        drop(permit);
    });
    response
}

/// Whether the client reached the server by a name of this machine itself, and no proxy says that it stands between. Only
/// the first guess of the link's speed depends on it.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_own = name == "localhost" || name == "[::1]" || name.starts_with("127.");
    is_own && !headers.contains_key(FORWARDED) && !headers.contains_key("x-forwarded-for")
}

/// Refuses pages of foreign origins, which a browser would let use this server in its user's name. Programs that are
/// no browsers send no origin.
pub(crate) fn check_origin(
    headers: &HeaderMap,
    allowed: &[String],
) -> Result<(), (StatusCode, &'static str)> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let own = origin.split_once("://").is_some_and(|(_, name)| !host.is_empty() && name == host);
    if own || allowed.iter().any(|allowed| allowed == origin) {
        Ok(())
    } else {
        Err((StatusCode::FORBIDDEN, "this origin is not allowed: see --allow-origin\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: Option<&str>, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "localhost:8080".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let allowed = ["https://cad.example.org".to_owned()];
        assert_eq!(check_origin(&headers, &allowed).is_ok(), expected, "{origin:?}");
    }

    #[test]
    fn own_and_allowed_origins_may_connect_and_no_others() {
        check(None, true);
        check(Some("http://localhost:8080"), true);
        check(Some("https://cad.example.org"), true);
        check(Some("https://example.org"), false);
        check(Some("http://localhost"), false);
        check(Some("null"), false);
        check(Some(""), false);
    }
}
