//! A model solved cell by cell.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use scadstream_csg::ContentHash;

use super::grid::Cell;
use super::patch::{Patch, bits};
use crate::measure::Measure;
use crate::mesh::{Mesh, Paint, Run};

/// A model solved cell by cell.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The surface of each cell that has one, in the order of the octree.
    pub patches: Vec<CellPatch>,
    /// What it took and what it measures.
    pub summary: CellsSummary,
    /// All of it as one mesh, once somebody has asked.
    pub(super) whole: OnceLock<Arc<Mesh>>,
}

/// What is known of all cells of a model together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellsSummary {
    /// What solving them took.
    pub stats: CellStats,
    /// What they measure, put together.
    pub measure: Measure,
}

/// What solving cells took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellStats {
    /// Cells that something reaches into.
    pub cells: usize,
    /// Cells that were taken from the cache.
    pub cached: usize,
    /// Edges along seams, counted in both cells.
    pub seam_edges: usize,
    /// Of those, edges that had to be mended.
    pub mended_edges: usize,
    /// Cells that did not fit their neighbours and were solved again as part of a larger one.
    pub merged: usize,
}

/// The surface of one cell.
#[derive(Debug, Clone)]
pub struct CellPatch {
    /// Which cell.
    pub cell: Cell,
    /// Hash of all that the surface depends on: equal for equal surfaces.
    pub content: ContentHash,
    /// The surface.
    pub patch: Arc<Patch>,
}

impl Cells {
    /// All cells as one closed mesh, its vertices welded along the seams; its runs are in the order of
    /// [`Mesh::of_painted`]. Made when it is first asked for.
    pub fn mesh(&self) -> &Arc<Mesh> {
        self.whole.get_or_init(|| Arc::new(self.weld()))
    }

    fn weld(&self) -> Mesh {
        let meshes = || self.patches.iter().map(|cell| &*cell.patch.mesh);
        let vertices = meshes().map(|mesh| mesh.positions.len()).sum();
        let mut index_of: FxHashMap<[u64; 3], u32> = FxHashMap::default();
        let mut mesh = Mesh::new(Vec::with_capacity(vertices), Vec::new());
        let positions = &mut mesh.positions;
        let mut add = |position: [f64; 3]| {
            positions.push(position);
            positions.len() as u32 - 1
        };
        let numbers: Vec<Vec<u32>> = (self.patches.iter())
            .map(|CellPatch { patch, .. }| {
                let mut on_rim = vec![false; patch.mesh.positions.len()];
                patch.rim.iter().flat_map(|edge| edge.ends).for_each(|v| on_rim[v as usize] = true);
                (patch.mesh.positions.iter().zip(on_rim))
                    .map(|(position, on_rim)| match on_rim {
                        true => *index_of.entry(bits(*position)).or_insert_with(|| add(*position)),
                        false => add(*position),
                    })
                    .collect()
            })
            .collect();
        mesh.triangles.reserve_exact(meshes().map(|mesh| mesh.triangles.len()).sum());
        let paints = Paint::in_order(meshes().flat_map(Mesh::painted_runs).map(|(_, paint)| paint));
        for paint in &paints {
            for (of_cell, numbers) in meshes().zip(&numbers) {
                let alike = of_cell.painted_runs().filter(|(_, other)| other == paint);
                let corners = alike.flat_map(|(range, _)| &of_cell.triangles[range]);
                mesh.triangles.extend(corners.map(|t| t.map(|v| numbers[v as usize])));
            }
            mesh.runs.push(Run { end: mesh.triangles.len() as u32, paint: *paint });
        }
        if paints == [Paint::Default] {
            mesh.runs.clear();
        }
        mesh
    }
}
