//! Files, whose frames come from the worker ahead of the client's credit.
//!
//! A file lies complete in shared memory, so that naming its frames early costs nothing, and when the client returns
//! credit nobody has to be asked for more. On two processors with much to do besides, asking the worker for every frame
//! cost a sixth of the rate: each message woke a thread in the place of the one that writes or the one that reads.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::Dispatcher;
use crate::credit::Overdrawn;
use crate::ipc::{JobId, ToWorker};

/// How far ahead a worker may be: some milliseconds of the fastest connection, so that a busy worker is asked in time.
/// What it is ahead by could be given up by the worker only together with the whole file, so no more.
const MOST_AHEAD: u64 = 32 << 20;

/// The frames of one file that came and were not passed on.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    frames: VecDeque<Bytes>,
    /// Bytes of the whole file's frames.
    wanted: u64,
    /// Bytes that the worker may have sent, has sent, and that were passed on.
    allowed: u64,
    received: u64,
    passed_on: u64,
    /// Whether there will be no more.
    complete: bool,
}

impl Ahead {
    /// The file has so many bytes.
    pub(super) fn want(&mut self, bytes: u64) {
        self.wanted = bytes;
    }

    /// A frame from the worker.
    pub(super) fn take(&mut self, frame: Bytes) -> Result<(), Overdrawn> {
        self.received += frame.len() as u64;
        if self.received > self.allowed {
            return Err(Overdrawn);
        }
        self.frames.push_back(frame);
        Ok(())
    }

    /// Everything came.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether everything came, passed on or not.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The worker gave up: what came is no use without the rest.
    pub(super) fn give_up(&mut self) {
        self.frames.clear();
    }

    /// How much the worker may have sent in all, if it should be told: by halves, so that it is woken rarely.
    fn allow(&mut self) -> Option<u64> {
        let total = self.wanted.min(self.passed_on + MOST_AHEAD);
        let more = total.saturating_sub(self.allowed);
        if more == 0 || total < self.wanted && more < MOST_AHEAD / 2 {
            return None;
        }
        self.allowed = total;
        Some(total)
    }
}

impl Dispatcher {
    /// Passes on what the client gave credit for, and lets the worker send more.
    pub(super) fn pass_on(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let Some(session) = self.sessions.get_mut(&job.session) else { return };
        let now = Instant::now();
        while let Some(frame) = job
            .ahead
            .frames
            .pop_front_if(|frame| session.ledger.spend(id, frame.len() as u64).is_ok())
        {
            job.ahead.passed_on += frame.len() as u64;
            session.speed.sent(frame.len() as u64, now);
            session.outbox.push(Some(id), frame);
        }
        if job.ahead.complete && job.ahead.frames.is_empty() {
            return self.release_sent(id);
        }
        if let Some(total_bytes) = job.ahead.allow()
            && let Some(worker) = job.state.worker()
        {
            self.pool.tell(worker, ToWorker::Credit { job: id, total_bytes }, Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_worker_is_ahead_by_so_much_and_is_told_by_halves() {
        let mut ahead = Ahead::default();
        ahead.want(100 * MIB);
        assert_eq!(ahead.allow(), Some(32 * MIB));
        assert_eq!(ahead.allow(), None);
        ahead.passed_on = 15 * MIB;
        assert_eq!(ahead.allow(), None);
        ahead.passed_on = 17 * MIB;
        assert_eq!(ahead.allow(), Some(49 * MIB));
        ahead.passed_on = 70 * MIB;
        assert_eq!(ahead.allow(), Some(100 * MIB));
        ahead.passed_on = 100 * MIB;
        assert_eq!(ahead.allow(), None);
    }

    #[test]
    fn a_small_file_is_allowed_at_once() {
        let mut ahead = Ahead::default();
        assert_eq!(ahead.allow(), None);
        ahead.want(5);
        assert_eq!(ahead.allow(), Some(5));
    }

    #[test]
    fn a_worker_that_sends_more_than_it_may_is_noticed() {
        let mut ahead = Ahead::default();
        ahead.want(5);
        ahead.allow();
        assert_eq!(ahead.take(Bytes::from_static(b"12345")), Ok(()));
        assert_eq!(ahead.take(Bytes::from_static(b"6")), Err(Overdrawn));
    }
}
