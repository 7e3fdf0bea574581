//! The supervisor's end of the socket, on the async runtime.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;

use bytes::{Buf, Bytes, BytesMut};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::{FromWorker, IpcError, MAX_FROM_WORKER_PAYLOAD, PREFIX_BYTES, ToWorker};

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;
/// Small messages that are joined before they are written.
const JOINED_BYTES: usize = 64 << 10;
/// Descriptors in one read. A message carries one, and a read may span messages.
const DESCRIPTORS_PER_READ: usize = 16;

/// Reads what the worker says.
#[derive(Debug)]
pub(crate) struct Receiver {
    stream: OwnedReadHalf,
    /// Where the system writes to.
    buffer: Box<[u8]>,
    /// What arrived and is not taken yet.
    bytes: BytesMut,
    /// Descriptors that arrived, in the order of their messages.
    descriptors: VecDeque<OwnedFd>,
}

/// Says something to the worker.
#[derive(Debug)]
pub(crate) struct Sender {
    stream: OwnedWriteHalf,
    /// Small messages that are not written yet.
    joined: Vec<u8>,
}

/// Both halves of a connected socket.
pub(crate) fn connection(stream: UnixStream) -> (Sender, Receiver) {
    let (read, write) = stream.into_split();
    let receiver = Receiver {
        stream: read,
        buffer: vec![0; READ_BYTES].into(),
        bytes: BytesMut::new(),
        descriptors: VecDeque::new(),
    };
    (Sender { stream: write, joined: Vec::new() }, receiver)
}

