//! `POST /api/render?format=stl`: the body is OpenSCAD source, the answer is the file.
//!
//! The request is a session of its own with one job. The file is streamed as it comes; a client that reads slowly is
//! lent no more than [`CREDIT`] bytes ahead. A fault of the model is an HTTP status and a JSON object with `code`,
//! `message`, and `file`, `line`, `column` where there is a place.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{self as wire, ExportFormat, FailureCode};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use crate::dispatcher::{Event, Reads, Source};
use crate::http::{App, check_origin};
use crate::outbox::Outbox;
use crate::session::{SessionId, same};

/// Bytes that may be on their way to the client.
const CREDIT: u64 = 8 << 20;

/// What the address may say.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    /// A file format by its usual extension; `stl` is binary, `asciistl` is text.
    #[serde(default = "stl")]
    format: String,
}

fn stl() -> String {
    "stl".into()
}

#[derive(Serialize)]
struct Fault {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

pub(crate) async fn render(
    State(app): State<App>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refused) = check_origin(&headers, &app.config.allowed_origins) {
        return refused.into_response();
    }
    if let Some(token) = &app.config.token
        && !same(&format!("Bearer {token}"), header(&headers, AUTHORIZATION.as_str()))
    {
        return plain(StatusCode::UNAUTHORIZED, "Unauthorised", "the token is missing or wrong");
    }
    let Some((format, content_type)) = format_of(&parameters.format) else {
        return plain(StatusCode::BAD_REQUEST, "UnsupportedFormat", "this format is not known");
    };
    let Ok(permit) = Arc::clone(&app.connections).try_acquire_owned() else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "Overloaded", "too many connections");
    };
    let source = match source_of(&body) {
        Ok(source) => source,
        Err(message) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", &message),
    };
    let request = Request::begin(app, permit, format, source).await;
    request.answer(content_type).await
}

/// A job and what comes of it.
struct Request {
    app: App,
    session: SessionId,
    outbox: Arc<Outbox>,
    _permit: OwnedSemaphorePermit,
}

impl Request {
    async fn begin(
        app: App,
        permit: OwnedSemaphorePermit,
        format: ExportFormat,
        source: Source,
    ) -> Self {
        let session = app.new_session();
        let outbox = Arc::new(Outbox::default());
        let export = wire::Export { document: 0, revision: 0, request: 0, format };
        let reads = Reads::default();
        let open = Event::Open { session, outbox: Arc::clone(&outbox), credit: CREDIT, reads };
        for event in [open, Event::Export { session, export, source: Some(source) }] {
            if app.events.send(event).await.is_err() {
                outbox.close(1001, "the server is stopping");
            }
        }
        Self { app, session, outbox, _permit: permit }
    }

    /// Waits for the first piece, or for the reason why there is none.
    async fn answer(self, content_type: &'static str) -> Response {
        loop {
            match self.next().await {
                Some(ServerMessage::File(first)) => return self.stream(first, content_type),
                Some(ServerMessage::Failed(failed)) => return fault(failed),
                Some(_) => {}
                None => {
                    let message = "the server is stopping";
                    return plain(StatusCode::SERVICE_UNAVAILABLE, "ShuttingDown", message);
                }
            }
        }
    }

    fn stream(self, first: wire::File, content_type: &'static str) -> Response {
        let name: String = first
            .header
            .name
            .chars()
            .map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' })
            .collect();
        let disposition = format!("attachment; filename=\"{name}\"");
        let pieces = stream::unfold(Some((self, Some(first))), |state| async {
            let (request, piece) = state?;
            let piece = match piece {
                Some(piece) => piece,
                None => match request.next_piece().await {
                    Ok(piece) => piece,
                    Err(error) => return Some((Err(error), None)),
                },
            };
            let last = piece.header.last;
            let bytes = piece.payload;
            let next = (!last).then_some((request, None));
            Some((Ok(bytes), next))
        });
        let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
        (headers, Body::from_stream(pieces)).into_response()
    }

