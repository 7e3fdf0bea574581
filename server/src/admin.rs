//! What an operator asks over HTTP: is it alive, is it ready, how is its memory.
//!
//! - `GET /healthz`: the process answers.
//! - `GET /readyz`: it takes work (200), or stops or has no worker yet (503).
//! - `GET /api/debug/health`: memory, queue, workers, pool as JSON.
//! - `GET /api/debug/memory`: timeline, growth and leak confidence as JSON.
//! - `GET /metrics`: for Prometheus.
//!
//! The types here are the JSON's and nobody else's.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use scadstream_memory::monitor::Snapshot;
use scadstream_memory::pressure::{PressureLevel, Thresholds};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::dispatcher::Event;
use crate::http::App;
use crate::metrics;
use crate::sandbox::Sandbox;

/// How things are, as the dispatcher knows it.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) level: PressureLevel,
    pub(crate) system_level: PressureLevel,
    pub(crate) thresholds: Thresholds,
    pub(crate) timeline: Vec<Snapshot>,
    pub(crate) growth_bytes_per_second: f64,
    pub(crate) sessions: usize,
    pub(crate) queued: usize,
    pub(crate) queue_limit: usize,
    pub(crate) busy: usize,
    pub(crate) idle: usize,
    pub(crate) draining: bool,
    /// Express workers among those wanted.
    pub(crate) express: usize,
    pub(crate) workers_wanted: usize,
    pub(crate) reserved_bytes: u64,
    pub(crate) budget_bytes: u64,
    /// The walls around every worker; none before the first is ready.
    pub(crate) sandbox: Option<Sandbox>,
    /// Whether workers have control groups of their own.
    pub(crate) worker_groups: bool,
    pub(crate) job_seconds: f64,
    pub(crate) workers: Vec<WorkerStatus>,
}

/// A worker, as it last told.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkerStatus {
    pub(crate) pid: u32,
    pub(crate) live_bytes: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) cached_bytes: u64,
    pub(crate) retained_scene_bytes: u64,
    pub(crate) leak_confidence: f64,
    pub(crate) growth_bytes_per_second: f64,
    pub(crate) pool_idle_bytes: u64,
    pub(crate) pool_used_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    status: &'static str,
    memory: HealthMemory,
    queue: HealthQueue,
    workers: HealthWorkers,
    pool: HealthPool,
    sandbox: HealthSandbox,
    sessions: usize,
}

/// What keeps a worker from doing harm. `false` where the system does not have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthSandbox {
    landlock: bool,
    seccomp: bool,
    /// Whether the network is out of reach.
    no_network: bool,
    /// Whether every worker has a control group with `memory.max`.
    worker_groups: bool,
    /// Wall-clock time that a job may take.
    job_seconds: f64,
}

#[derive(Serialize)]
struct HealthMemory {
    /// Live bytes of the supervisor and all workers.
    #[serde(rename = "heapUsedMB")]
    heap_used_mb: f64,
    #[serde(rename = "residentMB")]
    resident_mb: f64,
    #[serde(rename = "workerLimitMB")]
    worker_limit_mb: f64,
    /// What running jobs have reserved, and what they may reserve together.
    #[serde(rename = "reservedMB")]
    reserved_mb: f64,
    #[serde(rename = "budgetMB")]
    budget_mb: f64,
    #[serde(rename = "pressureLevel")]
    pressure_level: &'static str,
    #[serde(rename = "systemPressureLevel")]
    system_pressure_level: &'static str,
    /// From moderate pressure on.
    #[serde(rename = "shouldOptimize")]
    should_optimize: bool,
    /// From high pressure on.
    #[serde(rename = "shouldChunk")]
    should_chunk: bool,
}

#[derive(Serialize)]
struct HealthQueue {
    depth: usize,
    limit: usize,
}

