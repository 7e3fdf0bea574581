//! One job's hold on the pipeline, and what it says when it has to stop for its memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scadstream_geometry::CancelToken;
use scadstream_memory::allocator;
use scadstream_memory::pressure::PressureLevel;
use scadstream_pipeline::{Control, Forecast, Pipeline, Stopped, Watch};
use scadstream_server::engine::{Failure, FailureCode, JobSink, Progress};
use scadstream_server::job_control::{JobControl, Stop};

use super::Ended;
use super::translate::{place, stage};

/// One job's hold on the pipeline: the kernel's token follows the job's, checkpoints go to the job's memory limit, and
/// reports from any thread to its sink.
pub(super) struct Work<'a> {
    pub(super) job: &'a JobControl,
    cancel: CancelToken,
    sink: Mutex<&'a mut dyn JobSink>,
}

impl<'a> Work<'a> {
    /// Work for a job on a pipeline whose caches are given up when memory gets short.
    pub(super) fn new(
        job: &'a JobControl,
        pipeline: &Arc<Pipeline>,
        sink: &'a mut dyn JobSink,
    ) -> Self {
        let cancel = CancelToken::new();
        let token = cancel.clone();
        job.on_cancel(move || token.cancel());
        let pipeline = Arc::clone(pipeline);
        job.on_pressure(move |level| relieve(&pipeline, level));
        Self { job, cancel, sink: Mutex::new(sink) }
    }

    /// The same work, to be begun again after it was stopped, with room made for it; cancelled if there is none.
    pub(super) fn again(self, pipeline: &Arc<Pipeline>) -> Self {
        let sink = self.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cancel = CancelToken::new();
        if make_room(self.job, pipeline) {
            let token = cancel.clone();
            self.job.on_cancel(move || token.cancel());
        } else {
            cancel.cancel();
        }
        let pipeline = Arc::clone(pipeline);
        self.job.on_pressure(move |level| relieve(&pipeline, level));
        Self { job: self.job, cancel, sink: Mutex::new(sink) }
    }

    pub(super) fn control(&self) -> Control<'_> {
        Control { cancel: self.cancel.clone(), watch: self }
    }

    pub(super) fn sink(&self) -> MutexGuard<'_, &'a mut dyn JobSink> {
        // A sink only passes messages on; a panic elsewhere does not break it.
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the job ended, if the pipeline stopped.
    pub(super) fn ended(&self, stopped: Stopped, forecast: Option<Forecast>) -> Ended {
        let memory = self.job.memory_stop().filter(|_| !self.job.is_cancelled());
        match (memory, stopped) {
            (Some(Stop::MemoryLimit { used_bytes, limit_bytes }), _) => {
                Ended::Failed(self.memory_failure(used_bytes, limit_bytes, forecast))
            }
            // Nothing else refuses; should it, its own words say why.
            (_, Stopped::Refused { reason, place: at }) => Ended::Failed(Failure {
                code: FailureCode::MemoryLimit,
                message: reason,
                place: at.as_ref().map(place),
                details: Vec::new(),
            }),
            _ => Ended::Cancelled,
        }
    }

    /// Says at which place and operation how much memory was in use of how much.
    fn memory_failure(
        &self,
        used_bytes: u64,
        limit_bytes: u64,
        forecast: Option<Forecast>,
    ) -> Failure {
        let at = self.job.at();
        let at_place = at.progress.and_then(|progress| progress.place);
        let operation = at.operation.unwrap_or("evaluation");
        let line = at_place
            .as_ref()
            .map(|place| format!(" in {} line {}", place.file, place.line))
            .unwrap_or_default();
        let mut message = format!(
            "{operation}{line} needs more memory than the server allows: {} are in use of {}.",
            megabytes(used_bytes),
            megabytes(limit_bytes),
        );
        let mut details = vec![
            ("operation".to_owned(), operation.to_owned()),
            ("used_bytes".into(), used_bytes.to_string()),
            ("limit_bytes".into(), limit_bytes.to_string()),
        ];
        if let Some(forecast) = forecast.filter(|forecast| forecast.bytes > limit_bytes) {
            message += &format!(" The model needs about {}.", megabytes(forecast.bytes));
            details.push(("needed_bytes".into(), forecast.bytes.to_string()));
        }
        Failure { code: FailureCode::MemoryLimit, message, place: at_place, details }
    }
}

/// A model that cannot fit, told before it is tried.
pub(super) fn too_large(forecast: Forecast, limit_bytes: u64) -> Failure {
    Failure {
        code: FailureCode::MemoryLimit,
        message: format!(
            "The model needs about {}, and the server allows {}.",
            megabytes(forecast.bytes),
            megabytes(limit_bytes)
        ),
        place: None,
        details: vec![
            ("needed_bytes".into(), forecast.bytes.to_string()),
            ("limit_bytes".into(), limit_bytes.to_string()),
        ],
    }
}

/// Gives up cached results: the older half at first, then all of them.
pub(super) fn relieve(pipeline: &Pipeline, level: PressureLevel) {
    match level {
        PressureLevel::Low => {}
        PressureLevel::Moderate => pipeline.forget_half(),
        PressureLevel::High | PressureLevel::Critical => pipeline.forget(),
    }
}

/// Makes room for something smaller after the limit was reached; false if there is none.
fn make_room(job: &JobControl, pipeline: &Pipeline) -> bool {
    pipeline.forget();
    allocator::flush_thread();
    allocator::purge();
    job.resume()
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

impl Watch for Work<'_> {
    fn checkpoint(&self, progress: scadstream_pipeline::Progress) -> Result<(), String> {
        let at = Progress {
            stage: stage(progress.stage),
            fraction: progress.fraction.map(|fraction| fraction as f32),
            place: progress.place.as_ref().map(place),
        };
        self.job.set_at(at, progress.operation);
        match self.job.checkpoint() {
            // The pipeline sees its own token, which is cancelled with the job's.
            Ok(()) | Err(Stop::Cancelled) => Ok(()),
            Err(limit) => Err(limit.to_string()),
        }
    }

    fn thread_begins(&self) {
        allocator::flush_at_thread_end();
    }

    fn is_short_of_memory(&self) -> bool {
        self.job.pressure() >= PressureLevel::High
    }
}
