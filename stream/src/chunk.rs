//! One chunk: the triangles of a cell in their canonical form.
//!
//! Positions become `f32` here and nowhere earlier. Vertices are the distinct positions, in Morton order inside the
//! chunk's box; a triangle begins with its smallest index, and triangles are sorted. The same set of triangles
//! therefore gives the same bytes, in whatever order the kernel made them, and the same hash. Both orders keep
//! neighbours close, as vertex caches and codecs like it.

use scadstream_csg::{ContentHash, ContentHasher};

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

/// Working memory of [`ChunkBuilder::build`], kept from chunk to chunk.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    /// Sort key, position bits, and corner that uses it.
    corners: Vec<Corner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Corner {
    morton: u64,
    bits: [u32; 3],
    corner: u32,
}

impl ChunkBuilder {
    /// The chunk of the triangles `chosen` of a mesh; they have at most 65 535 distinct vertices.
    pub(crate) fn build(
        &mut self,
        positions: &[[f64; 3]],
        triangles: &[[u32; 3]],
        chosen: &[u32],
    ) -> Chunk {
        let corner_positions = || {
            let corners = chosen.iter().flat_map(|triangle| triangles[*triangle as usize]);
            corners.map(|vertex| positions[vertex as usize].map(single))
        };
        let bounds = bounds_of(corner_positions());
        self.corners.clear();
        self.corners.extend(corner_positions().enumerate().map(|(corner, position)| Corner {
            morton: morton(position, bounds),
            bits: position.map(f32::to_bits),
            corner: corner as u32,
        }));
        self.corners.sort_unstable();

        let mut chunk = Chunk {
            positions: Vec::with_capacity(chosen.len() / 2 + 2),
            triangles: vec![[0; 3]; chosen.len()],
        };
        let mut last = None;
        for corner in &self.corners {
            if last != Some(corner.bits) {
                chunk.positions.push(corner.bits.map(f32::from_bits));
                last = Some(corner.bits);
            }
            let index = u16::try_from(chunk.positions.len() - 1)
                .expect("a chunk is split before it has more than 65 535 vertices");
            chunk.triangles[corner.corner as usize / 3][corner.corner as usize % 3] = index;
        }
        for triangle in &mut chunk.triangles {
            let [a, b, c] = *triangle;
            *triangle = [a, b, c].min([b, c, a]).min([c, a, b]);
        }
        chunk.triangles.sort_unstable();
        chunk
    }
}

impl Chunk {
    /// Length of the payload in bytes: positions, then indices.
    pub fn byte_len(&self) -> usize {
        self.positions.len() * 12 + self.triangles.len() * 6
    }

    /// Writes the payload, little-endian: all positions as `f32` triples, then all indices as `u16` triples.
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

    /// Hash of the decoded content, whatever codec carries it and whatever colour it has.
    pub fn hash(&self) -> ContentHash {
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
    let mut code = 0;
    for axis in 0..3 {
        let extent = f64::from(max[axis]) - f64::from(min[axis]);
        let along = (f64::from(position[axis]) - f64::from(min[axis])) / extent;
        // A flat box gives NaN here, which the cast turns into 0.
        code |= spread((along * f64::from((1 << 21) - 1)) as u64) << axis;
    }
    code
}

/// Puts two zero bits between any two of the lowest 21 bits.
fn spread(x: u64) -> u64 {
    let mut x = x & 0x1f_ffff;
    x = (x | x << 32) & 0x001f_0000_0000_ffff;
    x = (x | x << 16) & 0x001f_0000_ff00_00ff;
    x = (x | x << 8) & 0x100f_00f0_0f00_f00f;
    x = (x | x << 4) & 0x10c3_0c30_c30c_30c3;
    (x | x << 2) & 0x1249_2492_4924_9249
}
