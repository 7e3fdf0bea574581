//! Watches over a job from a thread of its own: gives memory back when it gets short, stops the job at its limit, and
//! tells the client how far it is.
//!
//! The job asks as well ([`JobControl::checkpoint`]), but between two of its questions may lie a boolean of a minute. Ten
//! milliseconds are short beside the time that filling the memory between the thresholds takes, and cost nothing.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use scadstream_memory::pressure::PressureLevel;
use scadstream_memory::{allocator, system};

use super::sending::Command;
use super::{About, Link};
use crate::engine::Progress;
use crate::ipc::JobId;
use crate::job_control::JobControl;
use crate::to_wire;

/// How often the job is looked at.
const INTERVAL: Duration = Duration::from_millis(10);
/// Progress is told at most this often: what people can read.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);
/// Relief at the same level comes at most this often: a job that hovers about a threshold should work.
const RELIEF_INTERVAL: Duration = Duration::from_secs(1);

/// A job being watched.
pub(super) struct Vigil<'a> {
    pub(super) job: JobId,
    pub(super) about: About,
    pub(super) control: &'a JobControl,
    pub(super) link: &'a Link,
    pub(super) to_sending: SyncSender<Command>,
}

impl Vigil<'_> {
    /// Watches until the other end of `over` is dropped.
    pub(super) fn keep(self, over: &Receiver<()>) {
        let mut told: Option<Progress> = None;
        let mut tell_at = Instant::now() + PROGRESS_INTERVAL;
        let mut level = PressureLevel::Low;
        let mut relieved_at = Instant::now();
        while over.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let now = Instant::now();
            let pressure = self.control.pressure();
            if pressure > level
                || pressure > PressureLevel::Low && now >= relieved_at + RELIEF_INTERVAL
            {
                if pressure > level {
                    self.say(pressure);
                    self.tell(Command::Report);
                }
                self.relieve(pressure);
                relieved_at = now;
            }
            level = pressure;
            if level == PressureLevel::Critical && self.control.stop_at_limit() {
                tracing::error!(
                    live_mb = allocator::live_bytes() / 1_000_000,
                    limit_mb = self.control.thresholds().hard / 1_000_000,
                    "the job reached its memory limit and is stopped"
                );
            }
            if now >= tell_at {
                tell_at = now + PROGRESS_INTERVAL;
                let at = self.control.at().progress;
                if at != told {
                    if let Some(progress) = at.clone() {
                        let of = self.about.revision();
                        let message = to_wire::progress(of, progress, allocator::live_bytes());
                        self.link.send_frame(self.job, message);
                    }
                    told = at;
                }
            }
        }
        allocator::flush_thread();
    }

    fn say(&self, level: PressureLevel) {
        let live_mb = allocator::live_bytes() / 1_000_000;
        match level {
            PressureLevel::Low => {}
            PressureLevel::Moderate => {
                tracing::warn!(live_mb, "memory is above the warning threshold");
            }
            PressureLevel::High => tracing::warn!(
                live_mb,
                "memory is above the chunking threshold: one branch at a time, in the smallest pieces"
            ),
            PressureLevel::Critical => tracing::error!(live_mb, "memory is critical"),
        }
    }

    fn tell(&self, command: Command) {
        // Full only when sending is far behind; then it is not the time to wait for it.
        if self.to_sending.try_send(command).is_err() {
            tracing::debug!("the sending thread is too busy to be told of the pressure");
        }
    }

    /// Frees caches, idle buffers and free pages.
    fn relieve(&self, level: PressureLevel) {
        let resident = || system::resident_bytes().unwrap_or(0);
        let before = resident();
        self.control.relieve(level);
        self.tell(Command::Trim(level));
        allocator::flush_thread();
        allocator::purge();
        let freed = before.saturating_sub(resident());
        self.link.counts.relieved(level, freed);
        tracing::info!(%level, freed_mb = freed / 1_000_000, "gave memory back");
    }
}
