//! Starting and stopping the supervisor.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::serve::ListenerExt;
use scadstream_memory::groups::WorkerGroups;
use scadstream_memory::settings::SettingsError;
use scadstream_memory::system;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::config::ServerConfig;
use crate::dispatcher::{Dispatcher, Event};
use crate::http::{self, App};
use crate::metrics::Metrics;

/// Events waiting for the dispatcher, which takes some hundred thousand a second.
const EVENTS: usize = 1024;
/// After the last session was told to end, its connection may take this long.
const FAREWELL_TIME: Duration = Duration::from_secs(6);

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The memory settings contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Accepting connections failed for good.
    #[error("the server stopped: {0}")]
    Serve(#[from] io::Error),
}

/// Serves on `listener` until `shutdown` completes, then lets running jobs come to an end and says goodbye.
///
/// # Errors
/// When the configuration cannot be used, or the listener fails.
pub async fn run(
    listener: TcpListener,
    mut config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let machine = system::available_to_us_bytes();
    let thresholds = config.thresholds()?;
    tracing::info!(
        address = %listener.local_addr()?,
        workers = config.workers,
        express_workers = config.express_workers,
        warning_mb = thresholds.warning / 1_000_000,
        chunking_mb = thresholds.chunking / 1_000_000,
        worker_limit_mb = thresholds.hard / 1_000_000,
        queue_length = config.queue_length,
        max_connections = config.max_connections,
        job_seconds = config.job_time.as_secs_f64(),
        token = config.token.is_some(),
        web = ?config.web_folder,
        "starting"
    );
    // Workers are told what was decided here: in groups of their own they would take those for the machine.
    config.worker_command.environment.extend(thresholds.to_env());
    let groups = if config.worker_groups { worker_groups() } else { None };
    let config = Arc::new(config);
    let metrics = Metrics::new();
    let (events, received) = mpsc::channel(EVENTS);
    let dispatcher = Dispatcher::new(
        Arc::clone(&config),
        thresholds,
        machine,
        groups,
        metrics.clone(),
        (events.clone(), received),
    );
    let connections = Arc::new(Semaphore::new(config.max_connections));
    let app = App {
        config: Arc::clone(&config),
        events: events.clone(),
        metrics,
        thresholds,
        connections: Arc::clone(&connections),
        next_session: Arc::new(AtomicU64::new(1)),
    };

    let dispatching = tokio::spawn(dispatcher.run());
    tokio::spawn(async move {
        shutdown.await;
        // Fails only when the dispatcher has stopped already.
        let _ = events.send(Event::Drain).await;
    });
    // The port stays open while jobs come to an end, so that probes see the server stopping.
    let (drained, stop) = oneshot::channel::<()>();
    // Small messages should not wait for the acknowledgement of others.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends with delay");
        }
    });
    let serving = axum::serve(listener, http::router(app)).with_graceful_shutdown(async {
        let _ = stop.await;
    });
    let serving = tokio::spawn(serving.into_future());
    if let Err(error) = dispatching.await {
        tracing::error!(%error, "the dispatcher failed");
    }
    drop(drained);
    let all = u32::try_from(config.max_connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(FAREWELL_TIME, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("some clients did not read their farewell");
    }
    match tokio::time::timeout(FAREWELL_TIME, serving).await {
        Ok(Ok(result)) => result?,
        Ok(Err(error)) => tracing::error!(%error, "serving failed"),
        Err(_) => tracing::warn!("some requests did not end"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// The control group in which workers get groups of their own, where the system allows it.
fn worker_groups() -> Option<WorkerGroups> {
    match WorkerGroups::take() {
        Ok(groups) => {
            tracing::info!("every worker gets a control group with memory.max");
            Some(groups)
        }
        Err(reason) => {
            tracing::info!(%reason, "workers get no control groups of their own");
            None
        }
    }
}
