//! The workers: which are free, what the others do, and which session has its caches where.
//!
//! Keeps the number of workers constant: whichever is gone is replaced at once, or after a pause when they die before
//! they were ever ready.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::config::WorkerCommand;
use crate::dispatcher::Event;
use crate::ipc::{JobId, ToWorker, WorkerMemory};
use crate::session::SessionId;
use crate::worker_process::{WorkerId, WorkerProcess};

/// Pause before a worker is started after one that never became ready; doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// All workers.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    size: usize,
    command: WorkerCommand,
    events: mpsc::Sender<Event>,
    workers: BTreeMap<WorkerId, Worker>,
    next_id: WorkerId,
    /// Workers that died in a row before they were ready.
    failures: u32,
    start_not_before: Option<Instant>,
}

/// A worker and what it does.
#[derive(Debug)]
pub(crate) struct Worker {
    process: WorkerProcess,
    /// What it does.
    pub(crate) state: State,
    /// The session it worked for last, whose caches are warm.
    last_session: Option<SessionId>,
    /// What it last told of its memory.
    pub(crate) memory: WorkerMemory,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not ready yet.
    Starting,
    /// Takes a job.
    Idle,
    /// Works on a job; `until` it should have ended.
    Busy { job: JobId, until: Instant },
    /// Killed, not yet gone.
    Dying,
}

impl WorkerPool {
    /// A pool of `size` workers, none of them started.
    pub(crate) fn new(size: usize, command: WorkerCommand, events: mpsc::Sender<Event>) -> Self {
        Self {
            size: size.max(1),
            command,
            events,
            workers: BTreeMap::new(),
            next_id: 1,
            failures: 0,
            start_not_before: None,
        }
    }

    /// Starts as many workers as are missing, unless there is a pause. Returns when to call again.
    pub(crate) fn replenish(&mut self, now: Instant) -> Option<Instant> {
        while self.workers.len() < self.size {
            if let Some(pause) = self.start_not_before.filter(|pause| *pause > now) {
                return Some(pause);
            }
            let id = self.next_id;
            self.next_id += 1;
            match WorkerProcess::start(id, &self.command, self.events.clone()) {
                Ok(process) => {
                    tracing::info!(worker = id, pid = process.pid, "worker started");
                    let worker = Worker {
                        process,
                        state: State::Starting,
                        last_session: None,
                        memory: WorkerMemory::default(),
                    };
                    self.workers.insert(id, worker);
                }
                Err(error) => {
                    tracing::error!(%error, "a worker cannot be started");
                    self.pause(now);
                }
            }
        }
        None
    }

    /// The worker takes jobs from now on.
    pub(crate) fn ready(&mut self, id: WorkerId) {
        self.failures = 0;
        if let Some(worker) = self.workers.get_mut(&id)
            && worker.state == State::Starting
        {
            worker.state = State::Idle;
        }
    }

    /// The process is gone; returns what is known of the worker.
    pub(crate) fn gone(&mut self, id: WorkerId, now: Instant) -> Option<Worker> {
        let worker = self.workers.remove(&id)?;
        if worker.state == State::Starting {
            self.pause(now);
        }
        Some(worker)
    }

    fn pause(&mut self, now: Instant) {
        let pause = SHORTEST_PAUSE * 2_u32.saturating_pow(self.failures.min(16));
        self.failures += 1;
        self.start_not_before = Some(now + pause.min(LONGEST_PAUSE));
    }

    /// A free worker: the one that the session had last, else one that no session had, else any.
    pub(crate) fn free_for(&self, session: SessionId) -> Option<WorkerId> {
        let free = self.workers.iter().filter(|(_, worker)| worker.state == State::Idle);
        free.min_by_key(|(_, worker)| match worker.last_session {
            Some(last) if last == session => 0,
            None => 1,
            Some(_) => 2,
        })
        .map(|(id, _)| *id)
    }

    /// Gives a free worker a job.
    pub(crate) fn start(
        &mut self,
        id: WorkerId,
        session: SessionId,
        job: JobId,
        until: Instant,
        message: ToWorker,
        payload: Vec<Bytes>,
    ) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.state = State::Busy { job, until };
            worker.last_session = Some(session);
        }
        self.tell(id, message, payload);
    }

    /// The worker ended this job and is free.
    pub(crate) fn ended(&mut self, id: WorkerId, job: JobId) {
        if let Some(worker) = self.workers.get_mut(&id)
            && matches!(worker.state, State::Busy { job: running, .. } if running == job)
        {
            worker.state = State::Idle;
        }
    }

    /// Nothing more of `job` is wanted: the worker drops it, and should be free by `until` if it works on it.
    pub(crate) fn forget(&mut self, id: WorkerId, job: JobId, until: Instant) {
        if let Some(Worker { state: State::Busy { job: running, until: deadline }, .. }) =
            self.workers.get_mut(&id)
            && *running == job
        {
            *deadline = until;
        }
        self.tell(id, ToWorker::Forget { job }, Vec::new());
    }

    /// Says something to a worker. One that does not read is killed.
    pub(crate) fn tell(&mut self, id: WorkerId, message: ToWorker, payload: Vec<Bytes>) {
        let Some(worker) = self.workers.get(&id) else { return };
        if worker.process.tell(message, payload).is_err() {
            tracing::warn!(worker = id, "the worker does not read its messages");
            self.kill(id);
        }
    }

    /// Says something to all workers.
    pub(crate) fn tell_all(&mut self, message: &ToWorker) {
        let ids: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in ids {
            self.tell(id, message.clone(), Vec::new());
        }
    }

    /// Ends a worker; `gone` follows when it is.
    pub(crate) fn kill(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.state = State::Dying;
            worker.process.kill();
        }
    }

    /// The jobs that should have ended by `now`, with their workers.
    pub(crate) fn overdue(&self, now: Instant) -> Vec<(WorkerId, JobId)> {
        let overdue = self.workers.iter().filter_map(|(id, worker)| match worker.state {
            State::Busy { job, until } if until <= now => Some((*id, job)),
            _ => None,
        });
        overdue.collect()
    }

    /// When the next job should have ended.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.workers
            .values()
            .filter_map(|worker| match worker.state {
                State::Busy { until, .. } => Some(until),
                _ => None,
            })
            .min()
    }

    /// Number of workers that work on a job.
    pub(crate) fn busy(&self) -> usize {
        self.count(|state| matches!(state, State::Busy { .. }))
    }

    /// Number of workers that take a job.
    pub(crate) fn idle(&self) -> usize {
        self.count(|state| state == State::Idle)
    }

    /// Number of workers that are coming or going.
    pub(crate) fn in_transition(&self) -> usize {
        self.count(|state| matches!(state, State::Starting | State::Dying))
    }

    fn count(&self, which: impl Fn(State) -> bool) -> usize {
        self.workers.values().filter(|worker| which(worker.state)).count()
    }

    /// What a worker told of its memory.
    pub(crate) fn set_memory(&mut self, id: WorkerId, memory: WorkerMemory) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.memory = memory;
        }
    }

    /// What a worker last told of its memory.
    pub(crate) fn memory(&self, id: WorkerId) -> Option<&WorkerMemory> {
        self.workers.get(&id).map(|worker| &worker.memory)
    }

    /// Process id and memory of every worker.
    pub(crate) fn memories(&self) -> impl Iterator<Item = (u32, &WorkerMemory)> {
        self.workers.values().map(|worker| (worker.process.pid, &worker.memory))
    }
}
