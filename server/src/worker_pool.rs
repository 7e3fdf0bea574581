//! The workers: which are free, what the others do, and which session has its caches where.
//!
//! Keeps the number of workers constant: whichever is gone is replaced at once, or after a pause when they die before
//! they were ever ready. One that has done many jobs, or is likely to leak, is replaced between two jobs.
//!
//! Some workers are *express*: they run short jobs only, at a better priority than the others, so that whoever has a
//! small model need not wait for those who have large ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_memory::groups::WorkerGroups;
use scadstream_memory::pressure::Thresholds;
use tokio::sync::mpsc;

use crate::config::{ServerConfig, WorkerCommand};
use crate::dispatcher::Event;
use crate::ipc::{JobId, ToWorker, WorkerMemory};
use crate::sandbox::Sandbox;
use crate::session::SessionId;
use crate::worker;
use crate::worker_process::{Launch, WorkerId, WorkerProcess};

/// Pause before a worker is started after one that never became ready; doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Confidence from which on a worker counts as leaking.
const LEAKS: f64 = 0.9;
/// Priority of workers that take jobs of any length, where an express worker has 0: when both want the processor,
/// the express worker gets nine tenths of it.
const NICE: i32 = 10;

/// All workers.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    size: usize,
    /// Of those, express workers.
    express: usize,
    /// Jobs that a worker may do before it is replaced.
    most_jobs: u64,
    start_time: Duration,
    command: WorkerCommand,
    /// Where workers get control groups of their own, and what each may use there.
    groups: Option<Arc<WorkerGroups>>,
    most_bytes: u64,
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
    /// Whether it takes short jobs only.
    express: bool,
    /// Jobs that it ended.
    jobs: u64,
    sandbox: Sandbox,
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
    /// Not ready yet, which it should be by `until`.
    Starting { until: Instant },
    /// Takes a job.
    Idle,
    /// Works on a job; `until` it should have ended.
    Busy { job: JobId, until: Instant },
    /// Killed, not yet gone.
    Dying,
    /// Ended because it has done enough, not yet gone.
    Retiring { reason: &'static str },
}

