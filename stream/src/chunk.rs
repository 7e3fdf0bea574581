//! One chunk: the triangles of a cell in their canonical form.
//!
//! Positions become `f32` here and nowhere earlier. The distinct positions are put in Morton order inside the chunk's
//! box, a triangle begins with its smallest index, triangles are sorted: that is hashed. Then both are put in the order
//! that [`order`] finds from it. The same set of triangles therefore gives the same hash and the same bytes,
//! in whatever order the kernel made them.

use scadstream_csg::{ContentHash, ContentHasher};

use crate::morton::interleaved;
use crate::order;

/// The geometry of one chunk.
///
/// Triangles are counter-clockwise seen from outside; positions are in model units, right-handed, Z up. Vertices at
/// the border of a chunk are repeated in its neighbours with the same bits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chunk {
    /// Vertices, at most 65 535.
    pub positions: Vec<[f32; 3]>,
    /// Vertex indices, three per triangle.
    pub triangles: Vec<[u16; 3]>,
}

/// Working memory of `ChunkBuilder::build`, kept from chunk to chunk.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    /// Of each vertex of the mesh: the round in which it was last met, and its place in `vertices` then.
    met: Vec<(u32, u32)>,
    round: u32,
    vertices: Vec<Vertex>,
    /// Index in the chunk of each of `vertices` as they were met.
    index_of: Vec<u16>,
    keys: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Vertex {
    morton: u64,
    bits: [u32; 3],
    met_as: u32,
}

impl ChunkBuilder {
    /// The chunk of the triangles `chosen` of a mesh; they have at most 65 535 distinct vertices.
    pub(crate) fn build(
        &mut self,
        positions: &[[f64; 3]],
        triangles: &[[u32; 3]],
        chosen: &[u32],
    ) -> Chunk {
        order::for_readers(self.build_sorted(positions, triangles, chosen))
    }

    /// The same with vertices and triangles sorted, as it is hashed.
    pub(crate) fn build_sorted(
        &mut self,
        positions: &[[f64; 3]],
        triangles: &[[u32; 3]],
        chosen: &[u32],
    ) -> Chunk {
        self.begin(positions.len());
        for vertex in chosen.iter().flat_map(|triangle| triangles[*triangle as usize]) {
            let slot = &mut self.met[vertex as usize];
            if slot.0 != self.round {
                let met_as = self.vertices.len() as u32;
                *slot = (self.round, met_as);
                let bits = positions[vertex as usize].map(|x| single(x).to_bits());
                self.vertices.push(Vertex { morton: 0, bits, met_as });
            }
        }
        let positions = self.number_vertices();
        self.keys.clear();
        self.keys.extend(chosen.iter().map(|triangle| {
            let corners = triangles[*triangle as usize]
                .map(|vertex| u64::from(self.index_of[self.met[vertex as usize].1 as usize]));
            let [a, b, c] = corners;
            let [a, b, c] = [a, b, c].min([b, c, a]).min([c, a, b]);
            a << 32 | b << 16 | c
        }));
        self.keys.sort_unstable();
        let corners = |key: &u64| [(key >> 32) as u16, (key >> 16) as u16, *key as u16];
        let triangles = self.keys.iter().map(corners).collect();
        Chunk { positions, triangles }
    }

    fn begin(&mut self, vertices: usize) {
        self.vertices.clear();
        if self.met.len() < vertices {
            self.met.resize(vertices, (0, 0));
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.met.fill((0, 0));
            self.round = 1;
        }
    }

    /// Sorts the vertices met, and returns their distinct positions.
    fn number_vertices(&mut self) -> Vec<[f32; 3]> {
        let bounds = bounds_of(self.vertices.iter().map(|vertex| vertex.bits.map(f32::from_bits)));
        for vertex in &mut self.vertices {
            vertex.morton = morton(vertex.bits.map(f32::from_bits), bounds);
        }
        self.vertices.sort_unstable();
        self.index_of.clear();
        self.index_of.resize(self.vertices.len(), 0);
        let mut distinct: Vec<[f32; 3]> = Vec::with_capacity(self.vertices.len());
        let mut last = None;
        for vertex in &self.vertices {
            if last != Some(vertex.bits) {
                distinct.push(vertex.bits.map(f32::from_bits));
                last = Some(vertex.bits);
            }
            self.index_of[vertex.met_as as usize] = u16::try_from(distinct.len() - 1)
                .expect("a chunk is split before it has more than 65 535 vertices");
        }
        distinct
    }
}

impl Chunk {
    /// Length of the raw payload in bytes: positions, then indices.
    pub fn byte_len(&self) -> usize {
        self.positions.len() * 12 + self.triangles.len() * 6
    }

    /// Writes the raw payload, little-endian: all positions as `f32` triples, then all indices as `u16` triples.
    ///
    /// # Panics
    /// If `target` is not of length [`Chunk::byte_len`].
    pub fn write(&self, target: &mut [u8]) {
        let (positions, indices) = target.split_at_mut(self.positions.len() * 12);
        for (bytes, value) in positions.chunks_exact_mut(4).zip(self.positions.as_flattened()) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
        assert_eq!(indices.len(), self.triangles.len() * 6, "length of a chunk's payload");
        for (bytes, value) in indices.chunks_exact_mut(2).zip(self.triangles.as_flattened()) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Hash of a sorted chunk: of the set of its triangles, whatever codec carries it and whatever colour it has.
    pub(crate) fn hash(&self) -> ContentHash {
        let mut payload = vec![0; self.byte_len()];
        self.write(&mut payload);
        let mut hasher = ContentHasher::new("chunk");
        hasher.u64(self.positions.len() as u64);
        hasher.bytes(&payload);
        hasher.finish()
    }

    /// Smallest and largest corner of the box around the chunk.
    pub fn bounds(&self) -> [[f32; 3]; 2] {
        bounds_of(self.positions.iter().copied())
    }
}

/// To single precision, with one zero only and nothing beyond the largest finite number.
fn single(x: f64) -> f32 {
    (x as f32).clamp(f32::MIN, f32::MAX) + 0.0
}

fn bounds_of(positions: impl Iterator<Item = [f32; 3]>) -> [[f32; 3]; 2] {
    positions.fold([[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]], |[mut min, mut max], position| {
        for axis in 0..3 {
            min[axis] = min[axis].min(position[axis]);
            max[axis] = max[axis].max(position[axis]);
        }
        [min, max]
    })
}

/// Place on the Z-order curve through the box, 21 bits per axis.
fn morton(position: [f32; 3], [min, max]: [[f32; 3]; 2]) -> u64 {
    interleaved([0, 1, 2].map(|axis| {
        let extent = f64::from(max[axis]) - f64::from(min[axis]);
        let along = (f64::from(position[axis]) - f64::from(min[axis])) / extent;
        // A flat box gives NaN here, which the cast turns into 0.
        (along * f64::from((1 << 21) - 1)) as u32
    }))
}
