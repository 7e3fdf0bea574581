//! Geometry: a CSG tree in, coloured parts out.
//!
//! [`solve()`] is the way in: it takes the nodes of a tree bottom up, each a [`Solid`] (3D, in the kernel) or a
//! [`Region`] (2D), and gives a [`Part`] for each top-level object and an exact union of them all on request. [`Mesh`]
//! is the one type for triangles that others see. Only `kernel` names the kernel crate. Source text is unknown here:
//! what goes wrong is reported with the [`Origin`](scadstream_csg::Origin) of the node that caused it.
//!
//! ```
//! use scadstream_csg::{Kind, Modifiers, Node, Origin};
//! use scadstream_geometry::{CancelToken, Job, SolidCache, Whole, measure, solve};
//!
//! let node = |kind, children| Node::new(kind, Modifiers::default(), Origin::default(), children);
//! let cube = |edge: f64| node(Kind::Cube { size: [edge; 3], center: true }, vec![]);
//! let shell = node(Kind::Difference, vec![cube(3.0), cube(1.0)]);
//!
//! let cache = SolidCache::new(64 << 20);
//! let job = Job::new(&cache, CancelToken::new());
//! let solution = solve(&shell, &job)?;
//! assert_eq!(solution.parts.len(), 1);
//! let Ok(Whole::Solid(shell)) = solution.unite(&job)? else { panic!("a solid model") };
//! assert_eq!(measure::measure(shell.mesh()).volume, 26.0);
//! # Ok::<(), scadstream_geometry::Cancelled>(())
//! ```

pub mod abandon;
pub mod affine;
mod apart;
pub mod boxes;
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
pub mod import;
pub mod kernel;
mod later;
pub mod leaf_size;
pub mod linear_extrude;
pub mod measure;
pub mod mesh;
pub mod minkowski;
pub mod minkowski2d;
pub mod offset;
pub mod polygon;
pub mod polyhedron;
pub mod primitives;
mod prisms;
pub mod projection;
pub mod region;
pub mod roof;
pub mod rotate_extrude;
mod shape;
pub mod shell;
mod slices;
pub mod solve;
pub mod spatial;
pub mod surface;
mod tangle;
#[cfg(test)]
mod testing;
pub mod text;
mod touching;
pub mod union;

pub use affine::Affine;
pub use cache::{CacheStats, SolidCache};
pub use control::{Attendant, CancelToken, Cancelled, Progress};
pub use diagnostic::{Diagnostic, Severity};
pub use kernel::{KernelError, Solid};
pub use mesh::{Bounds, Mesh, Paint, Run};
pub use region::{Point, Region};
pub use shell::Shell;
pub use solve::{Job, Part, PartKind, Settings, Solution, SolveStats, Whole, solve};
pub use text::FontBook;
