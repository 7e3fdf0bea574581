//! What a viewer holds: chunks by their hash, decoded as they came, across revisions and codecs.

use std::collections::HashMap;

use scadstream_protocol::message::{Chunk, ChunkHash, Codec, Manifest};

use crate::client::Rendered;

/// A triangle's corners.
type Triangle = [[f32; 3]; 3];

/// Every chunk that ever came.
#[derive(Debug, Default)]
pub struct ChunkStore {
    triangles: HashMap<ChunkHash, Vec<Triangle>>,
}

impl ChunkStore {
    /// Takes what came of a render, and returns the triangles of its last picture.
    ///
    /// # Panics
    /// If a chunk is neither here nor came, or cannot be decoded.
    pub fn picture(&mut self, rendered: &Rendered) -> Vec<Triangle> {
        for chunk in &rendered.chunks {
            self.triangles.insert(chunk.header.hash, decode(chunk));
        }
        let last = rendered.manifests.last().expect("there is a picture");
        let pieces = rendered.manifests.iter().filter(|piece| piece.scene == last.scene);
        let entries = pieces.flat_map(|Manifest { chunks, .. }| chunks);
        entries
            .flat_map(|entry| self.triangles.get(&entry.hash).expect("a chunk that is here"))
            .copied()
            .collect()
    }
}

fn decode(Chunk { header, payload }: &Chunk) -> Vec<Triangle> {
    let (vertices, indices) = (header.vertex_count as usize, header.index_count as usize);
    let word = |at: usize| i32::from_le_bytes(payload[at..at + 4].try_into().expect("4 bytes"));
    let streams = |head: usize| payload[head..].split_at(word(0) as usize);
    let positions: Vec<[f32; 3]>;
    let triangles: Vec<u16>;
    match header.codec {
        Codec::Raw => {
            let (arrays, rest) = payload.split_at(vertices * 12);
            let number = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
            let numbers: Vec<f32> = arrays.as_chunks().0.iter().map(number).collect();
            positions = numbers.as_chunks().0.to_vec();
            triangles = rest.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
        }
        Codec::Meshopt => {
            let (first, second) = streams(8);
            positions = meshopt::decode_vertex_buffer(first, vertices).expect("a vertex stream");
            triangles = meshopt::decode_index_buffer(second, indices).expect("an index stream");
        }
        Codec::MeshoptGrid => {
            let (first, second) = streams(24);
            let steps: Vec<[u16; 4]> =
                meshopt::decode_vertex_buffer(first, vertices).expect("a vertex stream");
            let (step, origin) = (f64::from(word(4)).exp2(), [8, 12, 16].map(word));
            let place = |steps: &[u16; 4]| {
                [0, 1, 2].map(|i| ((f64::from(origin[i]) + f64::from(steps[i])) * step) as f32)
            };
            positions = steps.iter().map(place).collect();
            triangles = meshopt::decode_index_buffer(second, indices).expect("an index stream");
        }
        other => panic!("a codec that nobody asked for: {other:?}"),
    }
    let corners = triangles.as_chunks().0.iter();
    corners.map(|triangle: &[u16; 3]| triangle.map(|at| positions[usize::from(at)])).collect()
}
