//! `scadstream worker`: a process that does the server's jobs.
#![expect(clippy::print_stderr, reason = "a worker that cannot start says why")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use scadstream_memory::pool::PoolSettings;
use scadstream_memory::settings::MemorySettings;
use scadstream_server::worker::{self, WorkerSettings};

use crate::engine::{DocumentEngine, DocumentEngineConfig};
use crate::log_args::LogArgs;

/// Share of a worker's memory that solved subtrees may keep between jobs.
const SOLID_CACHE_SHARE: u64 = 4;

/// Do the server's work.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// Library folder
    #[arg(long)]
    library: Vec<PathBuf>,

    /// Experimental feature of the language
    #[arg(long)]
    enable: Vec<String>,

    /// Longest that a job may run
    #[arg(long, default_value_t = 300)]
    job_seconds: u64,

    /// Keep the rights that the sandbox takes away
    #[arg(long)]
    no_sandbox: bool,

    /// What is logged, and how
    #[command(flatten)]
    log: LogArgs,
}

/// Runs the command: until the supervisor closes the socket.
pub(crate) fn main(arguments: WorkerArgs) -> ExitCode {
    let worked = work(arguments);
    worked.map_or_else(
        |fault| {
            eprintln!("scadstream: {fault}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn work(arguments: WorkerArgs) -> Result<(), String> {
    arguments.log.start()?;
    // The supervisor has read the same environment and put its own decisions there, so nothing here is new to it, and
    // the machine's memory does not matter.
    let memory = MemorySettings::from_env().map_err(|error| error.to_string())?;
    let thresholds = memory.thresholds(0, 1).map_err(|error| error.to_string())?;
    let pool = PoolSettings {
        buffers_per_class: memory.buffer_pool_size,
        idle_time: memory.buffer_cleanup,
        ..PoolSettings::default()
    };
    let settings = WorkerSettings {
        thresholds,
        pool,
        job_time: Duration::from_secs(arguments.job_seconds),
        sandbox: !arguments.no_sandbox,
        readable: arguments.library.iter().cloned().chain(font_folders()).collect(),
    };
    let engine = DocumentEngineConfig {
        libraries: arguments.library,
        features: arguments.enable,
        chunk_vertices: memory.chunk_vertices,
        cell_bytes: memory.cell_bytes(&thresholds) as usize,
        solid_cache_bytes: (thresholds.warning / SOLID_CACHE_SHARE) as usize,
    };
    scadstream_geometry::abandon::leave_nothing_behind();
    worker::run(settings, move || DocumentEngine::new(engine.clone()))
        .map_err(|error| error.to_string())
}

/// Where fonts and their configuration lie, which `text()` reads.
fn font_folders() -> impl Iterator<Item = PathBuf> {
    const SYSTEM: [&str; 5] = [
        "/etc/fonts",
        "/usr/share/fontconfig",
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/var/cache/fontconfig",
    ];
    let own = std::env::home_dir().into_iter();
    let own = own.flat_map(|home| [home.join(".fonts"), home.join(".local/share/fonts")]);
    let given = std::env::var_os("OPENSCAD_FONT_PATH").unwrap_or_default();
    let given: Vec<PathBuf> = std::env::split_paths(&given).collect();
    SYSTEM.into_iter().map(PathBuf::from).chain(own).chain(given)
}
