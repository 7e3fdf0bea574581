//! Keeps express workers free for short jobs.
//!
//! A session may use them while its jobs are known to be short, or nothing is known of it yet; the last free one of several
//! is for the former only. A job that is not short goes back into the queue as soon as others wait; one of a session that
//! is not known yet does so at once for one that is. So
//! whoever has small models hardly notices what others do, and whoever has large ones loses little. What the client was
//! told of the job already it is not told twice: the same model says the same things in the same order.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use scadstream_protocol::Kind;

use super::{Dispatcher, Job, JobState};
use crate::ipc::JobId;
use crate::session::SessionId;

/// How long a job on an express worker may take to notice that it makes way, before the worker is replaced: somebody
/// with a small model waits.
const WAY_TIME: Duration = Duration::from_millis(50);

/// Short jobs in a row after which a session with long ones is as good as new.
const PROBATION: i8 = 8;
/// Short jobs in a row after which a session is known for them. With fewer, whoever mixes the two would have the worker
/// that is kept for others half a second at a time.
const PROVEN: i8 = 4;

/// What is known of the length of a session's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Record(i8);

impl Record {
    /// Takes note of a job.
    fn note(&mut self, short: bool) {
        self.0 = match (short, self.0) {
            (true, before) => (before + 1).min(PROVEN),
            // One long job of somebody whose jobs are short is soon forgiven.
            (false, 1..) => -1,
            (false, _) => -PROBATION,
        };
    }

    /// A job made way before its time was up. Another short one, elsewhere, and the session may try again; else it would
    /// be in the way over and over.
    fn doubt(&mut self) {
        self.0 = self.0.min(-1);
    }

    /// Whether express workers may be used.
    fn may_express(self) -> bool {
        self.0 >= 0
    }

    /// Whether the last jobs were short, and those before them were or are forgiven.
    fn is_proven(self) -> bool {
        self.0 >= PROVEN
    }
}

/// What a client was told of a job, so that the job can be begun again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Told {
    /// Messages that a second run will give again.
    messages: u32,
    /// Messages of this run still to be left out.
    to_skip: u32,
    /// Whether there was something that cannot be taken back: a scene, a file, an end.
    result: bool,
}

impl Told {
    /// Takes note of a frame; false if it is to be left out.
    pub(super) fn passes(&mut self, kind: Option<Kind>) -> bool {
        match kind {
            Some(Kind::Diagnostics | Kind::Parameters) if self.to_skip > 0 => {
                self.to_skip -= 1;
                false
            }
            Some(Kind::Diagnostics | Kind::Parameters) => {
                self.messages += 1;
                true
            }
            Some(Kind::Progress | Kind::Queued | Kind::Forecast) => true,
            _ => {
                self.result = true;
                true
            }
        }
    }

    fn begins_again(&mut self) {
        self.to_skip += self.messages;
        self.messages = 0;
    }
}

impl Dispatcher {
    /// Whether an express worker is free for a job of this session. The last one of several is kept for those whose jobs
    /// are known to be short: to take it back from another would cost them fifty milliseconds and a new worker.
    pub(super) fn may_express(&self, session: SessionId) -> bool {
        let Some(session) = self.sessions.get(&session) else { return false };
        let kept = usize::from(self.config.express_workers > 1 && !session.record.is_proven());
        session.record.may_express() && self.pool.idle_express() > kept
    }

