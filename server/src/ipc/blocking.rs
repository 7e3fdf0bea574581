//! The worker's end of the socket: reading on one thread, writing from several.

use std::collections::VecDeque;
use std::io::{self, BufReader, IoSlice, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use super::{FromWorker, IpcError, MAX_TO_WORKER_PAYLOAD, PREFIX_BYTES, ToWorker};

/// How much is read at once: many small messages, or a part of a document.
const READ_BYTES: usize = 16 << 10;

/// Reads what the supervisor says.
#[derive(Debug)]
pub(crate) struct Receiver {
    stream: BufReader<UnixStream>,
}

/// Says something to the supervisor, from any thread; a message is never torn by another.
#[derive(Debug)]
pub(crate) struct Sender {
    stream: Mutex<UnixStream>,
}

/// Both halves of a connected socket.
///
/// # Errors
/// When the descriptor cannot be duplicated.
pub(crate) fn connection(socket: OwnedFd) -> io::Result<(Sender, Receiver)> {
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    let receiver = Receiver { stream: BufReader::with_capacity(READ_BYTES, stream.try_clone()?) };
    Ok((Sender { stream: Mutex::new(stream) }, receiver))
}

impl Receiver {
    /// The next message with its payload.
    ///
    /// # Errors
    /// [`IpcError::Closed`] when the supervisor is gone.
    pub(crate) fn receive(&mut self) -> Result<(ToWorker, Bytes), IpcError> {
        let mut prefix = [0; PREFIX_BYTES];
        self.read(&mut prefix)?;
        let (header, payload) = super::lengths(prefix, MAX_TO_WORKER_PAYLOAD)?;
        let mut body = vec![0; header + payload];
        self.read(&mut body)?;
        super::split(body.into(), header)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), IpcError> {
        self.stream.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => IpcError::Closed,
            _ => IpcError::Io(error),
        })
    }
}

impl Sender {
    /// Sends a message with a payload.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub(crate) fn send(&self, message: &FromWorker, payload: &[u8]) -> Result<(), IpcError> {
        let mut head = Vec::new();
        super::put_head(message, payload.len(), &mut head);
        self.write(&head, payload, None)
    }

    /// Sends messages without payloads, all in one.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub(crate) fn send_all(&self, messages: &[FromWorker]) -> Result<(), IpcError> {
        let mut heads = Vec::new();
        messages.iter().for_each(|message| super::put_head(message, 0, &mut heads));
        self.write(&heads, &[], None)
    }

    /// Sends a message together with a descriptor, which the supervisor gets as its own.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub(crate) fn send_descriptor(
        &self,
        message: &FromWorker,
        descriptor: BorrowedFd<'_>,
    ) -> Result<(), IpcError> {
        let mut head = Vec::new();
        super::put_head(message, 0, &mut head);
        self.write(&head, &[], Some(descriptor))
    }

    fn write(
        &self,
        head: &[u8],
        payload: &[u8],
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), IpcError> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts = VecDeque::from([head, payload]);
        let descriptors: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
        let mut unsent = descriptors.as_slice();
        while let Some(&first) = parts.front() {
            if first.is_empty() {
                parts.pop_front();
                continue;
            }
            let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            if !unsent.is_empty() {
                ancillary.push(SendAncillaryMessage::ScmRights(unsent));
            }
            let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
            match rustix::net::sendmsg(stream.as_fd(), &slices, &mut ancillary, SendFlags::NOSIGNAL)
            {
                // Descriptors travel with the first byte.
                Ok(sent) => {
                    unsent = &[];
                    advance(&mut parts, sent);
                }
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(IpcError::Closed),
                Err(error) => return Err(IpcError::Io(error.into())),
            }
        }
        Ok(())
    }
}

/// Takes `sent` bytes off the front of `parts`.
fn advance(parts: &mut VecDeque<&[u8]>, mut sent: usize) {
    while let Some(first) = parts.front_mut() {
        if sent < first.len() {
            *first = &first[sent..];
            return;
        }
        sent -= first.len();
        parts.pop_front();
    }
}
