//! The chunks of one mesh, before any of them is made.
//!
//! A plan knows every chunk's hash, box and size, but holds only the order of the triangles (4 bytes each) and the mesh,
//! which it shares. It depends on nothing but the mesh, so it can be kept by the mesh's content.

use std::sync::Arc;

use rayon::prelude::*;
use scadstream_csg::ContentHash;
use scadstream_geometry::{Mesh, Paint};

use crate::chunk::{Chunk, ChunkBuilder};
use crate::partition::{Bounds, Splitter};

/// How a mesh is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkOptions {
    /// Most vertices of a chunk; clamped to 3 ..= 65 535, so that indices take 16 bits.
    pub vertices: usize,
}

impl Default for ChunkOptions {
    /// 10 000 vertices: about 250 KB on the wire, small enough to interleave and to cancel, large enough that a
    /// million triangles are some fifty draw calls.
    fn default() -> Self {
        Self { vertices: 10_000 }
    }
}

/// Planning was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("chunking was cancelled")]
pub struct Cancelled;

/// The chunks of one mesh.
#[derive(Debug)]
pub struct MeshPlan {
    mesh: Arc<Mesh>,
    pieces: Vec<Piece>,
}

/// One chunk of a mesh.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) paint: Paint,
    pub(crate) hash: ContentHash,
    pub(crate) bounds: [[f32; 3]; 2],
    pub(crate) vertices: u32,
    /// Triangles of the mesh that it holds.
    triangles: Box<[u32]>,
}

impl Piece {
    pub(crate) fn triangles(&self) -> u32 {
        self.triangles.len() as u32
    }
}

impl MeshPlan {
    /// Plans the chunks of `mesh`. Every triangle comes into exactly one chunk, in the mesh's winding.
    ///
    /// Each chunk is made once to be hashed, then dropped, on the threads of the caller's rayon pool: some 0.3
    /// microseconds of one core per triangle.
    ///
    /// # Errors
    /// [`Cancelled`] soon after `is_cancelled` gives true; it is asked once per chunk.
    pub fn new(
        mesh: Arc<Mesh>,
        options: ChunkOptions,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, Cancelled> {
        let vertices = options.vertices.clamp(3, usize::from(u16::MAX));
        // A closed mesh has two triangles per vertex; four keep a frame far below its limit of 1 MiB for any other.
        let bounds = Bounds { vertices, triangles: vertices * 4 };
        let mut cells: Vec<(Paint, Box<[u32]>)> = Vec::new();
        let mut splitter = Splitter::new(&mesh.positions, &mesh.triangles, bounds);
        for (paint, chosen) in by_paint(&mesh) {
            let of_paint = splitter.cells(&chosen).into_iter();
            cells.extend(of_paint.map(|triangles| (paint, triangles)));
        }
        let describe = |builder: &mut ChunkBuilder, (paint, triangles): (Paint, Box<[u32]>)| {
            if is_cancelled() {
                return Err(Cancelled);
            }
            let chunk = builder.build_sorted(&mesh.positions, &mesh.triangles, &triangles);
            let (hash, bounds) = (chunk.hash(), chunk.bounds());
            let vertices = chunk.positions.len() as u32;
            Ok(Piece { paint, hash, bounds, vertices, triangles })
        };
        let pieces = cells.into_par_iter().map_init(ChunkBuilder::default, describe);
        let pieces = pieces.collect::<Result<_, _>>()?;
        Ok(Self { mesh, pieces })
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Makes chunk `index`; the same bytes each time.
    pub(crate) fn chunk(&self, index: usize, builder: &mut ChunkBuilder) -> Chunk {
        let triangles = &self.pieces[index].triangles;
        builder.build(&self.mesh.positions, &self.mesh.triangles, triangles)
    }

    /// Bytes that the plan itself holds.
    pub fn plan_bytes(&self) -> usize {
        let lists = self.pieces.iter().map(|piece| size_of_val::<[u32]>(&piece.triangles));
        lists.sum::<usize>() + size_of_val::<[Piece]>(&self.pieces)
    }

    /// Bytes that the plan keeps alive: its own and the mesh's, which others may share.
    pub fn retained_bytes(&self) -> usize {
        let positions = size_of_val::<[[f64; 3]]>(&self.mesh.positions);
        self.plan_bytes() + positions + size_of_val::<[[u32; 3]]>(&self.mesh.triangles)
    }
}

/// Triangles of each paint of a mesh, in order of first appearance: a chunk has one colour.
fn by_paint(mesh: &Mesh) -> Vec<(Paint, Vec<u32>)> {
    let mut groups: Vec<(Paint, Vec<u32>)> = Vec::new();
    for (range, paint) in mesh.painted_runs() {
        let triangles = range.start as u32..range.end as u32;
        match groups.iter_mut().find(|(known, _)| *known == paint) {
            Some((_, group)) => group.extend(triangles),
            None => groups.push((paint, triangles.collect())),
        }
    }
    groups
}
