//! One document: text in, geometry out.
//!
//! A [`Pipeline`] holds the caches of a process. Each job takes a document through the stages: [`Pipeline::evaluate`]
//! gives a [`Model`] with its messages, [`Pipeline::solve`] its exact geometry, [`Pipeline::solve_progressively`] that
//! and something to look at until it is there, [`Pipeline::plan`] the chunks to stream, `write` a file. There is no async here and there are no sockets; a job runs on the caller's thread, and independent
//! branches of geometry on rayon's pool.
//!
//! ```
//! use scadstream_geometry::{CancelToken, Settings};
//! use scadstream_pipeline::{Budgets, Control, Files, Input, Libraries, Pipeline, Surroundings, Unwatched};
//!
//! let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
//! let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
//! let files = Files::new();
//! let content = b"cube([1, 2, 3]);".as_slice().into();
//! let input = Input { name: "box.scad", content, surroundings: Surroundings::Sent(&files) };
//! let model = pipeline.evaluate(&input, &Default::default(), &control)?;
//! let solved = pipeline.solve(&model, Settings::default(), &control)?;
//! assert_eq!(solved.facts.volume, 6.0);
//! # Ok::<(), scadstream_pipeline::Stopped>(())
//! ```

mod board;
mod cell_stream;
mod chunks;
mod control;
mod disk_world;
mod document_world;
mod estimate;
mod export;
mod facts;
mod forecast;
mod input;
mod library;
mod measuring;
mod message;
mod model;
mod operation;
mod parse_cache;
mod part_name;
mod pipeline;
mod preview;
mod progressive;
mod recent;
mod solved;
mod solved_before;
mod syntax_text;

pub use cell_stream::CellStream;
pub use control::{Control, Progress, Stage, Stopped, Unwatched, Watch};
pub use document_world::Files;
pub use export::{ExportOptions, Format, Needs, Parts, Until, WriteError};
pub use facts::Facts;
pub use forecast::Forecast;
pub use input::{Input, Surroundings};
pub use library::Libraries;
pub use message::{Message, Place};
pub use model::Model;
pub use pipeline::{Budgets, Pipeline};
pub use progressive::Show;
pub use recent::CacheFacts;
pub use solved::{DrawnPart, NamedPart, Solved};
pub use syntax_text::SyntaxText;
