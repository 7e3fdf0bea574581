//! A worker process: does one job at a time for the supervisor at the other end of its socket.
//!
//! Four threads, so that nothing waits for anything that takes long:
//!
//! - *control* (the calling thread) reads the socket; a job is cancelled the moment its message arrives;
//! - *job* runs the [`Engine`], on a thread with a large stack for each job;
//! - *vigil*, beside the engine's, watches the job's memory and reports its progress;
//! - *sending* makes chunks of finished scenes, as the client's credit allows.
//!
//! The process ends when the supervisor closes the socket. It owns nothing that outlives a job but caches.

mod counts;
mod job;
mod sending;
mod vigil;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use scadstream_memory::allocator;
use scadstream_memory::limits::ProcessLimits;
use scadstream_memory::pool::{BufferPool, PoolSettings, SegmentId};
use scadstream_memory::pressure::{PressureLevel, Thresholds};
use scadstream_protocol::ServerMessage;

use crate::engine::{Camera, Engine, JOB_STACK_BYTES};
use crate::ipc::{FromWorker, IpcError, JobId, ToWorker, blocking};
use crate::job_control::JobControl;
use crate::sandbox::{self, Sandbox};
use crate::to_wire;

/// What a worker is told when it starts.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Its memory limits.
    pub thresholds: Thresholds,
    /// Its pool of frame buffers.
    pub pool: PoolSettings,
    /// How long a job may run. Twice that, on every processor, is what it may compute.
    pub job_time: Duration,
    /// Whether it gives up all rights that models have no use for.
    pub sandbox: bool,
    /// Folders that it may read all the same: libraries and fonts.
    pub readable: Vec<PathBuf>,
}

/// Why a worker could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// Standard input is not the supervisor's socket: the process was started by hand.
    #[error("this command is internal: workers are started by `scadstream serve` ({0})")]
    NoSupervisor(io::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Names the environment variable by which the supervisor tells a worker its priority.
pub(crate) const NICE: &str = "SCADSTREAM_WORKER_NICE";

/// Messages waiting for the sending thread. Reached only when it is slower than the supervisor talks, and then the
/// supervisor waits.
const SENDING_QUEUE: usize = 1024;

/// Runs a worker whose standard input is the socket to its supervisor, until that is closed.
///
/// `make_engine` is called once, and again after a panic. Never returns while the supervisor lives.
///
/// # Errors
/// When the worker cannot start.
pub fn run<E: Engine + Send>(
    settings: WorkerSettings,
    make_engine: impl Fn() -> E + Send + 'static,
) -> Result<(), WorkerError> {
    let socket = socket_on_stdin().map_err(WorkerError::NoSupervisor)?;
    let (sender, receiver) = blocking::connection(socket).map_err(WorkerError::NoSupervisor)?;
    limit_process(settings.thresholds);
    let sandbox =
        if settings.sandbox { sandbox::enter(&settings.readable) } else { Sandbox::default() };

    let link = Arc::new(Link { sender, counts: counts::Counts::default() });
    let told = Arc::clone(&link);
    let on_evict = move |id: SegmentId| told.send(&FromWorker::SegmentGone { segment: id.0 });
    let pool = BufferPool::new(settings.pool, Box::new(on_evict));
    let (to_sending, sending_commands) = std::sync::mpsc::sync_channel(SENDING_QUEUE);
    // One job at a time: the supervisor gives the next when this one has ended.
    let (to_job, jobs) = std::sync::mpsc::sync_channel(1);

    let sending = sending::Sending::new(Arc::clone(&link), pool.clone(), settings.thresholds);
    std::thread::Builder::new()
        .name("sending".into())
        .spawn(move || sending.run(&sending_commands))
        .map_err(WorkerError::Thread)?;
    let runner = job::Runner::new(
        Arc::clone(&link),
        to_sending.clone(),
        pool,
        settings.thresholds,
        settings.job_time,
    );
    std::thread::Builder::new()
        .name("job".into())
        .spawn(move || runner.run(&jobs, make_engine))
        .map_err(WorkerError::Thread)?;

    link.send(&FromWorker::Ready { sandbox });
    let control =
        Control { thresholds: settings.thresholds, current: Mutex::default(), to_job, to_sending };
    control.run(receiver);
    Ok(())
}

/// Standard input as a socket, and nothing in its place.
fn socket_on_stdin() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::net::sockopt::socket_type(&socket)?;
    Ok(socket)
}

/// What a job may have before the allocator ends the process. The job's own checks come first, at the limit; a job
/// between two checks may go over it by this much.
fn most_live_bytes(thresholds: Thresholds) -> u64 {
    thresholds.hard + thresholds.hard / 5
}

/// What the system lets a worker have: also what the allocator keeps beyond live bytes, and the stacks.
pub(crate) fn most_private_bytes(thresholds: Thresholds) -> u64 {
    let live = most_live_bytes(thresholds);
    live + live / 2 + 2 * JOB_STACK_BYTES as u64
}

/// The limits of the process itself. One that the system does not grant is logged: the others still hold.
fn limit_process(thresholds: Thresholds) {
    allocator::set_hard_limit(Some(most_live_bytes(thresholds)));
    let limits = ProcessLimits {
        data_bytes: Some(most_private_bytes(thresholds)),
        oom_score_adjust: Some(800),
        die_with_parent: false,
    };
    be_nice();
    for refused in limits.apply() {
        tracing::warn!(%refused, "a limit of the worker is not in force");
    }
}

