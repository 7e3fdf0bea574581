//! Solves the cells of a model, as many at once as there are threads, and puts them together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use scadstream_csg::{ContentHash, ContentHasher};

use super::grid::Cell;
use super::octree::{Operand, Task, tasks};
use super::patch::{Patch, bits};
use super::prune::EVERYWHERE;
use super::seams::mend;
use super::skeleton::Skeleton;
use crate::cache::{Form, SolidCache};
use crate::kernel::{CancelToken, KernelError, Solid, Tree};
use crate::mesh::{Bounds, Mesh, Paint, Run};
use crate::shape::Shape;

/// Most triangles of operands in a cell. Smaller cells make edits cheaper and the first solve dearer: a plate of 1.1
/// million triangles took 16.4, 10.0 and 9.6 s of CPU time with 12 000, 20 000 and 60 000, directly 13.7, and had 6.1, 2.4
/// and 1.3 % more triangles.
pub(crate) const CELL_TRIANGLES: usize = 20_000;

/// Operands with more triangles than this many cells may have are cut on the way down to a cell, so that no cell pays for
/// all of them.
const LARGE_OPERAND_CELLS: usize = 2;

/// A model solved cell by cell.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The surface of each cell that has one, in the order of the octree.
    pub patches: Vec<CellPatch>,
    /// What it took.
    pub stats: CellStats,
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

/// Hears how many cells are done, and of how many.
pub(crate) type OnCell<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Solves all cells of a skeleton over `operands`; none if no cells fit together, as when all that a model has lies within
/// rounding of the sides of cells.
///
/// # Errors
/// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
pub(crate) fn solve_cells(
    operands: &[Operand],
    skeleton: &Skeleton<u32>,
    cache: &SolidCache,
    token: &CancelToken,
    cell_triangles: usize,
    on_cell: &OnCell<'_>,
) -> Result<Option<Cells>, KernelError> {
    Work { operands, cache, token, cell_triangles, on_cell }.solve(skeleton)
}

struct Work<'a> {
    operands: &'a [Operand],
    cache: &'a SolidCache,
    token: &'a CancelToken,
    cell_triangles: usize,
    on_cell: &'a OnCell<'a>,
}