    async fn next_piece(&self) -> io::Result<wire::File> {
        loop {
            match self.next().await {
                Some(ServerMessage::File(file)) => return Ok(file),
                Some(ServerMessage::Failed(failed)) => {
                    return Err(io::Error::other(failed.message));
                }
                Some(_) => {}
                None => return Err(io::Error::other("the server is stopping")),
            }
        }
    }

    /// The next message for this request. A piece that is taken here is as good as read.
    async fn next(&self) -> Option<ServerMessage> {
        loop {
            let frame = self.outbox.next_frame().await?;
            match ServerMessage::decode(&frame) {
                Ok(Some(message)) => {
                    if matches!(message, ServerMessage::File(_)) {
                        let bytes = frame.len() as u64;
                        let _ = self
                            .app
                            .events
                            .send(Event::Credit { session: self.session, bytes })
                            .await;
                    }
                    return Some(message);
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "a worker's frame cannot be read"),
            }
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // Also when the client went away in the middle: then the job is cancelled.
        let closed = Event::Closed { session: self.session };
        let events = self.app.events.clone();
        tokio::spawn(async move {
            let _ = events.send(closed).await;
        });
    }
}

/// The source as the one file of a document.
fn source_of(body: &Bytes) -> Result<Source, String> {
    let main = wire::SourceFile {
        name: "main.scad".into(),
        content: wire::FileContent::Inline(body.to_vec()),
    };
    let render = wire::Render {
        document: 0,
        revision: 0,
        files: vec![main],
        overrides: Vec::new(),
        detail: wire::Detail::Exact,
        camera: None,
    };
    let frame = scadstream_protocol::ClientMessage::from(render)
        .encode()
        .map_err(|error| error.to_string())?;
    Ok(Source { frame, uploads: Vec::new(), at: Instant::now() })
}

fn format_of(name: &str) -> Option<(ExportFormat, &'static str)> {
    Some(match name {
        "stl" | "binstl" => (ExportFormat::StlBinary, "model/stl"),
        "asciistl" => (ExportFormat::StlAscii, "model/stl"),
        "off" => (ExportFormat::Off, "model/vnd.off"),
        "obj" => (ExportFormat::Obj, "model/obj"),
        "3mf" => (ExportFormat::ThreeMf, "model/3mf"),
        "glb" => (ExportFormat::Glb, "model/gltf-binary"),
        "amf" => (ExportFormat::Amf, "application/x-amf"),
        "svg" => (ExportFormat::Svg, "image/svg+xml"),
        "dxf" => (ExportFormat::Dxf, "image/vnd.dxf"),
        "pdf" => (ExportFormat::Pdf, "application/pdf"),
        "csg" => (ExportFormat::Csg, "text/plain; charset=utf-8"),
        "ast" => (ExportFormat::Ast, "text/plain; charset=utf-8"),
        "echo" => (ExportFormat::Echo, "text/plain; charset=utf-8"),
        "param" => (ExportFormat::Param, "application/json"),
        "png" => (ExportFormat::Png, "image/png"),
        _ => return None,
    })
}

fn fault(failed: wire::Failed) -> Response {
    let status = match failed.code {
        FailureCode::Syntax
        | FailureCode::Evaluation
        | FailureCode::Geometry
        | FailureCode::File
        | FailureCode::UnsupportedFormat => StatusCode::UNPROCESSABLE_ENTITY,
        FailureCode::MemoryLimit => StatusCode::INSUFFICIENT_STORAGE,
        FailureCode::TimeLimit => StatusCode::GATEWAY_TIMEOUT,
        FailureCode::Overloaded | FailureCode::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        FailureCode::WorkerLost => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let code = format!("{:?}", failed.code);
    let (file, line, column) = match failed.place {
        Some(place) => (Some(place.file), Some(place.line), Some(place.column)),
        None => (None, None, None),
    };
    (status, Json(Fault { code, message: failed.message, file, line, column })).into_response()
}

fn plain(status: StatusCode, code: &str, message: &str) -> Response {
    let fault =
        Fault { code: code.into(), message: message.into(), file: None, line: None, column: None };
    (status, Json(fault)).into_response()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