/// Takes the priority that the supervisor chose: long work should not make short work wait for the processor.
fn be_nice() {
    let wanted = std::env::var(NICE).ok().and_then(|text| text.parse().ok());
    if let Some(nice) = wanted
        && let Err(error) = rustix::process::setpriority_process(None, nice)
    {
        tracing::warn!(nice, %error, "the priority of the worker is not in force");
    }
}

/// The way to the supervisor, shared by the threads.
#[derive(Debug)]
struct Link {
    sender: blocking::Sender,
    counts: counts::Counts,
}

impl Link {
    /// Sends a message. When the supervisor is gone nothing is left to do for this process, so it ends.
    fn send(&self, message: &FromWorker) {
        self.sender.send(message, &[]).unwrap_or_else(|error| supervisor_lost(&error));
    }

    /// Sends messages, all in one.
    fn send_all(&self, messages: &[FromWorker]) {
        self.sender.send_all(messages).unwrap_or_else(|error| supervisor_lost(&error));
    }

    /// Sends a frame that a client is to get. One that breaks the protocol's rules is a fault of ours: it is logged, and
    /// the client gets the other frames.
    fn send_frame(&self, job: JobId, message: impl Into<ServerMessage>) {
        match message.into().encode() {
            Ok(frame) => self
                .sender
                .send(&FromWorker::Frame { job }, &frame)
                .unwrap_or_else(|error| supervisor_lost(&error)),
            Err(error) => tracing::error!(job, %error, "a message cannot be sent"),
        }
    }

    fn send_descriptor(&self, message: &FromWorker, descriptor: std::os::fd::BorrowedFd<'_>) {
        self.sender
            .send_descriptor(message, descriptor)
            .unwrap_or_else(|error| supervisor_lost(&error));
    }
}

fn supervisor_lost(error: &IpcError) -> ! {
    tracing::debug!(%error, "the supervisor is gone");
    std::process::exit(0)
}

/// The thread that reads what the supervisor says.
struct Control {
    thresholds: Thresholds,
    current: Mutex<Option<(JobId, JobControl)>>,
    to_job: SyncSender<job::Start>,
    to_sending: SyncSender<sending::Command>,
}

impl Control {
    fn run(&self, mut receiver: blocking::Receiver) {
        let mut system_level = PressureLevel::Low;
        loop {
            match receiver.receive() {
                Ok((ToWorker::SystemPressure { level }, _)) => {
                    system_level = level_of(level);
                    if let Some((_, control)) = &*self.current() {
                        control.set_system_level(system_level);
                    }
                    self.tell_sending(sending::Command::Trim(system_level));
                }
                Ok((message, payload)) => self.obey(message, payload, system_level),
                Err(IpcError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "the supervisor cannot be understood");
                    return;
                }
            }
        }
    }

    fn obey(&self, message: ToWorker, payload: Bytes, system_level: PressureLevel) {
        match message {
            ToWorker::Start { job, task, frame_bytes, uploads, codec } => {
                let control = JobControl::new(self.thresholds);
                control.set_system_level(system_level);
                *self.current() = Some((job, control.clone()));
                let start = job::Start { job, task, frame_bytes, uploads, codec, payload, control };
                if self.to_job.send(start).is_err() {
                    tracing::error!("the job thread has ended");
                    std::process::exit(1);
                }
            }
            ToWorker::Forget { job } => {
                if let Some((_, control)) =
                    self.current().as_ref().filter(|(running, _)| *running == job)
                {
                    control.cancel();
                }
                self.tell_sending(sending::Command::Forget { job });
            }
            ToWorker::Credit { job, total_bytes } => {
                self.tell_sending(sending::Command::Credit { job, total_bytes });
            }
            ToWorker::Need { job, scene, chunks } => {
                self.tell_sending(sending::Command::Need { job, scene, chunks });
            }
            ToWorker::View { job, eye, target, fov_deg, height_px } => {
                if let Some((_, control)) =
                    self.current().as_ref().filter(|(running, _)| *running == job)
                {
                    control.set_camera(Camera { eye, target, fov_deg, height_px });
                }
            }
            ToWorker::Release { segments } => {
                self.tell_sending(sending::Command::Release { segments });
            }
            ToWorker::SystemPressure { .. } => {}
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<(JobId, JobControl)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_sending(&self, command: sending::Command) {
        if self.to_sending.send(command).is_err() {
            tracing::error!("the sending thread has ended");
            std::process::exit(1);
        }
    }
}

fn level_of(number: u8) -> PressureLevel {
    match number {
        0 => PressureLevel::Low,
        1 => PressureLevel::Moderate,
        2 => PressureLevel::High,
        _ => PressureLevel::Critical,
    }
}

/// What the frames of a job are about.
#[derive(Debug, Clone, Copy)]
enum About {
    Render(to_wire::Revision),
    Export { of: to_wire::Revision, request: u32 },
}

impl About {
    fn revision(self) -> to_wire::Revision {
        match self {
            About::Render(of) | About::Export { of, .. } => of,
        }
    }

    fn subject(self) -> scadstream_protocol::message::Subject {
        use scadstream_protocol::message::Subject;
        match self {
            About::Render(of) => Subject::Render { document: of.document, revision: of.revision },
            About::Export { request, .. } => Subject::Export { request },
        }
    }
}
