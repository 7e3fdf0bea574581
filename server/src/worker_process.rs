//! One worker process as the supervisor sees it: started, talked to, mapped, buried.
//!
//! Two tasks per worker: one writes to its socket, one reads it and waits for the process to end. What the worker says
//! becomes [`WorkerEvent`]s; frames in shared memory become [`Bytes`] that tell the worker when they are dropped.

mod launch;

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use rustix::io::Errno;
use rustix::process::{Pid, setpriority_process};
use scadstream_memory::allocator::EXIT_MEMORY_LIMIT;
use scadstream_memory::groups::WorkerGroup;
use scadstream_memory::segment::SegmentView;
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::{Notify, mpsc};

use crate::dispatcher::Event;
use crate::ipc::{self, Ending, FromWorker, IpcError, JobId, StageSeconds, ToWorker, WorkerMemory};
use crate::sandbox::Sandbox;

pub(crate) use launch::Launch;
use launch::Launched;

/// Number of a worker, never used twice.
pub(crate) type WorkerId = u64;

/// Messages on their way to a worker. More are waiting only when it does not read at all.
const COMMANDS: usize = 1024;

/// What happened in or to a worker.
#[derive(Debug)]
pub(crate) enum WorkerEvent {
    /// It takes jobs, inside these walls.
    Ready(Sandbox),
    /// A frame for the job's client.
    Frame { job: JobId, frame: Bytes },
    /// So many bytes does the job have to send in all.
    Wants { job: JobId, total_bytes: u64 },
    /// So many bytes will the job most likely take.
    Needs { job: JobId, bytes: u64 },
    /// The job's work is over.
    Ended { job: JobId, ending: Ending, stages: Vec<StageSeconds>, peak_bytes: u64 },
    /// Everything of the job was sent.
    Sent { job: JobId },
    /// Its memory.
    Memory(WorkerMemory),
    /// The process is gone.
    Exited(Exit),
}

/// Why a worker is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It reached its memory limit.
    MemoryLimit,
    /// Anything else, in words.
    Lost(String),
}

/// A hold on a worker. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct WorkerProcess {
    commands: mpsc::Sender<(ToWorker, Vec<Bytes>)>,
    kill: Arc<Notify>,
    /// Its process id, once it has started.
    pid: Arc<OnceLock<u32>>,
}

/// The worker does not read its messages any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deaf;

impl WorkerProcess {
    /// Starts a worker and the tasks that look after it. Its events go to `events`; the last is `Exited`, also when it
    /// could not be started.
    pub(crate) fn start(launch: Launch, events: mpsc::Sender<Event>) -> Self {
        let (commands, queued) = mpsc::channel(COMMANDS);
        let kill = Arc::new(Notify::new());
        let pid = Arc::new(OnceLock::new());
        tokio::spawn(live(launch, queued, events, Arc::clone(&kill), Arc::clone(&pid)));
        Self { commands, kill, pid }
    }

    /// Its process id, once it has one.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.pid.get().copied()
    }

    /// Says something to the worker, without waiting.
    ///
    /// # Errors
    /// When too much is waiting to be read already: it hangs, and should be killed.
    pub(crate) fn tell(&self, message: ToWorker, payload: Vec<Bytes>) -> Result<(), Deaf> {
        match self.commands.try_send((message, payload)) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Deaf),
            // One that is gone will be heard of by its last event.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// Lowers the priority of all its threads, each of which has its own on Linux.
    pub(crate) fn be_nice(&self, nice: i32) {
        let Some(pid) = self.pid() else { return };
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
        let ids = threads.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        for id in ids.filter_map(Pid::from_raw) {
            // A thread that has just ended needs none.
            if let Err(error) = setpriority_process(Some(id), nice)
                && error != Errno::SRCH
            {
                tracing::warn!(pid, nice, %error, "the priority of the worker is not in force");
            }
        }
    }

    /// Ends the process at once.
    pub(crate) fn kill(&self) {
        self.kill.notify_one();
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Segments whose slices are gone, to be told to the worker. It makes nothing new without credit, so they go along with
/// that or whatever else it is told, and by themselves only when they are as many as those still lent.
#[derive(Debug, Default)]
struct Releases {
    state: Mutex<Released>,
    many: Notify,
}

#[derive(Debug, Default)]
struct Released {
    /// One for each frame that is gone.
    segments: Vec<u32>,
    /// Frames that are not gone.
    lent: usize,
}

impl Releases {
    /// What is dropped together with the last slice of a frame in this segment.
    fn on_drop(self: &Arc<Self>, segment: u32) -> Release {
        self.lock().lent += 1;
        Release { segment, to: Arc::clone(self) }
    }

    /// Those that the worker has not been told of.
    fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.lock().segments)
    }

    /// Whole after every statement, so that a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Released> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped together with the last slice of a frame.