impl Work<'_> {
    fn solve(&self, skeleton: &Skeleton<u32>) -> Result<Option<Cells>, KernelError> {
        let mut kept_whole = HashSet::new();
        let mut known: HashMap<ContentHash, Arc<Patch>> = HashMap::new();
        let mut stats = CellStats::default();
        loop {
            let tasks = tasks(
                self.operands,
                skeleton,
                self.cell_triangles,
                &kept_whole,
                self.cache,
                self.token,
            )?;
            let patches = self.patches(&tasks, &known, &mut stats)?;
            let mut mended = patches.clone();
            let seams = mend(&mut mended, self.cache);
            if seams.open.is_empty() {
                stats.cells = tasks.len();
                stats.seam_edges = seams.edges;
                stats.mended_edges = seams.unmatched;
                return Ok(Some(Cells { patches: mended, stats }));
            }
            // Where a face lies within rounding of a side, neither cell may have it. Larger cells have other sides.
            stats.merged += seams.open.len();
            let before = kept_whole.len();
            for index in &seams.open {
                let cell = patches[*index].cell;
                kept_whole.insert(cell.ancestor(cell.level + 1));
            }
            if kept_whole.len() == before || patches.len() <= 8 {
                return Ok(None);
            }
            known = patches.into_iter().map(|patch| (patch.content, patch.patch)).collect();
        }
    }

    /// Solves cells; those without a surface after all are left out.
    fn patches(
        &self,
        tasks: &[Task],
        known: &HashMap<ContentHash, Arc<Patch>>,
        stats: &mut CellStats,
    ) -> Result<Vec<CellPatch>, KernelError> {
        let (done, cached) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let solved: Result<Vec<Option<CellPatch>>, KernelError> = tasks
            .par_iter()
            .map(|task| {
                let patch = if let Some(patch) = known.get(&task.key) {
                    Arc::clone(patch)
                } else if let Some(patch) = self.cache.patch(task.key) {
                    cached.fetch_add(1, Ordering::Relaxed);
                    patch
                } else {
                    let patch = Arc::new(self.patch(task)?);
                    self.cache.insert_patch(task.key, Arc::clone(&patch));
                    patch
                };
                (self.on_cell)(done.fetch_add(1, Ordering::Relaxed) + 1, tasks.len());
                let (cell, content) = (task.cell, task.key);
                Ok((!patch.mesh.is_empty()).then_some(CellPatch { cell, content, patch }))
            })
            .collect();
        stats.cached += cached.into_inner();
        Ok(solved?.into_iter().flatten().collect())
    }

    fn patch(&self, task: &Task) -> Result<Patch, KernelError> {
        let bounds = task.cell.bounds();
        let mesh = match self.tree(&task.tree, task.cell)? {
            Some(tree) => tree.within(&bounds, self.token)?.unwrap_or_default(),
            None => Mesh::default(),
        };
        Ok(Patch::new(mesh, &bounds))
    }

    /// The kernel's tree of a cell; none if it is empty, as when a large operand has nothing here after all.
    fn tree(&self, tree: &Skeleton<u32>, cell: Cell) -> Result<Option<Tree>, KernelError> {
        let all = |operands: &[Skeleton<u32>]| -> Result<Vec<Tree>, KernelError> {
            let trees = operands.iter().map(|operand| self.tree(operand, cell).transpose());
            trees.flatten().collect()
        };
        Ok(match tree {
            Skeleton::Operand(EVERYWHERE) => Some(Tree::Solid(around(cell, self.token)?)),
            Skeleton::Operand(operand) => {
                let operand = &self.operands[*operand as usize];
                self.part(operand, cell)?.map(Tree::Solid)
            }
            Skeleton::Union(operands) => {
                let operands = all(operands)?;
                (!operands.is_empty()).then_some(Tree::Union(operands))
            }
            Skeleton::Intersection(operands) => {
                let found = all(operands)?;
                (found.len() == operands.len()).then_some(Tree::Intersection(found))
            }
            Skeleton::Difference(operands) => {
                let Some((first, rest)) = operands.split_first() else { return Ok(None) };
                let Some(first) = self.tree(first, cell)? else { return Ok(None) };
                let rest = all(rest)?;
                Some(if rest.is_empty() { first } else { Tree::Difference(Box::new(first), rest) })
            }
        })
    }

    /// What a cell needs of an operand: the whole, or the part in the smallest cell around that was worth cutting to.
    fn part(&self, operand: &Operand, cell: Cell) -> Result<Option<Solid>, KernelError> {
        let mut solid = operand.solid.clone();
        let large = LARGE_OPERAND_CELLS * self.cell_triangles;
        if solid.num_triangles() <= large {
            return Ok(Some(solid));
        }
        let top = Cell::roots(&operand.bounds()).first().map_or(cell.level, |root| root.level);
        for level in (cell.level..=top).rev() {
            if solid.num_triangles() <= large {
                break;
            }
            let around = cell.ancestor(level);
            let mut hasher = ContentHasher::new("part of an operand");
            hasher.hash(operand.key);
            around.feed(&mut hasher);
            let key = hasher.finish();
            let part = match self.cache.get(key, Form::AsIs) {
                Some(Shape::Solids(solids)) => solids.list.first().cloned(),
                _ => {
                    let part = solid.cut_to(&around.bounds(), self.token)?;
                    self.cache.insert(key, Form::AsIs, Shape::solid(part.clone()));
                    part
                }
            };
            match part {
                Some(part) => solid = part,
                None => return Ok(None),
            }
        }
        Ok(Some(solid))
    }
}

/// A solid that holds the whole cell and more, so that none of its faces are seen in it.
fn around(cell: Cell, token: &CancelToken) -> Result<Solid, KernelError> {
    let Bounds { mut min, mut max } = cell.bounds();
    for axis in 0..3 {
        let margin = max[axis] - min[axis];
        (min[axis], max[axis]) = (min[axis] - margin, max[axis] + margin);
    }
    Solid::block(&Bounds { min, max }, token)
}

impl Cells {
    /// All cells as one closed mesh, its vertices welded along the seams; its runs are in the order of
    /// [`Mesh::of_painted`].
    pub fn to_mesh(&self) -> Mesh {
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
