//! The spatial solver: booleans evaluated cell by cell of an octree.
//!
//! The booleans at the top of a model (unions, differences, intersections, transforms and colours, down to whatever is
//! none of these) form a `Skeleton` over solved leaves. Space is cut into cells of a dyadic grid
//! that is fixed in model space; a cell looks only at the leaves that reach into it, evaluates its own small tree,
//! keeps the surface inside its box and is done. Cells know nothing of each other, so a cell's key, the hash of what
//! reaches into it, says all about its result: an edit evaluates the cells that it touches and no others, and all
//! processors work on cells.
//!
//! Neighbours meet in seams. Both compute the same vertices there, but for rare rounding; `seams` checks every seam
//! and mends what differs, so that the cells together are a closed surface again, without any union.

mod cells;
mod evaluate;
mod facts;
mod frontier;
mod grid;
mod octree;
mod order;
mod patch;
mod prune;
mod seams;
pub(crate) mod skeleton;
mod solve;
mod stitch;
mod view;
mod waiting;

pub use self::cells::{CellPatch, CellStats, Cells, CellsSummary};
pub use self::grid::Cell;
pub(crate) use self::octree::{CellLimits, Operand};
pub use self::patch::Patch;
pub(crate) use self::prune::Presence;
pub(crate) use self::seams::Settled;
pub(crate) use self::solve::{CELL_TRIANGLES, CellJob, SolvedCells, solve_cells};
pub use self::solve::{CellSink, CellsAhead};
pub use self::stitch::{PaintedTriangle, Stitch};
pub use self::view::View;
