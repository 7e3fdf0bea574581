//! The one place where things are decided: which job runs where, what is dropped, who is told.
//!
//! Everything that can happen is an [`Event`]; one task takes them one at a time and never waits for anything but the
//! next event or deadline. So there are no locks around its state and no orders of events that tests cannot bring
//! about. Sessions and workers talk to it through one bounded channel and are talked to through outboxes and command
//! queues.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_memory::monitor::{Monitor, Snapshot};
use scadstream_memory::pressure::{PressureLevel, Thresholds, system_level};
use scadstream_protocol::message::{self as wire, FailureCode, Stage, Subject};
use scadstream_protocol::{Kind, ServerMessage};
use tokio::sync::{mpsc, oneshot};

use crate::admin::{Status, WorkerStatus};
use crate::admission::Admission;
use crate::config::ServerConfig;
use crate::credit::Ledger;
use crate::ipc::{Attachment, Ending, JobId, StageSeconds, Task, ToWorker};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::queue::Queue;
use crate::session::SessionId;
use crate::to_wire;
use crate::worker_pool::{State, WorkerPool};
use crate::worker_process::{Exit, WorkerEvent, WorkerId};

/// How often memory is looked at.
const TICK: Duration = Duration::from_secs(5);
/// What a client that found the queue full is advised to wait.
const RETRY_AFTER_MS: u32 = 1000;

/// Everything that can wake the dispatcher.
#[derive(Debug)]
pub(crate) enum Event {
    /// A session begins.
    Open { session: SessionId, outbox: Arc<Outbox>, credit: u64 },
    /// A session is over; nothing can be sent to it any more.
    Closed { session: SessionId },
    /// A revision, newer than all others of its document.
    Render { session: SessionId, document: u32, revision: u32, source: Source },
    /// A revision and all older ones are given up.
    Cancel { session: SessionId, document: u32, revision: u32 },
    /// Chunks are wanted once more.
    Need { session: SessionId, need: wire::Need },
    /// The client lets more be sent.
    Credit { session: SessionId, bytes: u64 },
    /// The client wants to know whether everything before this was heard.
    Ping { session: SessionId, nonce: u32 },
    /// A file of a document is wanted; without `source` of its newest revision.
    Export { session: SessionId, export: wire::Export, source: Option<Source> },
    /// A worker says something, or is gone.
    Worker { worker: WorkerId, event: WorkerEvent },
    /// Somebody wants to know how things are.
    Inspect { answer: oneshot::Sender<Status> },
    /// The server is to stop.
    Drain,
}

/// A document as its client sent it: the `Render` frame and the uploaded files that it names.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) frame: Bytes,
    pub(crate) uploads: Vec<([u8; 32], Bytes)>,
    /// When it arrived.
    pub(crate) at: Instant,
}

/// Decides.
pub(crate) struct Dispatcher {
    config: Arc<ServerConfig>,
    metrics: Metrics,
    events: mpsc::Receiver<Event>,
    sessions: HashMap<SessionId, Session>,
    jobs: HashMap<JobId, Job>,
    next_job: JobId,
    queue: Queue,
    pool: WorkerPool,
    admission: Admission,
    monitor: Monitor,
    system_level: PressureLevel,
    level: PressureLevel,
    /// Since when the server drains, and until when jobs may go on.
    draining_until: Option<Instant>,
}

struct Session {
    outbox: Arc<Outbox>,
    ledger: Ledger,
    documents: HashMap<u32, Document>,
    stalled: bool,
}

struct Document {
    revision: u32,
    source: Source,
    job: Option<JobId>,
}

