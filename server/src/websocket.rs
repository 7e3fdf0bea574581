//! WebSocket connections (RFC 6455): the handshake, reading and writing.
//!
//! tungstenite reads: it unmasks, joins fragments, keeps limits, and answers pings. Writing is our own ([`Writer`]),
//! because tungstenite copies every frame into a buffer and, whenever the socket took a part of it, moves the rest to
//! the front. What tungstenite itself wants to say goes through the outbox, between two of our frames.

mod writer;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use scadstream_protocol::limits::MAX_FRAME_BYTES;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::outbox::Outbox;

pub(crate) use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
pub(crate) use tokio_tungstenite::tungstenite::protocol::Message;
pub(crate) use writer::Writer;

/// A little more than a frame, so that one that is too long by a little is answered and skipped.
pub(crate) const MAX_MESSAGE_BYTES: usize = 4 * MAX_FRAME_BYTES;
/// An idle connection should cost little.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// Messages of the client.
pub(crate) type Reader = WebSocketStream<Incoming>;

/// Answers a request to open a WebSocket; the connection is there when the answer was sent.
///
/// # Errors
/// What the request lacks.
pub(crate) fn accept(request: &mut Request) -> Result<(Response, Opening), Error> {
    let response = create_response_with_body(request, Body::empty)?;
    Ok((response, Opening(hyper::upgrade::on(request))))
}

/// A connection that is about to be there.
#[derive(Debug)]
pub(crate) struct Opening(OnUpgrade);

/// Why there is no connection after all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpeningError {
    #[error("the connection failed: {0}")]
    Connection(#[from] hyper::Error),
    #[error("the server does not listen on TCP")]
    NotTcp,
}

impl Opening {
    pub(crate) async fn connection(self) -> Result<Connection, OpeningError> {
        let upgraded = self.0.await?;
        let parts = downcast::<TokioIo<TcpStream>>(upgraded).map_err(|_| OpeningError::NotTcp)?;
        Ok(Connection { stream: parts.io.into_inner(), received: parts.read_buf })
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What came right behind the request.
    received: Bytes,
}

impl Connection {
    /// Both directions; answers to pings are put into `outbox`.
    pub(crate) async fn split(self, outbox: Arc<Outbox>) -> (Reader, Writer) {
        let (half, to) = self.stream.into_split();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let reader = WebSocketStream::from_partially_read(
            Incoming { half, outbox },
            self.received.into(),
            Role::Server,
            Some(config),
        );
        (reader.await, Writer::new(to))
    }
}

/// The connection as tungstenite sees it.
#[derive(Debug)]
pub(crate) struct Incoming {
    half: OwnedReadHalf,
    outbox: Arc<Outbox>,
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.half).poll_read(context, buffer)
    }
}

/// Without a write buffer tungstenite writes whole frames, so that none is torn by one of ours.
impl AsyncWrite for Incoming {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        frame: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.outbox.answer(frame);
        Poll::Ready(Ok(frame.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
