//! How short memory is, told to sessions, workers, metrics and whoever asks.

use scadstream_memory::monitor::Snapshot;
use scadstream_memory::pressure::{PressureLevel, system_level};
use scadstream_protocol::message as wire;

use super::{Dispatcher, JobState, signed};
use crate::admin::{Status, WorkerStatus};
use crate::engine::Caches;
use crate::ipc::{JobId, ToWorker, WorkerMemory};
use crate::metrics::CELL_OUTCOMES;
use crate::to_wire;
use crate::worker_process::WorkerId;

/// Growth of the live bytes, in bytes per second, that the log warns of.
const WORRYING_GROWTH: f64 = 5e6;

impl Dispatcher {
    pub(super) fn look_at_memory(&mut self) {
        let snapshot = Snapshot::take();
        let own = self.monitor.observe(snapshot);
        let fraction = snapshot
            .cgroup
            .and_then(|group| Some(group.used_bytes as f64 / group.limit_bytes? as f64));
        let system = system_level(fraction, snapshot.stalled_percent);
        if system != self.system_level {
            self.system_level = system;
            self.pool.tell_all(&ToWorker::SystemPressure { level: system.number() });
        }
        let growth = self.monitor.growth_bytes_per_second();
        if growth > WORRYING_GROWTH {
            tracing::warn!(mb_per_second = growth / 1e6, "the supervisor's memory grows fast");
        }
        self.set_level(self.workers_level().max(own));
        self.update_gauges();
    }

    /// Takes note of a worker's memory. The level rises at once and falls at the next look, so that a job about a
    /// threshold does not tell all clients of it a hundred times a second.
    pub(super) fn hear_memory(&mut self, worker: WorkerId, memory: WorkerMemory) {
        self.count_pool(worker, &memory);
        self.pool.set_memory(worker, memory);
        self.set_level(self.workers_level().max(self.level));
    }

    fn workers_level(&self) -> PressureLevel {
        let thresholds = self.monitor.thresholds();
        let workers = self.pool.memories().map(|(_, memory)| thresholds.level(memory.live_bytes));
        workers.fold(PressureLevel::Low, PressureLevel::max)
    }

    fn set_level(&mut self, level: PressureLevel) {
        if level != self.level {
            tracing::info!(from = %self.level, to = %level, "memory pressure changed");
            match level {
                PressureLevel::Low => {}
                PressureLevel::Moderate | PressureLevel::High => {
                    tracing::warn!(%level, "memory is above the warning threshold");
                }
                PressureLevel::Critical => tracing::error!("memory is critical"),
            }
            self.level = level;
            let used = self.pool.memories().map(|(_, memory)| memory.live_bytes).max();
            let pressure = wire::Pressure {
                level: to_wire::pressure_level(level),
                used_bytes: used.unwrap_or_default(),
                limit_bytes: self.monitor.thresholds().hard,
            };
            for session in self.sessions.keys() {
                self.send(*session, None, pressure);
            }
        }
    }

    pub(super) fn update_gauges(&mut self) {
        let metrics = &self.metrics;
        metrics.memory_pressure_level.set(self.level.number().into());
        if let Some(own) = self.monitor.timeline().last() {
            let supervisor = &["supervisor"];
            let gauge = |gauges: &prometheus::IntGaugeVec, bytes| {
                gauges.with_label_values(supervisor).set(signed(bytes));
            };
            gauge(&metrics.memory_allocated_bytes, own.allocated_bytes);
            gauge(&metrics.memory_resident_bytes, own.resident_bytes.unwrap_or_default());
            let growth = self.monitor.growth_bytes_per_second();
            metrics.memory_growth_bytes_per_second.with_label_values(supervisor).set(growth);
        }
        let sum = |what: fn(&WorkerMemory) -> u64| {
            signed(self.pool.memories().map(|(_, memory)| what(memory)).sum())
        };
        let workers = &["workers"];
        metrics.memory_allocated_bytes.with_label_values(workers).set(sum(|m| m.live_bytes));
        metrics.memory_resident_bytes.with_label_values(workers).set(sum(|m| m.resident_bytes));
        metrics.pool_idle_bytes.set(sum(|m| m.pool_idle_bytes));
        metrics.pool_used_bytes.set(sum(|m| m.pool_used_bytes));
        for (index, (name, _)) in Caches::default().by_name().into_iter().enumerate() {
            let bytes = self.pool.memories().map(|(_, m)| m.caches[index].bytes).sum();
            metrics.cache_bytes.with_label_values(&[name]).set(signed(bytes));
        }
        metrics.retained_scene_bytes.set(sum(|m| m.retained_bytes));
        let growth: f64 = self.pool.memories().map(|(_, m)| m.growth_bytes_per_second).sum();
        metrics.memory_growth_bytes_per_second.with_label_values(workers).set(growth);
        let leak = self.pool.memories().map(|(_, m)| m.leak_confidence).fold(0.0, f64::max);
        metrics.memory_leak_confidence.set(leak);
        for (state, count) in [
            ("busy", self.pool.busy()),
            ("idle", self.pool.idle()),
            ("changing", self.pool.in_transition()),
        ] {
            metrics.workers.with_label_values(&[state]).set(count as i64);
        }
        let running = self.jobs.values().filter(|job| matches!(job.state, JobState::Running(_)));
        metrics.memory_reserved_bytes.set(signed(running.map(|job| job.reserved_bytes).sum()));
        metrics.memory_budget_bytes.set(signed(self.admission.budget_bytes()));
        metrics.queue_limit.set(self.config.queue_length as i64);
        metrics.open_files.set(open_files());
        metrics.worker_groups.set(self.pool.has_groups().into());
        let sandbox = self.pool.sandbox().unwrap_or_default();
        for (wall, stands) in [("landlock", sandbox.landlock), ("seccomp", sandbox.seccomp)] {
            metrics.sandbox_active.with_label_values(&[wall]).set(stands.into());
        }
    }

