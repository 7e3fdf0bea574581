//! What a job looks at while it works: whether it should stop, and how short memory is.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scadstream_memory::allocator;
use scadstream_memory::pressure::{PressureLevel, Thresholds};

use crate::engine::{Camera, Progress};

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

/// Gives back what can be made again.
type Relief = Box<dyn Fn(PressureLevel) + Send>;

struct Shared {
    thresholds: Thresholds,
    cancelled: AtomicBool,
    /// Called when the job is cancelled; emptied then.
    callbacks: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// The level that the machine as a whole suggests, as last told by the supervisor.
    system_level: AtomicU8,
    /// What the job works on.
    at: Mutex<At>,
    /// Gives memory back while the job works.
    relief: Mutex<Option<Relief>>,
    /// Where the viewer was moved to since the job began.
    camera: Mutex<Option<Camera>>,
    /// Why the job was stopped, if it was for its memory.
    memory_stop: Mutex<Option<Stop>>,
}

/// What a job works on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct At {
    /// Stage, share and place; none before the first stage.
    pub progress: Option<Progress>,
    /// The operation, such as `minkowski`, where one is at work.
    pub operation: Option<&'static str>,
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
                at: Mutex::default(),
                relief: Mutex::default(),
                camera: Mutex::default(),
                memory_stop: Mutex::default(),
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
        let mut callbacks = lock(&self.shared.callbacks);
        if self.is_cancelled() || self.memory_stop().is_some() {
            drop(callbacks);
            callback();
        } else {
            callbacks.push(Box::new(callback));
        }
    }

    /// Notes what the job works on: told to the client a few times a second, and named when the job is stopped.
    /// An operation stays until another one begins.
    pub fn set_at(&self, progress: Progress, operation: Option<&'static str>) {
        let mut at = lock(&self.shared.at);
        let same_stage = at.progress.as_ref().is_some_and(|last| last.stage == progress.stage);
        let (fraction, kept) = match &at.progress {
            Some(last) if same_stage => (last.fraction, at.operation),
            _ => (None, None),
        };
        at.operation = operation.or(kept);
        at.progress = Some(Progress { fraction: progress.fraction.or(fraction), ..progress });
    }

    /// What the job works on.
    pub fn at(&self) -> At {
        lock(&self.shared.at).clone()
    }

    /// Calls `relief` from another thread whenever the pressure rises while the job works: to forget what can be made
    /// again, at the level that it is given.
    pub fn on_pressure(&self, relief: impl Fn(PressureLevel) + Send + 'static) {
        *lock(&self.shared.relief) = Some(Box::new(relief));
    }

    /// Where the viewer was moved to since the job began; none if it was not.
    pub fn camera(&self) -> Option<Camera> {
        *lock(&self.shared.camera)
    }

    /// Notes where the viewer was moved to.
    pub(crate) fn set_camera(&self, camera: Camera) {
        *lock(&self.shared.camera) = Some(camera);
    }

    /// Why the job was stopped, if it was for its memory. To be asked when work ends as if cancelled.
    pub fn memory_stop(&self) -> Option<Stop> {
        *lock(&self.shared.memory_stop)
    }

    /// Lets a job that was stopped for its memory go on with something smaller, if it gave enough back; false if it did
    /// not.
    pub fn resume(&self) -> bool {
        if allocator::live_bytes() >= self.shared.thresholds.chunking {
            return false;
        }
        *lock(&self.shared.memory_stop) = None;
        true
    }

    /// Gives back what can be made again.
    pub(crate) fn relieve(&self, level: PressureLevel) {
        if let Some(relief) = &*lock(&self.shared.relief) {
            relief(level);
        }
    }

    /// Stops the job if it uses more than it may, with all that works for it; true if it does.
    pub(crate) fn stop_at_limit(&self) -> bool {
        let (used_bytes, limit_bytes) = (allocator::live_bytes(), self.shared.thresholds.hard);
        if used_bytes < limit_bytes {
            return false;
        }
        lock(&self.shared.memory_stop).get_or_insert(Stop::MemoryLimit { used_bytes, limit_bytes });
        let callbacks = std::mem::take(&mut *lock(&self.shared.callbacks));
        callbacks.into_iter().for_each(|callback| callback());
        true
    }

    /// Asks the job to stop.
    pub fn cancel(&self) {
        let callbacks = {
            let mut callbacks = lock(&self.shared.callbacks);
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
        if self.memory_stop().is_some() || allocator::live_bytes() >= self.shared.thresholds.hard {
            self.stop_at_limit();
        }
        self.memory_stop().map_or(Ok(()), Err)
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

/// Everything under these locks is whole after each statement, so that a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stage;

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
        // However few bytes are live, a limit of none is reached.
        let stopped = control(0).checkpoint();
        assert!(matches!(stopped, Err(Stop::MemoryLimit { limit_bytes: 0, .. })));
    }

    #[test]
    fn what_works_for_a_job_stops_with_it_at_the_limit() {
        let control = control(0);
        let seen = Arc::new(AtomicU8::new(0));
        let count = Arc::clone(&seen);
        control.on_cancel(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(control.memory_stop(), None);
        assert!(control.stop_at_limit());
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        assert!(!control.is_cancelled(), "nobody cancelled it");
        assert_eq!(control.memory_stop(), control.checkpoint().err());
    }

    #[test]
    fn the_operation_and_the_share_stay_until_there_are_others() {
        let control = control(u64::MAX);
        let at = |stage, fraction| Progress { stage, fraction, place: None };
        control.set_at(at(Stage::Solve, Some(0.5)), None);
        control.set_at(at(Stage::Solve, None), Some("hull"));
        control.set_at(at(Stage::Solve, None), None);
        let expected = At { progress: Some(at(Stage::Solve, Some(0.5))), operation: Some("hull") };
        assert_eq!(control.at(), expected);
        control.set_at(at(Stage::Chunk, None), None);
        assert_eq!(control.at(), At { progress: Some(at(Stage::Chunk, None)), operation: None });
    }

    #[test]
    fn the_machine_raises_the_level_but_stops_nothing() {
        let control = control(u64::MAX);
        control.set_system_level(PressureLevel::Critical);
        assert_eq!(control.pressure(), PressureLevel::High);
        assert_eq!(control.checkpoint(), Ok(()));
    }
}
