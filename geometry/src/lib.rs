//! Geometry: a CSG tree in, coloured parts out.
//!
//! [`Mesh`] is the one type for triangles. Only `kernel` names the kernel crate. Source text is unknown here: what goes
//! wrong is reported with the [`Origin`](scadstream_csg::Origin) of the node that caused it.

pub mod mesh;

pub use mesh::{Bounds, Mesh, Paint, Run};