    /// Puts jobs that are not short after all back into the queue if others wait. Returns when to look again.
    pub(super) fn make_way(&mut self, now: Instant) -> Option<Instant> {
        if self.queue.len() == 0 {
            return None;
        }
        let is_proven = |session: &SessionId| {
            self.sessions.get(session).is_some_and(|session| session.record.is_proven())
        };
        let proven_waits = self.queue.next(|session| is_proven(&session)).is_some();
        let for_proven: HashSet<JobId> = self
            .jobs
            .iter()
            .filter(|(_, job)| proven_waits && !is_proven(&job.session))
            .map(|(id, _)| *id)
            .collect();
        let on_express = self.pool.on_express();
        let used: Vec<Duration> = on_express
            .iter()
            .map(|(_, id)| self.jobs.get(id).map_or(Duration::ZERO, |job| self.computed(job)))
            .collect();
        let mut next = None;
        for ((worker, id), used) in on_express.into_iter().zip(used) {
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            if job.state != JobState::Running(worker) || job.told.result {
                continue;
            }
            let due = now + self.config.express_time.saturating_sub(used);
            if due > now && !for_proven.contains(&id) {
                next = Some(next.map_or(due, |next: Instant| next.min(due)));
                continue;
            }
            if self.queue.push(job.session, id).is_err() {
                continue;
            }
            job.state = JobState::Queued;
            job.heard = false;
            job.place = None;
            job.told.begins_again();
            if let Some(session) = self.sessions.get_mut(&job.session) {
                if due <= now {
                    session.record.note(false);
                } else {
                    session.record.doubt();
                }
                session.ledger.forget(id, 0);
            }
            tracing::debug!(job = id, worker, "the job is not short: it makes way");
            self.metrics.express_moves_total.inc();
            self.pool.forget(worker, id, now + WAY_TIME.min(self.config.cancel_time));
            self.schedule();
        }
        next
    }

    /// Remembers whether a session's jobs are short, from one that is over.
    pub(super) fn note_length(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        if job.state == JobState::Queued {
            return;
        }
        let short = self.computed(job) <= self.config.express_time;
        let worker = job.state.worker();
        if let Some(session) = self.sessions.get_mut(&job.session) {
            session.record.note(short);
        }
        if let (false, Some(worker)) = (short, worker) {
            self.pool.keep_for_long_jobs(worker);
        }
    }

    /// Processor time that a job took so far, for on a busy machine a short one may last long; of a worker that is gone,
    /// the time since its start.
    fn computed(&self, job: &Job) -> Duration {
        let worker = job.state.worker();
        let used = worker.and_then(|worker| self.pool.cpu_time(worker));
        used.map_or_else(|| job.started.elapsed(), |used| used.saturating_sub(job.cpu_before))
    }

    /// Replaces workers that have done enough, as far as no client waits for anything from them.
    pub(super) fn replace_worn_out(&mut self) {
        for (worker, reason) in self.pool.worn_out() {
            let is_needed =
                self.jobs.values().any(|job| job.state.worker() == Some(worker) && !job.answered);
            if !is_needed {
                tracing::info!(worker, reason, "the worker is replaced by a fresh one");
                self.pool.retire(worker, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_jobs_are_forgiven_after_short_ones() {
        let mut record = Record::default();
        let short = |record: &mut Record, jobs| (0..jobs).for_each(|_| record.note(true));
        assert!(record.may_express() && !record.is_proven());
        short(&mut record, PROVEN - 1);
        assert!(!record.is_proven());
        short(&mut record, 1);
        assert!(record.is_proven());
        record.doubt();
        assert!(!record.may_express());
        short(&mut record, 1);
        assert!(record.may_express());
        short(&mut record, PROVEN);
        record.note(false);
        assert!(!record.may_express());
        short(&mut record, 1);
        assert!(record.may_express(), "one long job is soon forgiven");
        record.note(false);
        short(&mut record, PROBATION - 1);
        assert!(!record.may_express());
        short(&mut record, 1);
        assert!(record.may_express() && !record.is_proven());
        short(&mut record, PROVEN);
        assert!(record.is_proven());
    }

    #[test]
    fn what_was_told_before_is_left_out_once() {
        let mut told = Told::default();
        let message = Some(Kind::Diagnostics);
        assert!(told.passes(message) && told.passes(Some(Kind::Progress)) && told.passes(message));
        told.begins_again();
        assert!(told.passes(Some(Kind::Progress)));
        assert_eq!(
            [told.passes(message), told.passes(message), told.passes(message)],
            [false, false, true]
        );
        told.begins_again();
        assert!(!told.result);
        assert!(told.passes(Some(Kind::Manifest)) && told.result);
    }
}
