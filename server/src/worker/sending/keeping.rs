//! What is kept of what was sent, and what is told of memory.

use std::time::Instant;

use scadstream_memory::allocator;
use scadstream_memory::monitor::Snapshot;
use scadstream_protocol::message as wire;

use super::Sending;
use super::job::{Content, Job};
use crate::ipc::{FromWorker, WorkerMemory};
use crate::to_wire;

/// Growth of the live bytes, in bytes per second, that the log warns of.
const WORRYING_GROWTH: f64 = 5e6;
/// Plans kept.
const MAX_RETAINED: usize = 64;

impl Sending {
    /// Drops the oldest plans beyond the bounds: first those that are sent, then those whose client reads too slowly.
    pub(super) fn bound_retained(&mut self) {
        loop {
            let bytes: u64 = self.jobs.values().map(Job::retained_bytes).sum();
            self.memory.retained_bytes = bytes;
            if self.jobs.len() <= MAX_RETAINED && bytes <= self.retained_limit_bytes {
                return;
            }
            let newest = self.jobs.last_key_value().map(|(id, _)| *id);
            // The job at work is never dropped, however large: its own limits bound it.
            let mut others = self.jobs.iter().filter(|(id, _)| Some(**id) != newest);
            let oldest = others.clone().next().map(|(id, _)| *id);
            let sent = others.find(|(_, job)| job.pending.is_empty()).map(|(id, _)| *id);
            if sent.is_none() && self.release_sent_piece() {
                continue;
            }
            let Some(id) = sent.or(oldest) else { return };
            let Some(job) = self.jobs.remove(&id) else { return };
            if !job.pending.is_empty() {
                let message = "The server needs the memory that this picture waits in, because it is \
                               being read too slowly: render again.";
                let code = wire::FailureCode::Overloaded;
                let failed = to_wire::plain_failure(job.about.subject(), code, message);
                self.link.send_frame(id, failed);
                self.link.send(&FromWorker::Sent { job: id });
            }
        }
    }

    /// Lets go of the oldest piece that is sent of a scene that grows, which may become larger than memory is; false if there
    /// is none.
    fn release_sent_piece(&mut self) -> bool {
        for job in self.jobs.values_mut() {
            let Content::Scene { pieces, .. } = &mut job.content else { continue };
            if pieces.len() < 2 {
                continue;
            }
            let sent = pieces.iter_mut().find(|piece| piece.unsent == 0 && piece.source.is_some());
            if let Some(piece) = sent {
                piece.source = None;
                return true;
            }
        }
        false
    }

    pub(super) fn tick(&mut self) {
        self.pool.release_idle(Instant::now());
        self.monitor.observe(Snapshot::take());
        let growth = self.monitor.growth_bytes_per_second();
        if growth > WORRYING_GROWTH {
            tracing::warn!(mb_per_second = growth / 1e6, "memory grows fast");
        }
        self.tell_memory();
    }

    pub(super) fn tell_memory(&mut self) {
        let pool = self.pool.statistics();
        self.memory = WorkerMemory {
            live_bytes: allocator::live_bytes(),
            resident_bytes: scadstream_memory::system::resident_bytes().unwrap_or(0),
            growth_bytes_per_second: self.monitor.growth_bytes_per_second(),
            pool_idle_bytes: pool.idle_bytes,
            pool_used_bytes: pool.used_bytes,
            pool_hits: pool.hits,
            pool_misses: pool.misses,
            pool_evictions: pool.evictions,
            reliefs: self.link.counts.reliefs(),
            freed_bytes: self.link.counts.freed_bytes(),
            ..self.memory
        };
        self.link.send(&FromWorker::Memory(self.memory));
    }
}
