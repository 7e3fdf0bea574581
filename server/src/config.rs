//! The server's configuration: one struct, filled once, printed at the start.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use scadstream_memory::pressure::Thresholds;
use scadstream_memory::settings::{MemorySettings, SettingsError};
use scadstream_memory::system;

/// Memory assumed when the system does not tell.
const UNKNOWN_MACHINE_BYTES: u64 = 4_000_000_000;

/// Everything that an operator can set.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address and port to listen on. The default is the loopback interface: to the outside through a proxy with TLS.
    pub listen: SocketAddr,
    /// Worker processes for jobs of any length.
    pub workers: usize,
    /// Further ones, for short jobs only: of sessions whose jobs take no longer than
    /// [`express_time`](Self::express_time). If there are several, one is kept for sessions that are known for it.
    pub express_workers: usize,
    /// What counts as short, as processor time. A job that takes longer on an express worker goes back into the queue when others wait.
    pub express_time: Duration,
    /// Jobs after which a worker is replaced by a fresh one, between two jobs.
    pub jobs_per_worker: u64,
    /// How a worker is started.
    pub worker_command: WorkerCommand,
    /// Folder of the built editor page; without one, `/` says how to build it.
    pub web_folder: Option<PathBuf>,
    /// If set, clients must present it in `Hello`, or as a bearer token over HTTP.
    pub token: Option<String>,
    /// Web origins allowed besides the server's own, such as `https://example.org`.
    pub allowed_origins: Vec<String>,
    /// Open connections at once, sessions and plain requests together.
    pub max_connections: usize,
    /// Requests per second that a session may send in the long run; more are read more slowly. Credit, which comes with
    /// every chunk, counts as a fiftieth of one.
    pub messages_per_second: u32,
    /// Jobs that may wait for a worker, of all sessions together.
    pub queue_length: usize,
    /// Documents of a session.
    pub max_documents: usize,
    /// Bytes of uploaded files that the newest revisions of a session's documents may name together, and that are kept.
    pub max_upload_bytes: usize,
    /// How long a job may run.
    pub job_time: Duration,
    /// How long a worker may take to be ready, before another is tried. It takes some milliseconds as a rule.
    pub start_time: Duration,
    /// How long a worker may take to notice that its job was cancelled, before it is replaced.
    pub cancel_time: Duration,
    /// How long jobs may go on after the server was asked to stop.
    pub drain_time: Duration,
    /// Memory limits.
    pub memory: MemorySettings,
    /// Whether each worker gets a control group of its own, where one was delegated to the server. Moves the process
    /// itself into another group, so a program that is more than this server leaves it alone.
    pub worker_groups: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            express_workers: 2,
            express_time: Duration::from_millis(500),
            jobs_per_worker: 10_000,
            worker_command: WorkerCommand::default(),
            web_folder: None,
            token: None,
            allowed_origins: Vec::new(),
            max_connections: 4096,
            messages_per_second: 200,
            queue_length: 256,
            max_documents: 16,
            max_upload_bytes: 256 << 20,
            job_time: Duration::from_secs(300),
            start_time: Duration::from_secs(10),
            cancel_time: Duration::from_secs(2),
            drain_time: Duration::from_secs(10),
            memory: MemorySettings::default(),
            worker_groups: false,
        }
    }
}

impl ServerConfig {
    /// The limits of a worker on this machine. Of those who share its memory, all express workers count as one: their
    /// jobs are short, and what jobs reserve is kept within the whole in any case.
    ///
    /// # Errors
    /// When the memory settings contradict each other.
    pub fn thresholds(&self) -> Result<Thresholds, SettingsError> {
        let machine = system::available_to_us_bytes().unwrap_or(UNKNOWN_MACHINE_BYTES);
        self.memory.thresholds(machine, self.workers.max(1) + self.express_workers.min(1))
    }
}

/// A command whose process becomes a worker by calling [`worker::run`](crate::worker::run).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program; `None` is the running one.
    pub program: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables added to the server's own.
    pub environment: Vec<(OsString, OsString)>,
}

impl Default for WorkerCommand {
    /// The running program with the argument `worker`.
    fn default() -> Self {
        Self { program: None, arguments: vec!["worker".into()], environment: Vec::new() }
    }
}
