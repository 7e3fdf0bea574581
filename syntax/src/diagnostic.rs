//! What parsing and evaluating have to say to the author of a model.
//!
//! A fault in a model is never a Rust error: it is a [`Diagnostic`] beside a result. Echo output travels in the same
//! list, because its order among the warnings matters to users.

use crate::span::Location;

/// The group of a message, as OpenSCAD prints it in front of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Evaluation stopped or a file could not be read as source: `ERROR:`.
    Error,
    /// Evaluation went on, usually with `undef`: `WARNING:`.
    Warning,
    /// Still works, will not for ever: `DEPRECATED:`.
    Deprecated,
    /// Output of `echo`: `ECHO:`.
    Echo,
    /// One step of the call trace after an error: `TRACE:`.
    Trace,
    /// Plain text without a prefix.
    Note,
}

impl Severity {
    /// The prefix OpenSCAD prints, with the colon; empty for [`Severity::Note`].
    pub const fn prefix(self) -> &'static str {
        match self {
            Severity::Error => "ERROR:",
            Severity::Warning => "WARNING:",
            Severity::Deprecated => "DEPRECATED:",
            Severity::Echo => "ECHO:",
            Severity::Trace => "TRACE:",
            Severity::Note => "",
        }
    }
}

/// One message about a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Its group.
    pub severity: Severity,
    /// The text, without prefix and without place.
    pub message: String,
    /// Where in the source it arose, if at a place.
    pub location: Option<Location>,
    /// Advice on what to do, one sentence each; never part of the text that OpenSCAD prints.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// A message of `severity` at `location`.
    pub fn new(severity: Severity, message: impl Into<String>, location: Option<Location>) -> Self {
        Self { severity, message: message.into(), location, hints: Vec::new() }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
