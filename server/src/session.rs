//! One client's connection: reads its messages, checks them, passes them on; writes what its outbox holds.
//!
//! What a message causes is the dispatcher's business. Faults of the client are answered here; after sixteen of them,
//! or one at the very beginning, the connection is closed.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use scadstream_protocol::limits::{MAX_FILES, MAX_FRAME_BYTES};
use scadstream_protocol::message::{self as wire, FailureCode, Subject};
use scadstream_protocol::{ClientMessage, DecodeError, Kind, ServerMessage, VERSION};

use crate::dispatcher::{Event, Reads, Source};
use crate::http::App;
use crate::known_chunks::MOST_KNOWN;
use crate::outbox::{Next, Outbox, kind_of};
use crate::to_wire;
use crate::uploads::{Unavailable, Uploads};
use crate::websocket::{self, CapacityError, Connection, Error, Message};

/// A client has to say `Hello` within this time.
const HELLO_TIME: Duration = Duration::from_secs(10);
/// The server asks for a sign of life this often, on the level of WebSocket.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Without any sign of life for this long, the client has vanished.
const SILENCE: Duration = Duration::from_secs(90);
/// A client that is being said goodbye to gets this long to read it.
const FAREWELL_TIME: Duration = Duration::from_secs(5);
/// After the farewell a client gets this long to say its own, so that it is not cut off while it reads.
const LAST_WORDS_TIME: Duration = Duration::from_millis(250);
/// The fault at which the connection is closed.
const MOST_FAULTS: u32 = 16;
/// Credit that is passed on even while more is coming.
const CREDIT_AT_ONCE: u64 = 256 << 10;
/// What may come at once, in seconds of the steady rate.
const BURST: f64 = 5.0;

/// Close codes of the protocol.
mod close {
    pub(super) const DONE: u16 = 1000;
    pub(super) const TOO_LARGE: u16 = 1009;
    pub(super) const FAULTS: u16 = 4400;
    pub(super) const UNAUTHORISED: u16 = 4401;
    pub(super) const SILENT: u16 = 4408;
}

/// Number of a session, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// Serves a connection until either side closes it.
///
/// `is_local` says whether the client is on this machine.
pub(crate) async fn run(app: App, id: SessionId, connection: Connection, is_local: bool) {
    let outbox = Arc::new(Outbox::default());
    let (stream, to) = connection.split(Arc::clone(&outbox)).await;
    let mut writer = tokio::spawn(write(to, Arc::clone(&outbox), app.clone()));
    let mut reader = Reader {
        uploads: Uploads::new(app.config.max_upload_bytes),
        allowance: Allowance::new(app.config.messages_per_second),
        app: app.clone(),
        id,
        is_local,
        outbox: Arc::clone(&outbox),
        stream,
        credit: 0,
        revisions: HashMap::new(),
        faults: 0,
    };
    {
        let reading = reader.run();
        tokio::pin!(reading);
        tokio::select! {
            () = &mut reading => {}
            // It ends after the farewell, or when nothing can be written any more.
            _ = &mut writer => {
                let _ = tokio::time::timeout(LAST_WORDS_TIME, &mut reading).await;
            }
        }
    }
    // Nobody listens any more when the server has stopped.
    let _ = app.events.send(Event::Closed { session: id }).await;
    tracing::debug!(session = %id, "session closed");
    outbox.close(close::DONE, "done");
    // A client that vanished reads nothing more; then the writer is stuck in its socket.
    if !writer.is_finished() && tokio::time::timeout(FAREWELL_TIME, &mut writer).await.is_err() {
        writer.abort();
    }
}

async fn write(mut to: websocket::Writer, outbox: Arc<Outbox>, app: App) {
    let sent = app.metrics.wire_bytes_total.with_label_values(&["out"]);
    let mut ping = tokio::time::interval(PING_INTERVAL);
    loop {
        let result = tokio::select! {
            next = outbox.next() => match next {
                Next::Frames(frames) => {
                    sent.inc_by(frames.iter().map(|frame| frame.len() as u64).sum());
                    to.messages(&frames).await
                }
                Next::Answers(answers) => to.frames(&answers).await,
                Next::Close(end) => {
                    // Whether it can still be read is the client's affair.
                    let _ = to.close(end.code, end.reason).await;
                    return;
                }
            },
            _ = ping.tick() => to.ping().await,
        };
        if result.is_err() {
            return;
        }
    }
}