impl Receiver {
    /// The next message with its payload. May be cancelled at any time without losing anything.
    ///
    /// # Errors
    /// [`IpcError::Closed`] when the worker is gone, others when it talks nonsense.
    pub(crate) async fn receive(&mut self) -> Result<(FromWorker, Bytes), IpcError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            self.read().await?;
        }
    }

    /// The descriptor that came with a message just received.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn descriptor(&mut self) -> Result<OwnedFd, IpcError> {
        self.descriptors.pop_front().ok_or(IpcError::NoDescriptor)
    }

    fn take(&mut self) -> Result<Option<(FromWorker, Bytes)>, IpcError> {
        let Some(prefix) = self.bytes.first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
        let (header, payload) = super::lengths(*prefix, MAX_FROM_WORKER_PAYLOAD)?;
        if self.bytes.len() < PREFIX_BYTES + header + payload {
            return Ok(None);
        }
        self.bytes.advance(PREFIX_BYTES);
        super::split(self.bytes.split_to(header + payload).freeze(), header).map(Some)
    }

    async fn read(&mut self) -> Result<(), IpcError> {
        let stream: &UnixStream = self.stream.as_ref();
        let result = stream
            .async_io(Interest::READABLE, || {
                receive_once(stream, &mut self.buffer, &mut self.descriptors)
            })
            .await;
        match result {
            Ok(0) => Err(IpcError::Closed),
            Ok(len) => {
                self.bytes.extend_from_slice(&self.buffer[..len]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(IpcError::Closed),
            Err(error) => Err(error.into()),
        }
    }
}

fn receive_once(
    stream: &UnixStream,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> io::Result<usize> {
    let mut space =
        [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_PER_READ))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received =
        rustix::net::recvmsg(stream, &mut [IoSliceMut::new(buffer)], &mut ancillary, flags)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    Ok(received.bytes)
}

impl Sender {
    /// Sends a message with the parts of its payload, or keeps a small one until [`flush`](Self::flush), so that the worker
    /// wakes up once for many.
    ///
    /// # Errors
    /// When the worker is gone.
    pub(crate) async fn feed(
        &mut self,
        message: &ToWorker,
        payload: &[Bytes],
    ) -> Result<(), IpcError> {
        let payload_len = payload.iter().map(Bytes::len).sum();
        super::put_head(message, payload_len, &mut self.joined);
        if payload_len > 0 || self.joined.len() > JOINED_BYTES {
            self.flush().await?;
        }
        for part in payload {
            self.stream.write_all(part).await?;
        }
        Ok(())
    }

    /// Sends what was kept.
    ///
    /// # Errors
    /// When the worker is gone.
    pub(crate) async fn flush(&mut self) -> Result<(), IpcError> {
        self.stream.write_all(&self.joined).await?;
        self.joined.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Attachment, Task, blocking};
    use super::*;
    use std::os::fd::AsFd;

    fn pair() -> (blocking::Sender, blocking::Receiver, Sender, Receiver) {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (sender, receiver) = connection(UnixStream::from_std(ours).unwrap());
        let (their_sender, their_receiver) = blocking::connection(theirs.into()).unwrap();
        (their_sender, their_receiver, sender, receiver)
    }

    #[tokio::test]
    async fn messages_arrive_whole_and_in_order() {
        let (worker, other_half, _sender, mut receiver) = pair();
        let payload: Vec<u8> = (0..1 << 20).map(|i| i as u8).collect();
        let sent = payload.clone();
        let thread = std::thread::spawn(move || {
            for job in 0..20 {
                worker.send(&FromWorker::Frame { job }, &sent).unwrap();
                worker.send(&FromWorker::Wants { job, total_bytes: 9 }, &[]).unwrap();
            }
        });
        for job in 0..20 {
            let (message, bytes) = receiver.receive().await.unwrap();
            assert_eq!(message, FromWorker::Frame { job });
            assert!(bytes == payload);
            let (message, bytes) = receiver.receive().await.unwrap();
            assert_eq!((message, bytes.len()), (FromWorker::Wants { job, total_bytes: 9 }, 0));
        }
        thread.join().unwrap();
        drop(other_half);
        assert!(matches!(receiver.receive().await, Err(IpcError::Closed)));
    }

    #[tokio::test]
    async fn descriptors_belong_to_their_messages() {
        let (worker, _keep, _sender, mut receiver) = pair();
        for segment in 1..=40 {
            let file = tempfile::tempfile().unwrap();
            file.set_len(segment).unwrap();
            let message = FromWorker::NewSegment { segment: segment as u32 };
            worker.send_descriptor(&message, file.as_fd()).unwrap();
        }
        for segment in 1..=40 {
            let (message, _) = receiver.receive().await.unwrap();
            assert_eq!(message, FromWorker::NewSegment { segment: segment as u32 });
            let file = std::fs::File::from(receiver.descriptor().unwrap());
            assert_eq!(file.metadata().unwrap().len(), segment);
        }
        assert!(matches!(receiver.descriptor(), Err(IpcError::NoDescriptor)));
    }

    #[tokio::test]
    async fn a_worker_that_talks_nonsense_is_refused_without_a_large_allocation() {
        use std::io::Write;
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (_sender, mut receiver) = connection(UnixStream::from_std(ours).unwrap());
        theirs.write_all(&[255; 64]).unwrap();
        assert!(matches!(receiver.receive().await, Err(IpcError::TooLong(_))));
    }

    #[tokio::test]
    async fn the_worker_gets_documents_of_many_parts() {
        let (_keep, mut worker, mut sender, _receiver) = pair();
        let start = ToWorker::Start {
            job: 7,
            task: Task::Render,
            frame_bytes: 3,
            uploads: vec![Attachment { digest: [1; 32], len_bytes: 2 }],
            codec: 0,
        };
        let sent = start.clone();
        let thread = std::thread::spawn(move || worker.receive().unwrap());
        let parts = [Bytes::from_static(b"abc"), Bytes::from_static(b"de")];
        sender.feed(&start, &parts).await.unwrap();
        let (message, payload) = thread.join().unwrap();
        assert_eq!((message, &payload[..]), (sent, &b"abcde"[..]));
    }

    #[tokio::test]
    async fn small_messages_arrive_together_once_they_are_flushed() {
        let (_keep, mut worker, mut sender, _receiver) = pair();
        let messages: Vec<ToWorker> =
            (1..=500).map(|job| ToWorker::Credit { job, total_bytes: 7 }).collect();
        for message in &messages {
            sender.feed(message, &[]).await.unwrap();
        }
        sender.flush().await.unwrap();
        for message in messages {
            assert_eq!(worker.receive().unwrap().0, message);
        }
    }

    #[tokio::test]
    async fn messages_of_the_worker_arrive_that_were_sent_in_one() {
        let (worker, _keep, _sender, mut receiver) = pair();
        let messages: Vec<FromWorker> = (1..=500).map(|job| FromWorker::Sent { job }).collect();
        worker.send_all(&messages).unwrap();
        for message in messages {
            assert_eq!(receiver.receive().await.unwrap().0, message);
        }
    }
}
