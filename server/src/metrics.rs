//! The server's metrics, in Prometheus' words.
//!
//! Names are `scadstream_<what>_<unit>` in base units; labels come from small fixed sets. Values that are states rather
//! than events are set by the dispatcher, which knows them, every few seconds and before each scrape.

use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// Content type of the text form.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From a millisecond, which a cached model takes, to the time limit of jobs.
const SECONDS: [f64; 14] =
    [0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 3.0, 10.0, 60.0, 300.0];

/// How jobs end.
const OUTCOMES: [&str; 10] = [
    "done",
    "failed",
    "memory_limit",
    "time_limit",
    "panicked",
    "lost",
    "cancelled",
    "superseded",
    "abandoned",
    "refused",
];

/// Why workers are replaced.
const RESTART_REASONS: [&str; 6] = ["memory_limit", "killed", "lost", "leak", "age", "express"];

/// What becomes of the cells that models are solved by, as workers count them.
pub(crate) const CELL_OUTCOMES: [&str; 3] = ["solved", "cached", "merged"];

/// All metrics. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) memory_allocated_bytes: IntGaugeVec,
    pub(crate) memory_resident_bytes: IntGaugeVec,
    pub(crate) memory_limit_bytes: IntGauge,
    pub(crate) memory_peak_job_bytes: Histogram,
    pub(crate) memory_pressure_level: IntGauge,
    pub(crate) memory_growth_bytes_per_second: GaugeVec,
    pub(crate) memory_leak_confidence: Gauge,
    pub(crate) pool_idle_bytes: IntGauge,
    pub(crate) pool_used_bytes: IntGauge,
    pub(crate) pool_hits_total: IntCounter,
    pub(crate) pool_misses_total: IntCounter,
    pub(crate) pool_evictions_total: IntCounter,
    pub(crate) cache_bytes: IntGaugeVec,
    pub(crate) cache_hits_total: IntCounterVec,
    pub(crate) cache_misses_total: IntCounterVec,
    pub(crate) memory_reliefs_total: IntCounterVec,
    pub(crate) memory_freed_bytes_total: IntCounter,
    pub(crate) memory_budget_bytes: IntGauge,
    pub(crate) memory_reserved_bytes: IntGauge,
    pub(crate) sandbox_active: IntGaugeVec,
    pub(crate) worker_groups: IntGauge,
    pub(crate) open_files: IntGauge,
    pub(crate) retained_scene_bytes: IntGauge,
    pub(crate) queue_depth: IntGauge,
    pub(crate) queue_limit: IntGauge,
    pub(crate) queue_wait_seconds: Histogram,
    pub(crate) express_moves_total: IntCounter,
    pub(crate) jobs_total: IntCounterVec,
    pub(crate) job_seconds: Histogram,
    pub(crate) stage_seconds: HistogramVec,
    pub(crate) first_chunk_seconds: Histogram,
    pub(crate) chunks_sent_total: IntCounter,
    pub(crate) chunks_reused_total: IntCounter,
    pub(crate) cells_total: IntCounterVec,
    pub(crate) seam_edges_mended_total: IntCounter,
    pub(crate) wire_bytes_total: IntCounterVec,
    pub(crate) sessions: IntGauge,
    pub(crate) workers: IntGaugeVec,
    pub(crate) worker_restarts_total: IntCounterVec,
    pub(crate) credit_stalls_total: IntCounter,
    pub(crate) faults_total: IntCounter,
}

