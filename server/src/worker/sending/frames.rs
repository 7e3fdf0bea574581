//! Making frames as credit allows, announcing them, and saying at last that there are no more.

use std::collections::hash_map::Entry;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_memory::allocator;
use scadstream_memory::pool::Buffer;
use scadstream_memory::segment::SegmentError;

use super::job::{Content, LastWord};
use super::{About, Sending};
use crate::file_content::FileSegment;
use crate::ipc::{FromWorker, JobId};
use crate::to_wire;

/// Frames are announced together up to this length,
const MOST_MADE_BYTES: usize = 256 << 10;
/// or once the first of them has waited for so long, as when each has to be made.
const MOST_MADE_TIME: Duration = Duration::from_micros(200);

/// Frames that lie in their segments and are not announced yet: for one at a time, two processes would wake up.
#[derive(Default)]
pub(super) struct Made {
    frames: Vec<FromWorker>,
    bytes: usize,
    since: Option<Instant>,
}

impl Made {
    fn is_much(&self) -> bool {
        self.bytes >= MOST_MADE_BYTES
            || self.since.is_some_and(|since| since.elapsed() >= MOST_MADE_TIME)
    }
}

/// What the supervisor reads from.
pub(super) enum Lent {
    /// One frame.
    Buffer { _buffer: Buffer },
    /// So many frames of a file.
    Slots { _segment: Arc<FileSegment>, frames: usize },
}

impl Sending {
    /// Sends the next frame of the oldest job that may send one; false when none may.
    pub(super) fn send_one(&mut self) -> bool {
        let ready = self.jobs.iter().find_map(|(id, job)| {
            let index = *job.pending.front()?;
            (job.sent_bytes + job.frame_len(index) as u64 <= job.credit_bytes).then_some(*id)
        });
        let Some(id) = ready else { return false };
        if let Err(error) = self.send_next(id) {
            no_memory(&error);
        }
        self.finish_if_sent(id);
        true
    }

    fn send_next(&mut self, id: JobId) -> Result<(), SegmentError> {
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        let Some(index) = job.pending.pop_front() else { return Ok(()) };
        if let Content::File(file) = &mut job.content {
            let Some(frame) = file.take(index, &self.link) else { return Ok(()) };
            job.sent_bytes += frame.span.len_bytes as u64;
            job.sent_payload_bytes += frame.span.payload_bytes as u64;
            let (segment, span) = (frame.segment.memory.id().0, frame.span);
            self.lend_slot(frame.segment);
            // Nothing has to be made, so all that credit allows is announced at once.
            self.note(id, segment, span.offset, span.len_bytes);
            return Ok(());
        }
        let len_bytes = job.frame_len(index);
        let label = job.label(index);
        let made = label.and_then(|label| self.pool.acquire_labelled(&label, len_bytes));
        let (mut buffer, is_made) = match made {
            Some(buffer) => (buffer, true),
            None => (self.pool.acquire(len_bytes)?, false),
        };
        let payload_bytes = match job.write(index, &mut buffer.bytes_mut()[..len_bytes], is_made) {
            Ok(payload_bytes) => payload_bytes,
            Err(error) => {
                tracing::error!(job = id, index, %error, "a frame cannot be written");
                return Ok(());
            }
        };
        if let Some(label) = label {
            buffer.set_label(label);
        }
        if let Some(hash) = job.entry(index).map(|entry| entry.hash) {
            job.known.insert(hash);
        }
        job.sent_bytes += len_bytes as u64;
        job.sent_payload_bytes += payload_bytes as u64;
        let segment = buffer.id().0;
        if buffer.is_untold() {
            let message = FromWorker::NewSegment { segment };
            self.link.send_descriptor(&message, buffer.segment().as_fd());
        }
        self.lent.insert(segment, Lent::Buffer { _buffer: buffer });
        self.note(id, segment, 0, len_bytes);
        if self.made.is_much() {
            self.announce();
        }
        Ok(())
    }

    /// Notes that the supervisor reads one more frame from a segment of a file.
    fn lend_slot(&mut self, segment: Arc<FileSegment>) {
        match self.lent.entry(segment.memory.id().0) {
            Entry::Occupied(mut entry) => {
                if let Lent::Slots { frames, .. } = entry.get_mut() {
                    *frames += 1;
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(Lent::Slots { _segment: segment, frames: 1 });
            }
        }
    }

    /// The supervisor reads a frame less from this segment.
    pub(super) fn released(&mut self, segment: u32) {
        if let Some(Lent::Slots { frames, .. }) = self.lent.get_mut(&segment)
            && *frames > 1
        {
            *frames -= 1;
        } else {
            self.lent.remove(&segment);
        }
    }

    /// Notes a frame that is to be announced, now or with the next ones.
    fn note(&mut self, job: JobId, segment: u32, offset: usize, len_bytes: usize) {
        let (offset, len) = (offset as u32, len_bytes as u32);
        self.made.frames.push(FromWorker::SharedFrame { job, segment, offset, len_bytes: len });
        self.made.bytes += len_bytes;
        self.made.since.get_or_insert_with(Instant::now);
    }

    /// Tells the supervisor of the frames made since the last time.
    pub(super) fn announce(&mut self) {
        let Made { frames, .. } = std::mem::take(&mut self.made);
        if !frames.is_empty() {
            self.link.send_all(&frames);
        }
    }

    /// Says `Done` or `Failed` once the work is over and everything is sent.
    pub(super) fn finish_if_sent(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if !job.pending.is_empty() {
            return;
        }
        let Some(last_word) = job.last_word.take() else { return };
        self.announce();
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let facts = match last_word {
            LastWord::Done(facts) => facts,
            LastWord::Failed(failure) => {
                self.link.send_frame(id, to_wire::failed(job.about.subject(), failure));
                self.jobs.remove(&id);
                self.link.send(&FromWorker::Sent { job: id });
                return;
            }
        };
        if let About::Render(of) = job.about {
            let exact = match &job.content {
                Content::Scene { pieces, .. } => pieces.iter().all(|piece| piece.exact),
                Content::Nothing | Content::File(_) => false,
            };
            let sent = to_wire::Sent {
                peak_memory_bytes: facts.peak_bytes,
                payload_bytes: job.sent_payload_bytes,
            };
            self.link.send_frame(id, to_wire::done(of, exact, facts.statistics, sent));
        }
        self.link.send(&FromWorker::Sent { job: id });
        if matches!(job.content, Content::File(_) | Content::Nothing) {
            self.jobs.remove(&id);
        }
    }
}

/// Without memory nothing can be sent; the supervisor replaces a worker in this state.
pub(super) fn no_memory(error: &impl std::fmt::Display) -> ! {
    tracing::error!(%error, "no memory for frames");
    std::process::exit(allocator::EXIT_MEMORY_LIMIT)
}
