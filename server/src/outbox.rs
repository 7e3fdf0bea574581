//! Frames on their way to one client, between the dispatcher, which never waits, and the socket, which may be slow.
//!
//! Chunks and file pieces are bounded by the client's credit; everything else by [`MOST_FREE_BYTES`]. Of several
//! progress or queue reports in a row only the newest is kept. Frames of a job that is over can be taken back as long
//! as they have not gone out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use scadstream_protocol::Kind;
use tokio::sync::Notify;

use crate::ipc::JobId;
use crate::known_chunks::{Hash, hash_in};

/// Bytes of frames that use no credit. A client that lets so many wait has stopped reading: it is disconnected, and
/// can connect again.
const MOST_FREE_BYTES: usize = 16 << 20;

/// Bytes of answers to pings. A client that lets so many wait asks without reading.
const MOST_ANSWER_BYTES: usize = 64 << 10;

/// Frames and bytes that go out at once. Enough that the socket's own cost does not count; what is taken out cannot be
/// taken back, so no more.
const MOST_AT_ONCE: (usize, usize) = (32, 256 << 10);

/// Offset of the kind's number in a frame.
const KIND_OFFSET: usize = 5;

/// Frames to one client.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Outgoing>,
    free_bytes: usize,
    /// Frames of WebSocket itself.
    answers: Vec<u8>,
    close: Option<Close>,
}

#[derive(Debug)]
struct Outgoing {
    job: Option<JobId>,
    kind: u8,
    frame: Bytes,
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Close {
    /// The WebSocket close code, see the protocol's SPEC.md.
    pub(crate) code: u16,
    /// For people.
    pub(crate) reason: &'static str,
}

/// What goes out next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// One or more frames.
    Frames(Vec<Bytes>),
    /// Frames of WebSocket itself, with their heads.
    Answers(Vec<u8>),
    Close(Close),
}

/// What was taken back of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TakenBack {
    /// Bytes of its frames that use credit.
    pub(crate) credit_bytes: u64,
    /// Whether the job's answer (`Done` or `Failed`) was among them.
    pub(crate) answer: bool,
    /// The chunks among them.
    pub(crate) chunks: Vec<Hash>,
}

impl Outbox {
    /// Puts a frame behind the others; after [`Outbox::close`] it is dropped.
    pub(crate) fn push(&self, job: Option<JobId>, frame: Bytes) {
        let kind = kind_of(&frame);
        let mut state = self.lock();
        if state.close.is_some() {
            return;
        }
        if let Some(last) = state.frames.back_mut()
            && last.job == job
            && last.kind == kind
            && is_report(kind)
        {
            let old = std::mem::replace(&mut last.frame, frame).len();
            state.free_bytes =
                state.free_bytes - old + state.frames[state.frames.len() - 1].frame.len();
            return;
        }
        if !uses_credit(kind) {
            state.free_bytes += frame.len();
            if state.free_bytes > MOST_FREE_BYTES {
                state.frames.clear();
                state.close = Some(READS_TOO_SLOWLY);
            }
        }
        state.frames.push_back(Outgoing { job, kind, frame });
        drop(state);
        self.changed.notify_one();
    }