impl Metrics {
    /// Metrics in a registry of their own, all at zero.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let r = Register(&registry);
        let metrics = Self {
            memory_allocated_bytes: r.gauges(
                "memory_allocated_bytes",
                "Live bytes of the counting allocator.",
                "process",
            ),
            memory_resident_bytes: r.gauges(
                "memory_resident_bytes",
                "Bytes in physical memory, shared pages included.",
                "process",
            ),
            memory_limit_bytes: r.gauge("memory_limit_bytes", "What one worker may use."),
            memory_peak_job_bytes: r.bytes(
                "memory_peak_job_bytes",
                "The most memory that a job used above what its worker had before.",
            ),
            memory_pressure_level: r.gauge(
                "memory_pressure_level",
                "0 low, 1 moderate, 2 high, 3 critical; the worst of all processes.",
            ),
            memory_growth_bytes_per_second: r.float_gauges(
                "memory_growth_bytes_per_second",
                "How fast live bytes grow, smoothed.",
                "process",
            ),
            memory_leak_confidence: r.float_gauge(
                "memory_leak_confidence",
                "How sure it is that a worker leaks, 0 to 1; the worst of all workers.",
            ),
            pool_idle_bytes: r
                .gauge("pool_idle_bytes", "Frame buffers waiting to be used, of all workers."),
            pool_used_bytes: r.gauge("pool_used_bytes", "Frame buffers in use, of all workers."),
            pool_hits_total: r
                .counter("pool_hits_total", "Frame buffers that were there when wanted."),
            pool_misses_total: r.counter("pool_misses_total", "Frame buffers that had to be made."),
            pool_evictions_total: r
                .counter("pool_evictions_total", "Frame buffers given back to the system."),
            cache_bytes: r.gauges("cache_bytes", "What the workers' caches hold.", "cache"),
            cache_hits_total: r.counters("cache_hits_total", "Look-ups that found it.", "cache"),
            cache_misses_total: r.counters(
                "cache_misses_total",
                "Look-ups that found nothing.",
                "cache",
            ),
            memory_reliefs_total: r.counters(
                "memory_reliefs_total",
                "Times that a worker gave memory back, by the pressure that made it.",
                "level",
            ),
            memory_freed_bytes_total: r.counter(
                "memory_freed_bytes_total",
                "Resident bytes that giving memory back freed.",
            ),
            memory_budget_bytes: r
                .gauge("memory_budget_bytes", "What all jobs together may reserve."),
            memory_reserved_bytes: r
                .gauge("memory_reserved_bytes", "What running jobs have reserved."),
            sandbox_active: r.gauges(
                "sandbox_active",
                "Whether a wall stands around every worker: 1 yes, 0 no.",
                "wall",
            ),
            worker_groups: r.gauge(
                "worker_groups",
                "Whether every worker has a control group with memory.max: 1 yes, 0 no.",
            ),
            open_files: r.gauge("open_files", "Descriptors that the supervisor has open."),
            retained_scene_bytes: r.gauge(
                "retained_scene_bytes",
                "Scenes kept by workers for clients that have not read them yet.",
            ),
            queue_depth: r.gauge("queue_depth", "Jobs waiting for a worker."),
            queue_limit: r.gauge("queue_limit", "Jobs that may wait for a worker."),
            express_moves_total: r.counter(
                "express_moves_total",
                "Jobs that were not short and made way on an express worker.",
            ),
            queue_wait_seconds: r
                .seconds("queue_wait_seconds", "How long a job waited for a worker."),
            jobs_total: r.counters("jobs_total", "Jobs by how they ended.", "outcome"),
            job_seconds: r
                .seconds("job_seconds", "Time from a job's start to the end of its work."),
            stage_seconds: r.seconds_by("stage_seconds", "Time of a job's stages.", "stage"),
            first_chunk_seconds: r
                .seconds("first_chunk_seconds", "Time from a Render's arrival to its first chunk."),
            chunks_sent_total: r
                .counter("chunks_sent_total", "Chunks handed to clients' connections."),
            chunks_reused_total: r
                .counter("chunks_reused_total", "Chunks of scenes that clients had already."),
            cells_total: r.counters(
                "cells_total",
                "Cells of models by what became of them; merged ones did not fit their neighbours.",
                "outcome",
            ),
            seam_edges_mended_total: r.counter(
                "seam_edges_mended_total",
                "Edges between cells that differed by rounding or were split.",
            ),
            wire_bytes_total: r.counters("wire_bytes_total", "Bytes of frames.", "direction"),
            sessions: r.gauge("sessions", "Open sessions."),
            workers: r.gauges("workers", "Workers by what they do.", "state"),
            worker_restarts_total: r.counters(
                "worker_restarts_total",
                "Workers replaced, by why the old one went.",
                "reason",
            ),
            credit_stalls_total: r
                .counter("credit_stalls_total", "Times that sending waited for a client to read."),
            faults_total: r
                .counter("faults_total", "Messages from clients that break the protocol."),
            registry: registry.clone(),
        };
        metrics.show_all();
        metrics
    }

    /// Lets every series be seen at zero before anything happens, so that the first event shows as an increase.
    fn show_all(&self) {
        for (counters, labels) in [
            (&self.jobs_total, &OUTCOMES[..]),
            (&self.worker_restarts_total, &RESTART_REASONS[..]),
            (&self.wire_bytes_total, &["in", "out"][..]),
            (&self.cells_total, &CELL_OUTCOMES[..]),
            (&self.memory_reliefs_total, &["moderate", "high", "critical"][..]),
        ] {
            labels.iter().for_each(|label| drop(counters.with_label_values(&[label])));
        }
        let stages = ["parse", "evaluate", "solve", "chunk", "encode"];
        stages.iter().for_each(|stage| drop(self.stage_seconds.with_label_values(&[stage])));
    }

    /// The text form that Prometheus scrapes.
    pub(crate) fn text(&self) -> String {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("a Vec takes everything, and our metrics are well formed");
        String::from_utf8(text).expect("metrics are text")
    }
}

