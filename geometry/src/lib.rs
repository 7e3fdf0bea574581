//! Geometry: a CSG tree in, coloured parts out.
//!
//! [`Mesh`] is the one type for triangles. Only `kernel` names the kernel crate. Source text is unknown here: what goes
//! wrong is reported with the [`Origin`](scadstream_csg::Origin) of the node that caused it.

pub mod affine;
pub mod cache;
pub mod clip;
pub mod control;
pub mod diagnostic;
pub mod export;
mod faces;
pub mod fill;
pub mod fragments;
mod grid;
pub mod hull2d;
pub mod kernel;
pub mod linear_extrude;
pub mod measure;
pub mod mesh;
pub mod minkowski;
pub mod minkowski2d;
pub mod offset;
pub mod polygon;
pub mod polyhedron;
pub mod primitives;
pub mod projection;
pub mod region;
pub mod rotate_extrude;
mod shape;
mod slices;
pub mod solve;
#[cfg(test)]
mod testing;
pub mod text;
pub mod union;

pub use affine::Affine;
pub use cache::{CacheStats, SolidCache};
pub use control::{CancelToken, Cancelled, Progress};
pub use diagnostic::{Diagnostic, Severity};
pub use kernel::{KernelError, Solid};
pub use mesh::{Bounds, Mesh, Paint, Run};
pub use region::{Point, Region};
pub use solve::{Job, Part, PartKind, Settings, Solution, SolveStats, Whole, solve};
pub use text::FontBook;