struct Reader {
    app: App,
    id: SessionId,
    is_local: bool,
    outbox: Arc<Outbox>,
    stream: websocket::Reader,
    /// Credit that came and was not passed on yet.
    credit: u64,
    uploads: Uploads,
    allowance: Allowance,
    /// The newest revision of each document, and whether it waits for uploads.
    revisions: HashMap<u32, (u32, bool)>,
    faults: u32,
}

impl Reader {
    async fn run(&mut self) {
        let hello = tokio::time::timeout(HELLO_TIME, self.hello()).await;
        let hello = match hello {
            Ok(Some(hello)) => hello,
            Ok(None) => return,
            Err(_) => return self.outbox.close(close::SILENT, "no Hello in time"),
        };
        tracing::debug!(session = %self.id, client = %hello.client, "session opened");
        self.send(self.welcome());
        let outbox = Arc::clone(&self.outbox);
        let credit = hello.credit.into();
        let (codecs, known, is_local) = (hello.codecs, hello.known, self.is_local);
        let reads = Reads { codecs, known, is_local };
        self.tell(Event::Open { session: self.id, outbox, credit, reads }).await;
        while let Some(frame) = self.next_frame().await {
            let weight = weight_of(&frame);
            if self.obey(frame).await.is_break() {
                break;
            }
            let pause = self.allowance.spend(weight, Instant::now());
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// The first message; `None` if it is not a `Hello` that opens the session.
    async fn hello(&mut self) -> Option<wire::Hello> {
        let frame = self.next_frame().await?;
        let hello = match ClientMessage::decode(&frame) {
            Ok(Some(ClientMessage::Hello(hello))) => hello,
            Ok(_) => {
                self.fault(FailureCode::Protocol, "Hello has to come first");
                self.outbox.close(close::FAULTS, "Hello has to come first");
                return None;
            }
            Err(error) => {
                self.fault(code_of(&error), &error.to_string());
                let code = match error {
                    DecodeError::Version { .. } => 4406,
                    _ => close::FAULTS,
                };
                self.outbox.close(code, "Hello cannot be read");
                return None;
            }
        };
        if let Some(expected) = &self.app.config.token
            && !same(expected, hello.token.as_deref().unwrap_or_default())
        {
            self.fault(FailureCode::Unauthorised, "Hello.token is missing or wrong");
            self.outbox.close(close::UNAUTHORISED, "token missing or wrong");
            return None;
        }
        Some(hello)
    }

    /// The next frame; `None` at the end of the connection.
    async fn next_frame(&mut self) -> Option<Bytes> {
        loop {
            match self.next_message().await? {
                Ok(Message::Binary(frame)) => {
                    let received = &self.app.metrics.wire_bytes_total;
                    received.with_label_values(&["in"]).inc_by(frame.len() as u64);
                    return Some(frame);
                }
                Ok(Message::Text(_)) => {
                    self.fault(FailureCode::Protocol, "messages are binary, this one is text");
                    if self.has_too_many_faults() {
                        return None;
                    }
                }
                // Pings are answered by the library; single frames it does not give.
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Close(farewell)) => {
                    let code = farewell.map_or(close::DONE, |farewell| farewell.code.into());
                    self.outbox.close(code, "done");
                    return None;
                }
                Err(error) => {
                    tracing::debug!(session = %self.id, %error, "the connection failed");
                    if let Error::Capacity(CapacityError::MessageTooLong { .. }) = error {
                        self.outbox.close(close::TOO_LARGE, "the message is too long");
                    }
                    return None;
                }
            }
        }
    }

    /// The next message; `None` at the end of the connection. What credit came is passed on before waiting: clients may
    /// return it in many small pieces.
    async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        if self.credit < CREDIT_AT_ONCE
            && let Some(message) = self.stream.next().now_or_never()
        {
            return message;
        }
        self.pass_credit_on().await;
        let message = tokio::time::timeout(SILENCE, self.stream.next()).await;
        message.unwrap_or_else(|_| {
            self.outbox.close(close::SILENT, "no sign of life");
            None
        })
    }

