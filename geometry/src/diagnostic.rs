//! Messages to the user about the geometry of their model.

use scadstream_csg::Origin;

/// A message at the node that caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The node.
    pub origin: Origin,
    /// What is wrong, in OpenSCAD's words where it has any.
    pub message: String,
}

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The result may not be what was meant.
    Warning,
    /// A part of the model is missing from the result.
    Error,
}
