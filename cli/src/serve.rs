//! `scadstream serve`: the supervisor.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the address and faults are for the person who starts it"
)]

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use scadstream_memory::settings::MemorySettings;
use scadstream_pipeline::Libraries;
use scadstream_server::config::{ServerConfig, WorkerCommand};
use scadstream_server::{listener, server, shutdown};

use crate::log_args::LogArgs;

/// Serve the editor page and the stream.
///
/// Memory limits come from the environment: MEMORY_HARD_MB is what one worker may use, MEMORY_WARNING_MB and
/// MEMORY_CHUNKING_MB where pressure becomes moderate and high.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Worker processes, and so jobs at once; one per processor unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,

    /// Folder of the built editor page
    #[arg(long, value_name = "DIR", env = "SCADSTREAM_WEB")]
    web: Option<PathBuf>,

    /// Folder that `include` and `use` find libraries in, besides those in OPENSCADPATH
    #[arg(short = 'L', long = "library", value_name = "DIR")]
    library: Vec<PathBuf>,

    /// Enable an experimental feature of the language; `all` for all
    #[arg(long, value_name = "FEATURE")]
    enable: Vec<String>,

    /// Clients must present this token
    #[arg(long, env = "SCADSTREAM_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Allow pages of this origin, such as `https://example.org`, besides the server's own
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Most connections open at once
    #[arg(long, value_name = "N", default_value_t = 4096)]
    max_connections: usize,

    /// Most jobs waiting for a worker
    #[arg(long, value_name = "N", default_value_t = 256)]
    queue_length: usize,

    /// Longest that a job may run
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    job_seconds: u64,

    /// Longest that running jobs may go on after the server was asked to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    drain_seconds: u64,

    /// Further worker processes for short jobs only, so that small models need not wait for large ones; of several, one
    /// is kept for those who are known to have small models
    #[arg(long, value_name = "N", default_value_t = 2)]
    express_workers: u16,

    /// Jobs after which a worker process is replaced by a fresh one
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    jobs_per_worker: u64,

    /// Do not shut workers in by Landlock and seccomp
    #[arg(long)]
    no_sandbox: bool,

    #[command(flatten)]
    log: LogArgs,
}

/// Runs the command.
pub(crate) fn main(arguments: ServeArgs) -> ExitCode {
    let served = serve(arguments);
    served.map_or_else(
        |fault| {
            eprintln!("scadstream: {fault}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn serve(arguments: ServeArgs) -> Result<(), String> {
    arguments.log.start()?;
    let config = config(&arguments)?;
    config.thresholds().map_err(|error| error.to_string())?;
    if let Some(folder) = config.web_folder.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!(
            "the editor page is not in {}: `make web` builds it",
            folder.display()
        ));
    }
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(async {
        let listener = listener::bind(config.listen).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("{}", page(address));
        let stop = async {
            match shutdown::requested().await {
                Ok(signal) => tracing::info!(signal, "stopping"),
                Err(error) => tracing::error!(%error, "cannot listen for signals"),
            }
        };
        server::run(listener, config, stop).await.map_err(|error| error.to_string())
    })
}

/// The address to open in a browser.
fn page(address: SocketAddr) -> String {
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn config(arguments: &ServeArgs) -> Result<ServerConfig, String> {
    let defaults = ServerConfig::default();
    let memory = MemorySettings::from_env().map_err(|error| error.to_string())?;
    let workers = arguments.workers.map_or(defaults.workers, usize::from);
    let path = std::env::var_os("OPENSCADPATH").unwrap_or_default();
    let libraries = arguments.library.iter().cloned().chain(Libraries::split(&path));
    let express_workers = usize::from(arguments.express_workers);
    let mut worker: Vec<OsString> =
        vec!["worker".into(), "--job-seconds".into(), arguments.job_seconds.to_string().into()];
    worker.extend(arguments.log.arguments());
    if arguments.no_sandbox {
        worker.push("--no-sandbox".into());
    }
    for folder in libraries {
        worker.extend(["--library".into(), folder.into_os_string()]);
    }
    for feature in &arguments.enable {
        worker.extend(["--enable".into(), feature.into()]);
    }
    Ok(ServerConfig {
        listen: arguments.listen,
        workers,
        express_workers,
        jobs_per_worker: arguments.jobs_per_worker,
        worker_command: WorkerCommand { arguments: worker, ..WorkerCommand::default() },
        web_folder: arguments.web.clone(),
        token: arguments.token.clone(),
        allowed_origins: arguments.allow_origin.clone(),
        max_connections: arguments.max_connections,
        queue_length: arguments.queue_length,
        job_time: Duration::from_secs(arguments.job_seconds),
        drain_time: Duration::from_secs(arguments.drain_seconds),
        memory,
        worker_groups: true,
        ..defaults
    })
}