#[derive(Serialize)]
struct HealthWorkers {
    wanted: usize,
    express: usize,
    busy: usize,
    idle: usize,
    processes: Vec<WorkerStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthPool {
    idle_bytes: u64,
    used_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemoryReport {
    growth_bytes_per_second: f64,
    /// The worst of all workers.
    leak_confidence: f64,
    warning_bytes: u64,
    chunking_bytes: u64,
    hard_bytes: u64,
    workers: Vec<WorkerStatus>,
    /// The supervisor's, oldest first.
    timeline: Vec<TimelinePoint>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimelinePoint {
    seconds_ago: f64,
    allocated_bytes: u64,
    resident_bytes: Option<u64>,
    cgroup_used_bytes: Option<u64>,
    cgroup_limit_bytes: Option<u64>,
    stalled_percent: Option<f64>,
}

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(app): State<App>) -> Response {
    match inspect(&app.events).await {
        Some(status) if status.draining => unavailable("stopping\n"),
        Some(status) if status.busy + status.idle == 0 => unavailable("no worker is ready\n"),
        Some(_) => "ready\n".into_response(),
        None => unavailable("stopping\n"),
    }
}

pub(crate) async fn health(State(app): State<App>) -> Response {
    let Some(status) = inspect(&app.events).await else { return unavailable("stopping\n") };
    let own = status.timeline.last();
    let sandbox = status.sandbox.unwrap_or_default();
    let sum = |what: fn(&WorkerStatus) -> u64| status.workers.iter().map(what).sum::<u64>();
    let live = own.map_or(0, |own| own.allocated_bytes) + sum(|worker| worker.live_bytes);
    let own_resident = own.and_then(|own| own.resident_bytes).unwrap_or(0);
    Json(Health {
        status: if status.draining { "stopping" } else { "ok" },
        memory: HealthMemory {
            heap_used_mb: megabytes(live),
            resident_mb: megabytes(own_resident + sum(|worker| worker.resident_bytes)),
            worker_limit_mb: megabytes(status.thresholds.hard),
            reserved_mb: megabytes(status.reserved_bytes),
            budget_mb: megabytes(status.budget_bytes),
            pressure_level: status.level.name(),
            system_pressure_level: status.system_level.name(),
            should_optimize: status.level >= PressureLevel::Moderate,
            should_chunk: status.level >= PressureLevel::High,
        },
        queue: HealthQueue { depth: status.queued, limit: status.queue_limit },
        pool: HealthPool {
            idle_bytes: sum(|worker| worker.pool_idle_bytes),
            used_bytes: sum(|worker| worker.pool_used_bytes),
        },
        sessions: status.sessions,
        sandbox: HealthSandbox {
            landlock: sandbox.landlock,
            seccomp: sandbox.seccomp,
            no_network: sandbox.seccomp,
            worker_groups: status.worker_groups,
            job_seconds: status.job_seconds,
        },
        workers: HealthWorkers {
            wanted: status.workers_wanted,
            express: status.express,
            busy: status.busy,
            idle: status.idle,
            processes: status.workers,
        },
    })
    .into_response()
}

pub(crate) async fn memory(State(app): State<App>) -> Response {
    let Some(status) = inspect(&app.events).await else { return unavailable("stopping\n") };
    let leaks = status.workers.iter().map(|worker| worker.leak_confidence);
    let timeline = status.timeline.iter().map(|snapshot| TimelinePoint {
        seconds_ago: snapshot.at.elapsed().as_secs_f64(),
        allocated_bytes: snapshot.allocated_bytes,
        resident_bytes: snapshot.resident_bytes,
        cgroup_used_bytes: snapshot.cgroup.map(|group| group.used_bytes),
        cgroup_limit_bytes: snapshot.cgroup.and_then(|group| group.limit_bytes),
        stalled_percent: snapshot.stalled_percent,
    });
    Json(MemoryReport {
        growth_bytes_per_second: status.growth_bytes_per_second,
        leak_confidence: leaks.fold(0.0, f64::max),
        warning_bytes: status.thresholds.warning,
        chunking_bytes: status.thresholds.chunking,
        hard_bytes: status.thresholds.hard,
        timeline: timeline.collect(),
        workers: status.workers,
    })
    .into_response()
}

pub(crate) async fn metrics(State(app): State<App>) -> Response {
    // Asking brings the gauges up to date.
    inspect(&app.events).await;
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.metrics.text()).into_response()
}

/// How things are; none when the server has stopped.
async fn inspect(events: &mpsc::Sender<Event>) -> Option<Status> {
    let (answer, status) = oneshot::channel();
    events.send(Event::Inspect { answer }).await.ok()?;
    status.await.ok()
}

fn unavailable(text: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

fn megabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1e4).round() / 100.0
}