    async fn pass_credit_on(&mut self) {
        let bytes = std::mem::take(&mut self.credit);
        if bytes > 0 {
            self.tell(Event::Credit { session: self.id, bytes }).await;
        }
    }

    async fn obey(&mut self, frame: Bytes) -> ControlFlow<()> {
        match ClientMessage::decode(&frame) {
            Ok(Some(message)) => self.obey_message(message, frame).await,
            // A kind of a later version: skipped, as the protocol says.
            Ok(None) => {}
            Err(error) => self.fault(code_of(&error), &error.to_string()),
        }
        if self.has_too_many_faults() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    async fn obey_message(&mut self, message: ClientMessage, frame: Bytes) {
        let session = self.id;
        if !matches!(message, ClientMessage::Credit(_)) {
            self.pass_credit_on().await;
        }
        match message {
            ClientMessage::Hello(_) => {
                self.faults = MOST_FAULTS;
                self.fault(FailureCode::Protocol, "Hello comes only once");
            }
            ClientMessage::Render(render) => self.render(render, frame).await,
            ClientMessage::Upload(upload) => {
                if let Err(refused) = self.uploads.take(&upload) {
                    let subject = Subject::Upload { digest: upload.header.digest };
                    self.fail(subject, refused.code, &refused.message);
                }
            }
            ClientMessage::Cancel(wire::Cancel { document, revision }) => {
                let superseded = false;
                self.tell(Event::Cancel { session, document, revision, superseded }).await;
            }
            ClientMessage::Need(need) => self.tell(Event::Need { session, need }).await,
            ClientMessage::Credit(credit) => {
                self.credit = self.credit.saturating_add(credit.bytes.into());
            }
            ClientMessage::View(view) => self.tell(Event::View { session, view }).await,
            ClientMessage::Export(export) => {
                self.tell(Event::Export { session, export, source: None }).await;
            }
            // Not answered here, so that the answer comes after what earlier messages caused.
            ClientMessage::Ping(ping) => {
                self.tell(Event::Ping { session, nonce: ping.nonce }).await
            }
            other => tracing::error!(kind = %other.kind(), "a message that nothing is done about"),
        }
    }

    async fn render(&mut self, render: wire::Render, frame: Bytes) {
        let (document, revision) = (render.document, render.revision);
        let newest = self.revisions.get(&document).copied();
        let in_order =
            newest.is_none_or(|(newest, waits)| revision > newest || waits && revision == newest);
        if !in_order {
            let message = "Render.revision is not above the revisions before it";
            return self.fault(FailureCode::Protocol, message);
        }
        if newest.is_none() && self.revisions.len() == self.app.config.max_documents {
            let most = self.app.config.max_documents;
            let message = format!("A session may have {most} documents.");
            let subject = Subject::Render { document, revision };
            return self.fail(subject, FailureCode::TooLarge, &message);
        }
        match self.uploads.named_by(&render) {
            Ok(uploads) => {
                self.revisions.insert(document, (revision, false));
                let source = Source { frame, uploads, at: Instant::now() };
                let session = self.id;
                self.tell(Event::Render { session, document, revision, source }).await;
            }
            Err(unavailable) => {
                let waits = matches!(unavailable, Unavailable::Wanted(_));
                self.revisions.insert(document, (revision, waits));
                // It supersedes the older ones all the same.
                let older = revision.saturating_sub(1);
                let session = self.id;
                let event = Event::Cancel { session, document, revision: older, superseded: true };
                self.tell(event).await;
                match unavailable {
                    Unavailable::Wanted(digests) => {
                        self.send(wire::Wanted { document, revision, digests });
                    }
                    Unavailable::Refused(refused) => {
                        let subject = Subject::Render { document, revision };
                        self.fail(subject, refused.code, &refused.message);
                    }
                }
            }
        }
    }

    fn welcome(&self) -> wire::Welcome {
        let config = &self.app.config;
        wire::Welcome {
            version: VERSION.into(),
            session: self.id.to_string(),
            server: concat!("scadstream ", env!("CARGO_PKG_VERSION")).into(),
            codecs: wire::Codec::ALL.into(),
            limits: wire::ServerLimits {
                frame_bytes: MAX_FRAME_BYTES as u32,
                documents: config.max_documents as u32,
                files: MAX_FILES as u32,
                document_bytes: (MAX_FRAME_BYTES + config.max_upload_bytes) as u64,
                upload_bytes: config.max_upload_bytes as u64,
                known_chunks: MOST_KNOWN as u32,
                job_memory_bytes: self.app.thresholds.hard,
                job_time_ms: u32::try_from(config.job_time.as_millis()).unwrap_or(u32::MAX),
            },
        }
    }

    /// Answers a message that breaks the protocol.
    fn fault(&mut self, code: FailureCode, message: &str) {
        self.faults += 1;
        self.app.metrics.faults_total.inc();
        tracing::debug!(session = %self.id, message, "fault of the client");
        self.fail(Subject::Session, code, message);
    }

    fn has_too_many_faults(&self) -> bool {
        let too_many = self.faults >= MOST_FAULTS;
        if too_many {
            self.outbox.close(close::FAULTS, "too many faults of protocol");
        }
        too_many
    }

    fn fail(&self, subject: Subject, code: FailureCode, message: &str) {
        self.send(to_wire::plain_failure(subject, code, message));
    }

    fn send(&self, message: impl Into<ServerMessage>) {
        match message.into().encode() {
            Ok(frame) => self.outbox.push(None, frame),
            Err(error) => tracing::error!(%error, "a message cannot be sent"),
        }
    }

    async fn tell(&self, event: Event) {
        // When the dispatcher has stopped, its last word was to close every session.
        let _ = self.app.events.send(event).await;
    }
}

/// How much may still come before the reader slows down: a bucket that fills at a steady rate.
#[derive(Debug)]
struct Allowance {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Allowance {
    fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, left: per_second * BURST, at: Instant::now() }
    }

