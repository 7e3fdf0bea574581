//! Meshes to chunks, the units of streaming.
//!
//! A scene's triangles are sorted into the cells of a [dyadic grid](cell) that is fixed in model space, and each cell
//! becomes one [`Chunk`] in canonical form with a content hash. Chunks therefore stay the same, bit for bit, where an
//! edit changed nothing, and a client that has them need not get them again. What carries a chunk over the wire is for
//! `scadstream-protocol`.
//!
//! ```
//! use std::sync::Arc;
//! use scadstream_geometry::Mesh;
//! use scadstream_stream::{ChunkOptions, ChunkPlan, MeshPlan};
//!
//! let corners = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
//! let mesh = Arc::new(Mesh::new(corners, vec![[0, 1, 2]]));
//! let part = MeshPlan::new(mesh, ChunkOptions::default(), &|| false)?;
//! let plan = ChunkPlan::new(vec![(0, Arc::new(part))], None);
//! let (info, chunk) = plan.chunks().next().expect("a triangle makes a chunk");
//! assert_eq!((info.triangles, chunk.positions.len()), (1, 3));
//! # Ok::<(), scadstream_stream::Cancelled>(())
//! ```

pub mod cell;
mod chunk;
mod codec;
mod mesh_plan;
mod morton;
mod order;
mod partition;
mod plan;

pub use cell::Cell;
pub use chunk::{Chunk, ChunkBuilder};
pub use codec::{Codec, encode, grid_exponent};
pub use mesh_plan::{Cancelled, ChunkOptions, MeshPlan};
pub use plan::{ChunkInfo, ChunkPlan};