struct Release {
    segment: u32,
    to: Arc<Releases>,
}

impl Drop for Release {
    fn drop(&mut self) {
        let mut released = self.to.lock();
        released.lent -= 1;
        released.segments.push(self.segment);
        if released.segments.len() >= released.lent {
            self.to.many.notify_one();
        }
    }
}

async fn write(
    mut sender: ipc::tokio::Sender,
    mut queued: mpsc::Receiver<(ToWorker, Vec<Bytes>)>,
    releases: Arc<Releases>,
) {
    loop {
        let command = tokio::select! {
            command = queued.recv() => match command {
                Some(command) => Some(command),
                None => return,
            },
            () = releases.many.notified() => None,
        };
        if tell(&mut sender, releases.take(), command, &mut queued).await.is_err() {
            // The reader notices as well, and tells.
            return;
        }
    }
}

/// Says what is released, then a message and those that wait behind it.
async fn tell(
    sender: &mut ipc::tokio::Sender,
    segments: Vec<u32>,
    first: Option<(ToWorker, Vec<Bytes>)>,
    queued: &mut mpsc::Receiver<(ToWorker, Vec<Bytes>)>,
) -> Result<(), IpcError> {
    if !segments.is_empty() {
        sender.feed(&ToWorker::Release { segments }, &[]).await?;
    }
    let mut next = first;
    while let Some((message, payload)) = next {
        sender.feed(&message, &payload).await?;
        next = queued.try_recv().ok();
    }
    sender.flush().await
}

struct Reader {
    id: WorkerId,
    events: mpsc::Sender<Event>,
    receiver: ipc::tokio::Receiver,
    releases: Arc<Releases>,
    segments: HashMap<u32, Arc<SegmentView>>,
}

/// The life of a worker, from its start to its end.
async fn live(
    launch: Launch,
    queued: mpsc::Receiver<(ToWorker, Vec<Bytes>)>,
    events: mpsc::Sender<Event>,
    kill: Arc<Notify>,
    pid: Arc<OnceLock<u32>>,
) {
    let id = launch.id;
    let launched = tokio::select! {
        launched = launch.begin() => match launched {
            Ok(launched) => launched.map_err(|error| error.to_string()),
            Err(_) => Err("no thread to start it".into()),
        },
        () = kill.notified() => Err("it took too long".into()),
    };
    let connected = launched.and_then(|Launched { child, group, socket }| {
        let socket = UnixStream::from_std(socket).map_err(|error| error.to_string())?;
        Ok((child, group, ipc::tokio::connection(socket)))
    });
    match connected {
        Ok((child, group, (sender, receiver))) => {
            if let Some(number) = child.id() {
                tracing::info!(worker = id, pid = number, "worker started");
                pid.get_or_init(|| number);
            }
            let releases = Arc::new(Releases::default());
            tokio::spawn(write(sender, queued, Arc::clone(&releases)));
            let reader = Reader { id, events, receiver, releases, segments: HashMap::new() };
            look_after(child, group, reader, kill).await;
        }
        Err(reason) => {
            tracing::error!(worker = id, %reason, "a worker cannot be started");
            let event = WorkerEvent::Exited(Exit::Lost(format!("it did not start: {reason}")));
            // Nobody listens any more when the server has stopped.
            let _ = events.send(Event::Worker { worker: id, event }).await;
        }
    }
}

