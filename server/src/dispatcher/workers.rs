//! What workers say, and what happens when they are gone.

use std::time::Instant;

use bytes::Bytes;
use scadstream_protocol::message::{self as wire, FailureCode, Stage, Subject};
use scadstream_protocol::{Kind, ServerMessage};

use super::{Dispatcher, JobState};
use crate::ipc::{Ending, JobId, StageSeconds, ToWorker};
use crate::known_chunks::hash_in;
use crate::outbox::kind_of;
use crate::to_wire;
use crate::worker_pool::State;
use crate::worker_process::{Exit, WorkerEvent, WorkerId};

impl Dispatcher {
    pub(super) fn worker(&mut self, worker: WorkerId, event: WorkerEvent) {
        match event {
            WorkerEvent::Ready(sandbox) => {
                if self.pool.sandbox().is_none() {
                    tracing::info!(
                        landlock = sandbox.landlock,
                        seccomp = sandbox.seccomp,
                        network = !sandbox.seccomp,
                        job_seconds = self.config.job_time.as_secs_f64(),
                        "workers are shut in"
                    );
                }
                self.pool.ready(worker, sandbox);
                let level = self.system_level.number();
                self.pool.tell(worker, ToWorker::SystemPressure { level }, Vec::new());
                self.schedule();
            }
            WorkerEvent::Frame { job, frame } => self.frame(worker, job, frame),
            WorkerEvent::Needs { job, bytes } => self.needs(worker, job, bytes),
            WorkerEvent::Wants { job: id, total_bytes } => {
                let Some(job) = self.jobs.get_mut(&id) else { return };
                if job.state.worker() != Some(worker) {
                    return;
                }
                let (session, export) = (job.session, job.about.is_export());
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.ledger.want(id, export, total_bytes);
                }
                if export {
                    job.ahead.want(total_bytes);
                    self.pass_on(id);
                }
                self.lend(session);
            }
            WorkerEvent::Ended { job, ending, stages, peak_bytes } => {
                self.pool.ended(worker, job);
                self.ended(worker, job, ending, &stages, peak_bytes);
                self.schedule();
            }
            WorkerEvent::Sent { job: id } => {
                // Files are not kept; scenes are, for `Need`.
                if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.about.is_export()) {
                    job.ahead.complete();
                    self.pass_on(id);
                }
            }
            WorkerEvent::Memory(memory) => self.hear_memory(worker, memory),
            WorkerEvent::Exited(exit) => self.worker_gone(worker, exit),
        }
    }

    /// Passes a frame on to the client, if anybody still wants it.
    pub(super) fn frame(&mut self, worker: WorkerId, id: JobId, frame: Bytes) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let kind = Kind::from_number(kind_of(&frame));
        // A job that made way may be queued or at work elsewhere.
        if job.state.worker() != Some(worker) || !job.told.passes(kind) {
            return;
        }
        job.heard = true;
        if kind == Some(Kind::Progress) {
            job.progress = Some(frame.clone());
        }
        if kind == Some(Kind::File) {
            if job.ahead.take(frame).is_ok() {
                self.pass_on(id);
            } else {
                self.overdrawn(worker, id);
            }
            return;
        }
        if kind == Some(Kind::Failed) {
            job.ahead.give_up();
        }
        let Some(session) = self.sessions.get_mut(&job.session) else { return };
        if kind.is_some_and(Kind::uses_credit) {
            if session.ledger.spend(id, frame.len() as u64).is_err() {
                return self.overdrawn(worker, id);
            }
            session.speed.sent(frame.len() as u64, Instant::now());
            if kind == Some(Kind::Chunk) {
                self.metrics.chunks_sent_total.inc();
                if let Some(hash) = hash_in(&frame) {
                    session.known.insert(hash);
                }
            }
            if !std::mem::replace(&mut job.first_chunk_seen, true) && kind == Some(Kind::Chunk) {
                self.metrics.first_chunk_seconds.observe(job.source.at.elapsed().as_secs_f64());
            }
        }
        let is_gone = kind == Some(Kind::Failed) && is_about_need(&frame);
        if is_gone {
            // Or the next revision would take them for known again.
            session.known.clear();
        }
        job.answered |= matches!(kind, Some(Kind::Done | Kind::Failed)) && !is_gone;
        session.outbox.push(Some(id), frame);
    }

    fn overdrawn(&mut self, worker: WorkerId, job: JobId) {
        tracing::error!(worker, job, "the worker sends more than it may");
        self.pool.kill(worker);
    }

    /// Reserves what a job will most likely take, now that its tree is known, in place of what was feared.
    fn needs(&mut self, worker: WorkerId, id: JobId, bytes: u64) {
        let last_peak = self.last_peak(id).unwrap_or(0);
        let reservation = self.admission.reservation(Some(bytes.max(last_peak)));
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if job.state.worker() != Some(worker) {
            return;
        }
        job.reserved_bytes = reservation;
        if bytes > self.monitor.thresholds().hard
            && let Some(session) = self.sessions.get_mut(&job.session)
            && let Some(document) = session.documents.get_mut(&job.about.document())
        {
            document.needed_bytes = Some(bytes);
        }
        self.schedule();
    }

    pub(super) fn ended(
        &mut self,
        worker: WorkerId,
        id: JobId,
        ending: Ending,
        stages: &[StageSeconds],
        peak_bytes: u64,
    ) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if job.state != JobState::Running(worker) {
            return;
        }
        self.metrics.job_seconds.observe(job.started.elapsed().as_secs_f64());
        self.metrics.memory_peak_job_bytes.observe(peak_bytes as f64);
        for stage in stages {
            let name = stage_name(Stage::from(stage.stage));
            self.metrics.stage_seconds.with_label_values(&[name]).observe(stage.seconds);
        }
        self.note_peak(id, peak_bytes, ending == Ending::Done);
        let outcome = match ending {
            Ending::Done => "done",
            Ending::Failed => "failed",
            Ending::MemoryLimit => "memory_limit",
            Ending::Panicked => "panicked",
            Ending::Cancelled | Ending::Unreadable => "failed",
        };
        self.count_end(id, outcome);
        if let Some(job) = self.jobs.get_mut(&id) {
            job.state = JobState::Sending(worker);
        }
        match ending {
            Ending::Done | Ending::Failed | Ending::MemoryLimit | Ending::Panicked => {}
            // Nobody here cancelled it, or the job would be gone: it stopped for no reason.
            Ending::Cancelled => {
                let message = "The job stopped without being asked to.";
                self.end_job(id, "failed", FailureCode::Internal, message);
            }
            Ending::Unreadable => {
                let message = "The worker could not read the job.";
                self.end_job(id, "failed", FailureCode::Internal, message);
            }
        }
    }

    /// Forgets an export whose last piece is on its way.
    pub(super) fn release_sent(&mut self, id: JobId) {
        let Some(job) = self.jobs.remove(&id) else { return };
        if let Some(session) = self.sessions.get_mut(&job.session) {
            session.ledger.forget(id, 0);
        }
        self.lend(job.session);
    }

    pub(super) fn worker_gone(&mut self, worker: WorkerId, exit: Exit) {
        let Some(gone) = self.pool.gone(worker, Instant::now()) else { return };
        let reason = match (&exit, gone.state) {
            (_, State::Retiring { reason }) => reason,
            (Exit::MemoryLimit, _) => "memory_limit",
            (_, State::Dying) => "killed",
            (Exit::Lost(_), _) => "lost",
        };
        if !matches!(gone.state, State::Retiring { .. }) {
            tracing::warn!(worker, ?exit, reason, "a worker is gone and is replaced");
        }
        self.metrics.worker_restarts_total.with_label_values(&[reason]).inc();
        for id in self.jobs_where(|job| job.state.worker() == Some(worker)) {
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            let was_running = job.state == JobState::Running(worker);
            job.state = JobState::Gone;
            if job.answered || job.ahead.is_complete() {
                continue;
            }
            if was_running && !job.heard && exit != Exit::MemoryLimit && self.start_elsewhere(id) {
                continue;
            }
            match &exit {
                Exit::MemoryLimit if was_running => {
                    self.note_peak(id, self.monitor.thresholds().hard, false);
                    self.end_at_limit(id);
                }
                Exit::MemoryLimit => {
                    let message =
                        "The worker that kept this picture ran out of memory: render again.";
                    self.end_job(id, "lost", FailureCode::WorkerLost, message);
                }
                Exit::Lost(how) => {
                    let message = format!("The worker process was lost ({how}): render again.");
                    self.end_job(id, "lost", FailureCode::WorkerLost, &message);
                }
            }
        }
        self.schedule();
    }

    /// Remembers what a job took, and whether it `fitted`, for the next one of its document.
    fn note_peak(&mut self, id: JobId, peak_bytes: u64, fitted: bool) {
        let Some(job) = self.jobs.get(&id) else { return };
        let document = job.about.document();
        if let Some(session) = self.sessions.get_mut(&job.session)
            && let Some(document) = session.documents.get_mut(&document)
        {
            document.peak_bytes = Some(peak_bytes);
            if fitted {
                document.needed_bytes = None;
            }
        }
    }

    /// Ends a job whose worker died of its limit, with what it was last known to be at.
    fn end_at_limit(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let (session, subject) = (job.session, job.about.subject());
        let place = job.progress.as_ref().and_then(place_of);
        tracing::error!(job = id, ?place, "the worker reached its memory limit");
        self.count_end(id, "memory_limit");
        self.drop_job(id);
        let limit_bytes = self.monitor.thresholds().hard;
        let limit_mb = limit_bytes / 1_000_000;
        let message = format!(
            "This model needs more than the {limit_mb} MB that the server allows: it took them at once."
        );
        let mut failed = to_wire::plain_failure(subject, FailureCode::MemoryLimit, message);
        failed.place = place;
        failed.details =
            vec![wire::FailureDetail { key: "limit_bytes".into(), value: limit_bytes.to_string() }];
        self.send(session, None, failed);
        self.lend(session);
    }

    /// Puts a job back into the queue whose worker died without a word of it: most likely the worker was dead already
    /// when the job was given to it. Once only, for it may be the job that kills workers.
    pub(super) fn start_elsewhere(&mut self, id: JobId) -> bool {
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        if std::mem::replace(&mut job.restarted, true) || self.queue.push(job.session, id).is_err()
        {
            return false;
        }
        job.state = JobState::Queued;
        true
    }
}

/// The place that a `Progress` frame names.
fn place_of(frame: &Bytes) -> Option<wire::Place> {
    match ServerMessage::decode(frame) {
        Ok(Some(ServerMessage::Progress(progress))) => progress.place,
        _ => None,
    }
}

/// Whether a `Failed` frame of a job answers `Need` rather than `Render`.
fn is_about_need(frame: &Bytes) -> bool {
    matches!(
        ServerMessage::decode(frame),
        Ok(Some(ServerMessage::Failed(wire::Failed { subject: Subject::Need { .. }, .. })))
    )
}

/// The stage's name in metrics.
fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Parse => "parse",
        Stage::Evaluate => "evaluate",
        Stage::Solve => "solve",
        Stage::Chunk => "chunk",
        Stage::Encode => "encode",
        _ => "other",
    }
}
