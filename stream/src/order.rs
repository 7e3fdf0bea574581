//! The order of a chunk's triangles and vertices.

use crate::chunk::Chunk;

/// Puts a sorted chunk into the order that graphics cards and codecs like: triangles beside their neighbours, vertices
/// as triangles first name them.
///
/// The result depends on the sorted chunk alone. Of meshoptimizer's orders that for strips made the smallest payloads: 4.6
/// to 5.1 bytes per triangle on three models, where that for vertex caches took 5.3 to 5.4, for as much time.
pub(crate) fn for_readers(chunk: Chunk) -> Chunk {
    let mut indices: Vec<u32> =
        chunk.triangles.as_flattened().iter().map(|index| u32::from(*index)).collect();
    meshopt::optimize_vertex_cache_strip_in_place(&mut indices, chunk.positions.len());
    let positions = meshopt::optimize_vertex_fetch(&mut indices, &chunk.positions);
    let triangles = indices.chunks_exact(3).map(|t| [t[0] as u16, t[1] as u16, t[2] as u16]);
    Chunk { triangles: triangles.collect(), positions }
}
