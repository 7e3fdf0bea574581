//! Chunks as the bytes that carry them: the payloads that `protocol/SPEC.md` defines.

use scadstream_csg::{ContentHash, ContentHasher};

use crate::chunk::Chunk;

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// The arrays as they are.
    Raw,
    /// meshoptimizer's vertex and index codecs, without loss.
    Meshopt,
    /// The same with positions on a grid: good for looking at.
    MeshoptGrid {
        /// Binary logarithm of the grid's step; one for all chunks of a scene, so that borders fit.
        exponent: i16,
    },
}

/// Bytes before the vertex stream of [`Codec::Meshopt`].
const MESHOPT_HEAD_BYTES: usize = 8;
/// Bytes before the vertex stream of [`Codec::MeshoptGrid`].
const GRID_HEAD_BYTES: usize = 24;
/// Version of the vertex codec: 1 keeps floats smaller, and every decoder since meshoptimizer 0.23 reads it.
const VERTEX_VERSION: i32 = 1;
/// The slowest level, still half a gigabyte a second.
const VERTEX_LEVEL: i32 = 3;
/// Greatest coordinate on the grid inside one chunk.
const GRID_MOST: f64 = 65_535.0;

impl Codec {
    /// Hash of what a reader gets, of a chunk with this hash of its content: another on each grid, because chunks of
    /// one picture fit each other only if all are exact or all on the same grid.
    pub fn hash(self, content: ContentHash) -> ContentHash {
        match self {
            Self::Raw | Self::Meshopt => content,
            Self::MeshoptGrid { exponent } => {
                let mut hasher = ContentHasher::new("chunk on a grid");
                hasher.hash(content);
                hasher.u64(exponent.cast_unsigned().into());
                hasher.finish()
            }
        }
    }

    /// What a reader gets of a chunk.
    pub fn decoded(self, chunk: Chunk) -> Chunk {
        match self {
            Self::Raw | Self::Meshopt => chunk,
            Self::MeshoptGrid { exponent } => on_grid(chunk, exponent),
        }
    }
}

/// The step of the grid for chunks whose boxes are at most `extent` wide, as a binary logarithm: 65 535 steps at most.
///
/// Depends on the power of two above `extent` only, so that chunks keep their bytes while a scene changes a little.
pub fn grid_exponent(extent: f32) -> i16 {
    let extent = f64::from(extent).clamp(1e-30, 1e30);
    // One more than the width takes, so that no rounding at either end leads out of 16 bits.
    extent.log2().ceil() as i16 - 15
}

/// The payload of a chunk, or none where `codec` gains nothing over [`Codec::Raw`] or cannot hold it: then what it would
/// [decode to](Codec::decoded) is sent raw.
pub fn encode(chunk: &Chunk, codec: Codec) -> Option<Vec<u8>> {
    let encoded = match codec {
        Codec::Raw => None,
        Codec::Meshopt => meshopt_payload(chunk),
        Codec::MeshoptGrid { exponent } => grid_payload(chunk, exponent),
    };
    encoded.filter(|payload| payload.len() < chunk.byte_len())
}

fn meshopt_payload(chunk: &Chunk) -> Option<Vec<u8>> {
    let vertices =
        meshopt::encode_vertex_buffer_level(&chunk.positions, VERTEX_LEVEL, Some(VERTEX_VERSION));
    let mut payload = vec![0; MESHOPT_HEAD_BYTES];
    append_streams(&mut payload, &vertices.ok()?, chunk)?;
    Some(payload)
}

fn step_of(exponent: i16) -> f64 {
    f64::powi(2.0, exponent.into())
}

/// The chunk with its positions on the grid, with the bits that they have after [`grid_payload`].
fn on_grid(mut chunk: Chunk, exponent: i16) -> Chunk {
    let step = step_of(exponent);
    for x in chunk.positions.as_flattened_mut() {
        *x = ((f64::from(*x) / step).round() * step) as f32 + 0.0;
    }
    chunk
}

fn grid_payload(chunk: &Chunk, exponent: i16) -> Option<Vec<u8>> {
    let step = step_of(exponent);
    let [min, _] = chunk.bounds();
    let origin = min.map(|x| (f64::from(x) / step).floor());
    if origin.iter().any(|x| x.abs() > f64::from(i32::MAX)) {
        return None;
    }
    let mut vertices = Vec::with_capacity(chunk.positions.len());
    for position in &chunk.positions {
        let mut vertex = [0_u16; 4];
        for axis in 0..3 {
            let steps = (f64::from(position[axis]) / step).round() - origin[axis];
            if !(0.0..=GRID_MOST).contains(&steps) {
                return None;
            }
            vertex[axis] = steps as u16;
        }
        vertices.push(vertex);
    }
    let vertices =
        meshopt::encode_vertex_buffer_level(&vertices, VERTEX_LEVEL, Some(VERTEX_VERSION)).ok()?;
    let mut payload = vec![0; GRID_HEAD_BYTES];
    payload[4..8].copy_from_slice(&i32::from(exponent).to_le_bytes());
    for (bytes, x) in payload[8..20].chunks_exact_mut(4).zip(origin) {
        bytes.copy_from_slice(&(x as i32).to_le_bytes());
    }
    append_streams(&mut payload, &vertices, chunk)?;
    Some(payload)
}