    /// Takes a message's weight out, and says how long to wait until the bucket is not overdrawn.
    fn spend(&mut self, weight: f64, now: Instant) -> Duration {
        let filled = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + filled).min(self.per_second * BURST) - weight;
        self.at = now;
        Duration::from_secs_f64((-self.left / self.per_second).max(0.0))
    }
}

/// What a message counts against the allowance. Credit comes with every chunk, and costs next to nothing; nor does it to
/// note where a viewer stands.
fn weight_of(frame: &[u8]) -> f64 {
    let kind = kind_of(frame);
    let is_light = [Kind::Credit, Kind::Ping, Kind::View].iter().any(|light| kind == *light as u8);
    if is_light { 0.02 } else { 1.0 }
}

/// The failure code that the protocol has for bytes that are no message.
fn code_of(error: &DecodeError) -> FailureCode {
    match error {
        DecodeError::Version { .. } => FailureCode::UnsupportedVersion,
        DecodeError::FrameTooLarge { .. } => FailureCode::TooLarge,
        _ => FailureCode::Protocol,
    }
}

/// Compares secrets in a time that does not tell how much of them agrees.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_the_rate_holds() {
        let mut allowance = Allowance::new(100);
        let start = allowance.at;
        for _ in 0..500 {
            assert_eq!(allowance.spend(1.0, start), Duration::ZERO);
        }
        assert_eq!(allowance.spend(1.0, start), Duration::from_millis(10));
        assert_eq!(allowance.spend(1.0, start), Duration::from_millis(20));
        let rested = start + Duration::from_secs(60);
        assert_eq!(allowance.spend(1.0, rested), Duration::ZERO);
    }

    #[test]
    fn credit_for_ten_thousand_chunks_a_second_is_no_burden() {
        let credit = ClientMessage::from(wire::Credit { bytes: 1 }).encode().unwrap();
        let mut allowance = Allowance::new(200);
        let start = allowance.at;
        for millisecond in 0..60_000 {
            for _ in 0..10 {
                let now = start + Duration::from_millis(millisecond);
                assert_eq!(allowance.spend(weight_of(&credit), now), Duration::ZERO);
            }
        }
    }

    #[test]
    fn secrets_are_equal_or_not() {
        assert!(same("secret", "secret"));
        for other in ["", "secreT", "secret ", "secre"] {
            assert!(!same("secret", other), "{other:?}");
        }
    }
}
