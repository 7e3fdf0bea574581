//! A client that keeps nothing of what it receives, so that what is measured is the server and the system.
//!
//! The WebSocket client of the tests takes memory for every frame and clears it before it reads into it, at half the cost of
//! reading, while the bare reader that this is compared with has one buffer for all.

use std::io::{Read, Write};
use std::net::TcpStream;

use scadstream_protocol::frame::PRELUDE_BYTES;
use scadstream_protocol::message::{Codec, Credit, Hello};
use scadstream_protocol::{ClientMessage, Kind, SUBPROTOCOL, VERSION};

use crate::client::{CREDIT, CREDIT_AT_ONCE};

/// What is read at once, as by that bare reader.
const BUFFER_BYTES: usize = 1 << 20;

/// An open session.
pub struct Skimmer {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer is received and not skipped.
    from: usize,
    to: usize,
    held_credit: u32,
}

/// A frame that was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// Its kind; none of one that is not of this version.
    pub kind: Option<Kind>,
    /// Its length.
    pub len_bytes: usize,
    /// The last byte of its header: of a `File`, whether it is the last.
    pub header_end: u8,
}

impl Skimmer {
    /// Connects to a server at an address such as `127.0.0.1:8080`, and opens a session.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP option");
        let mut client =
            Self { stream, buffer: vec![0; BUFFER_BYTES], from: 0, to: 0, held_credit: 0 };
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        );
        client.stream.write_all(request.as_bytes()).expect("the server reads");
        // Frames may come right behind the answer.
        client.from = loop {
            let end = client.buffer[..client.to].windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None => client.receive(),
            }
        };
        assert!(client.buffer.starts_with(b"HTTP/1.1 101 "), "the server accepts a session");
        client.send(Hello {
            version: u32::from(VERSION),
            token: None,
            codecs: vec![Codec::Raw],
            credit: CREDIT,
            known: Vec::new(),
            client: "scadstream tests".into(),
        });
        client
    }

    /// Sends a message, masked with zeros.
    ///
    /// # Panics
    /// If the server is gone.
    pub fn send(&mut self, message: impl Into<ClientMessage>) {
        let payload = message.into().encode().expect("a message within its limits");
        let mut frame = vec![0x82, 0xff];
        frame.extend((payload.len() as u64).to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).expect("the server reads");
    }

    /// Skips the next frame, and returns credit for it.
    ///
    /// # Panics
    /// If the connection ends.
    pub fn skip(&mut self) -> Skipped {
        loop {
            self.need(2);
            let first = self.buffer[self.from];
            let (head, len_bytes) = match self.buffer[self.from + 1] {
                126 => {
                    self.need(4);
                    (4, usize::from(u16::from_be_bytes(self.bytes(2))))
                }
                127 => {
                    self.need(10);
                    (10, u64::from_be_bytes(self.bytes(2)) as usize)
                }
                short => (2, usize::from(short)),
            };
            self.from += head;
            if first != 0x82 {
                assert_ne!(first, 0x88, "the server closes the connection");
                self.pass_over(len_bytes);
                continue;
            }
            self.need(PRELUDE_BYTES);
            let kind = Kind::from_number(self.buffer[self.from + 5]);
            let header_len = u32::from_le_bytes(self.bytes(8)) as usize;
            // A manifest's header may be longer than the buffer, and nobody asks for its end.
            let end = PRELUDE_BYTES + header_len;
            let header_end = if end <= BUFFER_BYTES / 2 {
                self.need(end);
                self.buffer[self.from + end - 1]
            } else {
                0
            };
            self.pass_over(len_bytes);
            if kind.is_some_and(Kind::uses_credit) {
                self.held_credit += len_bytes as u32;
                if self.held_credit >= CREDIT_AT_ONCE {
                    let bytes = std::mem::take(&mut self.held_credit);
                    self.send(Credit { bytes });
                }
            }
            return Skipped { kind, len_bytes, header_end };
        }
    }

    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let start = self.from + at;
        self.buffer[start..start + N].try_into().expect("as long as the range")
    }

    /// Reads until `len` bytes are there.
    fn need(&mut self, len: usize) {
        if self.from + len > BUFFER_BYTES {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        while self.to - self.from < len {
            self.receive();
        }
    }

    fn pass_over(&mut self, len: usize) {
        let mut left = len;
        loop {
            let step = left.min(self.to - self.from);
            self.from += step;
            left -= step;
            if left == 0 {
                return;
            }
            (self.from, self.to) = (0, 0);
            self.receive();
        }
    }

    fn receive(&mut self) {
        let received = self.stream.read(&mut self.buffer[self.to..]).expect("the server answers");
        assert_ne!(received, 0, "the server closes the connection");
        self.to += received;
    }
}
