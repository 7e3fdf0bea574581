//! Jobs from their arrival to their end: waiting, given to a worker, dropped.

use std::time::{Duration, Instant};

use scadstream_protocol::message::{self as wire, FailureCode};

use super::ahead::Ahead;
use super::express::Told;
use super::{About, Dispatcher, Job, JobState, Source};
use crate::ipc::{Attachment, JobId, Task, ToWorker};
use crate::session::SessionId;
use crate::to_wire::{self, Revision};

/// What a client that found the queue full is advised to wait.
const RETRY_AFTER_MS: u32 = 1000;

impl Dispatcher {
    /// Puts a job into the queue; none if that is full or the server stops, which the client is told.
    pub(super) fn enqueue(
        &mut self,
        session: SessionId,
        about: About,
        source: Source,
    ) -> Option<JobId> {
        let subject = about.subject();
        if self.draining_until.is_some() {
            let message = "The server is stopping: connect again.";
            self.fail(session, None, subject, FailureCode::ShuttingDown, message);
            return None;
        }
        let id = self.next_job;
        self.next_job += 1;
        if self.queue.push(session, id).is_err() {
            self.metrics.jobs_total.with_label_values(&["refused"]).inc();
            let message = "Too many jobs are waiting: try again a little later.";
            let mut failed = to_wire::plain_failure(subject, FailureCode::Overloaded, message);
            failed.details = vec![wire::FailureDetail {
                key: "retry_after_ms".into(),
                value: RETRY_AFTER_MS.to_string(),
            }];
            self.send(session, None, failed);
            return None;
        }
        let job = Job {
            session,
            about,
            source,
            state: JobState::Queued,
            answered: false,
            heard: false,
            restarted: false,
            counted: false,
            place: None,
            started: Instant::now(),
            cpu_before: Duration::ZERO,
            first_chunk_seen: false,
            ahead: Ahead::default(),
            reserved_bytes: 0,
            progress: None,
            told: Told::default(),
        };
        self.jobs.insert(id, job);
        Some(id)
    }

    /// Starts as many jobs as may run, and tells the others their place.
    pub(super) fn schedule(&mut self) {
        loop {
            let free = self.pool.is_free();
            let may = |session| free || self.may_express(session);
            let Some((session, id)) = self.queue.next(may) else { break };
            let reserved =
                self.jobs.values().filter(|job| matches!(job.state, JobState::Running(_)));
            let reserved = reserved.map(|job| job.reserved_bytes).reduce(u64::saturating_add);
            let next = self.admission.reservation(self.last_peak(id));
            if !self.admission.allows(next, reserved, self.system_level) {
                break;
            }
            self.queue.take(session);
            self.start(id, next);
        }
        self.metrics.queue_depth.set(self.queue.len() as i64);
        for (place, id) in (0_u32..).zip(self.queue.order()) {
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            if job.place == Some(place) {
                continue;
            }
            let is_first = job.place.replace(place).is_none();
            if let About::Render { document, revision } = job.about {
                let session = job.session;
                let queued = wire::Queued { document, revision, position: place };
                self.send(session, Some(id), queued);
                if is_first {
                    self.tell_forecast(id);
                }
            }
        }
    }

    /// Tells a client whose job waits that its document needed too much the last time.
    fn tell_forecast(&self, id: JobId) {
        let Some(Job { session, about: About::Render { document, revision }, .. }) =
            self.jobs.get(&id)
        else {
            return;
        };
        let last = self.sessions.get(session).and_then(|session| session.documents.get(document));
        if let Some(needed_bytes) = last.and_then(|document| document.needed_bytes) {
            let of = Revision { document: *document, revision: *revision };
            let limit_bytes = self.monitor.thresholds().hard;
            self.send(*session, Some(id), to_wire::forecast(of, needed_bytes, limit_bytes));
        }
    }

    /// What the job's document took the last time.
    pub(super) fn last_peak(&self, id: JobId) -> Option<u64> {
        let job = self.jobs.get(&id)?;
        self.sessions.get(&job.session)?.documents.get(&job.about.document())?.peak_bytes
    }

