//! What will be sent of a scene, and in which order.

use std::sync::Arc;

use scadstream_csg::ContentHash;
use scadstream_geometry::Paint;

use crate::chunk::{Chunk, ChunkBuilder};
use crate::mesh_plan::MeshPlan;

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

/// The chunks of a scene in the order of sending: what takes most of the picture first.
///
/// Chunks are made one at a time when asked for, so that a slow reader costs no memory.
#[derive(Debug)]
pub struct ChunkPlan {
    plans: Vec<Arc<MeshPlan>>,
    infos: Vec<ChunkInfo>,
    /// The plan of each chunk and its index there, parallel to `infos`.
    places: Vec<(u32, u32)>,
}

impl ChunkPlan {
    /// The chunks of all `plans`, each with the part that its mesh is of: the whole of it or a piece. Seen from `eye`, if it is given, the nearest and largest come first, otherwise the
    /// largest.
    pub fn new(plans: Vec<(u32, Arc<MeshPlan>)>, eye: Option<[f32; 3]>) -> Self {
        let mut chunks: Vec<(ChunkInfo, (u32, u32))> = Vec::new();
        for (number, (part, plan)) in (0..).zip(&plans) {
            chunks.extend((0..).zip(plan.pieces()).map(|(place, piece)| {
                let info = ChunkInfo {
                    part: *part,
                    paint: piece.paint,
                    hash: piece.hash,
                    bounds: piece.bounds,
                    vertices: piece.vertices,
                    triangles: piece.triangles(),
                    byte_len: piece.vertices * 12 + piece.triangles() * 6,
                };
                (info, (number, place))
            }));
        }
        // Of several as large, the hash decides, so that the order is a matter of content alone.
        chunks.sort_by(|(a, _), (b, _)| {
            let by_size = apparent_size(b.bounds, eye).total_cmp(&apparent_size(a.bounds, eye));
            by_size.then(a.hash.cmp(&b.hash)).then(a.part.cmp(&b.part))
        });
        let (infos, places) = chunks.into_iter().unzip();
        let plans = plans.into_iter().map(|(_, plan)| plan).collect();
        Self { plans, infos, places }
    }

    /// Every chunk's description, in the order of sending.
    pub fn infos(&self) -> &[ChunkInfo] {
        &self.infos
    }

    /// Bytes that the plan itself holds; the meshes, which it shares, do not count.
    pub fn retained_bytes(&self) -> usize {
        let plans = self.plans.iter().map(|plan| plan.plan_bytes());
        plans.sum::<usize>() + size_of_val::<[ChunkInfo]>(&self.infos)
    }

    /// Makes chunk `index`; the same bytes each time.
    ///
    /// # Panics
    /// If `index` is not below the number of [`infos`](Self::infos).
    pub fn chunk(&self, index: usize, builder: &mut ChunkBuilder) -> Chunk {
        let (plan, place) = self.places[index];
        self.plans[plan as usize].chunk(place as usize, builder)
    }

    /// All chunks, each made when the iterator comes to it.
    pub fn chunks(&self) -> impl Iterator<Item = (&ChunkInfo, Chunk)> {
        let mut builder = ChunkBuilder::default();
        (0..self.infos.len())
            .map(move |index| (&self.infos[index], self.chunk(index, &mut builder)))
    }
}

/// Square of the size that a box has in the picture, up to a common factor; without an eye, of its diagonal.
fn apparent_size([min, max]: [[f32; 3]; 2], eye: Option<[f32; 3]>) -> f64 {
    let square = |of: &dyn Fn(usize) -> f64| (0..3).map(|axis| of(axis).powi(2)).sum::<f64>();
    let diagonal = square(&|axis| f64::from(max[axis]) - f64::from(min[axis]));
    let Some(eye) = eye else { return diagonal };
    let distance = square(&|axis| {
        f64::from(eye[axis]).clamp(min[axis].into(), max[axis].into()) - f64::from(eye[axis])
    });
    // An eye inside the box sees it as large as can be, and an edge of nothing stays nothing.
    diagonal / distance.max(diagonal * 1e-6).max(f64::MIN_POSITIVE)
}