impl WorkerPool {
    /// A pool of workers as configured, none of them started.
    pub(crate) fn new(
        config: &ServerConfig,
        thresholds: Thresholds,
        groups: Option<WorkerGroups>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            size: config.workers.max(1) + config.express_workers,
            express: config.express_workers,
            most_jobs: config.jobs_per_worker.max(1),
            start_time: config.start_time,
            command: config.worker_command.clone(),
            groups: groups.map(Arc::new),
            most_bytes: worker::most_private_bytes(thresholds),
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
            let express =
                self.workers.values().filter(|worker| worker.express).count() < self.express;
            let nice = if express || self.express == 0 { 0 } else { NICE };
            let group = self.groups.clone().map(|groups| (groups, self.most_bytes));
            let launch = Launch { id, command: self.command.clone(), nice, group };
            let worker = Worker {
                process: WorkerProcess::start(launch, self.events.clone()),
                express,
                jobs: 0,
                sandbox: Sandbox::default(),
                state: State::Starting { until: now + self.start_time },
                last_session: None,
                memory: WorkerMemory::default(),
            };
            self.workers.insert(id, worker);
        }
        None
    }

    /// The worker takes jobs from now on.
    pub(crate) fn ready(&mut self, id: WorkerId, sandbox: Sandbox) {
        self.failures = 0;
        if let Some(worker) = self.workers.get_mut(&id)
            && matches!(worker.state, State::Starting { .. })
        {
            worker.state = State::Idle;
            worker.sandbox = sandbox;
        }
    }

    /// The process is gone; returns what is known of the worker.
    pub(crate) fn gone(&mut self, id: WorkerId, now: Instant) -> Option<Worker> {
        let worker = self.workers.remove(&id)?;
        if matches!(worker.state, State::Starting { .. }) {
            self.pause(now);
        }
        Some(worker)
    }

    fn pause(&mut self, now: Instant) {
        let pause = SHORTEST_PAUSE * 2_u32.saturating_pow(self.failures.min(16));
        self.failures += 1;
        self.start_not_before = Some(now + pause.min(LONGEST_PAUSE));
    }

    /// A free worker: the one that the session had last, else one that no session had, else any. A job that may have an
    /// `express` worker prefers one, any other never gets one.
    pub(crate) fn free_for(&self, session: SessionId, express: bool) -> Option<WorkerId> {
        let free = self.workers.iter().filter(|(_, worker)| worker.state == State::Idle);
        let suitable = free.filter(|(_, worker)| express || !worker.express);
        suitable
            .min_by_key(|(_, worker)| {
                let familiar = match worker.last_session {
                    Some(last) if last == session => 0,
                    None => 1,
                    Some(_) => 2,
                };
                (familiar, !worker.express)
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
            worker.jobs += 1;
        }
    }

    /// The free workers that have done their share of jobs, or leak, and why they are to be replaced.
    pub(crate) fn worn_out(&self) -> Vec<(WorkerId, &'static str)> {
        let idle = self.workers.iter().filter(|(_, worker)| worker.state == State::Idle);
        idle.filter_map(|(id, worker)| {
            if worker.memory.leak_confidence > LEAKS {
                Some((*id, "leak"))
            } else if worker.jobs >= self.most_jobs {
                Some((*id, "age"))
            } else {
                None
            }
        })
        .collect()
    }

    /// Ends a free worker; `gone` follows when it is.
    pub(crate) fn retire(&mut self, id: WorkerId, reason: &'static str) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.state = State::Retiring { reason };
            worker.process.kill();
        }
    }

    /// An express worker that did a long job has the caches for the next one of its session: it becomes an ordinary worker,
    /// and one of those that no session has had gives way to a new express worker. Nothing changes if there is none.
    pub(crate) fn keep_for_long_jobs(&mut self, id: WorkerId) {
        let unused = self.workers.iter().find(|(_, worker)| {
            worker.state == State::Idle && !worker.express && worker.last_session.is_none()
        });
        let Some(unused) = unused.map(|(unused, _)| *unused) else { return };
        let Some(worker) = self.workers.get_mut(&id).filter(|worker| worker.express) else {
            return;
        };
        worker.express = false;
        worker.process.be_nice(NICE);
        self.retire(unused, "express");
    }

    /// Whether workers get control groups of their own.
    pub(crate) fn has_groups(&self) -> bool {
        self.groups.is_some()
    }

    /// The walls around the workers that are ready: those that stand around every one.
    pub(crate) fn sandbox(&self) -> Option<Sandbox> {
        let ready =
            self.workers.values().filter(|worker| !matches!(worker.state, State::Starting { .. }));
        ready.map(|worker| worker.sandbox).reduce(|a, b| Sandbox {
            landlock: a.landlock && b.landlock,
            seccomp: a.seccomp && b.seccomp,
        })
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

    /// Ends workers that should have been ready by `now`: the next ones may be luckier.
    pub(crate) fn give_up_starting(&mut self, now: Instant) {
        for (id, worker) in &mut self.workers {
            if let State::Starting { until } = &mut worker.state
                && *until <= now
            {
                tracing::warn!(worker = id, "the worker does not become ready");
                *until = now + self.start_time;
                worker.process.kill();
            }
        }
    }

    /// The jobs on express workers, with their workers.
    pub(crate) fn on_express(&self) -> Vec<(WorkerId, JobId)> {
        let express = self.workers.iter().filter(|(_, worker)| worker.express);
        let busy = express.filter_map(|(id, worker)| match worker.state {
            State::Busy { job, .. } => Some((*id, job)),
            _ => None,
        });
        busy.collect()
    }

    /// Whether a worker is free that takes jobs of any length.
    pub(crate) fn is_free(&self) -> bool {
        self.workers.values().any(|worker| worker.state == State::Idle && !worker.express)
    }

    /// Express workers that are free.
    pub(crate) fn idle_express(&self) -> usize {
        self.workers.values().filter(|worker| worker.state == State::Idle && worker.express).count()
    }

    /// When the next job should have ended, or a worker be ready.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.workers
            .values()
            .filter_map(|worker| match worker.state {
                State::Busy { until, .. } | State::Starting { until } => Some(until),
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
        self.count(|state| !matches!(state, State::Idle | State::Busy { .. }))
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

    /// Processes that the pool keeps.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Processor time that a worker has used.
    pub(crate) fn cpu_time(&self, id: WorkerId) -> Option<Duration> {
        scadstream_memory::system::cpu_time(self.workers.get(&id)?.process.pid()?)
    }

    /// Process id and memory of every worker.
    pub(crate) fn memories(&self) -> impl Iterator<Item = (u32, &WorkerMemory)> {
        let pid = |worker: &Worker| worker.process.pid().unwrap_or_default();
        self.workers.values().map(move |worker| (pid(worker), &worker.memory))
    }
}
