//! Syntax tree to CSG tree: the OpenSCAD language.
//!
//! [`evaluate()`] takes a main file and a [`World`] that finds the others, and gives the tree of nodes to draw together
//! with everything there is to say about it. It never fails and never panics: a broken model gives diagnostics and
//! what was meant to be drawn, or nothing. It does no I/O of its own.
//!
//! Stages: `load` (files, `include`, `use`) → `compile` (names to slots) → `evaluator`, `expr`, `call`,
//! `comprehension`, `builtin` (values) and `instantiate`, `repeats`, `flow`, `children`, `modules` (nodes).
//!
//! Deep recursion of the model is recursion of this crate: run it on a thread with a large stack, and the model may
//! recurse deeper before it is told to stop.
//!
//! ```
//! use std::sync::Arc;
//! use scadstream_eval::{MemoryWorld, Options, RunToEnd, evaluate, render_message};
//! use scadstream_syntax::Source;
//!
//! let world = MemoryWorld::new().with("lib.scad", "module pin(h) cylinder(h = h, d = 2); echo(\"not drawn\");");
//! let main = Arc::new(Source::new("main.scad", "use <lib.scad>\n echo(1 / 3); pin(h = 4, x = 1);"));
//! let evaluation = evaluate(&main, &world, &Options::default(), &RunToEnd);
//! let said: Vec<String> =
//!     evaluation.diagnostics.iter().map(|d| render_message(d, &evaluation.sources)).collect();
//! assert_eq!(said, [
//!     "ECHO: 0.333333",
//!     "WARNING: variable \"x\" not specified as parameter in file main.scad, line 2",
//! ]);
//! assert_eq!(evaluation.root.children().len(), 1);
//! ```

mod bind;
mod builtin;
mod call;
mod children;
mod closure;
mod code;
mod compare;
mod compile;
mod comprehension;
mod evaluate;
mod evaluator;
mod expr;
mod flow;
mod format;
mod instantiate;
mod json;
mod limits;
mod list;
mod load;
mod messages;
mod modules;
mod names;
mod object;
mod ops;
mod options;
mod overwrite;
mod program;
mod random;
mod range;
mod repeats;
mod scope;
mod text;
mod used_file;
mod value;
mod world;

pub use evaluate::{Evaluation, Outcome, Stats, evaluate};
pub use limits::{Control, Limits, Progress, RunToEnd};
pub use messages::render_message;
pub use options::{Camera, Options};
pub use world::{Drawing, FontMetrics, MemoryWorld, Purpose, TextMetrics, World, read_file};
