//! A small blocking client of the protocol, for tests and benches.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_protocol::message::{
    Chunk, Codec, Credit, Detail, Done, Failed, FileContent, FileDigest, Hello, Manifest, Render,
    SourceFile, Upload, UploadHeader,
};
use scadstream_protocol::{ClientMessage, Kind, SUBPROTOCOL, ServerMessage, VERSION};
use sha2::{Digest, Sha256};
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

/// Longest that a test waits for one message.
const PATIENCE: Duration = Duration::from_secs(300);

/// Bytes that the server may have in flight.
pub(crate) const CREDIT: u32 = 8 << 20;

/// Credit is returned when so much has come together, as by the client of browsers.
pub(crate) const CREDIT_AT_ONCE: u32 = 1 << 20;

/// Longest piece of an upload, as by the client of browsers.
const UPLOAD_PIECE_BYTES: usize = (1 << 20) - 64;

/// An open session.
pub struct Client {
    socket: WebSocket<TcpStream>,
    /// Bytes of all frames received.
    pub received_bytes: u64,
    /// Whether credit is returned for what is received.
    pub returns_credit: bool,
    /// Credit that was not returned yet.
    held_credit: u32,
    uploaded: HashSet<FileDigest>,
}

/// A file beside the main one, which is uploaded once and then named by its digest, as by the client of browsers.
#[derive(Debug, Clone)]
pub struct Attachment {
    name: String,
    content: Bytes,
    digest: FileDigest,
}

impl Attachment {
    /// A file of this name.
    pub fn new(name: &str, content: Vec<u8>) -> Self {
        let digest = FileDigest(Sha256::digest(&content).into());
        Self { name: name.into(), content: content.into(), digest }
    }
}

/// What a client says of itself.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Codecs that it reads, best first.
    pub codecs: Vec<Codec>,
    /// Whether a proxy says that it is on another machine.
    pub is_far: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { codecs: vec![Codec::Raw], is_far: false }
    }
}