/// Makes metrics and registers them.
struct Register<'a>(&'a Registry);

impl Register<'_> {
    fn add<M: prometheus::core::Collector + Clone + 'static>(
        &self,
        metric: prometheus::Result<M>,
    ) -> M {
        let metric = metric.expect("names, help texts and labels are constants and well formed");
        self.0.register(Box::new(metric.clone())).expect("every name occurs once");
        metric
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::with_opts(options(name, help)))
    }

    fn float_gauge(&self, name: &str, help: &str) -> Gauge {
        self.add(Gauge::with_opts(options(name, help)))
    }

    fn gauges(&self, name: &str, help: &str, label: &str) -> IntGaugeVec {
        self.add(IntGaugeVec::new(options(name, help), &[label]))
    }

    fn float_gauges(&self, name: &str, help: &str, label: &str) -> GaugeVec {
        self.add(GaugeVec::new(options(name, help), &[label]))
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::with_opts(options(name, help)))
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> IntCounterVec {
        self.add(IntCounterVec::new(options(name, help), &[label]))
    }

    fn seconds(&self, name: &str, help: &str) -> Histogram {
        self.add(Histogram::with_opts(histogram_options(name, help).buckets(SECONDS.into())))
    }

    fn seconds_by(&self, name: &str, help: &str, label: &str) -> HistogramVec {
        let options = histogram_options(name, help).buckets(SECONDS.into());
        self.add(HistogramVec::new(options, &[label]))
    }

    /// From 1 MB to 16 GB in steps of two.
    fn bytes(&self, name: &str, help: &str) -> Histogram {
        let buckets = (0..15).map(|step| 1e6 * f64::from(1_u32 << step)).collect();
        self.add(Histogram::with_opts(histogram_options(name, help).buckets(buckets)))
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("scadstream")
}

fn histogram_options(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).namespace("scadstream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_with_prefix_help_and_labels() {
        let metrics = Metrics::new();
        metrics.jobs_total.with_label_values(&["done"]).inc();
        metrics.stage_seconds.with_label_values(&["solve"]).observe(0.2);
        let text = metrics.text();
        assert!(text.contains("# HELP scadstream_jobs_total Jobs by how they ended."));
        assert!(text.contains("scadstream_jobs_total{outcome=\"done\"} 1"));
        assert!(text.contains("scadstream_stage_seconds_bucket{stage=\"solve\",le=\"0.25\"} 1"));
    }
}
