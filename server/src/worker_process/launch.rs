//! Starts the program of a worker.
//!
//! On a thread of its own: the system holds whoever starts a program until that runs, and a process can be stopped, or
//! the disk be slow, before it does. The dispatcher must not wait for that.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Arc;

use scadstream_memory::allocator;
use scadstream_memory::groups::{WorkerGroup, WorkerGroups};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::WorkerId;
use crate::config::WorkerCommand;
use crate::worker::NICE;

/// Not for models to see: a worker does without.
const SECRETS: [&str; 1] = ["SCADSTREAM_TOKEN"];

/// What is to be started.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The worker's number.
    pub(crate) id: WorkerId,
    /// The program.
    pub(crate) command: WorkerCommand,
    /// Its priority.
    pub(crate) nice: i32,
    /// Where it gets a control group, and how many bytes it may have there.
    pub(crate) group: Option<(Arc<WorkerGroups>, u64)>,
}

/// A started process, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Launched {
    pub(super) child: Child,
    pub(super) group: Option<WorkerGroup>,
    /// Our end of the socket that is its standard input.
    pub(super) socket: UnixStream,
}

impl Launch {
    /// Starts it. Dropping the receiver ends the process as soon as it has started.
    pub(super) fn begin(self) -> oneshot::Receiver<io::Result<Launched>> {
        let (sender, launched) = oneshot::channel();
        let runtime = Handle::current();
        let thread = std::thread::Builder::new().name(format!("launch-{}", self.id));
        let spawned = thread.spawn(move || {
            allocator::flush_at_thread_end();
            // Tokio hears of a child's end in its runtime.
            let _entered = runtime.enter();
            // Nobody waits any more when it took too long.
            let _ = sender.send(self.run());
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "cannot start a thread");
        }
        launched
    }

    fn run(self) -> io::Result<Launched> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        let program = match self.command.program {
            Some(program) => program,
            None => std::env::current_exe()?,
        };
        let mut command = Command::new(program);
        SECRETS.iter().for_each(|name| {
            command.env_remove(name);
        });
        let child = command
            .args(&self.command.arguments)
            .env(NICE, self.nice.to_string())
            .envs(self.command.environment)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            // Ctrl-C in a terminal goes to the whole process group; workers are the supervisor's to end.
            .process_group(0)
            .spawn()?;
        let group = self.group.and_then(|(groups, most_bytes)| {
            let name = format!("worker-{}", self.id);
            let enclosed = groups.enclose(&name, child.id().unwrap_or_default(), most_bytes);
            let told = enclosed.inspect_err(|error| tracing::warn!(%name, %error, "no group"));
            told.ok()
        });
        Ok(Launched { child, group, socket })
    }
}
