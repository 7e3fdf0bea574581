//! The sending thread: makes chunks and file pieces when the client's credit allows, straight into shared memory.
//!
//! A scene stays here after its job's work is over, as the plan it is and not as bytes, until the client has it all, and
//! a while longer in case chunks are asked for again. So a slow reader occupies a plan and never the job thread. Plans
//! are bounded in number and bytes; the oldest are dropped first, those that are all sent before any other.

mod arrivals;
mod file;
mod frames;
mod job;
mod keeping;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use scadstream_memory::monitor::Monitor;
use scadstream_memory::pool::BufferPool;
use scadstream_memory::pressure::{PressureLevel, Thresholds};

use super::{About, Link};
use crate::engine::{ExportedFile, Failure, Scene, Statistics};
use crate::ipc::{CacheNumbers, JobId, WorkerMemory};
use crate::known_chunks::Hash;
use frames::{Lent, Made};
use job::Job;

/// How often memory is looked at and told, and idle buffers are released.
const TICK: Duration = Duration::from_secs(5);

/// What the other threads ask for.
pub(super) enum Command {
    /// A job begins, for a client that has these chunks.
    Begin { job: JobId, about: About, known: HashSet<Hash> },
    /// A picture, in place of the job's earlier ones.
    Scene { job: JobId, scene: Scene },
    /// More of the job's last picture.
    MoreOfScene { job: JobId, more: Scene },
    /// The file asked for.
    File { job: JobId, file: ExportedFile },
    /// The job's work is over.
    End { job: JobId, finished: Finished },
    /// So many bytes may have been sent for the job in all.
    Credit { job: JobId, total_bytes: u64 },
    /// Chunks are wanted once more.
    Need { job: JobId, scene: u32, chunks: Vec<u32> },
    /// Nothing of the job is wanted any more.
    Forget { job: JobId },
    /// Segments may be written again.
    Release { segments: Vec<u32> },
    /// Memory is short.
    Trim(PressureLevel),
    /// The supervisor should know how short.
    Report,
    /// What was found between jobs.
    Tidied { caches: [CacheNumbers; 4], leak_confidence: f64 },
}

/// How a job's work ended.
pub(super) enum Finished {
    Done(Box<JobFacts>),
    Failed(Failure),
    Cancelled,
}

/// What `Done` tells.
pub(super) struct JobFacts {
    pub(super) statistics: Statistics,
    pub(super) peak_bytes: u64,
}

/// All that is being sent or kept.
pub(super) struct Sending {
    link: Arc<Link>,
    pool: BufferPool,
    monitor: Monitor,
    retained_limit_bytes: u64,
    /// By number, so that the oldest comes first.
    jobs: BTreeMap<JobId, Job>,
    /// By segment.
    lent: HashMap<u32, Lent>,
    made: Made,
    memory: WorkerMemory,
}

impl Sending {
    pub(super) fn new(link: Arc<Link>, pool: BufferPool, thresholds: Thresholds) -> Self {
        Self {
            link,
            pool,
            monitor: Monitor::new(thresholds),
            // Plans are the first thing that many slow readers would fill the worker with.
            retained_limit_bytes: thresholds.warning / 4,
            jobs: BTreeMap::new(),
            lent: HashMap::new(),
            made: Made::default(),
            memory: WorkerMemory::default(),
        }
    }

    /// Sends and obeys until the other threads are gone.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let mut next_tick = Instant::now();
        loop {
            if Instant::now() >= next_tick {
                self.tick();
                next_tick = Instant::now() + TICK;
            }
            // Commands first: a job that was just forgotten should not be sent.
            match commands.try_recv() {
                Ok(command) => {
                    self.obey(command);
                    continue;
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {}
            }
            if self.send_one() {
                continue;
            }
            self.announce();
            let patience = next_tick.saturating_duration_since(Instant::now());
            match commands.recv_timeout(patience) {
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        // Whatever else is said comes after the frames made before.
        if !matches!(command, Command::Credit { .. } | Command::Release { .. }) {
            self.announce();
        }
        match command {
            Command::Begin { job, about, known } => {
                self.jobs.insert(job, Job::new(about, known));
                self.bound_retained();
            }
            Command::Scene { job, scene } => self.begin_scene(job, scene),
            Command::MoreOfScene { job, more } => self.extend_scene(job, more),
            Command::File { job, file } => self.begin_file(job, file),
            Command::End { job, finished } => self.end(job, finished),
            Command::Credit { job, total_bytes } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.credit_bytes = job.credit_bytes.max(total_bytes);
                }
            }
            Command::Need { job, scene, chunks } => self.need(job, scene, &chunks),
            Command::Forget { job } => {
                self.jobs.remove(&job);
            }
            Command::Release { segments } => {
                segments.iter().for_each(|segment| self.released(*segment));
            }
            Command::Trim(level) => self.pool.trim(level),
            Command::Report => self.tell_memory(),
            Command::Tidied { caches, leak_confidence } => {
                self.memory.caches = caches;
                self.memory.leak_confidence = leak_confidence;
                self.tell_memory();
            }
        }
    }
}
