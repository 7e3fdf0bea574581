//! A model whose surface is known by cells.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use scadstream_csg::ContentHash;

use super::facts::Tally;
use super::grid::Cell;
use super::patch::Patch;
use super::stitch::{PaintedTriangle, Stitch};
use crate::control::{CancelToken, Cancelled};
use crate::measure::Measure;
use crate::mesh::{Groups, Mesh, SideBySide, bits};

/// The surface of a model by cells of the grid: one that was solved cell by cell, or one solved as a whole that is made of
/// pieces apart from each other.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The surface of each cell that has one.
    pub patches: Vec<CellPatch>,
    /// What it took and what it measures.
    pub summary: CellsSummary,
    /// All of it as one mesh, once somebody has asked.
    pub(super) whole: OnceLock<Arc<Mesh>>,
}

/// What is known of all cells of a model together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellsSummary {
    /// What solving cell by cell took; none if the model was solved as a whole.
    pub stats: Option<CellStats>,
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
    /// The cells of a model that was solved as a whole, each closed by itself.
    pub(crate) fn apart(patches: Vec<CellPatch>) -> Self {
        let mut tally = Tally::default();
        for (index, cell) in patches.iter().enumerate() {
            if let Some(facts) = cell.patch.facts() {
                tally.add(index, facts);
            }
        }
        let summary = CellsSummary { stats: None, measure: tally.measure() };
        Self { patches, summary, whole: OnceLock::new() }
    }

    /// All cells as one closed mesh without the vertices that only seams made; its runs are in the order of
    /// [`Mesh::of_painted`]. Made when it is first asked for.
    pub fn mesh(&self) -> &Arc<Mesh> {
        self.whole.get_or_init(|| self.stitched(&CancelToken::new()).expect("nobody cancels"))
    }

    /// Makes the mesh now, unless it is there.
    ///
    /// # Errors
    /// [`Cancelled`] once the token is.
    pub fn stitch(&self, cancel: &CancelToken) -> Result<(), Cancelled> {
        if self.whole.get().is_none() {
            // Whoever else has made it meanwhile has made the same.
            let _ = self.whole.set(self.stitched(cancel)?);
        }
        Ok(())
    }

    /// What the mesh measures if it was made, else what the patches do: those have some more triangles.
    pub fn measure(&self) -> Measure {
        let measure = self.summary.measure;
        match self.whole.get() {
            Some(mesh) => measure.with_triangles(mesh.triangles.len()),
            None => measure,
        }
    }

    fn stitched(&self, cancel: &CancelToken) -> Result<Arc<Mesh>, Cancelled> {
        if self.patches.iter().all(|cell| cell.patch.rim.is_empty()) {
            return self.side_by_side(cancel);
        }
        let Some(bounds) = self.summary.measure.bounds else { return Ok(Arc::default()) };
        let mut stitch = Stitch::new(&bounds);
        let mut welder = Welder::default();
        for CellPatch { patch, .. } in &self.patches {
            if cancel.is_cancelled() {
                return Err(Cancelled);
            }
            let vertices = &patch.mesh.positions;
            // A vertex that no seam is near is nobody else's: most are, and are not looked up by position.
            let mut is_shared = patch.on_rim();
            let near = patch.rim_triangles().flat_map(|(corners, _)| corners);
            near.for_each(|v| is_shared[v as usize] = true);
            let mut numbers = vec![None; vertices.len()];
            for (corners, paint) in patch.inner_triangles() {
                let corners = corners.map(|v| {
                    let position = vertices[v as usize];
                    *numbers[v as usize].get_or_insert_with(|| match is_shared[v as usize] {
                        true => welder.shared(position),
                        false => welder.new_vertex(position),
                    })
                });
                welder.groups.add(corners, paint);
            }
            stitch.add(patch).into_iter().for_each(|triangle| welder.add_shared(triangle));
        }
        stitch.finish().into_iter().for_each(|triangle| welder.add_shared(triangle));
        Ok(Arc::new(welder.groups.into_mesh(welder.positions)))
    }

    /// Patches without seams need no stitching.
    fn side_by_side(&self, cancel: &CancelToken) -> Result<Arc<Mesh>, Cancelled> {
        if let [only] = &self.patches[..] {
            return Ok(Arc::clone(&only.patch.mesh));
        }
        let mut whole = SideBySide::default();
        for CellPatch { patch, .. } in &self.patches {
            if cancel.is_cancelled() {
                return Err(Cancelled);
            }
            whole.add(&patch.mesh);
        }
        Ok(Arc::new(whole.into_mesh()))
    }
}

/// Makes one mesh of triangles that come one by one.
#[derive(Default)]
struct Welder {
    positions: Vec<[f64; 3]>,
    /// Vertices of several cells.
    index_of: FxHashMap<[u64; 3], u32>,
    groups: Groups,
}

impl Welder {
    fn new_vertex(&mut self, position: [f64; 3]) -> u32 {
        self.positions.push(position);
        self.positions.len() as u32 - 1
    }

    fn shared(&mut self, position: [f64; 3]) -> u32 {
        if let Some(known) = self.index_of.get(&bits(position)) {
            return *known;
        }
        let vertex = self.new_vertex(position);
        self.index_of.insert(bits(position), vertex);
        vertex
    }

    fn add_shared(&mut self, (corners, paint): PaintedTriangle) {
        let corners = corners.map(|position| self.shared(position));
        self.groups.add(corners, paint);
    }
}
