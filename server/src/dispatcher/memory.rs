//! How short memory is, told to sessions, workers, metrics and whoever asks.

use scadstream_memory::monitor::Snapshot;
use scadstream_memory::pressure::{PressureLevel, system_level};
use scadstream_protocol::message as wire;

use super::{Dispatcher, signed};
use crate::admin::{Status, WorkerStatus};
use crate::engine::Caches;
use crate::ipc::{JobId, ToWorker, WorkerMemory};
use crate::to_wire;
use crate::worker_process::WorkerId;

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
        let thresholds = self.monitor.thresholds();
        let workers = self.pool.memories().map(|(_, memory)| thresholds.level(memory.live_bytes));
        let level = workers.fold(own, PressureLevel::max);
        if level != self.level {
            tracing::info!(from = %self.level, to = %level, "memory pressure changed");
            self.level = level;
            let used = self.pool.memories().map(|(_, memory)| memory.live_bytes).max();
            let pressure = wire::Pressure {
                level: to_wire::pressure_level(level),
                used_bytes: used.unwrap_or(snapshot.allocated_bytes),
                limit_bytes: thresholds.hard,
            };
            for session in self.sessions.keys() {
                self.send(*session, None, pressure);
            }
        }
        self.update_gauges();
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
    }

    /// Adds what a worker's pool and caches did since it last told.
    pub(super) fn count_pool(&self, worker: WorkerId, now: &WorkerMemory) {
        let before = self.pool.memory(worker).copied().unwrap_or_default();
        let since = |now: u64, before: u64| now.saturating_sub(before);
        self.metrics.pool_hits_total.inc_by(since(now.pool_hits, before.pool_hits));
        self.metrics.pool_misses_total.inc_by(since(now.pool_misses, before.pool_misses));
        self.metrics.pool_evictions_total.inc_by(since(now.pool_evictions, before.pool_evictions));
        self.metrics.chunks_reused_total.inc_by(since(now.chunks_reused, before.chunks_reused));
        for (index, (name, _)) in Caches::default().by_name().into_iter().enumerate() {
            let (now, before) = (now.caches[index], before.caches[index]);
            let count = |counter: &prometheus::IntCounterVec, now, before| {
                counter.with_label_values(&[name]).inc_by(since(now, before));
            };
            count(&self.metrics.cache_hits_total, now.hits, before.hits);
            count(&self.metrics.cache_misses_total, now.misses, before.misses);
        }
    }

    /// Counts how a job ended, the first time that it does.
    pub(super) fn count_end(&mut self, id: JobId, outcome: &str) {
        if let Some(job) = self.jobs.get_mut(&id)
            && !std::mem::replace(&mut job.counted, true)
        {
            self.metrics.jobs_total.with_label_values(&[outcome]).inc();
        }
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
            workers: workers.collect(),
        }
    }
}
