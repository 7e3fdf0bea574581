//! OpenSCAD source text to syntax tree.
//!
//! Parsing is a pure function of the text: it never fails, does no I/O, and gives a tree *and* diagnostics for any
//! bytes. What names mean, and what files an `include` or `use` finds, is for `scadstream-eval`.
//!
//! ```
//! use scadstream_syntax::{Source, parse};
//!
//! let source = Source::new("nut.scad", "size = 8;\ncylinder(d = size, h = 3, $fn = 6)\n");
//! let parsed = parse(&source);
//! assert_eq!(parsed.file.stmts.len(), 2);
//! let fault = &parsed.diagnostics[0];
//! assert_eq!(fault.message, "Parser error: syntax error");
//! assert_eq!(fault.hint.as_deref(), Some("expected `;`, a child or `{`, found the end of the file"));
//! ```

pub mod ast;
pub mod customizer;
pub mod decode;
mod deferred;
pub mod diagnostic;
mod drop;
pub mod lexer;
mod literal;
pub mod number;
pub mod parse_error;
pub mod parser;
pub mod print;
pub mod source;
pub mod span;
pub mod splice;
mod symbols;
pub mod token;

pub use decode::decode;
pub use diagnostic::{Diagnostic, Severity};
pub use number::{format_number, write_number};
pub use parse_error::SyntaxDiagnostic;
pub use parser::{MAX_NESTING, Parsed, parse};
pub use print::print_expr;
pub use source::{LineColumn, Source, SourceMap};
pub use span::{Location, SourceId, Span};
pub use splice::{Spliced, splice};