    pub(super) fn start(&mut self, id: JobId, reserved_bytes: u64) {
        let Some(session) = self.jobs.get(&id).map(|job| job.session) else { return };
        let express = self.may_express(session);
        let Some(worker) = self.pool.free_for(session, express) else { return };
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let now = Instant::now();
        job.reserved_bytes = reserved_bytes;
        self.metrics.queue_wait_seconds.observe((now - job.source.at).as_secs_f64());
        job.state = JobState::Running(worker);
        job.started = now;
        job.cpu_before = self.pool.cpu_time(worker).unwrap_or_default();
        let task = match job.about {
            About::Render { .. } => Task::Render,
            About::Export(export) => {
                Task::Export { request: export.request, format: export.format.into() }
            }
        };
        let uploads = job.source.uploads.iter().map(|(digest, content)| Attachment {
            digest: *digest,
            len_bytes: content.len() as u64,
        });
        let reader = self.sessions.get(&job.session);
        let message = ToWorker::Start {
            job: id,
            task,
            frame_bytes: job.source.frame.len() as u64,
            uploads: uploads.collect(),
            codec: reader.map_or(wire::Codec::Raw, |session| session.speed.codec()).into(),
        };
        let mut payload = vec![job.source.frame.clone()];
        payload.extend(job.source.uploads.iter().map(|(_, content)| content.clone()));
        payload.extend(reader.map(|session| session.known.to_bytes()));
        tracing::debug!(job = id, worker, session = %job.session, "job started");
        let until = now + self.config.job_time;
        self.pool.start(worker, job.session, id, until, message, payload);
    }

    /// Ends a job before its time. If the client has no answer yet it gets this one.
    pub(super) fn end_job(&mut self, id: JobId, outcome: &str, code: FailureCode, message: &str) {
        let Some(job) = self.jobs.get(&id) else { return };
        let (session, subject, answered) = (job.session, job.about.subject(), job.answered);
        self.count_end(id, outcome);
        let answer_taken_back = self.drop_job(id);
        if !answered || answer_taken_back {
            self.fail(session, None, subject, code, message);
        }
        self.lend(session);
    }

    /// Drops a job, its unsent frames and whatever its worker has of it. True if an answer was among the frames.
    pub(super) fn drop_job(&mut self, id: JobId) -> bool {
        let Some(job) = self.jobs.remove(&id) else { return false };
        match job.state {
            JobState::Queued => {
                self.queue.remove(job.session, id);
            }
            JobState::Running(worker) | JobState::Sending(worker) => {
                self.pool.forget(worker, id, Instant::now() + self.config.cancel_time);
            }
            JobState::Gone => {}
        }
        let Some(session) = self.sessions.get_mut(&job.session) else { return false };
        if let About::Render { document, .. } = job.about
            && let Some(document) = session.documents.get_mut(&document)
            && document.job == Some(id)
        {
            document.job = None;
        }
        let taken = session.outbox.take_back(id);
        session.ledger.forget(id, taken.credit_bytes);
        session.speed.taken_back(taken.credit_bytes);
        taken.chunks.iter().for_each(|hash| session.known.remove(hash));
        taken.answer
    }

    pub(super) fn stop_overdue(&mut self, now: Instant) {
        for (worker, id) in self.pool.overdue(now) {
            if self.jobs.get(&id).is_some_and(|job| job.state == JobState::Running(worker)) {
                // The first time: the job is asked to stop, and has a little time for that.
                let message = format!(
                    "This takes longer than the {} s that the server allows.",
                    self.config.job_time.as_secs_f64()
                );
                self.end_job(id, "time_limit", FailureCode::TimeLimit, &message);
                self.schedule();
            } else {
                tracing::warn!(
                    worker,
                    job = id,
                    "the worker does not stop its job, so it is replaced"
                );
                self.pool.kill(worker);
            }
        }
    }
}