struct Job {
    session: SessionId,
    about: About,
    source: Source,
    state: JobState,
    /// Whether `Done` or `Failed` was put into the outbox.
    answered: bool,
    /// Whether its worker said anything of it.
    heard: bool,
    /// Whether it was given to a second worker, see [`Dispatcher::start_elsewhere`].
    restarted: bool,
    /// Whether it was counted by how it ended.
    counted: bool,
    /// Place in the queue that the client was told last.
    place: Option<u32>,
    started: Instant,
    first_chunk_seen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Render { document: u32, revision: u32 },
    Export(wire::Export),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobState {
    /// Waits for a worker.
    Queued,
    /// Worked on.
    Running(WorkerId),
    /// The work is over; the worker keeps the scene and sends it.
    Sending(WorkerId),
    /// The worker that had the scene is gone.
    Gone,
}

impl JobState {
    fn worker(self) -> Option<WorkerId> {
        match self {
            JobState::Running(worker) | JobState::Sending(worker) => Some(worker),
            JobState::Queued | JobState::Gone => None,
        }
    }
}

impl About {
    fn subject(self) -> Subject {
        match self {
            About::Render { document, revision } => Subject::Render { document, revision },
            About::Export(export) => Subject::Export { request: export.request },
        }
    }

    fn is_export(self) -> bool {
        matches!(self, About::Export(_))
    }
}

impl Dispatcher {
    /// A dispatcher without sessions and workers, and the limits of its workers.
    pub(crate) fn new(
        config: Arc<ServerConfig>,
        thresholds: Thresholds,
        machine_bytes: Option<u64>,
        metrics: Metrics,
        (sender, events): (mpsc::Sender<Event>, mpsc::Receiver<Event>),
    ) -> Self {
        metrics.memory_limit_bytes.set(signed(thresholds.hard));
        Self {
            metrics,
            events,
            sessions: HashMap::new(),
            jobs: HashMap::new(),
            next_job: 1,
            queue: Queue::new(config.queue_length),
            pool: WorkerPool::new(config.workers, config.worker_command.clone(), sender),
            admission: Admission::new(config.workers, thresholds.hard, machine_bytes),
            monitor: Monitor::new(thresholds),
            system_level: PressureLevel::Low,
            level: PressureLevel::Low,
            draining_until: None,
            config,
        }
    }

