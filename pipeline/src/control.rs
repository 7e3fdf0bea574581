//! What the caller holds over a job: stopping it, watching it, refusing it more.

use scadstream_geometry::CancelToken;

use crate::message::Place;

/// A stage of the work on a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Text to syntax tree to CSG tree, files included.
    Evaluate,
    /// CSG tree to meshes.
    Solve,
    /// Meshes to a plan of chunks.
    Chunk,
    /// Meshes to a file.
    Export,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The stage at work.
    pub stage: Stage,
    /// Share of the stage, 0..1, if it can be told.
    pub fraction: Option<f64>,
    /// What it works on.
    pub place: Option<Place>,
    /// The operation at work, such as `minkowski`, if it is one of solving.
    pub operation: Option<&'static str>,
}

/// Looks on while a job runs.
pub trait Watch: Sync {
    /// Called often, from any thread: every few nodes of evaluation, before and after every subtree
    /// that is solved.
    ///
    /// # Errors
    /// With the reason, as a sentence for the user, if the job must not go on.
    fn checkpoint(&self, progress: Progress) -> Result<(), String>;

    /// Called on each thread that is started for the job and ends with it, when it begins.
    fn thread_begins(&self) {}

    /// Whether memory is short: then independent branches are worked on one at a time and Minkowski sums in the smallest
    /// pieces. Asked often, from any thread.
    fn is_short_of_memory(&self) -> bool {
        false
    }
}

/// The hold on one job.
#[derive(Clone)]
pub struct Control<'a> {
    /// Stops the job within tens of milliseconds, whatever it is at.
    pub cancel: CancelToken,
    /// Looks on.
    pub watch: &'a dyn Watch,
}

/// Why a job ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// Its token was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// [`Watch::checkpoint`] refused to let it go on.
    #[error("{reason}")]
    Refused {
        /// What was said.
        reason: String,
        /// What was being worked on.
        place: Option<Place>,
    },
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn checkpoint(&self, _progress: Progress) -> Result<(), String> {
        Ok(())
    }
}