/// All that came of one render.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Manifests in order of arrival.
    pub manifests: Vec<Manifest>,
    /// What it was expected to need, in bytes, if that was too much.
    pub forecasts: Vec<u64>,
    /// Messages about the model: group and text.
    pub messages: Vec<String>,
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
        Self::connect_as(address, &Reader::default())
    }

    /// Connects as a certain kind of reader.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn connect_as(address: &str, reader: &Reader) -> Self {
        Self::try_connect_as(address, reader).expect("the server accepts a session")
    }

    /// The same, for a server that may refuse.
    ///
    /// # Errors
    /// What went wrong.
    pub fn try_connect(address: &str) -> Result<Self, String> {
        Self::try_connect_as(address, &Reader::default())
    }

    fn try_connect_as(address: &str, reader: &Reader) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).expect("a TCP option");
        stream.set_read_timeout(Some(PATIENCE)).expect("a TCP option");
        let uri = format!("ws://{address}/ws").parse().expect("an address makes a URI");
        let mut request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        if reader.is_far {
            request = request.with_header("x-forwarded-for", "192.0.2.1");
        }
        let (socket, _) =
            tungstenite::client(request, stream).map_err(|error| error.to_string())?;
        let mut client = Self {
            socket,
            received_bytes: 0,
            returns_credit: true,
            held_credit: 0,
            uploaded: HashSet::new(),
        };
        client.try_send(Hello {
            version: u32::from(VERSION),
            token: None,
            codecs: reader.codecs.clone(),
            credit: CREDIT,
            known: Vec::new(),
            client: "scadstream tests".into(),
        })?;
        match client.try_receive()? {
            ServerMessage::Welcome(_) => Ok(client),
            other => Err(format!("the first answer is {other:?}")),
        }
    }

    /// Sends a message.
    pub fn send(&mut self, message: impl Into<ClientMessage>) {
        self.try_send(message).expect("the server reads");
    }

    fn try_send(&mut self, message: impl Into<ClientMessage>) -> Result<(), String> {
        let frame = message.into().encode().expect("a message within its limits");
        self.socket.send(Message::Binary(frame)).map_err(|error| error.to_string())
    }

    /// The next message that this version knows; credit for what was received is returned.
    pub fn receive(&mut self) -> ServerMessage {
        self.try_receive().expect("the server answers")
    }

    fn try_receive(&mut self) -> Result<ServerMessage, String> {
        loop {
            let message = match self.socket.read() {
                // A process that was stopped and goes on again: a read with a time limit is not begun again by itself.
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {
                    continue;
                }
                other => other.map_err(|error| error.to_string())?,
            };
            match message {
                Message::Binary(frame) => {
                    self.received_bytes += frame.len() as u64;
                    let kind = Kind::from_number(frame.get(5).copied().unwrap_or_default());
                    if self.returns_credit && kind.is_some_and(Kind::uses_credit) {
                        self.held_credit += frame.len() as u32;
                        if self.held_credit >= CREDIT_AT_ONCE {
                            let bytes = std::mem::take(&mut self.held_credit);
                            self.try_send(Credit { bytes })?;
                        }
                    }
                    if let Some(message) = decode(&frame) {
                        return Ok(message);
                    }
                }
                Message::Close(reason) => return Err(format!("closed: {reason:?}")),
                _ => {}
            }
        }
    }

    /// Renders the exact picture of a document of one file and waits for its end.
    pub fn render(&mut self, document: u32, revision: u32, source: &str) -> Rendered {
        self.render_with(document, revision, source, &[])
    }

    /// Renders a document of a main file and others, and waits for its end.
    pub fn render_with(
        &mut self,
        document: u32,
        revision: u32,
        source: &str,
        attachments: &[Attachment],
    ) -> Rendered {
        let start = Instant::now();
        let mut files = inline(&[("main.scad", source.as_bytes())]);
        for attachment in attachments {
            let Attachment { name, content, digest } = attachment;
            if self.uploaded.insert(*digest) {
                self.upload(attachment);
            }
            let content = FileContent::Uploaded { digest: *digest, length: content.len() as u64 };
            files.push(SourceFile { name: name.clone(), content });
        }
        self.render_since(start, document, revision, files).expect("the connection stays open")
    }

    fn upload(&mut self, Attachment { content, digest, .. }: &Attachment) {
        let total = content.len() as u64;
        // An empty file is one empty piece.
        for offset in (0..content.len().max(1)).step_by(UPLOAD_PIECE_BYTES) {
            let end = content.len().min(offset + UPLOAD_PIECE_BYTES);
            let header = UploadHeader { digest: *digest, offset: offset as u64, total };
            self.send(Upload { header, payload: content.slice(offset..end) });
        }
    }

    /// Renders a document and waits for its end.
    ///
    /// # Errors
    /// What became of the connection.
    pub fn try_render(
        &mut self,
        document: u32,
        revision: u32,
        files: Vec<SourceFile>,
    ) -> Result<Rendered, String> {
        self.render_since(Instant::now(), document, revision, files)
    }

    fn render_since(
        &mut self,
        start: Instant,
        document: u32,
        revision: u32,
        files: Vec<SourceFile>,
    ) -> Result<Rendered, String> {
        let before = self.received_bytes;
        self.try_send(render_of(document, revision, files, Detail::Exact))?;
        let mut rendered = Rendered::default();
        while rendered.end.is_none() {
            match self.try_receive()? {
                ServerMessage::Manifest(manifest) => rendered.manifests.push(manifest),
                ServerMessage::Chunk(chunk) => {
                    rendered.first_chunk.get_or_insert_with(|| start.elapsed());
                    rendered.chunks.push(chunk);
                }
                ServerMessage::Diagnostics(diagnostics) => {
                    let texts = diagnostics.list.into_iter().map(|diagnostic| {
                        let group = format!("{:?}", diagnostic.severity).to_uppercase();
                        format!("{group}: {}", diagnostic.message)
                    });
                    rendered.messages.extend(texts);
                }
                ServerMessage::Forecast(forecast) => {
                    rendered.forecasts.push(forecast.needed_bytes);
                }
                ServerMessage::Done(done) => rendered.end = Some(End::Done(done)),
                ServerMessage::Failed(failed) => rendered.end = Some(End::Failed(failed)),
                _ => {}
            }
        }
        rendered.last_byte = start.elapsed();
        rendered.bytes = self.received_bytes - before;
        Ok(rendered)
    }

    /// Asks for pictures of a document of one file.
    pub fn ask(&mut self, document: u32, revision: u32, source: &str, detail: Detail) {
        self.send(render_of(
            document,
            revision,
            inline(&[("main.scad", source.as_bytes())]),
            detail,
        ));
    }
}

/// What asks for pictures of a document, its main file first; nobody says where the viewer stands.
pub fn render_of(document: u32, revision: u32, files: Vec<SourceFile>, detail: Detail) -> Render {
    Render { document, revision, files, overrides: Vec::new(), detail, camera: None }
}

/// Files that come with the message.
pub fn inline(files: &[(&str, &[u8])]) -> Vec<SourceFile> {
    let file = |(name, content): &(&str, &[u8])| SourceFile {
        name: (*name).into(),
        content: FileContent::Inline(content.to_vec()),
    };
    files.iter().map(file).collect()
}

fn decode(frame: &Bytes) -> Option<ServerMessage> {
    ServerMessage::decode(frame).expect("the server sends well-formed frames")
}
