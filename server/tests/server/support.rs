//! A server for a test, a client for it, and plain HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use scadstream_protocol::message::*;
use scadstream_protocol::{ClientMessage, SUBPROTOCOL, ServerMessage};
use scadstream_server::config::{ServerConfig, WorkerCommand};
use scadstream_server::{listener, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Set in worker processes.
pub(crate) const WORKER: &str = "SCADSTREAM_TEST_WORKER";
/// Their memory limit in MB.
pub(crate) const HARD_LIMIT: &str = "SCADSTREAM_TEST_HARD_LIMIT_MB";

/// Nothing in these tests takes nearly as long; it only keeps a broken test from hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), server::ServerError>>,
}

/// A configuration with one worker, so that tests know where jobs run.
pub(crate) fn config() -> ServerConfig {
    ServerConfig {
        workers: 1,
        express_workers: 0,
        worker_command: WorkerCommand {
            program: None,
            arguments: ["worker_process", "--exact", "--nocapture"].map(Into::into).into(),
            environment: vec![(WORKER.into(), "1".into())],
        },
        ..ServerConfig::default()
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: ServerConfig) -> Self {
        assert!(!crate::engine::is_worker(), "workers run no tests");
        let listener = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(server::run(listener, config, shutdown));
        Self { address, stop: Some(stop), running }
    }

    /// Asks the server to stop, as a signal would.
    pub(crate) fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.ask_to_stop();
        let result = tokio::time::timeout(PATIENCE, self.running).await;
        result.expect("the server stops in time").expect("it does not panic").expect("it serves");
    }

    pub(crate) async fn client(&self) -> Client {
        let mut client = Client::connect(self.address).await;
        client.hello(8 << 20).await;
        client
    }

    /// Waits until so many workers are free: a client hears that its job was cancelled before the worker is done with it.
    pub(crate) async fn until_idle(&self, workers: u32) {
        let free = format!("scadstream_workers{{state=\"idle\"}} {workers}\n");
        let waiting = async { while !self.get("/metrics").await.1.contains(&free) {} };
        tokio::time::timeout(PATIENCE, waiting).await.expect("jobs end");
    }

    /// Status and body of a plain request.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path, "", b"").await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String) {
        let (status, body) = self.request_bytes(method, path, headers, body).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn request_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        stream.write_all(body).await.expect("the server reads");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        read.expect("the server answers in time").expect("the server answers");
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("an HTTP head");
        let status = std::str::from_utf8(&answer[9..12]).expect("a status line");
        (status.parse().expect("a status"), answer.split_off(end + 4))
    }
}

/// What a client got that is not a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed(pub(crate) Option<u16>);

