//! The one place where things are decided: which job runs where, what is dropped, who is told.
//!
//! Everything that can happen is an [`Event`]; one task takes them one at a time and never waits for anything but the
//! next event or deadline. So there are no locks around its state and no orders of events that tests cannot bring
//! about. Sessions and workers talk to it through one bounded channel and are talked to through outboxes and command
//! queues.

mod ahead;
mod express;
mod jobs;
mod memory;
mod sessions;
mod workers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_memory::groups::WorkerGroups;
use scadstream_memory::monitor::Monitor;
use scadstream_memory::pressure::{PressureLevel, Thresholds};
use scadstream_memory::settings::budget_bytes;
use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{self as wire, FailureCode, Subject};
use tokio::sync::{mpsc, oneshot};

use crate::admin::Status;
use crate::admission::Admission;
use crate::config::ServerConfig;
use crate::credit::Ledger;
use crate::ipc::{JobId, ToWorker};
use crate::known_chunks::KnownChunks;
use crate::link_speed::LinkSpeed;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::queue::Queue;
use crate::session::SessionId;
use crate::to_wire;
use crate::worker_pool::WorkerPool;
use crate::worker_process::{WorkerEvent, WorkerId};
use ahead::Ahead;

/// Events that are taken at once, before deadlines are looked at again.
const EVENTS_AT_ONCE: usize = 64;
/// How often memory is looked at.
const TICK: Duration = Duration::from_secs(5);

/// Everything that can wake the dispatcher.
#[derive(Debug)]
pub(crate) enum Event {
    /// A session begins.
    Open { session: SessionId, outbox: Arc<Outbox>, credit: u64, reads: Reads },
    /// A session is over; nothing can be sent to it any more.
    Closed { session: SessionId },
    /// A revision, newer than all others of its document.
    Render { session: SessionId, document: u32, revision: u32, source: Source },
    /// A revision and all older ones are given up, or superseded by one that waits for its files.
    Cancel { session: SessionId, document: u32, revision: u32, superseded: bool },
    /// Chunks are wanted once more.
    Need { session: SessionId, need: wire::Need },
    /// The viewer of a document moved.
    View { session: SessionId, view: wire::View },
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

/// What a client has and reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Codecs, best first.
    pub(crate) codecs: Vec<wire::Codec>,
    /// Chunks that it has.
    pub(crate) known: Vec<wire::ChunkHash>,
    /// Whether it is on this machine.
    pub(crate) is_local: bool,
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
    known: KnownChunks,
    speed: LinkSpeed,
    documents: HashMap<u32, Document>,
    stalled: bool,
    /// Whether its jobs are short.
    record: express::Record,
}

struct Document {
    revision: u32,
    source: Source,
    job: Option<JobId>,
    /// What its last job took, of whatever revision.
    peak_bytes: Option<u64>,
    /// What its last job was expected to need, if that was more than a job may have.
    needed_bytes: Option<u64>,
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
    /// Processor time that its worker had used before.
    cpu_before: Duration,
    first_chunk_seen: bool,
    /// Memory reserved for it while it runs.
    reserved_bytes: u64,
    /// Of a file, what waits for credit.
    ahead: Ahead,
    /// What it was at when its worker last said so.
    progress: Option<Bytes>,
    /// Messages passed on to the client, and those still to be left out because an earlier run passed them on.
    told: express::Told,
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

    fn document(self) -> u32 {
        match self {
            About::Render { document, .. } => document,
            About::Export(export) => export.document,
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
        groups: Option<WorkerGroups>,
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
            pool: WorkerPool::new(&config, thresholds, groups, sender),
            admission: Admission::new(thresholds.hard, machine_bytes.map(budget_bytes)),
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
        let mut events = Vec::with_capacity(EVENTS_AT_ONCE);
        loop {
            let now = Instant::now();
            if now >= next_tick {
                self.look_at_memory();
                next_tick = now + TICK;
            }
            self.replace_worn_out();
            self.pool.give_up_starting(now);
            let restart = self.pool.replenish(now);
            self.stop_overdue(now);
            let moves = self.make_way(now);
            if self.is_drained(now) {
                return self.finish();
            }
            let wake = [restart, moves, self.pool.next_deadline(), self.draining_until]
                .into_iter()
                .flatten()
                .fold(next_tick, Instant::min);
            tokio::select! {
                received = self.events.recv_many(&mut events, EVENTS_AT_ONCE) => {
                    if received == 0 {
                        return;
                    }
                    events.drain(..).for_each(|event| self.handle(event));
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Open { session, outbox, credit, reads } => {
                self.open(session, outbox, credit, reads);
            }
            Event::Closed { session } => self.closed(session),
            Event::Render { session, document, revision, source } => {
                self.render(session, document, revision, source);
            }
            Event::Cancel { session, document, revision, superseded } => {
                self.cancel(session, document, revision, superseded);
            }
            Event::Need { session, need } => self.need(session, need),
            Event::View { session, view } => self.view(session, view),
            Event::Credit { session, bytes } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.ledger.give(bytes);
                    session.speed.returned(bytes, Instant::now());
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

    fn jobs_where(&self, which: impl Fn(&Job) -> bool) -> Vec<JobId> {
        let mut ids: Vec<JobId> =
            self.jobs.iter().filter(|(_, job)| which(job)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// Lends a session's credit to its jobs: passes files on, and tells the workers of the others.
    fn lend(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lent = session.ledger.lend();
        let stalled = session.ledger.is_stalled();
        if stalled && !session.stalled {
            self.metrics.credit_stalls_total.inc();
        }
        session.stalled = stalled;
        for (id, total_bytes) in lent {
            let Some(job) = self.jobs.get(&id) else { continue };
            if job.about.is_export() {
                self.pass_on(id);
            } else if let Some(worker) = job.state.worker() {
                self.pool.tell(worker, ToWorker::Credit { job: id, total_bytes }, Vec::new());
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

/// Metrics count in signed integers; no machine has 8 exabytes.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