/// Reads until the process ends, however it does, and tells of it.
async fn look_after(
    mut child: Child,
    group: Option<WorkerGroup>,
    mut reader: Reader,
    kill: Arc<Notify>,
) {
    let complaint = tokio::select! {
        // What was said before the end is heard before the end is told.
        complaint = reader.run() => Some(complaint),
        () = kill.notified() => None,
    };
    // Harmless when it has ended already.
    let _ = child.start_kill();
    let exit = match child.wait().await {
        Ok(_) if group.as_ref().is_some_and(WorkerGroup::was_out_of_memory) => Exit::MemoryLimit,
        Ok(status) => describe(status, complaint),
        Err(error) => Exit::Lost(format!("it cannot be waited for: {error}")),
    };
    reader.tell(WorkerEvent::Exited(exit)).await;
}

impl Reader {
    async fn run(&mut self) -> IpcError {
        loop {
            let result = match self.receiver.receive().await {
                Ok((message, payload)) => self.hear(message, payload).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                return error;
            }
        }
    }

    async fn hear(&mut self, message: FromWorker, payload: Bytes) -> Result<(), IpcError> {
        let event = match message {
            FromWorker::Ready { sandbox } => WorkerEvent::Ready(sandbox),
            FromWorker::Frame { job } => WorkerEvent::Frame { job, frame: payload },
            FromWorker::NewSegment { segment } => {
                let view = SegmentView::map(self.receiver.descriptor()?)
                    .map_err(|error| IpcError::Malformed(error.to_string()))?;
                self.segments.insert(segment, view);
                return Ok(());
            }
            FromWorker::SharedFrame { job, segment, offset, len_bytes } => {
                let release = self.releases.on_drop(segment);
                let view = self.segments.get(&segment);
                let frame = view
                    .and_then(|view| view.slice(offset as usize, len_bytes as usize, release))
                    .ok_or_else(|| IpcError::Malformed(format!("no such frame in {segment}")))?;
                WorkerEvent::Frame { job, frame }
            }
            FromWorker::SegmentGone { segment } => {
                self.segments.remove(&segment);
                return Ok(());
            }
            FromWorker::Wants { job, total_bytes } => WorkerEvent::Wants { job, total_bytes },
            FromWorker::Needs { job, bytes } => WorkerEvent::Needs { job, bytes },
            FromWorker::Ended { job, ending, stages, peak_bytes } => {
                WorkerEvent::Ended { job, ending, stages, peak_bytes }
            }
            FromWorker::Sent { job } => WorkerEvent::Sent { job },
            FromWorker::Memory(memory) => WorkerEvent::Memory(memory),
        };
        self.tell(event).await;
        Ok(())
    }

    async fn tell(&self, event: WorkerEvent) {
        // Nobody listens any more when the server has stopped.
        let _ = self.events.send(Event::Worker { worker: self.id, event }).await;
    }
}

fn describe(status: ExitStatus, complaint: Option<IpcError>) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    if status.code() == Some(EXIT_MEMORY_LIMIT) {
        return Exit::MemoryLimit;
    }
    Exit::Lost(match (complaint, status.signal(), status.code()) {
        (Some(complaint @ (IpcError::Malformed(_) | IpcError::TooLong(_))), ..) => {
            format!("it was ended: {complaint}")
        }
        (_, Some(signal), _) => format!("ended by signal {signal}"),
        (_, _, code) => format!("ended with exit code {}", code.unwrap_or_default()),
    })
}
