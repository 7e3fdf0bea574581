//! OpenSCAD source text to syntax tree.
//!
//! Parsing is a pure function of the text: it never fails, does no I/O, and gives a tree *and* diagnostics for any
//! bytes. What names mean, and what files an `include` or `use` finds, is for `scadstream-eval`.

pub mod ast;
pub mod diagnostic;
pub mod source;
pub mod span;

pub use diagnostic::{Diagnostic, Severity};
pub use source::{LineColumn, Source, SourceMap};
pub use span::{Location, SourceId, Span};
