//! What a caller holds over work in progress: stopping it and watching it.

use scadstream_csg::Origin;

pub use crate::kernel::CancelToken;

/// A report on work in progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Share of the work done, 0..1; never falls within one solve.
    pub fraction: f64,
    /// The node at work.
    pub origin: Origin,
}

/// The work was cancelled. An outcome the caller asked for, not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;