    /// Puts an answer to a ping before all frames.
    pub(crate) fn answer(&self, answer: &[u8]) {
        let mut state = self.lock();
        if state.close.is_some() {
            return;
        }
        state.answers.extend(answer);
        if state.answers.len() > MOST_ANSWER_BYTES {
            state.frames.clear();
            state.close = Some(READS_TOO_SLOWLY);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Takes back all frames of `job` that have not gone out.
    pub(crate) fn take_back(&self, job: JobId) -> TakenBack {
        let mut taken = TakenBack::default();
        let mut state = self.lock();
        let mut free_bytes = state.free_bytes;
        state.frames.retain(|outgoing| {
            if outgoing.job != Some(job) {
                return true;
            }
            if uses_credit(outgoing.kind) {
                taken.credit_bytes += outgoing.frame.len() as u64;
                if outgoing.kind == Kind::Chunk as u8 {
                    taken.chunks.extend(hash_in(&outgoing.frame));
                }
            } else {
                free_bytes -= outgoing.frame.len();
            }
            taken.answer |= is_answer(outgoing.kind);
            false
        });
        state.free_bytes = free_bytes;
        taken
    }

    /// Ends the connection after the frames that are already waiting. The first call counts.
    pub(crate) fn close(&self, code: u16, reason: &'static str) {
        self.lock().close.get_or_insert(Close { code, reason });
        self.changed.notify_one();
    }

    /// What goes out next. For one reader.
    pub(crate) async fn next(&self) -> Next {
        self.next_of(MOST_AT_ONCE).await
    }

    /// The next frame alone; none at the end. For one reader.
    pub(crate) async fn next_frame(&self) -> Option<Bytes> {
        match self.next_of((1, 0)).await {
            Next::Frames(frames) => frames.into_iter().next(),
            Next::Answers(_) | Next::Close(_) => None,
        }
    }

    async fn next_of(&self, most: (usize, usize)) -> Next {
        loop {
            if let Some(next) = self.lock().take(most) {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// Whole after every statement, so that a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// At least one frame if there is any, up to as many and as long as `most` says.
    fn take(&mut self, (most_frames, most_bytes): (usize, usize)) -> Option<Next> {
        if !self.answers.is_empty() {
            return Some(Next::Answers(std::mem::take(&mut self.answers)));
        }
        if self.frames.is_empty() {
            return self.close.clone().map(Next::Close);
        }
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < most_frames
            && let Some(next) = self.frames.front()
            && (taken.is_empty() || bytes + next.frame.len() <= most_bytes)
            && let Some(outgoing) = self.frames.pop_front()
        {
            if !uses_credit(outgoing.kind) {
                self.free_bytes -= outgoing.frame.len();
            }
            bytes += outgoing.frame.len();
            taken.push(outgoing.frame);
        }
        Some(Next::Frames(taken))
    }
}

/// How a client is said goodbye to that does not read what it asks for.
const READS_TOO_SLOWLY: Close = Close { code: 1013, reason: "the client reads too slowly" };

/// The number of a frame's kind; of a frame of ours, which has been encoded and need not be decoded for that.
pub(crate) fn kind_of(frame: &[u8]) -> u8 {
    frame.get(KIND_OFFSET).copied().unwrap_or_default()
}

fn uses_credit(kind: u8) -> bool {
    Kind::from_number(kind).is_some_and(Kind::uses_credit)
}

fn is_report(kind: u8) -> bool {
    kind == Kind::Progress as u8 || kind == Kind::Queued as u8
}

fn is_answer(kind: u8) -> bool {
    kind == Kind::Done as u8 || kind == Kind::Failed as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind, len: usize) -> Bytes {
        let mut frame = vec![0; len.max(16)];
        frame[KIND_OFFSET] = kind as u8;
        frame.into()
    }

    async fn kinds(outbox: &Outbox) -> Vec<u8> {
        outbox.close(1000, "end");
        let mut kinds = Vec::new();
        while let Next::Frames(frames) = outbox.next().await {
            kinds.extend(frames.iter().map(|frame| frame[KIND_OFFSET]));
        }
        kinds
    }

    #[tokio::test]
    async fn frames_go_out_in_order_and_then_the_end() {
        let outbox = Outbox::default();
        outbox.push(Some(1), frame(Kind::Manifest, 20));
        outbox.push(Some(1), frame(Kind::Chunk, 20));
        outbox.push(Some(1), frame(Kind::Done, 20));
        let expected = [Kind::Manifest, Kind::Chunk, Kind::Done].map(|kind| kind as u8);
        assert_eq!(kinds(&outbox).await, expected);
        outbox.push(None, frame(Kind::Pong, 20));
        let end = Close { code: 1000, reason: "end" };
        assert_eq!(outbox.next().await, Next::Close(end));
    }

    #[tokio::test]
    async fn of_reports_in_a_row_the_newest_counts() {
        let outbox = Outbox::default();
        for len in [20, 21, 22] {
            outbox.push(Some(1), frame(Kind::Progress, len));
        }
        outbox.push(Some(2), frame(Kind::Progress, 30));
        let expected = vec![frame(Kind::Progress, 22), frame(Kind::Progress, 30)];
        assert_eq!(outbox.next().await, Next::Frames(expected));
        assert_eq!(outbox.lock().free_bytes, 0);
    }

    #[tokio::test]
    async fn a_job_is_taken_back_and_others_stay() {
        let outbox = Outbox::default();
        outbox.push(Some(1), frame(Kind::Chunk, 100));
        outbox.push(Some(2), frame(Kind::Chunk, 50));
        outbox.push(Some(1), frame(Kind::Done, 30));
        outbox.push(None, frame(Kind::Pong, 20));
        assert_eq!(
            outbox.take_back(1),
            TakenBack { credit_bytes: 100, answer: true, chunks: vec![[0; 16]] }
        );
        assert_eq!(outbox.take_back(1), TakenBack::default());
        assert_eq!(kinds(&outbox).await, [Kind::Chunk as u8, Kind::Pong as u8]);
    }

    #[tokio::test]
    async fn a_client_that_stopped_reading_is_disconnected() {
        let outbox = Outbox::default();
        for _ in 0..=16 {
            outbox.push(Some(1), frame(Kind::Diagnostics, 1 << 20));
        }
        while let Next::Frames(_) = outbox.next().await {}
        assert!(matches!(outbox.next().await, Next::Close(Close { code: 1013, .. })));
    }

    #[tokio::test]
    async fn what_goes_out_at_once_is_bounded() {
        let outbox = Outbox::default();
        for len in [100 << 10, 100 << 10, 100 << 10, 1 << 20] {
            outbox.push(Some(1), frame(Kind::Chunk, len));
        }
        (0..40).for_each(|_| outbox.push(Some(1), frame(Kind::Chunk, 20)));
        outbox.close(1000, "end");
        let mut counts = Vec::new();
        while let Next::Frames(frames) = outbox.next().await {
            counts.push(frames.len());
        }
        assert_eq!(counts, [2, 1, 1, 32, 8]);
    }

    #[tokio::test]
    async fn answers_go_before_frames_and_who_reads_none_is_disconnected() {
        let outbox = Outbox::default();
        outbox.push(None, frame(Kind::Pong, 20));
        outbox.answer(b"one");
        outbox.answer(b"two");
        assert_eq!(outbox.next().await, Next::Answers(b"onetwo".to_vec()));
        assert!(matches!(outbox.next().await, Next::Frames(_)));
        (0..=MOST_ANSWER_BYTES / 127).for_each(|_| outbox.answer(&[0; 127]));
        assert!(matches!(outbox.next().await, Next::Answers(_)));
        assert_eq!(outbox.next().await, Next::Close(READS_TOO_SLOWLY));
    }
}