/// Writes the vertex stream's length to the front, and both streams behind what is there.
fn append_streams(payload: &mut Vec<u8>, vertices: &[u8], chunk: &Chunk) -> Option<()> {
    let indices: Vec<u32> =
        chunk.triangles.as_flattened().iter().map(|index| u32::from(*index)).collect();
    let indices = meshopt::encode_index_buffer(&indices, chunk.positions.len()).ok()?;
    payload[..4].copy_from_slice(&(vertices.len() as u32).to_le_bytes());
    payload.extend_from_slice(vertices);
    payload.extend_from_slice(&indices);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wavy sheet of `n` x `n` squares.
    fn sheet(n: u16) -> Chunk {
        let height = |x: u16, y: u16| (f32::from(x) * 0.3).sin() * (f32::from(y) * 0.2).cos();
        let positions = (0..=n)
            .flat_map(|y| (0..=n).map(move |x| [f32::from(x), f32::from(y), height(x, y)]))
            .collect();
        let at = |x: u16, y: u16| y * (n + 1) + x;
        let triangles = (0..n)
            .flat_map(|y| {
                (0..n).flat_map(move |x| {
                    let (a, b, c, d) = (at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1));
                    [[a, b, c], [a, c, d]]
                })
            })
            .collect();
        crate::order::for_readers(Chunk { positions, triangles })
    }

    fn word(payload: &[u8], at: usize) -> i32 {
        i32::from_le_bytes(payload[at..at + 4].try_into().unwrap())
    }

    fn triangles_of(stream: &[u8], count: usize) -> Vec<[u16; 3]> {
        let indices: Vec<u16> = meshopt::decode_index_buffer(stream, count * 3).unwrap();
        indices.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect()
    }

    #[test]
    fn without_loss_the_content_comes_back() {
        let chunk = sheet(60);
        let payload = encode(&chunk, Codec::Meshopt).unwrap();
        let split = MESHOPT_HEAD_BYTES + word(&payload, 0) as usize;
        let positions: Vec<[f32; 3]> =
            meshopt::decode_vertex_buffer(&payload[8..split], chunk.positions.len()).unwrap();
        let triangles = triangles_of(&payload[split..], chunk.triangles.len());
        assert_eq!(positions, chunk.positions);
        let smallest_first = |&[a, b, c]: &[u16; 3]| [a, b, c].min([b, c, a]).min([c, a, b]);
        let turned = |list: &[[u16; 3]]| list.iter().map(smallest_first).collect::<Vec<_>>();
        assert_eq!(turned(&triangles), turned(&chunk.triangles));
        assert!(payload.len() * 2 < chunk.byte_len(), "{} bytes", payload.len());
    }

    #[test]
    fn on_the_grid_no_vertex_moves_more_than_half_a_step() {
        let chunk = sheet(60);
        let exponent = grid_exponent(60.0);
        assert_eq!(exponent, -9);
        let payload = encode(&chunk, Codec::MeshoptGrid { exponent }).unwrap();
        assert_eq!(word(&payload, 4), -9);
        let split = GRID_HEAD_BYTES + word(&payload, 0) as usize;
        let vertices: Vec<[u16; 4]> =
            meshopt::decode_vertex_buffer(&payload[24..split], chunk.positions.len()).unwrap();
        for (vertex, position) in vertices.iter().zip(&chunk.positions) {
            for axis in 0..3 {
                let steps = f64::from(word(&payload, 8 + 4 * axis)) + f64::from(vertex[axis]);
                let moved = steps / 512.0 - f64::from(position[axis]);
                assert!(moved.abs() <= 0.5 / 512.0, "{moved}");
            }
        }
    }

    #[test]
    fn what_is_decoded_from_a_grid_is_told_beforehand() {
        let chunk = sheet(60);
        let codec = Codec::MeshoptGrid { exponent: -3 };
        let payload = encode(&chunk, codec).unwrap();
        let split = GRID_HEAD_BYTES + word(&payload, 0) as usize;
        let vertices: Vec<[u16; 4]> =
            meshopt::decode_vertex_buffer(&payload[24..split], chunk.positions.len()).unwrap();
        let position = |vertex: &[u16; 4]| {
            [0, 1, 2].map(|axis| {
                let steps = i64::from(word(&payload, 8 + 4 * axis)) + i64::from(vertex[axis]);
                (steps as f64 / 8.0) as f32
            })
        };
        let bits = |positions: &[[f32; 3]]| -> Vec<u32> {
            positions.as_flattened().iter().map(|x| x.to_bits()).collect()
        };
        let read: Vec<[f32; 3]> = vertices.iter().map(position).collect();
        assert_eq!(bits(&codec.decoded(chunk).positions), bits(&read));
    }

    #[test]
    fn a_hash_tells_what_is_decoded() {
        let content = ContentHash::of_bytes(b"chunk");
        let grid = |exponent| Codec::MeshoptGrid { exponent }.hash(content);
        assert_eq!([Codec::Raw, Codec::Meshopt].map(|codec| codec.hash(content)), [content; 2]);
        assert_ne!(grid(-3), content);
        assert_ne!(grid(-3), grid(-4));
        assert_eq!(grid(-3), grid(-3));
    }

    #[test]
    fn a_grid_that_is_too_fine_or_too_far_gives_nothing() {
        let mut chunk = sheet(10);
        assert_eq!(encode(&chunk, Codec::MeshoptGrid { exponent: -20 }), None);
        chunk.positions.iter_mut().for_each(|p| p[0] += 1e12);
        assert_eq!(encode(&chunk, Codec::MeshoptGrid { exponent: -9 }), None);
    }

    #[test]
    fn one_triangle_is_not_worth_a_codec() {
        let positions = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let chunk = Chunk { positions, triangles: vec![[0, 1, 2]] };
        assert_eq!(encode(&chunk, Codec::Meshopt), None);
    }
}
