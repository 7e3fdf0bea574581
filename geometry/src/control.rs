//! What a caller holds over work in progress: stopping it and watching it.

use scadstream_csg::{Node, Origin};

pub use crate::kernel::CancelToken;

/// A report on work in progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Share of the work done, 0..1; never falls within one solve.
    pub fraction: f64,
    /// The node at work.
    pub origin: Origin,
}

/// Looks after a solve at work: hears what it is at, and says when to take less memory. Called from any thread, often.
pub trait Attendant: Sync {
    /// A node is about to be worked on.
    fn begins(&self, node: &Node);

    /// Whether memory is short: then branches are worked on one at a time, and Minkowski sums in the smallest pieces.
    fn is_short_of_memory(&self) -> bool;
}

/// The work was cancelled. An outcome the caller asked for, not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;
