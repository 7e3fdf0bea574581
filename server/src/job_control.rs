//! What a job looks at while it works: whether it should stop, and how short memory is.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use scadstream_memory::allocator;
use scadstream_memory::pressure::{PressureLevel, Thresholds};

/// Why a job has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// Nobody wants the result any more: return [`Outcome::Cancelled`](crate::engine::Outcome::Cancelled).
    #[error("cancelled")]
    Cancelled,
    /// The worker's memory limit is reached: return a failure that says at which place of the model.
    #[error("{used_bytes} bytes are in use where {limit_bytes} are allowed")]
    MemoryLimit {
        /// Live bytes of the worker.
        used_bytes: u64,
        /// What it may use.
        limit_bytes: u64,
    },
}

/// The worker's hold on a running job, shared by its job thread, which asks, and its control thread, which tells.
#[derive(Debug, Clone)]
pub struct JobControl {
    shared: Arc<Shared>,
}

struct Shared {
    thresholds: Thresholds,
    cancelled: AtomicBool,
    /// Called when the job is cancelled; emptied then.
    callbacks: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// The level that the machine as a whole suggests, as last told by the supervisor.
    system_level: AtomicU8,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

impl JobControl {
    /// The control of a job that is not cancelled, in a worker with these limits.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            shared: Arc::new(Shared {
                thresholds,
                cancelled: AtomicBool::new(false),
                callbacks: Mutex::default(),
                system_level: AtomicU8::new(0),
            }),
        }
    }

    /// Whether nobody wants the result any more. Costs as much as reading memory.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Acquire)
    }

    /// Calls `callback` on another thread when the job is cancelled, or here and now if it is already: for work that
    /// has a token of its own, as the kernel has.
    pub fn on_cancel(&self, callback: impl FnOnce() + Send + 'static) {
        let mut callbacks = self.shared.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_cancelled() {
            drop(callbacks);
            callback();
        } else {
            callbacks.push(Box::new(callback));
        }
    }

    /// Asks the job to stop.
    pub fn cancel(&self) {
        let callbacks = {
            let mut callbacks =
                self.shared.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
            self.shared.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut *callbacks)
        };
        callbacks.into_iter().for_each(|callback| callback());
    }

    /// How short memory is, by the worker's live bytes and the machine's state.
    pub fn pressure(&self) -> PressureLevel {
        let own = self.shared.thresholds.level(allocator::live_bytes());
        let system = match self.shared.system_level.load(Ordering::Relaxed) {
            0 => PressureLevel::Low,
            1 => PressureLevel::Moderate,
            _ => PressureLevel::High,
        };
        own.max(system)
    }

    /// To be called often: every few nodes of evaluation, every boolean, every piece of a Minkowski sum.
    ///
    /// # Errors
    /// When the job has to stop.
    pub fn checkpoint(&self) -> Result<(), Stop> {
        if self.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let (used_bytes, limit_bytes) = (allocator::live_bytes(), self.shared.thresholds.hard);
        if used_bytes >= limit_bytes {
            return Err(Stop::MemoryLimit { used_bytes, limit_bytes });
        }
        Ok(())
    }

    /// The worker's limits.
    pub fn thresholds(&self) -> Thresholds {
        self.shared.thresholds
    }

    /// Takes note of the machine's state; critical counts as high, for a neighbour's appetite stops no job.
    pub(crate) fn set_system_level(&self, level: PressureLevel) {
        self.shared.system_level.store(level.number(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(hard: u64) -> JobControl {
        JobControl::new(Thresholds { warning: hard / 2, chunking: hard / 4 * 3, hard })
    }

    #[test]
    fn a_job_is_stopped_once_it_is_cancelled() {
        let control = control(u64::MAX);
        assert_eq!(control.checkpoint(), Ok(()));
        control.clone().cancel();
        assert_eq!(control.checkpoint(), Err(Stop::Cancelled));
    }

    #[test]
    fn a_foreign_token_is_cancelled_with_the_job() {
        let control = control(u64::MAX);
        let seen = Arc::new(AtomicU8::new(0));
        for _ in 0..2 {
            let seen = Arc::clone(&seen);
            control.on_cancel(move || {
                seen.fetch_add(1, Ordering::SeqCst);
            });
            control.cancel();
        }
        assert_eq!(
            seen.load(Ordering::SeqCst),
            2,
            "one called by cancelling, one because it was too late"
        );
    }

    #[test]
    fn at_the_limit_a_job_is_stopped() {
        // Without the counting allocator no byte is live, so that a limit of none is reached.
        let stopped = control(0).checkpoint();
        assert_eq!(stopped, Err(Stop::MemoryLimit { used_bytes: 0, limit_bytes: 0 }));
    }

    #[test]
    fn the_machine_raises_the_level_but_stops_nothing() {
        let control = control(u64::MAX);
        control.set_system_level(PressureLevel::Critical);
        assert_eq!(control.pressure(), PressureLevel::High);
        assert_eq!(control.checkpoint(), Ok(()));
    }
}