/// A client of the protocol.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Bytes of chunks and files received.
    pub(crate) credited_bytes: u64,
    /// Whether credit is given back for what is received.
    pub(crate) returns_credit: bool,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address, &[]).await.expect("the server accepts")
    }

    pub(crate) async fn try_connect(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", SUBPROTOCOL.parse().expect("a header"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        // The default buffer of 128 KiB would be most of what an idle client needs.
        let config = WebSocketConfig::default().read_buffer_size(4 << 10);
        let (socket, _) =
            tokio_tungstenite::connect_async_with_config(request, Some(config), true).await?;
        Ok(Self { socket, credited_bytes: 0, returns_credit: true })
    }

    /// Opens the session.
    pub(crate) async fn hello(&mut self, credit: u32) -> Welcome {
        self.send(hello(credit)).await;
        match self.message().await {
            ServerMessage::Welcome(welcome) => welcome,
            other => panic!("expected Welcome, got {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, message: impl Into<ClientMessage>) {
        let frame = message.into().encode().expect("a valid message");
        self.send_raw(Message::Binary(frame)).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.try_send_raw(message).await.expect("the server reads");
    }

    pub(crate) async fn try_send_raw(&mut self, message: Message) -> Result<(), Error> {
        self.socket.send(message).await
    }

    /// Asks for document 1.
    pub(crate) async fn render(&mut self, revision: u32, source: &str) {
        self.send(render(1, revision, source)).await;
    }

    /// The next message; returns the credit of what it used unless told not to.
    pub(crate) async fn message(&mut self) -> ServerMessage {
        self.message_or_close().await.expect("the connection stays open")
    }

    pub(crate) async fn message_or_close(&mut self) -> Result<ServerMessage, Closed> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let frame: Bytes = match next.expect("the server says something in time") {
                Some(Ok(Message::Binary(frame))) => frame,
                Some(Ok(Message::Close(frame))) => {
                    return Err(Closed(frame.map(|CloseFrame { code, .. }| code.into())));
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Err(Closed(None)),
            };
            let message =
                ServerMessage::decode(&frame).expect("valid frames").expect("known kinds");
            if matches!(message, ServerMessage::Chunk(_) | ServerMessage::File(_)) {
                self.credited_bytes += frame.len() as u64;
                if self.returns_credit {
                    self.send(Credit { bytes: frame.len() as u32 }).await;
                }
            }
            return Ok(message);
        }
    }

    /// Messages up to and with the first that `last` picks; progress left out, since it depends on time.
    pub(crate) async fn until(
        &mut self,
        last: impl Fn(&ServerMessage) -> bool,
    ) -> Vec<ServerMessage> {
        let mut messages = Vec::new();
        loop {
            let message = self.message().await;
            let is_last = last(&message);
            if is_last || !matches!(message, ServerMessage::Progress(_)) {
                messages.push(message);
            }
            if is_last {
                return messages;
            }
        }
    }

    /// All messages of a revision of document 1, up to its answer.
    pub(crate) async fn answer(&mut self, revision: u32) -> Vec<ServerMessage> {
        self.until(|message| match message {
            ServerMessage::Done(done) => done.revision == revision,
            ServerMessage::Failed(Failed {
                subject: Subject::Render { revision: failed, .. },
                ..
            }) => *failed == revision,
            _ => false,
        })
        .await
    }

    /// Waits until the job works.
    pub(crate) async fn started(&mut self) {
        self.until(|message| matches!(message, ServerMessage::Progress(_))).await;
    }

    /// Renders and gives the text of its echo.
    pub(crate) async fn echo(&mut self, revision: u32, source: &str) -> String {
        self.render(revision, source).await;
        let messages = self.answer(revision).await;
        assert!(matches!(messages.last(), Some(ServerMessage::Done(_))), "{messages:?}");
        echoes(&messages).concat()
    }

    /// Everything that comes before the answer to a ping sent now.
    pub(crate) async fn before_pong(&mut self, nonce: u32) -> Vec<ServerMessage> {
        self.send(Ping { nonce }).await;
        let mut messages =
            self.until(|m| matches!(m, ServerMessage::Pong(pong) if pong.nonce == nonce)).await;
        messages.pop();
        messages
    }
}

pub(crate) fn hello(credit: u32) -> Hello {
    Hello {
        version: 1,
        token: None,
        codecs: vec![Codec::Raw],
        credit,
        known: Vec::new(),
        client: "test".into(),
    }
}

pub(crate) fn render(document: u32, revision: u32, source: &str) -> Render {
    let main = SourceFile {
        name: "main.scad".into(),
        content: FileContent::Inline(source.as_bytes().to_vec()),
    };
    Render {
        document,
        revision,
        files: vec![main],
        overrides: Vec::new(),
        detail: Detail::Both,
        camera: None,
    }
}

/// The texts of all diagnostics.
pub(crate) fn echoes(messages: &[ServerMessage]) -> Vec<String> {
    let lists = messages.iter().filter_map(|message| match message {
        ServerMessage::Diagnostics(diagnostics) => Some(&diagnostics.list),
        _ => None,
    });
    lists.flatten().map(|diagnostic| diagnostic.message.clone()).collect()
}

/// The chunks among messages.
pub(crate) fn chunks(messages: &[ServerMessage]) -> Vec<&Chunk> {
    let chunks = messages.iter().filter_map(|message| match message {
        ServerMessage::Chunk(chunk) => Some(chunk),
        _ => None,
    });
    chunks.collect()
}

/// The code of the failure that ends `messages`.
#[track_caller]
pub(crate) fn failure(messages: &[ServerMessage]) -> FailureCode {
    match messages.last() {
        Some(ServerMessage::Failed(failed)) => failed.code,
        other => panic!("expected Failed, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_done(messages: &[ServerMessage]) {
    assert!(matches!(messages.last(), Some(ServerMessage::Done(_))), "{messages:?}");
}