    /// Works until the server was told to stop and nothing is left to do, or there was no more time for it.
    pub(crate) async fn run(mut self) {
        let mut next_tick = Instant::now();
        loop {
            let now = Instant::now();
            if now >= next_tick {
                self.look_at_memory();
                next_tick = now + TICK;
            }
            let restart = self.pool.replenish(now);
            self.stop_overdue(now);
            if self.is_drained(now) {
                return self.finish();
            }
            let wake = [restart, self.pool.next_deadline(), self.draining_until]
                .into_iter()
                .flatten()
                .fold(next_tick, Instant::min);
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event),
                    None => return,
                },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Open { session, outbox, credit } => self.open(session, outbox, credit),
            Event::Closed { session } => self.closed(session),
            Event::Render { session, document, revision, source } => {
                self.render(session, document, revision, source);
            }
            Event::Cancel { session, document, revision } => {
                self.cancel(session, document, revision);
            }
            Event::Need { session, need } => self.need(session, need),
            Event::Credit { session, bytes } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.ledger.give(bytes);
                }
                self.lend(session);
            }
            Event::Ping { session, nonce } => self.send(session, None, wire::Pong { nonce }),
            Event::Export { session, export, source } => self.export(session, export, source),
            Event::Worker { worker, event } => self.worker(worker, event),
            Event::Inspect { answer } => {
                let status = self.status();
                // Whoever asked may have gone.
                let _ = answer.send(status);
            }
            Event::Drain => {
                tracing::info!(jobs = self.jobs.len(), "draining");
                self.draining_until = Some(Instant::now() + self.config.drain_time);
            }
        }
    }

    // Sessions.

    fn open(&mut self, session: SessionId, outbox: Arc<Outbox>, credit: u64) {
        let mut ledger = Ledger::default();
        ledger.give(credit);
        let opened = Session { outbox, ledger, documents: HashMap::new(), stalled: false };
        self.sessions.insert(session, opened);
        self.metrics.sessions.set(self.sessions.len() as i64);
    }

    fn closed(&mut self, session: SessionId) {
        let jobs: Vec<JobId> = self.jobs_where(|job| job.session == session);
        for job in jobs {
            self.count_end(job, "abandoned");
            self.drop_job(job);
        }
        self.sessions.remove(&session);
        self.metrics.sessions.set(self.sessions.len() as i64);
        self.schedule();
    }

    fn render(&mut self, id: SessionId, document: u32, revision: u32, source: Source) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let newest = Document { revision, source: source.clone(), job: None };
        let older = session.documents.insert(document, newest);
        if let Some(job) = older.and_then(|older| older.job) {
            let message = "A newer revision took its place.";
            self.end_job(job, "superseded", FailureCode::Superseded, message);
        }
        let about = About::Render { document, revision };
        let job = self.enqueue(id, about, source);
        if let Some(session) = self.sessions.get_mut(&id)
            && let Some(document) = session.documents.get_mut(&document)
        {
            document.job = job;
        }
        self.schedule();
    }

    fn export(&mut self, id: SessionId, export: wire::Export, source: Option<Source>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let document = session.documents.get(&export.document);
        let newest = document.filter(|document| document.revision == export.revision);
        let source = source.or_else(|| newest.map(|document| document.source.clone()));
        let about = About::Export(export);
        match source {
            Some(source) if crate::from_wire::export_format(export.format).is_some() => {
                self.enqueue(id, about, source);
                self.schedule();
            }
            Some(_) => {
                let message = "This server does not know the file format asked for.";
                self.fail(id, None, about.subject(), FailureCode::UnsupportedFormat, message);
            }
            None => {
                let message = "Files are made of the newest revision of a document.";
                self.fail(id, None, about.subject(), FailureCode::Gone, message);
            }
        }
    }

    fn cancel(&mut self, session: SessionId, document: u32, revision: u32) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let Some(newest) = session.documents.get(&document) else { return };
        if newest.revision > revision {
            return;
        }
        if let Some(id) = newest.job
            && self.jobs.get(&id).is_some_and(|job| !job.answered)
        {
            self.end_job(id, "cancelled", FailureCode::Cancelled, "Cancelled.");
            self.schedule();
        }
    }

    fn need(&mut self, id: SessionId, need: wire::Need) {
        let Some(session) = self.sessions.get(&id) else { return };
        let document = session.documents.get(&need.document);
        let newest = document.filter(|document| document.revision == need.revision);
        let job = newest.and_then(|document| document.job);
        let at = job.and_then(|job| Some((job, self.jobs.get(&job)?.state.worker()?)));
        let wire::Need { document, revision, scene, chunks } = need;
        match at {
            Some((job, worker)) => {
                self.pool.tell(worker, ToWorker::Need { job, scene, chunks }, Vec::new());
            }
            None => {
                let subject = Subject::Need { document, revision, scene };
                let message = "The scene is not there any more: render again.";
                self.fail(id, None, subject, FailureCode::Gone, message);
            }
        }
    }

    // Jobs.

    /// Puts a job into the queue; none if that is full or the server stops, which the client is told.
    fn enqueue(&mut self, session: SessionId, about: About, source: Source) -> Option<JobId> {
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
            first_chunk_seen: false,
        };
        self.jobs.insert(id, job);
        Some(id)
    }

    /// Starts as many jobs as may run, and tells the others their place.
    fn schedule(&mut self) {
        while self.admission.allows(self.pool.busy(), self.system_level)
            && self.pool.idle() > 0
            && let Some(id) = self.queue.pop()
        {
            self.start(id);
        }
        self.metrics.queue_depth.set(self.queue.len() as i64);
        for (place, id) in (0_u32..).zip(self.queue.order()) {
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            if job.place == Some(place) {
                continue;
            }
            job.place = Some(place);
            if let About::Render { document, revision } = job.about {
                let session = job.session;
                let queued = wire::Queued { document, revision, position: place };
                self.send(session, Some(id), queued);
            }
        }
    }

    fn start(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let Some(worker) = self.pool.free_for(job.session) else { return };
        let now = Instant::now();
        self.metrics.queue_wait_seconds.observe((now - job.source.at).as_secs_f64());
        job.state = JobState::Running(worker);
        job.started = now;
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
        let message = ToWorker::Start {
            job: id,
            task,
            frame_bytes: job.source.frame.len() as u64,
            uploads: uploads.collect(),
        };
        let mut payload = vec![job.source.frame.clone()];
        payload.extend(job.source.uploads.iter().map(|(_, content)| content.clone()));
        tracing::debug!(job = id, worker, session = %job.session, "job started");
        let until = now + self.config.job_time;
        self.pool.start(worker, job.session, id, until, message, payload);
    }

    /// Ends a job before its time. If the client has no answer yet it gets this one.
    fn end_job(&mut self, id: JobId, outcome: &str, code: FailureCode, message: &str) {
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
    fn drop_job(&mut self, id: JobId) -> bool {
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
        taken.answer
    }

    fn stop_overdue(&mut self, now: Instant) {
        for (worker, id) in self.pool.overdue(now) {
            if self.jobs.contains_key(&id) {
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

    // Workers.

    fn worker(&mut self, worker: WorkerId, event: WorkerEvent) {
        match event {
            WorkerEvent::Ready => {
                self.pool.ready(worker);
                let level = self.system_level.number();
                self.pool.tell(worker, ToWorker::SystemPressure { level }, Vec::new());
                self.schedule();
            }
            WorkerEvent::Frame { job, frame } => self.frame(worker, job, frame),
            WorkerEvent::Wants { job: id, total_bytes } => {
                let Some(job) = self.jobs.get(&id) else { return };
                let (session, export) = (job.session, job.about.is_export());
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.ledger.want(id, export, total_bytes);
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
                if self.jobs.get(&id).is_some_and(|job| job.about.is_export()) {
                    self.release_sent(id);
                }
            }
            WorkerEvent::Memory(memory) => {
                self.count_pool(worker, &memory);
                self.pool.set_memory(worker, memory);
            }
            WorkerEvent::Exited(exit) => self.worker_gone(worker, exit),
        }
    }

    /// Passes a frame on to the client, if anybody still wants it.
    fn frame(&mut self, worker: WorkerId, id: JobId, frame: Bytes) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.heard = true;
        let Some(session) = self.sessions.get_mut(&job.session) else { return };
        let kind = frame.get(5).copied().and_then(Kind::from_number);
        if kind.is_some_and(Kind::uses_credit) {
            if session.ledger.spend(id, frame.len() as u64).is_err() {
                tracing::error!(worker, job = id, "the worker sends more than it may");
                self.pool.kill(worker);
                return;
            }
            if kind == Some(Kind::Chunk) {
                self.metrics.chunks_sent_total.inc();
            }
            if !std::mem::replace(&mut job.first_chunk_seen, true) && kind == Some(Kind::Chunk) {
                self.metrics.first_chunk_seconds.observe(job.source.at.elapsed().as_secs_f64());
            }
        }
        job.answered |= matches!(kind, Some(Kind::Done))
            || kind == Some(Kind::Failed) && !is_about_need(&frame);
        session.outbox.push(Some(id), frame);
    }

    fn ended(
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
        job.state = JobState::Sending(worker);
        let outcome = match ending {
            Ending::Done => "done",
            Ending::Failed => "failed",
            Ending::MemoryLimit => "memory_limit",
            Ending::Panicked => "panicked",
            Ending::Cancelled | Ending::Unreadable => "failed",
        };
        self.count_end(id, outcome);
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
    fn release_sent(&mut self, id: JobId) {
        let Some(job) = self.jobs.remove(&id) else { return };
        if let Some(session) = self.sessions.get_mut(&job.session) {
            session.ledger.forget(id, 0);
        }
        self.lend(job.session);
    }

    fn worker_gone(&mut self, worker: WorkerId, exit: Exit) {
        let Some(gone) = self.pool.gone(worker, Instant::now()) else { return };
        let reason = match (&exit, gone.state) {
            (Exit::MemoryLimit, _) => "memory_limit",
            (_, State::Dying) => "killed",
            (Exit::Lost(_), _) => "lost",
        };
        tracing::warn!(worker, ?exit, reason, "a worker is gone and is replaced");
        self.metrics.worker_restarts_total.with_label_values(&[reason]).inc();
        for id in self.jobs_where(|job| job.state.worker() == Some(worker)) {
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            let was_running = job.state == JobState::Running(worker);
            job.state = JobState::Gone;
            if job.answered {
                continue;
            }
            if was_running && !job.heard && exit != Exit::MemoryLimit && self.start_elsewhere(id) {
                continue;
            }
            match &exit {
                Exit::MemoryLimit if was_running => {
                    let limit_mb = self.monitor.thresholds().hard / 1_000_000;
                    let message = format!(
                        "This model needs more than the {limit_mb} MB that the server allows."
                    );
                    self.end_job(id, "memory_limit", FailureCode::MemoryLimit, &message);
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

    /// Puts a job back into the queue whose worker died without a word of it: most likely the worker was dead already
    /// when the job was given to it. Once only, for it may be the job that kills workers.
    fn start_elsewhere(&mut self, id: JobId) -> bool {
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        if std::mem::replace(&mut job.restarted, true) || self.queue.push(job.session, id).is_err()
        {
            return false;
        }
        job.state = JobState::Queued;
        true
    }

    // What is sent.

    /// Lends a session's credit to its jobs, and tells their workers.
    fn lend(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lent = session.ledger.lend();
        let stalled = session.ledger.is_stalled();
        if stalled && !session.stalled {
            self.metrics.credit_stalls_total.inc();
        }
        session.stalled = stalled;
        for (job, total_bytes) in lent {
            if let Some(worker) = self.jobs.get(&job).and_then(|job| job.state.worker()) {
                self.pool.tell(worker, ToWorker::Credit { job, total_bytes }, Vec::new());
            }
        }
    }

    fn fail(
        &mut self,
        session: SessionId,
        job: Option<JobId>,
        subject: Subject,
        code: FailureCode,
        message: &str,
    ) {
        self.send(session, job, to_wire::plain_failure(subject, code, message));
    }

    fn send(&self, session: SessionId, job: Option<JobId>, message: impl Into<ServerMessage>) {
        let Some(session) = self.sessions.get(&session) else { return };
        match message.into().encode() {
            Ok(frame) => session.outbox.push(job, frame),
            Err(error) => tracing::error!(%error, "a message cannot be sent"),
        }
    }

    // Memory and state.

    fn look_at_memory(&mut self) {
        let snapshot = Snapshot::take();
        let own = self.monitor.observe(snapshot);
        let fraction = snapshot
            .cgroup
            .and_then(|group| Some(group.used_bytes as f64 / group.limit_bytes? as f64));
        let system = system_level(fraction, snapshot.stalled_percent);
        if system != self.system_level {
            self.system_level = system;
            self.pool.tell_all(&ToWorker::SystemPressure { level: system.number() });
        }
        let thresholds = self.monitor.thresholds();
        let workers = self.pool.memories().map(|(_, memory)| thresholds.level(memory.live_bytes));
        let level = workers.fold(own, PressureLevel::max);
        if level != self.level {
            tracing::info!(from = %self.level, to = %level, "memory pressure changed");
            self.level = level;
            let used = self.pool.memories().map(|(_, memory)| memory.live_bytes).max();
            let pressure = wire::Pressure {
                level: to_wire::pressure_level(level),
                used_bytes: used.unwrap_or(snapshot.allocated_bytes),
                limit_bytes: thresholds.hard,
            };
            for session in self.sessions.keys() {
                self.send(*session, None, pressure);
            }
        }
        self.update_gauges();
    }

    fn update_gauges(&mut self) {
        let metrics = &self.metrics;
        metrics.memory_pressure_level.set(self.level.number().into());
        if let Some(own) = self.monitor.timeline().last() {
            let supervisor = &["supervisor"];
            let gauge = |gauges: &prometheus::IntGaugeVec, bytes| {
                gauges.with_label_values(supervisor).set(signed(bytes));
            };
            gauge(&metrics.memory_allocated_bytes, own.allocated_bytes);
            gauge(&metrics.memory_resident_bytes, own.resident_bytes.unwrap_or_default());
            let growth = self.monitor.growth_bytes_per_second();
            metrics.memory_growth_bytes_per_second.with_label_values(supervisor).set(growth);
        }
        let sum = |what: fn(&crate::ipc::WorkerMemory) -> u64| {
            signed(self.pool.memories().map(|(_, memory)| what(memory)).sum())
        };
        let workers = &["workers"];
        metrics.memory_allocated_bytes.with_label_values(workers).set(sum(|m| m.live_bytes));
        metrics.memory_resident_bytes.with_label_values(workers).set(sum(|m| m.resident_bytes));
        metrics.pool_idle_bytes.set(sum(|m| m.pool_idle_bytes));
        metrics.pool_used_bytes.set(sum(|m| m.pool_used_bytes));
        metrics.cache_bytes.set(sum(|m| m.cached_bytes));
        metrics.retained_scene_bytes.set(sum(|m| m.retained_bytes));
        let growth: f64 = self.pool.memories().map(|(_, m)| m.growth_bytes_per_second).sum();
        metrics.memory_growth_bytes_per_second.with_label_values(workers).set(growth);
        let leak = self.pool.memories().map(|(_, m)| m.leak_confidence).fold(0.0, f64::max);
        metrics.memory_leak_confidence.set(leak);
        for (state, count) in [
            ("busy", self.pool.busy()),
            ("idle", self.pool.idle()),
            ("changing", self.pool.in_transition()),
        ] {
            metrics.workers.with_label_values(&[state]).set(count as i64);
        }
    }

    /// Adds what a worker's pool did since it last told.
    fn count_pool(&self, worker: WorkerId, now: &crate::ipc::WorkerMemory) {
        let before = self.pool.memory(worker).copied().unwrap_or_default();
        let since = |now: u64, before: u64| now.saturating_sub(before);
        self.metrics.pool_hits_total.inc_by(since(now.pool_hits, before.pool_hits));
        self.metrics.pool_misses_total.inc_by(since(now.pool_misses, before.pool_misses));
        self.metrics.pool_evictions_total.inc_by(since(now.pool_evictions, before.pool_evictions));
    }

    /// Counts how a job ended, the first time that it does.
    fn count_end(&mut self, id: JobId, outcome: &str) {
        if let Some(job) = self.jobs.get_mut(&id)
            && !std::mem::replace(&mut job.counted, true)
        {
            self.metrics.jobs_total.with_label_values(&[outcome]).inc();
        }
    }

    fn status(&mut self) -> Status {
        self.update_gauges();
        let thresholds = self.monitor.thresholds();
        let workers = self.pool.memories().map(|(pid, memory)| WorkerStatus {
            pid,
            live_bytes: memory.live_bytes,
            resident_bytes: memory.resident_bytes,
            cached_bytes: memory.cached_bytes,
            retained_scene_bytes: memory.retained_bytes,
            leak_confidence: memory.leak_confidence,
            growth_bytes_per_second: memory.growth_bytes_per_second,
            pool_idle_bytes: memory.pool_idle_bytes,
            pool_used_bytes: memory.pool_used_bytes,
        });
        Status {
            level: self.level,
            system_level: self.system_level,
            thresholds,
            timeline: self.monitor.timeline().copied().collect(),
            growth_bytes_per_second: self.monitor.growth_bytes_per_second(),
            sessions: self.sessions.len(),
            queued: self.queue.len(),
            queue_limit: self.config.queue_length,
            busy: self.pool.busy(),
            idle: self.pool.idle(),
            draining: self.draining_until.is_some(),
            workers: workers.collect(),
        }
    }

    fn jobs_where(&self, which: impl Fn(&Job) -> bool) -> Vec<JobId> {
        let mut ids: Vec<JobId> =
            self.jobs.iter().filter(|(_, job)| which(job)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    // The end.

    fn is_drained(&self, now: Instant) -> bool {
        self.draining_until.is_some_and(|until| {
            until <= now || self.jobs.values().all(|job| job.answered) && self.queue.len() == 0
        })
    }

    /// Closes all sessions; workers end with the pool.
    fn finish(mut self) {
        for id in self.jobs_where(|job| !job.answered) {
            let message = "The server is stopping: connect again.";
            self.end_job(id, "stopped", FailureCode::ShuttingDown, message);
        }
        for session in self.sessions.values() {
            session.outbox.close(1001, "the server is stopping");
        }
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

/// Metrics count in signed integers; no machine has 8 exabytes.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
