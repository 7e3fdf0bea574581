//! What will be sent of a scene, before any of it is made.
//!
//! A plan knows every chunk's hash, box and size, but holds only the order of the triangles (4 bytes each) and the
//! meshes, which it shares. Chunks are made one at a time when asked for, so that a slow reader costs no memory.

use std::sync::Arc;

use scadstream_csg::ContentHash;
use scadstream_geometry::{Mesh, Paint};

use crate::chunk::{Chunk, ChunkBuilder};
use crate::partition::{Bounds, partition};

/// How a scene is cut.
#[derive(Debug, Clone, Copy)]
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

/// What a manifest says of one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkInfo {
    /// Index of the mesh in the scene.
    pub part: u32,
    /// Colour of all its triangles.
    pub paint: Paint,
    /// Hash of its content; colour and place in the scene are no part of it.
    pub hash: ContentHash,
    /// Smallest and largest corner of its box.
    pub bounds: [[f32; 3]; 2],
    /// Number of vertices.
    pub vertices: u32,
    /// Number of triangles.
    pub triangles: u32,
    /// Length of the raw payload in bytes.
    pub byte_len: u32,
}

/// The chunks of a scene, largest first.
#[derive(Debug)]
pub struct ChunkPlan {
    meshes: Vec<Arc<Mesh>>,
    infos: Vec<ChunkInfo>,
    /// Triangles of each chunk, parallel to `infos`.
    triangles: Vec<Box<[u32]>>,
}

/// Planning was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("chunking was cancelled")]
pub struct Cancelled;

impl ChunkPlan {
    /// Plans the chunks of `meshes`. Every triangle comes into exactly one chunk, in its mesh's winding.
    ///
    /// Costs about a microsecond per triangle: each chunk is made once to be hashed, then dropped.
    ///
    /// # Errors
    /// [`Cancelled`] soon after `is_cancelled` gives true; it is asked once per chunk.
    pub fn new(
        meshes: Vec<Arc<Mesh>>,
        options: ChunkOptions,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, Cancelled> {
        let vertices = options.vertices.clamp(3, usize::from(u16::MAX));
        // A closed mesh has two triangles per vertex; four keep a frame far below its limit of 1 MiB for any other.
        let bounds = Bounds { vertices, triangles: vertices * 4 };
        let mut planned = Vec::new();
        let mut builder = ChunkBuilder::default();
        for (part, mesh) in meshes.iter().enumerate() {
            for (paint, chosen) in by_paint(mesh) {
                let cells = partition(&mesh.positions, &mesh.triangles, chosen, bounds);
                for (_, range) in &cells.cells {
                    if is_cancelled() {
                        return Err(Cancelled);
                    }
                    let triangles: Box<[u32]> = cells.order[range.clone()].into();
                    let chunk = builder.build(&mesh.positions, &mesh.triangles, &triangles);
                    planned.push((describe(part as u32, paint, &chunk), triangles));
                }
            }
        }
        // The largest boxes make the picture, so they go first; the hash makes the order a matter of content alone.
        planned.sort_by(|(a, _), (b, _)| {
            let by_size = diagonal(b.bounds).total_cmp(&diagonal(a.bounds));
            a.part.cmp(&b.part).then(by_size).then(a.hash.cmp(&b.hash))
        });
        let (infos, triangles) = planned.into_iter().unzip();
        Ok(Self { meshes, infos, triangles })
    }

    /// Every chunk's description, in the order of sending.
    pub fn infos(&self) -> &[ChunkInfo] {
        &self.infos
    }

    /// Bytes that the plan itself holds; the meshes, which it shares, do not count.
    pub fn retained_bytes(&self) -> usize {
        let lists = self.triangles.iter().map(|list| size_of_val::<[u32]>(list));
        lists.sum::<usize>() + size_of_val::<[ChunkInfo]>(&self.infos)
    }

    /// Makes chunk `index`; the same bytes each time.
    ///
    /// # Panics
    /// If `index` is not below the number of [`infos`](Self::infos).
    pub fn chunk(&self, index: usize, builder: &mut ChunkBuilder) -> Chunk {
        let mesh = &self.meshes[self.infos[index].part as usize];
        builder.build(&mesh.positions, &mesh.triangles, &self.triangles[index])
    }

    /// All chunks, each made when the iterator comes to it.
    pub fn chunks(&self) -> impl Iterator<Item = (&ChunkInfo, Chunk)> {
        let mut builder = ChunkBuilder::default();
        (0..self.infos.len())
            .map(move |index| (&self.infos[index], self.chunk(index, &mut builder)))
    }
}

fn describe(part: u32, paint: Paint, chunk: &Chunk) -> ChunkInfo {
    ChunkInfo {
        part,
        paint,
        hash: chunk.hash(),
        bounds: chunk.bounds(),
        vertices: chunk.positions.len() as u32,
        triangles: chunk.triangles.len() as u32,
        byte_len: chunk.byte_len() as u32,
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

fn diagonal([min, max]: [[f32; 3]; 2]) -> f64 {
    (0..3).map(|axis| (f64::from(max[axis]) - f64::from(min[axis])).powi(2)).sum()
}