    /// Adds what a worker's pool and caches did since it last told.
    fn count_pool(&self, worker: WorkerId, now: &WorkerMemory) {
        let before = self.pool.memory(worker).copied().unwrap_or_default();
        let since = |now: u64, before: u64| now.saturating_sub(before);
        self.metrics.pool_hits_total.inc_by(since(now.pool_hits, before.pool_hits));
        self.metrics.pool_misses_total.inc_by(since(now.pool_misses, before.pool_misses));
        self.metrics.pool_evictions_total.inc_by(since(now.pool_evictions, before.pool_evictions));
        self.metrics.chunks_reused_total.inc_by(since(now.chunks_reused, before.chunks_reused));
        for (index, outcome) in CELL_OUTCOMES.into_iter().enumerate() {
            let counter = self.metrics.cells_total.with_label_values(&[outcome]);
            counter.inc_by(since(now.cells[index].into(), before.cells[index].into()));
        }
        let mended = since(now.seam_edges_mended.into(), before.seam_edges_mended.into());
        self.metrics.seam_edges_mended_total.inc_by(mended);
        for (index, (name, _)) in Caches::default().by_name().into_iter().enumerate() {
            let (now, before) = (now.caches[index], before.caches[index]);
            let count = |counter: &prometheus::IntCounterVec, now, before| {
                counter.with_label_values(&[name]).inc_by(since(now, before));
            };
            count(&self.metrics.cache_hits_total, now.hits, before.hits);
            count(&self.metrics.cache_misses_total, now.misses, before.misses);
        }
        self.metrics.memory_freed_bytes_total.inc_by(since(now.freed_bytes, before.freed_bytes));
        for (index, level) in ["moderate", "high", "critical"].into_iter().enumerate() {
            let more = since(now.reliefs[index], before.reliefs[index]);
            self.metrics.memory_reliefs_total.with_label_values(&[level]).inc_by(more);
        }
    }

    /// Counts how a job ended, and whether it was short, the first time that it does: a picture that is given up later
    /// is an end no more, and its worker has worked for others since.
    pub(super) fn count_end(&mut self, id: JobId, outcome: &str) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if std::mem::replace(&mut job.counted, true) {
            return;
        }
        self.metrics.jobs_total.with_label_values(&[outcome]).inc();
        self.note_length(id);
    }

    pub(super) fn status(&mut self) -> Status {
        self.update_gauges();
        let thresholds = self.monitor.thresholds();
        let workers = self.pool.memories().map(|(pid, memory)| WorkerStatus {
            pid,
            live_bytes: memory.live_bytes,
            resident_bytes: memory.resident_bytes,
            cached_bytes: memory.cached_bytes(),
            retained_scene_bytes: memory.retained_bytes,
            leak_confidence: memory.leak_confidence,
            growth_bytes_per_second: memory.growth_bytes_per_second,
            pool_idle_bytes: memory.pool_idle_bytes,
            pool_used_bytes: memory.pool_used_bytes,
        });
        Status {
            level: self.level,
            system_level: self.system_level,
            thresholds,
            timeline: self.monitor.timeline().copied().collect(),
            growth_bytes_per_second: self.monitor.growth_bytes_per_second(),
            sessions: self.sessions.len(),
            queued: self.queue.len(),
            queue_limit: self.config.queue_length,
            busy: self.pool.busy(),
            idle: self.pool.idle(),
            draining: self.draining_until.is_some(),
            express: self.config.express_workers,
            workers_wanted: self.pool.size(),
            reserved_bytes: self.metrics.memory_reserved_bytes.get() as u64,
            budget_bytes: self.admission.budget_bytes(),
            sandbox: self.pool.sandbox(),
            worker_groups: self.pool.has_groups(),
            job_seconds: self.config.job_time.as_secs_f64(),
            workers: workers.collect(),
        }
    }
}

/// Descriptors that the supervisor has open.
fn open_files() -> i64 {
    std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as i64)
}
