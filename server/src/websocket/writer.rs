//! Writing frames to the client: heads and payloads of several in one system call, without a copy.
//!
//! A server's frames are not masked, so a frame is a head of two to ten bytes and the payload as it is.

use std::io::{self, IoSlice};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;

/// First byte of a frame that is a whole message of bytes.
const BINARY: u8 = 0x82;
/// First byte of a close.
const CLOSE: u8 = 0x88;
/// First byte of a ping.
const PING: u8 = 0x89;

/// The way to the client.
#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
}

impl Writer {
    pub(super) fn new(half: OwnedWriteHalf) -> Self {
        Self { half }
    }

    /// Sends each of `payloads` as a message.
    pub(crate) async fn messages(&mut self, payloads: &[Bytes]) -> io::Result<()> {
        let heads: Vec<Head> =
            payloads.iter().map(|payload| Head::new(BINARY, payload.len())).collect();
        let frames = heads.iter().zip(payloads);
        let mut parts: Vec<IoSlice<'_>> = frames
            .flat_map(|(head, payload)| [head.as_slice(), payload])
            .map(IoSlice::new)
            .collect();
        let mut unsent = parts.as_mut_slice();
        // Takes empty payloads off the front, or the end would look like a refusal.
        IoSlice::advance_slices(&mut unsent, 0);
        while !unsent.is_empty() {
            match self.half.write_vectored(unsent).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                sent => IoSlice::advance_slices(&mut unsent, sent),
            }
        }
        Ok(())
    }

    /// Sends frames that have their heads.
    pub(crate) async fn frames(&mut self, frames: &[u8]) -> io::Result<()> {
        self.half.write_all(frames).await
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&mut self) -> io::Result<()> {
        self.half.write_all(Head::new(PING, 0).as_slice()).await
    }

    /// Says goodbye; a reason is at most 123 bytes long.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) -> io::Result<()> {
        let mut frame = Head::new(CLOSE, size_of::<u16>() + reason.len()).as_slice().to_vec();
        frame.extend(code.to_be_bytes());
        frame.extend(reason.as_bytes());
        self.half.write_all(&frame).await
    }
}

/// The head of a frame that is not masked: RFC 6455, section 5.2.
#[derive(Debug)]
struct Head {
    bytes: [u8; 10],
    len: usize,
}

impl Head {
    fn new(first: u8, payload_len: usize) -> Self {
        let mut bytes = [0; 10];
        bytes[0] = first;
        let len = if payload_len < 126 {
            bytes[1] = payload_len as u8;
            2
        } else if let Ok(short) = u16::try_from(payload_len) {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&short.to_be_bytes());
            4
        } else {
            bytes[1] = 127;
            bytes[2..10].copy_from_slice(&(payload_len as u64).to_be_bytes());
            10
        };
        Self { bytes, len }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

    /// What a client reads of what is written.
    async fn connected() -> (Writer, WebSocketStream<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        // What the client says is not read here, and the other half may go.
        let (_, half) = server.into_split();
        (Writer::new(half), WebSocketStream::from_raw_socket(client, Role::Client, None).await)
    }

    #[tokio::test]
    async fn messages_of_every_length_arrive_in_order() {
        let (mut writer, mut client) = connected().await;
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 3 << 20, 0];
        let payloads: Vec<Bytes> =
            lengths.iter().map(|len| (0..*len).map(|i| i as u8).collect()).collect();
        let sent = payloads.clone();
        let writing = tokio::spawn(async move {
            writer.messages(&sent).await.unwrap();
            writer.ping().await.unwrap();
            writer.close(4400, "too many faults").await.unwrap();
        });
        for payload in payloads {
            assert!(client.next().await.unwrap().unwrap() == Message::Binary(payload));
        }
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Ping(Bytes::new()));
        let farewell = CloseFrame { code: 4400.into(), reason: "too many faults".into() };
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(Some(farewell)));
        writing.await.unwrap();
    }
}
