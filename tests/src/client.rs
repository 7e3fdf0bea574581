//! A small blocking client of the protocol, for tests and benches.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_protocol::message::{
    Chunk, Codec, Credit, Detail, Done, Failed, FileContent, Hello, Manifest, Render, SourceFile,
};
use scadstream_protocol::{ClientMessage, Kind, SUBPROTOCOL, ServerMessage, VERSION};
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

/// Longest that a test waits for one message.
const PATIENCE: Duration = Duration::from_secs(300);

/// Bytes that the server may have in flight.
const CREDIT: u32 = 8 << 20;

/// An open session.
pub struct Client {
    socket: WebSocket<TcpStream>,
    /// Bytes of all frames received.
    pub received_bytes: u64,
}

/// All that came of one render.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Manifests in order of arrival.
    pub manifests: Vec<Manifest>,
    /// Chunks in order of arrival.
    pub chunks: Vec<Chunk>,
    /// Time from sending to the first chunk.
    pub first_chunk: Option<Duration>,
    /// Time from sending to the end.
    pub last_byte: Duration,
    /// Bytes of the frames.
    pub bytes: u64,
    /// How it ended.
    pub end: Option<End>,
}

/// How a render ended.
#[derive(Debug)]
pub enum End {
    /// Complete.
    Done(Done),
    /// Not done.
    Failed(Failed),
}

impl Client {
    /// Connects to a server at an address such as `127.0.0.1:8080`, and opens a session.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream.set_nodelay(true).expect("a TCP option");
        stream.set_read_timeout(Some(PATIENCE)).expect("a TCP option");
        let uri = format!("ws://{address}/ws").parse().expect("an address makes a URI");
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let (socket, _) =
            tungstenite::client(request, stream).expect("the server speaks WebSocket");
        let mut client = Self { socket, received_bytes: 0 };
        client.send(Hello {
            version: u32::from(VERSION),
            token: None,
            codecs: vec![Codec::Raw],
            credit: CREDIT,
            known: Vec::new(),
            client: "scadstream tests".into(),
        });
        assert!(
            matches!(client.receive(), ServerMessage::Welcome(_)),
            "the first answer is Welcome"
        );
        client
    }

    /// Sends a message.
    pub fn send(&mut self, message: impl Into<ClientMessage>) {
        let frame = message.into().encode().expect("a message within its limits");
        self.socket.send(Message::Binary(frame)).expect("the server reads");
    }

    /// The next message that this version knows; credit for it is returned at once.
    pub fn receive(&mut self) -> ServerMessage {
        loop {
            match self.socket.read().expect("the server answers") {
                Message::Binary(frame) => {
                    self.received_bytes += frame.len() as u64;
                    let kind = Kind::from_number(frame.get(5).copied().unwrap_or_default());
                    if kind.is_some_and(Kind::uses_credit) {
                        self.send(Credit { bytes: frame.len() as u32 });
                    }
                    if let Some(message) = decode(&frame) {
                        return message;
                    }
                }
                Message::Close(reason) => panic!("the server closed the connection: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Renders a document of one file and waits for its end.
    pub fn render(&mut self, document: u32, revision: u32, source: &str) -> Rendered {
        let start = Instant::now();
        let before = self.received_bytes;
        self.send(Render {
            document,
            revision,
            files: vec![SourceFile {
                name: "main.scad".into(),
                content: FileContent::Inline(source.as_bytes().to_vec()),
            }],
            overrides: Vec::new(),
            detail: Detail::Exact,
            camera: None,
        });
        let mut rendered = Rendered::default();
        while rendered.end.is_none() {
            match self.receive() {
                ServerMessage::Manifest(manifest) => rendered.manifests.push(manifest),
                ServerMessage::Chunk(chunk) => {
                    rendered.first_chunk.get_or_insert_with(|| start.elapsed());
                    rendered.chunks.push(chunk);
                }
                ServerMessage::Done(done) => rendered.end = Some(End::Done(done)),
                ServerMessage::Failed(failed) => rendered.end = Some(End::Failed(failed)),
                _ => {}
            }
        }
        rendered.last_byte = start.elapsed();
        rendered.bytes = self.received_bytes - before;
        rendered
    }
}

fn decode(frame: &Bytes) -> Option<ServerMessage> {
    ServerMessage::decode(frame).expect("the server sends well-formed frames")
}
